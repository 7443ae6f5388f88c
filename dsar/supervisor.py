"""Runs the processes of the embedded default under one parent: started in order, restarted when they die, stopped
together, and none of them outlives the parent, however it ends."""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

FIRST_RESTART_SECONDS = 0.5
LONGEST_RESTART_SECONDS = 30.0
STEADY_SECONDS = 60.0  # a child that ran this long is healthy again: its next restart is quick
PR_SET_PDEATHSIG = 1  # linux/prctl.h
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Program:
    """What to run. `stop_seconds`: how long it may take to finish its work before it is killed."""

    name: str
    command: Sequence[str]
    stop_seconds: float = 10.0


@dataclass
class Child:
    """One running program, in a process group of its own, so that Ctrl-C reaches it through us and in order."""

    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    restart_seconds: float = FIRST_RESTART_SECONDS
    restart_at: float | None = None
    unfinished_line: bytes = field(default=b"")


class Supervisor:
    """Starts programs in waves and keeps them running until `stop`; a later wave is stopped before an earlier one.

    `environment` is given to every child; `kept_open` are file descriptors that each child holds until it ends, so that
    a lock on one of them is free only when the last child is gone. One thread only.
    """

    def __init__(
        self, *, folder: Path, environment: Mapping[str, str], kept_open: Sequence[int] = (),
        say: Callable[[str, str], None],
    ) -> None:
        self.folder = folder
        self.environment = environment
        self.kept_open = kept_open
        self.say = say
        self.waves: list[list[Child]] = []
        self.selector = selectors.DefaultSelector()

    def start(self, *programs: Program) -> None:
        """Start one wave."""
        wave: list[Child] = []
        self.waves.append(wave)
        for program in programs:  # one by one: what is started is known to `stop` even when the next one fails
            wave += [self._spawned(program)]

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> bool:
        """Run until `is_ready`, asked four times a second, says so; False when it has not within `seconds`."""
        give_up_at = time.monotonic() + seconds
        while not is_ready():
            if time.monotonic() > give_up_at:
                return False
            ask_at = time.monotonic() + 0.25
            while (left := ask_at - time.monotonic()) > 0:
                self.turn(left)
        return True

    def turn(self, seconds: float) -> None:
        """Pass on what the children print for at most `seconds`, then see who died and who is due to start again."""
        self._drain(seconds)
        for child in self._children():
            if child.restart_at is None:
                self._look_after(child)
            elif time.monotonic() >= child.restart_at:
                self._restart(child)

    def stop(self) -> None:
        """Ask every child to end, last wave first; kill what has not ended in its time. Safe to call twice."""
        while self.waves:
            wave = self.waves[-1]
            for child in wave:
                child.process.send_signal(signal.SIGTERM)
            asked_at = time.monotonic()
            for child in wave:
                while child.process.poll() is None and time.monotonic() < asked_at + child.program.stop_seconds:
                    self._drain(0.05)
                _group_kill(child.process.pid)
                child.process.wait()
            self._drain(0)
            for child in wave:
                self._close(child)
            self.waves.pop()

    def kill(self) -> None:
        """End everything now."""
        for child in self._children():
            _group_kill(child.process.pid)

    def pids(self) -> list[int]:
        """The process ids of the children that run now."""
        return [child.process.pid for child in self._children() if child.process.poll() is None]

    def _children(self) -> list[Child]:
        return [child for wave in self.waves for child in wave]

    def _spawned(self, program: Program) -> Child:
        process = subprocess.Popen(  # noqa: S603 - commands are ours, no shell
            program.command, cwd=self.folder, env=dict(self.environment), pass_fds=self.kept_open,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=_end_with_parent,  # this process has one thread
        )
        child = Child(program, process, time.monotonic())
        self.selector.register(cast(BinaryIO, process.stdout), selectors.EVENT_READ, child)
        return child

    def _look_after(self, child: Child) -> None:
        code = child.process.poll()
        if code is None:
            return
        _group_kill(child.process.pid)  # workers of a dead parent would keep its port or its work
        if time.monotonic() - child.started_at > STEADY_SECONDS:
            child.restart_seconds = FIRST_RESTART_SECONDS
        child.restart_at = time.monotonic() + child.restart_seconds
        self.say(child.program.name, f"ended ({_ending(code)}), starts again in {child.restart_seconds:g} s")

    def _restart(self, child: Child) -> None:
        fresh = self._spawned(child.program)
        fresh.restart_seconds = min(child.restart_seconds * 2, LONGEST_RESTART_SECONDS)
        for wave in self.waves:
            if child in wave:
                wave[wave.index(child)] = fresh

    def _drain(self, seconds: float) -> None:
        for key, _events in self.selector.select(seconds):
            self._pass_on(key.data, cast(BinaryIO, key.fileobj))

    def _close(self, child: Child) -> None:
        pipe = cast(BinaryIO, child.process.stdout)
        if not pipe.closed:
            self.selector.unregister(pipe)
            pipe.close()

    def _pass_on(self, child: Child, pipe: BinaryIO) -> None:
        block = os.read(pipe.fileno(), 65536)
        *lines, child.unfinished_line = (child.unfinished_line + block).split(b"\n")
        if not block:
            lines.append(child.unfinished_line)
            self._close(child)
        for line in lines:
            if line.strip():
                self.say(child.program.name, line.decode(errors="replace"))


def _end_with_parent() -> None:
    """In the new child: ask Linux to end it when its parent is gone, even by kill -9, so that no process is left."""
    if sys.platform == "linux":
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _group_kill(group: int) -> None:
    """Kill a child with all the processes it made; its group may be gone already."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
