"""The one writer of cached dates: each right's clock from its own facts, and the case's next date (GDPR art. 12(3))."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from dsar.core.actors import Actor
from dsar.core.journal import journal_append
from dsar.core.jurisdictions import jurisdiction
from dsar.core.models import Organisation
from requests_app.deadlines import Deadline, Facts, deadline, local_date, working_days_after
from requests_app.models import Case, CaseRight
from requests_app.rights_table import RULES


@dataclass(frozen=True)
class Clock:
    """The computed clock of one right: the engine's answer and our own target, if the right has one."""

    deadline: Deadline
    target_on: date | None

    @property
    def fields(self) -> dict[str, Any]:
        """The cache columns of CaseRight."""
        computed = self.deadline
        return {
            "due_on": computed.due_on,
            "last_day": computed.last_day,
            "prudent_due_on": computed.prudent_due_on,
            "extension_notice_due_on": computed.extension_notice_due_on,
            "extension_notice_prudent_on": computed.extension_notice_prudent_on,
            "refusal_notice_due_on": computed.refusal_notice_due_on,
            "target_on": self.target_on,
            "clock_flags": list(computed.flags),
            "clock_explanation": list(computed.explanation),
            "clock_rule": computed.rule,
            "clock_calendar": computed.calendar,
        }


def clock_compute(organisation: Organisation, right: str, received_at: datetime) -> Clock:
    """The clock of a right received at an aware instant, in the organisation's jurisdiction and time zone."""
    received_on = local_date(received_at, organisation.time_zone)
    facts = Facts(jurisdiction=organisation.jurisdiction, time_zone=organisation.time_zone, received_at=received_at)
    days = RULES[right].target_working_days
    calendar = jurisdiction(organisation.jurisdiction).calendar
    target_on = working_days_after(received_on, days, calendar) if days else None
    return Clock(deadline(facts, on=received_on), target_on)


def next_on(rights: Iterable[CaseRight], otherwise: date) -> date:
    """The smallest date that still matters among rights not answered yet; `otherwise` when all are."""
    return min((right.matters_on for right in rights if not right.is_answered), default=otherwise)


@transaction.atomic
def case_clock_refresh(*, case: Case) -> list[dict[str, str]]:
    """Recompute the clocks of a case's open rights; writes, journals and returns what changed.

    Answered rights are never recomputed (DESIGN §5). Idempotent.
    """
    changes: list[dict[str, str]] = []
    rights = list(CaseRight.objects.select_for_update().filter(case=case))
    for right in rights:
        if right.is_answered:
            continue
        fields = clock_compute(case.organisation, right.right, right.received_at).fields
        changed = [name for name, value in fields.items() if getattr(right, name) != value]
        if not changed:
            continue
        before = right.due_on
        for name in changed:
            setattr(right, name, fields[name])
        right.save(update_fields=changed)
        changes.append({"right": right.right, "before": str(before), "after": str(right.due_on)})
    answered = [right.answered_at for right in rights if right.answered_at]
    last_act = max([case.received_at, *answered])
    # Of an answered case the last day of its downloads still matters; it stays in the queue until it is closed.
    following = next_on(
        rights,
        otherwise=local_date(last_act + timedelta(days=settings.DSAR_DOWNLOAD_DAYS), case.organisation.time_zone),
    )
    if following != case.next_on:
        case.next_on = following
        case.save(update_fields=["next_on"])
    if changes:
        journal_append(
            chain=case.chain,
            organisation=case.organisation,
            kind="clock.computed",
            actor=Actor.SYSTEM,
            facts={"changes": changes},
        )
    return changes
