"""What keeps a case from being purged: a legal hold, and a complaint at an authority (law.md §6.3).

Both may concern a case that was closed long ago, so neither asks whether it is open.
"""

from datetime import UTC, date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.authorities import authorities_known, authority_row
from dsar.core.errors import DomainError
from dsar.core.roles import Act
from requests_app.case_journal import case_journal
from requests_app.models import Case, Complaint, Hold
from requests_app.services.cases import case_touch, day_past_check


@transaction.atomic
def hold_begin(*, case: Case, reason: str, actor: Actor, version: int | None = None) -> Hold:
    """Keep everything of the case until somebody ends it. Raises DomainError `reason_missing` or `hold_exists`."""
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why it must be kept: a claim, a procedure, an investigation."))
    if case.holds.filter(ended_at=None).exists():
        raise DomainError("hold_exists", _("This case is on hold already."))
    hold = Hold.objects.create(case=case, reason=reason.strip(), begun_at=datetime.now(UTC), begun_by=member)
    case_journal(case=case, kind="hold.begun", actor=actor, values={"reason": hold.reason})
    return hold


@transaction.atomic
def hold_end(*, case: Case, reason: str, actor: Actor, version: int | None = None) -> None:
    """The retention periods count again. Raises DomainError `reason_missing` or `hold_missing`."""
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    if not reason.strip():
        raise DomainError("reason_missing", _("Write why it need not be kept any more."))
    ended = {"ended_at": datetime.now(UTC), "ended_by": member, "end_reason": reason.strip()}
    if not Hold.objects.filter(case=case, ended_at=None).update(**ended):
        raise DomainError("hold_missing", _("This case is not on hold."))
    case_journal(case=case, kind="hold.ended", actor=actor, values={"reason": reason.strip()})


@transaction.atomic
def complaint_record(
    *,
    case: Case,
    authority: str,
    lodged_on: date,
    reference: str = "",
    note: str = "",
    actor: Actor,
    version: int | None = None,
) -> Complaint:
    """A complaint was lodged with that authority on a local date; the case is kept until it ends (GDPR art. 77).

    `authority` is a code of `authorities_known`. Raises DomainError `authority_unknown` or `day_in_future`.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    day_past_check(case=case, day=lodged_on)
    if authority not in authorities_known():
        raise DomainError("authority_unknown", _("This authority is not known."))
    complaint = Complaint.objects.create(
        case=case,
        authority=authority_row(authority),
        lodged_on=lodged_on,
        reference=reference.strip(),
        note=note.strip(),
        recorded_at=datetime.now(UTC),
        recorded_by=member,
    )
    values = {"reference": complaint.reference, "note": complaint.note}
    facts = {"authority": authority, "lodged_on": lodged_on.isoformat()}
    case_journal(case=case, kind="complaint.recorded", actor=actor, facts=facts, values=values)
    return complaint


@transaction.atomic
def complaint_end(
    *, complaint: Complaint, ended_on: date, note: str = "", actor: Actor, version: int | None = None
) -> None:
    """The procedure is over since that local date.

    Raises DomainError `day_in_future`, `ended_before_lodged` or `complaint_ended`.
    """
    case = complaint.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    day_past_check(case=case, day=ended_on)
    if ended_on < complaint.lodged_on:
        raise DomainError("ended_before_lodged", _("It cannot have ended before it was lodged."))
    if not Complaint.objects.filter(pk=complaint.pk, ended_on=None).update(ended_on=ended_on, end_note=note.strip()):
        raise DomainError("complaint_ended", _("This complaint has ended already."))
    facts = {"complaint": complaint.pk, "ended_on": ended_on.isoformat()}
    case_journal(case=case, kind="complaint.ended", actor=actor, facts=facts, values={"note": note.strip()})
