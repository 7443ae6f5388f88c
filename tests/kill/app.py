"""The worker's application with one place where the process dies, as if the power had gone: KILL_AT names it.

CLOCK_AT sets the clock of the process, which ticks on from there; BEAT_SECONDS is how often its scheduler, then left
with the reminders only, has their sweep run.
"""

import os
import signal
import smtplib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NoReturn
from unittest.mock import patch

import django
import time_machine

if "CLOCK_AT" in os.environ:
    time_machine.travel(datetime.fromisoformat(os.environ["CLOCK_AT"])).start()
django.setup()

from dsar.celery import app  # noqa: E402 - what is imported from here on needs the setup
from exports.contents import Contents  # noqa: E402
from exports.package import package_stream  # noqa: E402
from exports.services import building  # noqa: E402
from requests_app import outbox  # noqa: E402
from requests_app.services import digests  # noqa: E402

__all__ = ["app"]

PIECES = 2  # of a package, that are stored before the end


def die(*_args: object, **_kwargs: object) -> NoReturn:
    """End this process at once: no handler, no rollback, no goodbye to the server."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("outlived SIGKILL")


def _data_half_sent(self: smtplib.SMTP, message: bytes) -> NoReturn:
    self.putcmd("data")
    self.getreply()
    self.send(message[: len(message) // 2])
    die()


def _package_half_made(contents: Contents) -> Iterator[bytes]:
    for number, piece in enumerate(package_stream(contents)):
        if number == PIECES:
            die()
        yield piece


# Where it dies: a module or class, its name that is replaced, and by what.
POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "after_commit": (outbox, "task_queue", die),  # the case is committed, nobody has been told
    "after_claim": (outbox, "mail_message", die),
    "during_data": (smtplib.SMTP, "data", _data_half_sent),
    "before_sent_is_committed": (outbox, "_accepted", die),  # the server has said 250
    "during_package": (building, "package_stream", _package_half_made),
    "while_digest_is_made": (digests, "_slot_is_free", die),  # the ledger is written, the mail is not
    "after_digest_is_claimed": (digests, "_lines_left", die),
}

if "KILL_AT" in os.environ:
    patch.object(*POINTS[os.environ["KILL_AT"]]).start()
if "BEAT_SECONDS" in os.environ:
    every = timedelta(seconds=float(os.environ["BEAT_SECONDS"]))
    app.conf.beat_schedule = {"reminders": {"task": "requests_app.reminders_sweep", "schedule": every}}
