"""Queue a task by its name, after commit: a broker that is away costs minutes, never the work (DESIGN §2)."""

import logging
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerUnreachable

logger = logging.getLogger(__name__)


def task_queue(name: str, row_id: int) -> bool:
    """Tell the workers about a row; False when no broker answers. The row says what is to do: a sweep finds it."""
    try:
        current_app.send_task(name, args=[row_id], retry=False)
    except BrokerUnreachable:
        logger.warning("No broker: %s of row %s waits for the sweep", name, row_id)
        return False
    return True


def task_queue_on_commit(name: str, row_id: int) -> None:
    """The same once the current transaction is committed; at once outside one."""
    transaction.on_commit(partial(task_queue, name, row_id))
