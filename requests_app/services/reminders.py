"""The sweep of the reminders: which rights to look at, then the ledger, then the mails (DESIGN §5).

It selects by state, never by a window of time: late, twice or by four workers at once, it does the same.
"""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dsar.core.models import Organisation
from dsar.core.sweeps import REMINDERS, sweep_note
from requests_app.deadlines import local_date
from requests_app.models import CaseRight, Message, Reminder
from requests_app.rights_table import ADVERSE
from requests_app.services.digests import digests_free, digests_make, digests_queue
from requests_app.services.ledger import ledger_write
from requests_app.services.watching import IN_HANDS
from requests_app.vocabulary import ReminderKind, Review, Stage

BATCH = 500  # rights in one transaction
AHEAD = timedelta(days=14)  # no date of a review or a refusal is told earlier, whatever holidays lie between


def reminders_sweep(now: datetime | None = None) -> None:
    """Tell whoever must be told at the aware instant `now`, by default the present one. Safe to run twice or at once.

    Raises DomainError for an organisation whose jurisdiction is not known: the dead-man's switch then says so.
    """
    now = now or timezone.now()
    digests_free(now)
    rights = sorted(rights_to_look_at(now))
    for start in range(0, len(rights), BATCH):
        ledger_write(rights[start : start + BATCH], now)
    digests_make(now)
    digests_queue(now)
    sweep_note(REMINDERS, now)


def rights_to_look_at(now: datetime) -> set[int]:
    """Ids of the rights of which something may have to be told, or no more; the cost follows them, not what exists."""
    return {pk for found in looks(now) for pk in found}


def looks(now: datetime) -> list[QuerySet[Any, int]]:
    """One query a reason to look, each on an index that holds little else; they give ids of rights."""
    unread = CaseRight.objects.filter(case__in=_unread_untold())
    return [
        rights_due(now).values_list("pk", flat=True),
        _in_hands(now).values_list("pk", flat=True),
        _extensions_in_review().values_list("pk", flat=True),
        unread.order_by().values_list("pk", flat=True),
        Reminder.objects.waiting().order_by().values_list("case_right", flat=True).distinct(),
    ]


def rights_due(now: datetime) -> QuerySet[CaseRight]:
    """Rights whose day has come in the time zone of their organisation; one query on the index of `remind_on`."""
    zones = Organisation.objects.order_by().values_list("time_zone", flat=True).distinct()
    days = {name: local_date(now, name) for name in zones}
    if not days:
        return CaseRight.objects.none()
    is_day = (Q(case__organisation__time_zone=name, remind_on__lte=day) for name, day in days.items())
    return CaseRight.objects.awaited().filter(reduce(or_, is_day), remind_on__lte=max(days.values())).order_by()


def _in_hands(now: datetime) -> QuerySet[CaseRight]:
    """Rights in review near their prudent date, and refusals that are written and not told."""
    horizon = now.date() + AHEAD
    return CaseRight.objects.awaited().order_by().filter(
        Q(stage=Stage.IN_REVIEW, prudent_due_on__lte=horizon)
        | Q(outcome__in=ADVERSE, refusal_notice_due_on__lte=horizon),
        stage__in=IN_HANDS,
    )  # fmt: skip


def _extensions_in_review() -> QuerySet[CaseRight]:
    """Rights with an extension that waits for its second person; one that an answer came before holds no longer."""
    return CaseRight.objects.awaited().order_by().filter(extensions__review=Review.WAITING)


def _unread_untold() -> QuerySet[Message, dict[str, Any]]:
    """Cases with a message that nobody has read and of which nobody was told since it came."""
    told = Reminder.objects.filter(
        kind=ReminderKind.UNREAD, case_right__case=OuterRef("case"), created_at__gte=OuterRef("at"),
        superseded_because="",
    )  # fmt: skip
    return Message.objects.unread().filter(~Exists(told)).order_by().values("case")
