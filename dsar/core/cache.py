"""The cache is a convenience: when Redis is away it holds nothing, and no page fails or waits for it twice."""

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from django.core.cache.backends import redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5  # after a failure nobody asks again for so long: a page that counts ten things waits once
WARNING_SECONDS = 60
P = ParamSpec("P")


class Outage:
    """What this process knows of a cache that does not answer, shared by its threads. Instants are monotonic."""

    def __init__(self) -> None:
        self.until = 0.0
        self.warned_at = -float(WARNING_SECONDS)

    @property
    def is_on(self) -> bool:
        """Whether the cache failed so recently that nobody asks it."""
        return time.monotonic() < self.until

    def begin(self, error: Exception) -> None:
        """Ask no more for a while, and say so once a minute; the text of the error may hold an address."""
        now = time.monotonic()
        self.until = now + PAUSE_SECONDS
        if now - self.warned_at >= WARNING_SECONDS:
            self.warned_at = now
            logger.warning("The cache does not answer, nothing is counted meanwhile: %s", type(error).__name__)


outage = Outage()


def cache_is_away() -> bool:
    """Whether what the cache does not hold was perhaps never asked for: it failed a moment ago."""
    return outage.is_on


def _or_else(answer: Any, call: Callable[P, Any]) -> Callable[P, Any]:
    """The call to the server, or `answer` while the server is away."""

    @wraps(call)
    def answered(*args: P.args, **options: P.kwargs) -> Any:
        if not outage.is_on:
            try:
                return call(*args, **options)
            except (RedisError, OSError) as error:
                outage.begin(error)
        return answer

    return answered


class RedisCacheClient(redis.RedisCacheClient):
    """While the server is away: a cache that takes everything and holds nothing."""

    def get(self, key: Any, default: Any) -> Any:
        """What is kept under the key, else `default`."""
        return _or_else(default, super().get)(key, default)

    def incr(self, key: Any, delta: int) -> Any:
        """The count after one more; raises ValueError for a key that is not held."""
        count = _or_else(None, super().incr)(key, delta)
        if count is None:
            raise ValueError("nothing is counted while the cache is away")
        return count


# Whoever asks for a lock (`add`) gets it, or nobody could sign in.
_ANSWERS: dict[str, Any] = {
    "add": True, "set": None, "touch": False, "delete": False, "has_key": False, "clear": False,
    "get_many": {}, "set_many": None, "delete_many": None,
}  # fmt: skip
for _name, _answer in _ANSWERS.items():
    setattr(RedisCacheClient, _name, _or_else(_answer, getattr(redis.RedisCacheClient, _name)))


class RedisCache(redis.RedisCache):
    """Django's cache on Redis, with the client above."""

    _class: type[redis.RedisCacheClient]

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = RedisCacheClient
