"""How often something may be done: one counter for every such limit, shared by all processes through the cache.

Time is cut into windows of the same length, the same for everybody, so what remains of one is known without asking.
Counting is atomic: of two that meet at the limit one is over it. While the cache is away nothing is counted and nobody
is over: a desk that stays open without its limits is the smaller harm, since what they guard has locks of its own (keys
of 80 bits, codes that count their attempts in the database, a person who looks).
"""

import time
from dataclasses import dataclass

from django.core.cache import cache

from dsar.core.hashing import keyed_hash

MINUTE, HOUR = 60, 60 * 60


@dataclass(frozen=True)
class Counted:
    """What a count came to: how many in this window, seconds until the next one, and whether it was too many."""

    number: int  # 0 while the cache is away
    wait: int
    is_over: bool


@dataclass(frozen=True)
class Rate:
    """At most `most` of one thing, `name`, in each window of so many seconds, for each key."""

    name: str
    most: int
    seconds: int

    def count(self, key: object, *, by: int = 1) -> Counted:
        """Count `by` more. The cache holds a keyed hash of the key, so no address and no reference."""
        now = int(time.time())
        name = self._name(key, now)
        try:
            cache.add(name, 0, 2 * self.seconds)  # outlives its window, so that it never vanishes between the two
            number = int(cache.incr(name, by))
        except ValueError:  # the cache is away
            number = 0
        return Counted(number, self.seconds - now % self.seconds, is_over=number > self.most)

    def forget(self, key: object) -> None:
        """Begin again from nothing."""
        cache.delete(self._name(key, int(time.time())))

    def _name(self, key: object, now: int) -> str:
        return "rate:" + keyed_hash("rate", f"{self.name}:{key}:{self.seconds}:{now // self.seconds}")
