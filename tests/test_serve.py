"""`manage.py serve`: everything starts, what dies comes back, and nothing is left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from dsar.settings import broker_socket
from dsar.supervisor import Program, Supervisor

READY_SECONDS = 180  # patience for a busy machine: the first start makes all tables
FOREVER = "import signal; signal.pause()"
# A child with a child of its own, as the web server and the worker have.
WITH_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {FOREVER!r}])"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"


def python(name: str, code: str, **limits: float) -> Program:
    return Program(name, [sys.executable, "-c", code], **limits)


def processes_with(variable: str) -> list[int]:
    """Ids of the processes that have this NAME=value in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            is_alive = ") Z " not in (folder / "stat").read_text()
        except OSError:  # it ended meanwhile
            continue
        if is_alive and variable.encode() in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


@pytest.fixture
def said() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, said: list[tuple[str, str]]) -> Iterator[Supervisor]:
    mark = {"SUPERVISED_BY": str(tmp_path)}
    made = Supervisor(folder=tmp_path, environment=mark, say=lambda name, line: said.append((name, line)))
    yield made
    made.stop()
    # A killed process is on its way out for a moment before the system forgets it.
    assert made.wait_until(lambda: not processes_with(f"SUPERVISED_BY={tmp_path}"), seconds=5)


def test_a_child_that_dies_is_started_again_without_what_it_left(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(python("worker", WITH_CHILD))
    mark = f"SUPERVISED_BY={tmp_path}"
    assert supervisor.wait_until(lambda: len(processes_with(mark)) == 2, seconds=20)
    first = set(processes_with(mark))
    os.kill(supervisor.pids()[0], signal.SIGKILL)
    assert supervisor.wait_until(lambda: len(set(processes_with(mark)) - first) == 2, seconds=20)
    assert supervisor.wait_until(lambda: not first & set(processes_with(mark)), seconds=5)


def test_restarts_slow_down(supervisor: Supervisor, said: list[tuple[str, str]]) -> None:
    supervisor.start(python("broken", "raise SystemExit(3)"))
    assert supervisor.wait_until(lambda: len(said) >= 2, seconds=20)
    assert said[:2] == [
        ("broken", "ended (exit code 3), starts again in 0.5 s"),
        ("broken", "ended (exit code 3), starts again in 1 s"),
    ]


def test_lines_of_children_are_passed_on_whole(supervisor: Supervisor, said: list[tuple[str, str]]) -> None:
    supervisor.start(python("web", "import sys, signal; print('é' * 70000, flush=True); signal.pause()"))
    assert supervisor.wait_until(lambda: bool(said), seconds=20)
    assert said == [("web", "é" * 70000)]


def test_a_child_that_does_not_listen_is_killed(supervisor: Supervisor, said: list[tuple[str, str]]) -> None:
    supervisor.start(python("deaf", STUBBORN, stop_seconds=0.2))
    assert supervisor.wait_until(lambda: ("deaf", "deaf") in said, seconds=20)
    supervisor.stop()
    assert supervisor.pids() == []


def test_later_waves_end_first(supervisor: Supervisor, said: list[tuple[str, str]]) -> None:
    last_word = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye', flush=True)));"
    supervisor.start(python("broker", last_word + "print('up', flush=True); signal.pause()"))
    supervisor.start(python("worker", last_word + "print('up', flush=True); signal.pause()"))
    assert supervisor.wait_until(lambda: len(said) == 2, seconds=20)
    supervisor.stop()
    assert said[2:] == [("worker", "bye"), ("broker", "bye")]


def test_the_socket_of_the_broker_fits_however_deep_the_folder() -> None:
    assert broker_socket(Path("/srv/dsar")) == Path("/srv/dsar/broker/valkey.sock")
    deep = broker_socket(Path("/srv/" + "é" * 60))
    assert len(os.fsencode(deep)) <= 103
    assert deep != broker_socket(Path("/srv/" + "è" * 60))


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_wrong_port_is_named(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match="PORT must be a number"):
        call_command("serve")


@pytest.mark.loopback
def test_a_port_in_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))
        with pytest.raises(CommandError, match=r"Cannot listen on 127\.0\.0\.1:\d+ \(Address already in use\)"):
            call_command("serve")


@contextmanager
def serving(data_dir: Path) -> Iterator[tuple["subprocess.Popen[bytes]", int, Path]]:
    """A real `serve` on a folder of its own; yields its process, port and log, and ends it with all its children."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    log = data_dir.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"], cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, env=serve_environment(data_dir, port),
        )
        try:
            yield process, port, log
        finally:
            for pid in [process.pid, *processes_with(f"DSAR_DATA_DIR={data_dir}")]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            process.wait()


def serve_environment(data_dir: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "DSAR_DATA_DIR": str(data_dir), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "dsar.settings"}


def answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@pytest.mark.loopback
def test_serve_from_start_to_ctrl_c(tmp_path: Path, supervisor: Supervisor) -> None:
    data_dir = tmp_path / ("a folder with spaces, é and # " + "deep " * 12)
    wait_until = supervisor.wait_until  # for its patience: it sleeps between two looks
    with serving(data_dir) as (process, port, log):
        assert wait_until(lambda: answers(port) or process.poll() is not None, seconds=READY_SECONDS), log.read_text()
        second = subprocess.run(
            [sys.executable, "manage.py", "serve"], cwd=settings.BASE_DIR, env=serve_environment(data_dir, port),
            capture_output=True, text=True, timeout=60, check=False,
        )
        assert second.returncode == 1
        assert "is already being served" in second.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, log.read_text()
        assert processes_with(f"DSAR_DATA_DIR={data_dir}") == []

    with serving(data_dir) as (process, port, log):
        assert wait_until(lambda: answers(port) or process.poll() is not None, seconds=READY_SECONDS), log.read_text()
        process.kill()
        process.wait()
        assert wait_until(lambda: not processes_with(f"DSAR_DATA_DIR={data_dir}"), seconds=20)
