"""What a benchmark tells: our figure and the machine's limit, measured in turn in one run."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Measure:
    """One comparison, both figures in `unit`."""

    name: str
    unit: str
    ours: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.ours / self.limit


def in_turn(
    name: str, unit: str, *, ours: Callable[[], float], limit: Callable[[], float], rounds: int, digits: int = 1
) -> Measure:
    """Both measured by turns, after one round that warms up; the medians, so that one disturbance does not count."""
    limit(), ours()
    found = [(limit(), ours()) for _ in range(rounds)]
    ours_found, limit_found = median(one for _, one in found), median(one for one, _ in found)
    return Measure(name, unit, ours=round(ours_found, digits), limit=round(limit_found, digits))
