"""Possible personal data breaches: reported in one click, told at once to whoever answers, assessed, kept on record.

GDPR art. 33: the authority within 72 hours of becoming aware, unless a risk is unlikely; art. 34: the persons where the
risk is high; art. 33(5): every breach is documented, the harmless ones too.
"""

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.journal import journal_append
from dsar.core.models import User
from dsar.core.roles import Act
from requests_app.breach_rules import alert_reached, notify_by
from requests_app.correspondence import absolute, staff_write
from requests_app.models import Breach, Case
from requests_app.services.cases import case_lock
from requests_app.services.watching import rosters_of
from requests_app.vocabulary import BreachRisk, OutgoingState

logger = logging.getLogger(__name__)


@transaction.atomic
def breach_report(*, case: Case, what: str, actor: Actor) -> Breach:
    """Report that data of this case may have been seen, lost or changed by somebody who must not.

    The hours begin now, for reporting is becoming aware. Whoever answers for data protection gets a mail at once.
    `what` may be said later, in the assessment: one click is enough for the hours to run.
    """
    member = actor.must(Act.CASE_WORK, case.organisation)
    case_lock(case)
    aware_at = datetime.now(UTC)
    breach = Breach.objects.create(
        organisation=case.organisation,
        case=case,
        what=what.strip(),
        aware_at=aware_at,
        notify_by=notify_by(aware_at),
        reported_by=member,
    )
    said = {"note": breach.what} if breach.what else {}
    _journal(breach, "breach.reported", actor, said, notify_by=breach.notify_by.isoformat())
    breach_alert(breach, aware_at)
    return breach


def breaches_sweep(now: datetime | None = None) -> int:
    """Write the alerts whose time has come, and those that go to somebody else because a mailbox refused the first.

    Selects on state: late or twice, it does the same. One breach that cannot be told stops no other one.
    """
    moment = now or datetime.now(UTC)
    waiting = list(Breach.objects.to_notify().select_related("organisation", "case__organisation__authority"))
    for breach in waiting:
        try:
            with transaction.atomic():
                breach_alert(breach, moment)
        except DomainError as error:
            logger.error("Breach %s cannot be told: %s", breach.pk, error.code)
    return len(waiting)


def breach_alert(breach: Breach, now: datetime) -> None:
    """Mail whoever answers for data protection, once each; where every such mail was refused, the others as well.

    Must run in a transaction. The mail names the case and the hours left, never what happened or to whom.
    """
    if breach.case is None:
        return
    stage = alert_reached(breach.notify_by, now)
    prefix = f"breach_alert:{breach.pk}:{stage}:"
    for recipient, language, key in _told(breach, prefix):
        mail = staff_write(
            case=breach.case,
            template="emails/breach_alert",
            recipient=recipient,
            language=language,
            key=key,
            context={
                "stage": stage.value,
                "notify_by": breach.notify_by,
                "hours_left": max(0, int((breach.notify_by - now) / timedelta(hours=1))),
                "page": absolute("breach-detail", str(breach.pk)),
            },
        )
        breach.alerts.add(mail)


def _told(breach: Breach, prefix: str) -> list[tuple[str, str, str]]:
    """Address, language and key for each reader: the DPO, else the privacy lead; then reviewers; then the mailbox."""
    organisation = breach.organisation
    roster = rosters_of({organisation})[organisation.pk]
    states = dict(breach.alerts.filter(key__startswith=prefix).values_list("key", "state"))
    told: list[tuple[str, str, str]] = []
    for circle in (roster.answerable, roster.reviewers - roster.answerable):
        members = User.objects.filter(pk__in=circle, is_active=True).order_by("pk")
        told += [(member.email, member.language, f"{prefix}{member.pk}") for member in members]
        if any(states.get(key) != OutgoingState.FAILED for _address, _language, key in told):
            return told
    return [*told, (organisation.dpo_address, organisation.language, f"{prefix}mailbox")]


