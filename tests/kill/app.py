"""The worker's application with one place where the process dies, as if the power had gone: KILL_AT names it."""

import os
import signal
import smtplib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import django

django.setup()

from dsar.celery import app  # noqa: E402 - what is imported from here on needs the setup
from exports import services as exports  # noqa: E402
from exports.contents import Contents  # noqa: E402
from requests_app import outbox  # noqa: E402

__all__ = ["app"]

PIECES = 2  # of a package, that are stored before the end


def die(*_args: object, **_kwargs: object) -> NoReturn:
    """End this process at once: no handler, no rollback, no goodbye to the server."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("outlived SIGKILL")


def _after_commit() -> None:
    outbox.task_queue = die  # the case is committed, nobody has been told


def _after_claim() -> None:
    outbox.mail_message = die


def _during_data() -> None:
    def data(self: smtplib.SMTP, message: bytes | str) -> NoReturn:
        content = message.encode() if isinstance(message, str) else message
        self.putcmd("data")
        self.getreply()
        self.send(content[: len(content) // 2])
        die()

    smtplib.SMTP.data = data  # type: ignore[method-assign]


def _before_sent_is_committed() -> None:
    outbox._accepted = die


def _during_package() -> None:
    stream = exports.package_stream

    def package_stream(contents: Contents) -> Iterator[bytes]:
        for number, piece in enumerate(stream(contents)):
            if number == PIECES:
                die()
            yield piece

    exports.package_stream = package_stream


POINTS: dict[str, Callable[[], Any]] = {
    "after_commit": _after_commit,
    "after_claim": _after_claim,
    "during_data": _during_data,
    "before_sent_is_committed": _before_sent_is_committed,
    "during_package": _during_package,
}

POINTS[os.environ["KILL_AT"]]()
