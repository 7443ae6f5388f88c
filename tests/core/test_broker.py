"""A broker that hangs holds up nobody: one try, then the sweep; a worker alone has patience."""

import socket

import pytest
from celery import Celery

from dsar import celery, settings
from dsar.core import broker

SECONDS = ("socket_timeout", "socket_connect_timeout", "connect_retries_timeout")


@pytest.mark.loopback
def test_a_page_tries_once_for_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert {options[name] for name in SECONDS} == {1}
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes connections and never says a word
        hanging.setblocking(False)
        client = Celery(broker=f"redis://127.0.0.1:{hanging.getsockname()[1]}/0", set_as_current=False)
        client.conf.broker_transport_options = {**options, **dict.fromkeys(SECONDS, 0.05)}
        monkeypatch.setattr(broker, "current_app", client)
        assert not broker.task_queue("requests_app.outbox_send", 1)
        hanging.accept()[0].close()
        with pytest.raises(BlockingIOError):
            hanging.accept()
        client.close()


def test_a_worker_waits_longer_than_its_polls_last(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Celery(set_as_current=False)
    worker.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(celery, "app", worker)
    celery.worker_patience()
    assert worker.conf.broker_transport_options == {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS, "socket_timeout": celery.WORKER_SECONDS,
    }  # fmt: skip
