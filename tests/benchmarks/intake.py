"""Intake: how many requests a second the public form takes, against one INSERT (DESIGN §11: at least half)."""

import os
import secrets
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic
from urllib.parse import urlencode

from tests.benchmarks.installation import installation
from tests.benchmarks.load import Load, post
from tests.benchmarks.measures import Measure, in_turn
from tests.work import challenge_solved

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = "dsar_benchmark_intake"
REDIS_DATABASE = 11
SLUG = "benchmark"
SECONDS, ROUNDS = 4.0, 3


def run() -> Iterator[Measure]:
    """Raises RuntimeError when PostgreSQL or Redis is missing, or when a request was answered and not kept."""
    with tempfile.TemporaryDirectory() as folder, _environment(Path(folder)), _server() as port:
        answered = 0

        def limit() -> float:
            return post(_load(port, "/benchmark/bare", b"204")).per_second

        def ours() -> float:
            nonlocal answered
            found = post(_load(port, f"/{SLUG}/request/", b"302"))
            answered += found.count
            return found.per_second

        yield in_turn("intake", "requests/s", ours=ours, limit=limit, rounds=ROUNDS)
        _kept_check(answered)


def _load(port: int, path: str, expected: bytes) -> Load:
    headers = (
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Cookie: csrftoken={os.environ['BENCHMARK_CSRF']}\r\nAccept-Language: fr\r\n"
    )
    return Load(port, path, headers, form_bodies, expected, SECONDS)


def form_bodies() -> Iterator[bytes]:
    """The last POST of the form, each time by somebody else, with a sum that the client need not search for long."""
    from requests_app import proof_of_work

    proof_of_work.LARGEST = 1
    while True:
        token = uuid.uuid4().hex
        yield urlencode(
            {
                "csrfmiddlewaretoken": os.environ["BENCHMARK_CSRF"],
                "page": "check",
                "go": "send",
                "seen": "1",
                "submission": token,
                "right": ["access", "marketing_objection"],
                "detail_access": "Mes commandes de 2025 et ce que le service client a noté.",
                "text": "Je vous ai connus par votre boutique de la rue des Reliures, en mars 2024.",
                "name": "Camille Estève",
                "identifier": token[:8],
                "email": f"camille.{token[:12]}@example.org",
                "work": challenge_solved(proof_of_work.challenge_make()),
            },
            doseq=True,
        ).encode()


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """A scratch installation with one organisation, where very many come from one address and nobody has to look."""
    os.environ["BENCHMARK_CSRF"] = secrets.token_hex(16)
    os.environ |= dict.fromkeys(("DSAR_FORM_LOOK_AFTER", "DSAR_FORM_REFUSE_AFTER"), "1000000000")
    with installation(folder, DATABASE, REDIS_DATABASE):
        from django.db import connection

        from tests.benchmarks.urls import TABLE
        from tests.factories import OrganisationFactory

        OrganisationFactory.create(slug=SLUG)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE TABLE {TABLE} (id bigserial PRIMARY KEY, body text NOT NULL)")
        yield


@contextmanager
def _server() -> Iterator[int]:
    """The web server as `manage.py serve` starts it, on a free port."""
    from dsar.management.commands.serve import _programs

    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    (web,) = (program for program in _programs("127.0.0.1", port) if program.name == "web")
    server = subprocess.Popen(web.command, cwd=PROJECT, stdin=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        give_up_at, pause = monotonic() + 30, Event()
        while not _answers(port):
            if server.poll() is not None or monotonic() > give_up_at:
                raise RuntimeError("the web server does not start")
            pause.wait(0.1)
        yield port
    finally:
        server.terminate()
        server.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _kept_check(answered: int) -> None:
    """Whoever was told "received" has a case, with an acknowledgement in the outbox."""
    from requests_app.models import Case, Outgoing

    kept = Case.objects.count(), Outgoing.objects.filter(key__startswith="acknowledgement:").count()
    if kept != (answered, answered):
        raise RuntimeError(f"{answered} requests were answered; cases and acknowledgements kept: {kept}")
