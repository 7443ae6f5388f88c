"""Real processes that are started, killed and watched: the worker, and a mail server that keeps what it accepted."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # seconds until a condition that never comes fails the test


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> None:
    """Wait until the condition is true; AssertionError with `what` when it is not in time."""
    pause, give_up_at = Event(), monotonic() + seconds
    while not condition():
        assert monotonic() < give_up_at, f"not within {seconds:g} s: {what}"
        pause.wait(0.02)


@dataclass
class Mailbox:
    """What the mail server accepted for good, and how many transfers were begun."""

    accepted: list[EmailMessage] = field(default_factory=list)
    begun: int = 0

    @property
    def message_ids(self) -> list[str]:
        """Of each accepted mail, in the order of arrival."""
        return [str(message["Message-ID"]).strip() for message in self.accepted]

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Called with a whole mail, before the 250 is sent."""
        assert isinstance(envelope.content, bytes)
        self.accepted.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


class Server(SMTP):
    """Also notes the beginning of each transfer, which may be cut before its end."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        self.event_handler.begun += 1
        await super().smtp_DATA(arg)


class MailServer(Controller):
    """Listens on a free port, which is in `port` once it has started."""

    def factory(self) -> Server:
        return Server(self.handler)

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd's


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    """A mailbox and the EMAIL_URL of the server on this machine that fills it."""
    mailbox = Mailbox()
    server = MailServer(mailbox, hostname="127.0.0.1", port=0)
    server.start()
    try:
        yield mailbox, f"smtp://127.0.0.1:{server.port}"
    finally:
        server.stop()


@dataclass
class Process:
    """One process of ours; `output` is the file with all it printed."""

    popen: subprocess.Popen[bytes]
    output: Path

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """`until`, which fails at once with the output when the process has ended."""

        def is_over() -> bool:
            return bool(condition()) or self.popen.poll() is not None

        try:
            until(is_over, what)
            assert condition(), f"the process ended before: {what}"
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output.read_text()[-4000:]}") from None

    def until_killed(self) -> None:
        """Wait for its death by SIGKILL; any other end is a failure."""
        code = self.popen.wait(PATIENCE)
        assert code == -9, f"ended with {code}\n{self.output.read_text()[-4000:]}"


@contextmanager
def process(folder: Path, environment: dict[str, str], *arguments: str) -> Iterator[Process]:
    """`python -m` with these arguments and this environment on top of ours; ended when the block ends."""
    output = folder / f"{'-'.join(arguments[:3]).replace('/', '_')}.{len(list(folder.iterdir()))}.log"
    with output.open("wb") as stream:
        popen = subprocess.Popen(  # noqa: S603 - our own commands, no shell
            [sys.executable, "-m", *arguments], cwd=PROJECT, env={**os.environ, **environment},
            stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield Process(popen, output)
    finally:
        popen.kill()
        popen.wait()


def worker(
    folder: Path, environment: dict[str, str], *, application: str = "dsar"
) -> AbstractContextManager[Process]:
    """The worker as the product starts it, in one process so that there is one to kill."""
    return process(
        folder, environment, "celery", "-A", application, "worker", "--pool", "solo", "--loglevel", "INFO",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", "worker@kill",
    )  # fmt: skip


def beat(folder: Path, environment: dict[str, str], *, application: str) -> AbstractContextManager[Process]:
    """One scheduler with a timetable of its own, as a second container would have."""
    timetable = folder / f"timetable.{len(list(folder.iterdir()))}"
    return process(
        folder, environment, "celery", "-A", application, "beat", "--loglevel", "INFO", "--schedule", str(timetable),
        "--pidfile", "",
    )  # fmt: skip