@transaction.atomic
def breach_assess(*, breach: Breach, risk: str, assessment: str, actor: Actor) -> None:
    """Say what it means for the persons, and why; it may be said anew until the breach is closed.

    Raises DomainError `breach_closed`, `risk_unknown` or `assessment_missing`.
    """
    member = _open_for(breach, actor)
    if risk not in BreachRisk.values:
        raise DomainError("risk_unknown", _("Choose what it means for the persons."))
    if not assessment.strip():
        raise DomainError("assessment_missing", _("Write what you base it on: the authority may ask for it."))
    breach.risk, breach.assessment = BreachRisk(risk), assessment.strip()
    breach.assessed_by, breach.assessed_at = member, datetime.now(UTC)
    breach.save(update_fields=["risk", "assessment", "assessed_by", "assessed_at"])
    _journal(breach, "breach.assessed", actor, {"note": breach.assessment}, risk=str(risk))


@transaction.atomic
def breach_authority_told(*, breach: Breach, told_at: datetime, delay_reason: str = "", actor: Actor) -> None:
    """The authority was told at that aware instant; after the hours only with the reasons for the delay (art. 33(1)).

    Raises DomainError `breach_closed`, `told_in_future`, `told_before_aware` or `delay_reason_missing`.
    """
    _open_for(breach, actor)
    _moment_check(breach, told_at)
    if told_at > breach.notify_by and not delay_reason.strip():
        raise DomainError("delay_reason_missing", _("That was after the hours the law gives: write why."))
    breach.authority_told_at, breach.delay_reason = told_at, delay_reason.strip()
    breach.save(update_fields=["authority_told_at", "delay_reason"])
    values = {"reason": breach.delay_reason} if breach.delay_reason else {}
    _journal(breach, "breach.authority_told", actor, values, told_at=told_at.astimezone(UTC).isoformat())


@transaction.atomic
def breach_persons_told(*, breach: Breach, told_at: datetime, actor: Actor) -> None:
    """The persons concerned were told at that aware instant (art. 34). Raises as `breach_authority_told` does."""
    _open_for(breach, actor)
    _moment_check(breach, told_at)
    breach.persons_told_at = told_at
    breach.save(update_fields=["persons_told_at"])
    _journal(breach, "breach.persons_told", actor, told_at=told_at.astimezone(UTC).isoformat())


@transaction.atomic
def breach_close(*, breach: Breach, note: str = "", actor: Actor) -> None:
    """Nothing is left to do; the breach stays in the internal register (art. 33(5)).

    Where somebody the law wants told was not told, only with the words why. Raises DomainError `breach_closed`,
    `breach_not_assessed` or `note_missing`.
    """
    _open_for(breach, actor)
    if not breach.risk:
        raise DomainError("breach_not_assessed", _("Assess it first: only then is known who must be told."))
    untold = breach.authority_told_at is None or (breach.risk == BreachRisk.HIGH and breach.persons_told_at is None)
    if untold and not note.strip():
        raise DomainError("note_missing", _("Write why the authority or the persons are not told."))
    breach.closed_at, breach.close_note = datetime.now(UTC), note.strip()
    breach.save(update_fields=["closed_at", "close_note"])
    _journal(breach, "breach.closed", actor, {"note": breach.close_note} if breach.close_note else {})


def _open_for(breach: Breach, actor: Actor) -> User:
    """The acting member, who may assess; holds the breach until the end of the transaction."""
    member = actor.must(Act.CASE_REVIEW, breach.organisation)
    if breach.case is not None:
        case_lock(breach.case)
    locked = Breach.objects.select_for_update().get(pk=breach.pk)
    if locked.closed_at is not None:
        raise DomainError("breach_closed", _("This breach is closed."))
    breach.refresh_from_db()
    return member


def _moment_check(breach: Breach, told_at: datetime) -> None:
    if told_at > datetime.now(UTC):
        raise DomainError("told_in_future", _("This moment lies in the future."))
    if told_at < breach.aware_at.replace(second=0, microsecond=0):  # a form knows minutes only
        raise DomainError("told_before_aware", _("That was before anybody here knew of it."))


def _journal(breach: Breach, kind: str, actor: Actor, values: dict[str, str] | None = None, **facts: str) -> None:
    journal_append(
        chain=breach.chain,
        organisation=breach.organisation,
        kind=kind,
        actor=actor,
        facts={"breach": breach.pk, **facts},
        values=values,
    )
