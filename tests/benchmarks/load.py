"""A light client: a few connections that stay open and post as fast as they are answered."""

import socket
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import perf_counter

PROCESSES = 2
CONNECTIONS = 4  # of each process


@dataclass(frozen=True)
class Load:
    """What to post: `bodies` makes an endless row of them and must be a function of a module."""

    port: int
    path: str
    headers: str  # each line ended by CRLF
    bodies: Callable[[], Iterator[bytes]]
    expected: bytes  # status code
    seconds: float


@dataclass(frozen=True)
class Answered:
    """What came back: how many requests in all, and how many a second."""

    count: int
    per_second: float

    @classmethod
    def sum(cls, parts: Iterable["Answered"]) -> "Answered":
        listed = list(parts)
        return cls(sum(part.count for part in listed), sum(part.per_second for part in listed))


def post(load: Load) -> Answered:
    """Post over all connections at once. Raises RuntimeError for an answer that was not expected."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        return Answered.sum(pool.map(_process, [load] * PROCESSES))


def _process(load: Load) -> Answered:
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return Answered.sum(pool.map(_connection, [load] * CONNECTIONS))


def _connection(load: Load) -> Answered:
    count = 0
    with socket.create_connection(("127.0.0.1", load.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = perf_counter()
        for body in load.bodies():
            head = f"POST {load.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{load.headers}Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            answer = _answer(connection)
            if answer.split(b" ", 2)[1] != load.expected:
                raise RuntimeError(f"{load.path} answered {answer[:2000].decode(errors='replace')}")
            count += 1
            if perf_counter() - begun > load.seconds:
                break
        return Answered(count, count / (perf_counter() - begun))


def _answer(connection: socket.socket) -> bytes:
    """One whole answer; its length is always said, or there is no body."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _more(connection)
    head = received[:end].lower()
    length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
    while len(received) < end + 4 + length:
        received += _more(connection)
    return received


def _more(connection: socket.socket) -> bytes:
    if not (piece := connection.recv(65536)):
        raise RuntimeError("the server closed the connection")
    return piece
