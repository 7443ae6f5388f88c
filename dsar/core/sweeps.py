"""The dead-man's switch: when a sweep last came to its end, and whether that is too long ago (DESIGN §5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dsar.core.models import Sweep

REMINDERS, CLOCKS = "reminders", "clocks"  # the sweeps that note their end
SILENCE = timedelta(minutes=15)  # three rounds of five minutes: one late round is no outage


@dataclass(frozen=True)
class Silence:
    """A sweep has not run for too long; `since` is the aware instant of its last end, None where it never ran."""

    since: datetime | None


def sweep_note(name: str, now: datetime, *, version: str = "") -> None:
    """Note that the sweep came to its end at the aware instant `now`, having gone through that version."""
    Sweep.objects.update_or_create(name=name, defaults={"ran_at": now, "version": version})


def sweep_silent_since(name: str, now: datetime) -> Silence | None:
    """The silence of a sweep as seen at the aware instant `now`; None where it ran in the last 15 minutes."""
    ran_at = Sweep.objects.filter(name=name).values_list("ran_at", flat=True).first()
    return Silence(ran_at) if ran_at is None or now - ran_at > SILENCE else None
