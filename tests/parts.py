"""The real parts that some tests talk to: which of them this machine has, and where.

`make test` uses what it finds and says so in one line for each part; with DSAR_REQUIRE_PARTS=1 a missing part fails.
"""

import ctypes
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest
import redis

CONNECT_SECONDS = 2
SHARED = Path(os.environ.get("DSAR_SHARED", Path(__file__).resolve().parents[2] / "shared"))


@dataclass(frozen=True)
class Part:
    """One real part. `where` is its URL or path, empty when it is missing; `detail` says more in either case."""

    where: str
    detail: str


def postgres_part() -> Part:
    """A PostgreSQL server that lets us make databases: TEST_POSTGRES_URL, else the one on this machine."""
    url = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.execute("SHOW server_version").fetchone()
    except psycopg.Error as error:
        return Part("", f"set TEST_POSTGRES_URL to a server ({_first_line(error)})")
    return Part(url, str(version[0]) if version else "")


def redis_part() -> Part:
    """A Redis or Valkey server whose last databases the tests may empty: TEST_REDIS_URL, else the one here."""
    url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
    client = redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=CONNECT_SECONDS)
    try:
        version = client.info("server")["redis_version"]
    except redis.RedisError as error:
        return Part("", f"set TEST_REDIS_URL to a server ({_first_line(error)})")
    finally:
        client.close()
    return Part(url, str(version))


def chromium_part() -> Part:
    """A Chromium for Playwright: TEST_CHROMIUM, else the one on the PATH."""
    named = os.environ.get("TEST_CHROMIUM", "")
    path = named or shutil.which("chromium") or shutil.which("chromium-browser") or ""
    if not path or not Path(path).exists():
        return Part("", "apt-get install chromium")
    return Part(path, path)


def pango_part() -> Part:
    """Pango and HarfBuzz, with which WeasyPrint makes PDFs."""
    for name in ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz.so.0", "libharfbuzz-subset.so.0"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            return Part("", f"{name} is missing: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0")
        if name == "libpango-1.0.so.0":
            library.pango_version_string.restype = ctypes.c_char_p
            version = library.pango_version_string().decode()
    return Part("libpango-1.0.so.0", version)


FINDERS: dict[str, tuple[str, Callable[[], Part]]] = {
    "postgres": ("PostgreSQL", postgres_part),
    "redis": ("Redis", redis_part),
    "chromium": ("Chromium", chromium_part),
    "pango": ("Pango", pango_part),
}


@cache
def part(code: str) -> Part:
    """The part of that marker, looked for once."""
    return FINDERS[code][1]()


def required() -> bool:
    """Whether a missing part is a failure, as it is where all of them are installed."""
    return os.environ.get("DSAR_REQUIRE_PARTS", "") == "1"


def shared_path(*names: str) -> Path:
    """A file or folder of the material beside the repository; skips the test where it is not there."""
    path = SHARED.joinpath(*names)
    if not path.exists():
        pytest.skip(f"{'/'.join(names)} is not beside the repository")
    return path


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
