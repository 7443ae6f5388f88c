"""The one counter behind every limit: by name, key and window, exact among several at once, open while it is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.core.cache import cache, caches

from dsar import settings as product
from dsar.core import cache as kept
from dsar.core.rates import Rate

TRIES = Rate("tries", 2, 600)
TEN_BEFORE = 600 * 1_000_000 + 590


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(TEN_BEFORE, tick=False) as traveller:
        yield traveller


def test_the_window_ends_for_everybody_at_once_and_says_when(clock: Any) -> None:
    counted = [TRIES.count("a") for _try in range(3)]
    assert [(one.number, one.wait, one.is_over) for one in counted] == [(1, 10, False), (2, 10, False), (3, 10, True)]
    clock.shift(9)
    assert TRIES.count("a").wait == 1
    clock.shift(1)
    again = TRIES.count("a")
    assert (again.number, again.wait, again.is_over) == (1, 600, False)


def test_each_name_key_and_window_has_a_count_of_its_own() -> None:
    TRIES.count("a")
    for rate, key in ((TRIES, "b"), (Rate("others", 2, 600), "a"), (Rate("tries", 2, 60), "a")):
        assert rate.count(key).number == 1
    assert Rate("tries", 99, 600).count("a").number == 2  # what is allowed is no part of what is counted


def test_several_are_counted_at_once() -> None:
    assert TRIES.count("files", by=5).is_over


def test_what_is_forgotten_begins_again() -> None:
    TRIES.count("a", by=3)
    TRIES.forget("a")
    assert TRIES.count("a").number == 1


def test_a_count_outlives_its_window_and_no_more(clock: Any) -> None:
    """If it ended first, a count could vanish between being begun and being raised."""
    begun: list[tuple[str, float]] = []
    add = cache.add

    def noted(name: str, value: int, timeout: float) -> Any:
        begun.append((name, timeout))
        return add(name, value, timeout)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "add", noted)
        TRIES.count("203.0.113.9")
    [(name, timeout)] = begun
    assert timeout == 2 * TRIES.seconds
    assert "203.0.113" not in name and "tries" not in name  # the cache holds no address


# ---- several at once -------------------------------------------------------------------------------------------------


def counted_at_once() -> list[int]:
    def some(_thread: int) -> list[int]:
        return [Rate("at once", 50, 600).count("a").number for _call in range(25)]

    with ThreadPoolExecutor(8) as pool:
        return sorted(number for numbers in pool.map(some, range(8)) for number in numbers)


def test_of_many_at_once_every_one_is_counted_once_in_memory() -> None:
    assert counted_at_once() == list(range(1, 201))


@pytest.mark.redis
def test_of_many_at_once_every_one_is_counted_once_by_redis(redis_url: str, settings: Any) -> None:
    settings.CACHES = {"default": {**product.CACHES["default"], "LOCATION": redis_url}}
    assert counted_at_once() == list(range(1, 201))


# ---- while the cache is away -----------------------------------------------------------------------------------------


@pytest.mark.loopback
def test_while_the_cache_is_away_nothing_is_counted_and_nobody_is_over(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "outage", kept.Outage())
    settings.CACHES = {"default": {**product.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    counted = [TRIES.count("a") for _try in range(5)]
    assert {(one.number, one.is_over) for one in counted} == {(0, False)}
    TRIES.forget("a")
    assert caches["default"].get("anything") is None
