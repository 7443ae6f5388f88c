"""What the tests of the reminders share: a desk with people, and the sweep run at any instant."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from dsar.core.models import Organisation, User
from dsar.core.roles import Role
from requests_app.models import Case, CaseRight, Outgoing, Reminder
from requests_app.services import digests
from requests_app.services.reminders import reminders_sweep
from requests_app.vocabulary import OutgoingState
from tests.factories import OrganisationFactory, a_case, member

PARIS = ZoneInfo("Europe/Paris")


def paris(month: int, day: int, hour: int = 9, minute: int = 0, year: int = 2026) -> datetime:
    """An instant as a clock on a wall in Paris shows it."""
    return datetime(year, month, day, hour, minute, tzinfo=PARIS)


@dataclass
class Desk:
    """An organisation in Paris with a handler, a reviewer and a data protection officer."""

    organisation: Organisation = field(default_factory=OrganisationFactory.create)

    def __post_init__(self) -> None:
        self.handler, self.reviewer, self.dpo = (
            member(self.organisation, role) for role in (Role.HANDLER, Role.REVIEWER, Role.DPO)
        )

    def reads(self, address: str) -> str:
        """Which of the three has that address; empty for anybody else."""
        people = {"handler": self.handler, "reviewer": self.reviewer, "dpo": self.dpo}
        return next((role for role, person in people.items() if person.email == address), "")

    def case(self, *, assignee: User | None = None, **fields: Any) -> Case:
        """A request for access of Thursday 5 March, due after Easter; acknowledged, and handled unless told not."""
        fields.setdefault("rights", ("access",))
        fields.setdefault("submission", f"{Case.objects.count():032x}")
        case = a_case(self.organisation, **fields)
        Outgoing.objects.filter(case=case).update(state=OutgoingState.SENT)
        case.assignee = assignee or self.handler
        case.save(update_fields=["assignee"])
        return case

    def unassigned(self, **fields: Any) -> Case:
        """The same, and nobody handles it."""
        case = self.case(**fields)
        case.assignee = None
        case.save(update_fields=["assignee"])
        return case


class Sweeps:
    """Runs the sweep at an instant, then sends what it queued, as a worker does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.queued: list[int] = []
        monkeypatch.setattr(digests, "task_queue", self._queue)

    def _queue(self, name: str, pk: int) -> bool:
        assert name == "requests_app.digest_send"
        self.queued.append(pk)
        return True

    def at(self, now: datetime, *, send: bool = True) -> None:
        """One sweep."""
        with time_machine.travel(now, tick=False):
            reminders_sweep()
            while send and self.queued:
                digests.digest_send(self.queued.pop(0))


def right_changed(case: Case, right: str = "access", **fields: Any) -> CaseRight:
    """A right as some service has left it, looked at by the next sweep as after every change of a clock."""
    CaseRight.objects.filter(case=case, right=right).update(remind_on=date(2026, 1, 1), **fields)
    return CaseRight.objects.get(case=case, right=right)


def ledger(case: Case, user: User | None = None) -> set[tuple[str, int, str, str]]:
    """Kind, threshold, what became of it, and by what it was overtaken."""
    lines = Reminder.objects.filter(case_right__case=case).select_related("digest", "superseded_by")
    return {
        (
            line.kind,
            line.threshold,
            line.superseded_because or (line.digest.state if line.digest else "waiting"),
            f"{line.superseded_by.kind} {line.superseded_by.threshold}" if line.superseded_by else "",
        )
        for line in (lines.filter(user=user) if user else lines)
    }
