"""What becomes of each personal field of our own models when retention ends: purge it, or keep it for a reason.

Every model lists its text-like fields in `personal` or in `impersonal`; a field in neither fails the suite
(GDPR art. 5(1)(e)).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fate:
    """`kept_because` is empty when the value is purged."""

    kept_because: str = ""


PURGE = Fate()


def keep(reason: str) -> Fate:
    """The value outlives retention, for a reason a data protection officer would accept."""
    return Fate(reason)
