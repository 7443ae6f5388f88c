"""Within how many hours the authority is told of a personal data breach: dated rules, because the law will change.

The Digital Omnibus (proposal of 19 November 2025) would allow 96 hours, and only for a high risk. It is no law.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from requests_app.vocabulary import BreachAlert


@dataclass(frozen=True)
class BreachRule:
    """The rule that counts for what became known at or after the aware instant `since`.

    Hours run through nights, weekends and holidays: Regulation 1182/71 art. 3(4) leaves periods in hours out.
    """

    since: datetime
    hours: int
    source: str


RULES = (BreachRule(datetime(2018, 5, 25, tzinfo=UTC), 72, "GDPR art. 33(1)"),)  # the newest last

LAST_CALL = timedelta(hours=24)  # before the end, whoever answers for data protection hears of it again


def breach_rule(aware_at: datetime) -> BreachRule:
    """The rule of the day on which somebody became aware; of earlier days the first one."""
    return next((rule for rule in reversed(RULES) if rule.since <= aware_at), RULES[0])


def notify_by(aware_at: datetime) -> datetime:
    """The last instant at which the authority can be told in time."""
    return aware_at + timedelta(hours=breach_rule(aware_at).hours)


def alert_reached(notify_by: datetime, now: datetime) -> BreachAlert:
    """The latest alert whose time has come."""
    if now > notify_by:
        return BreachAlert.OVER
    return BreachAlert.DAY_LEFT if notify_by - now <= LAST_CALL else BreachAlert.REPORTED
