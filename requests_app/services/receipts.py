"""The day a request arrived, corrected: every period counts from it (EDPB Guidelines 01/2022 §159)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.models import Case, CaseRight, Extension
from requests_app.services.cases import case_touch
from requests_app.services.clocks import case_clock_refresh, clock_compute, facts_of
from requests_app.services.extensions import extension_leave
from requests_app.services.suspensions import suspension_begin
from requests_app.vocabulary import ClockCause, Direction


@dataclass(frozen=True)
class Dates:
    """The dates of one right that a person works with; `due_on` is None while a question is open."""

    due_on: date | None
    paused_days: int | None
    prudent_due_on: date
    target_on: date | None


@dataclass(frozen=True)
class ReceiptChange:
    """What a corrected arrival makes of one right's dates."""

    case_right: CaseRight
    before: Dates
    after: Dates


def receipt_changes(case: Case, rights: Sequence[CaseRight], received_at: datetime) -> list[ReceiptChange]:
    """The old and the new dates, before anything is written. Raises DomainError as `receipt_correct` does."""
    _check(rights, received_at)
    changes = []
    for right in rights:
        clock = clock_compute(right.right, replace(facts_of(right), received_at=received_at))
        before, after = (
            Dates(of["due_on"], of["paused_days"], of["prudent_due_on"], of["target_on"])
            for of in (vars(right), clock.fields)
        )
        changes.append(ReceiptChange(right, before, after))
    return changes


@transaction.atomic
def receipt_correct(
    *,
    case: Case,
    rights: Sequence[CaseRight],
    received_at: datetime,
    reason: str,
    actor: Actor,
    version: int | None = None,
) -> list[ReceiptChange]:
    """Correct when `rights` arrived, an aware instant, and count their dates anew; the old ones stay in the journal.

    The case arrived when its first right did. Raises DomainError `rights_missing`, `right_answered`,
    `received_in_future`, `reason_missing`, and what the engine says of facts that contradict each other.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    _left_note(case)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write how you know the right day: it must be provable."))
    changes = receipt_changes(case, rights, received_at)
    before = {right.right: right.received_at for right in rights}
    CaseRight.objects.filter(pk__in=[right.pk for right in rights]).update(received_at=received_at)
    _case_move(case)
    case_journal(
        case=case,
        kind="receipt.corrected",
        actor=actor,
        facts={
            "rights": list(before),
            "before": {code: moment.astimezone(UTC).isoformat() for code, moment in before.items()},
            "received_at": received_at.astimezone(UTC).isoformat(),
        },
        values={"reason": reason.strip()},
    )
    case_clock_refresh(case=case, cause=ClockCause.CORRECTED)
    return changes


def _left_note(case: Case) -> None:
    """A question or a notice that left a moment ago is a fact, which the new day must not contradict."""
    for suspension in case.suspensions.open().filter(asked_at=None).exclude(mail__sent_at=None):
        suspension_begin(suspension=suspension, asked_at=suspension.mail.sent_at)
    announced = Extension.objects.filter(case_right__case=case, sent_at=None, mail__sent_at__isnull=False)
    for extension in announced.select_related("case_right__case__organisation", "mail"):
        if extension.mail is not None and extension.mail.sent_at is not None:
            extension_leave(extension=extension, sent_at=extension.mail.sent_at)


def _check(rights: Sequence[CaseRight], received_at: datetime) -> None:
    if not rights:
        raise DomainError("rights_missing", _("Choose what arrived on another day."))
    if any(right.is_answered for right in rights):
        raise DomainError("right_answered", _("An answered right keeps the dates under which it was answered."))
    if any(right.reopened_at for right in rights):
        raise DomainError("right_reopened", _("A right taken up again counts from the message that asked for it."))
    if received_at > datetime.now(UTC):
        raise DomainError("received_in_future", _("A request cannot have arrived in the future."))


def _case_move(case: Case) -> None:
    """The case, and the message that holds the request, arrived with the first of its rights."""
    first = min(CaseRight.objects.filter(case=case).values_list("received_at", flat=True))
    if first == case.received_at:
        return
    case.messages.filter(direction=Direction.INBOUND, at=case.received_at).update(at=first)
    case.received_at = first
    case.save(update_fields=["received_at"])
