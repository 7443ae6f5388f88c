"""The Celery application. Every sweep of its timetable finds its work by state, so a missed beat costs minutes only."""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import task_success, worker_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dsar.settings")

app = Celery("dsar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

WORKER_SECONDS = 10  # for the broker: nobody waits for a worker, and its polls alone last a second


@worker_init.connect
def worker_patience(**_: Any) -> None:
    """Give a worker's own connection more time than a page has for publishing."""
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, "socket_timeout": WORKER_SECONDS}


@task_success.connect
def sweep_report(sender: Task[Any, Any], **_: Any) -> None:
    """Tell `/readyz` that a task of the timetable has run; a failure to tell is logged by Celery and harms nothing."""
    if sender.name in {entry["task"] for entry in app.conf.beat_schedule.values()}:
        from dsar.health import sweep_seen  # needs Django's apps, which a worker has only now

        sweep_seen()


@worker_ready.connect
def worker_report(**_: Any) -> None:
    """Tell `/readyz` that a worker takes work; the first sweep comes only later. After an outage reminders go first."""
    from dsar.health import sweep_seen

    sweep_seen()
    app.send_task("requests_app.reminders_sweep")
