"""The worker's application with one place where the process dies, as if the power had gone: KILL_AT names it."""

import os
import signal
import smtplib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn
from unittest.mock import patch

import django

django.setup()

from dsar.celery import app  # noqa: E402 - what is imported from here on needs the setup
from exports import services as exports  # noqa: E402
from exports.contents import Contents  # noqa: E402
from exports.package import package_stream  # noqa: E402
from requests_app import outbox  # noqa: E402

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
    "during_package": (exports, "package_stream", _package_half_made),
}

patch.object(*POINTS[os.environ["KILL_AT"]]).start()
