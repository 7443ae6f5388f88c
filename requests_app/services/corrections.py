"""What was understood wrongly at intake, corrected: who asks, for whom, how to reach them, and which right it is.

The day of arrival has an act of its own (`receipts`). What was written first stays in the journal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.rights import RIGHTS
from dsar.core.roles import Act
from dsar.core.templatetags.dsar_format import day_full
from requests_app.addresses import address_checked
from requests_app.case_journal import case_journal
from requests_app.models import AccessCode, Case, CaseRight, Party, PartyAddress
from requests_app.models.cases import LOOK_NOW
from requests_app.rights_table import RULES
from requests_app.services.cases import case_search_refresh, case_touch_open
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.ending import extension_drop, right_work_drop
from requests_app.services.intake import checklists_create, right_check
from requests_app.services.messages import message_send
from requests_app.services.parties import identity_doubt
from requests_app.services.suspensions import suspensions_leave
from requests_app.services.work import work_open
from requests_app.vocabulary import UNDECIDED, AddressKind, Capacity, ClockCause, Stage
from requests_app.workflow import right_news_send

SUBJECTS_OWN = (AddressKind.IDENTIFIER,)  # whoever asks for somebody else gives the number of that person


@dataclass(frozen=True)
class IntakeFacts:
    """What a handler may correct. Addresses are named by their row: a new value replaces one, an empty one ends it.

    `added`: kind and value of further ones; an e-mail address of the person acted for is `subject_email`.
    """

    name: str
    capacity: str
    language: str
    channel: str
    country: str = ""
    subject_name: str = ""
    subject_email: str = ""
    addresses: Mapping[int, str] = field(default_factory=dict)
    added: Sequence[tuple[str, str]] = ()


class _Changes:
    """What changed, for the journal: codes as facts, personal data as values that can be erased."""

    def __init__(self) -> None:
        self.facts: dict[str, str] = {}
        self.values: dict[str, str] = {}
        self.names: list[str] = []

    def note(self, name: str, before: str, after: str, *, is_personal: bool = True) -> bool:
        """Note a change; False where there is none."""
        if before == after:
            return False
        self.names.append(name)
        kept = self.values if is_personal else self.facts
        kept |= {f"{name}_before": str(before), f"{name}_after": str(after)}
        return True


@transaction.atomic
def intake_correct(*, case: Case, facts: IntakeFacts, actor: Actor, version: int | None = None) -> list[str]:
    """Correct what was understood of a request; returns the names of what changed, old and new stay in the journal.

    A changed address is another one: the old one ends, the new one is neither confirmed nor on file. Identity is to be
    looked at again after a change of name or requester; `identity_doubt` says what is withdrawn.
    Raises DomainError `case_closed`, `address_malformed`, `no_way_left`, `address_unknown` or `nothing_changed`.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    changes = _Changes()
    _case_correct(case, facts, changes)
    is_other_person = _parties_correct(case, facts, changes)
    requester, subject = _requester_subject(case)
    _addresses_correct(case, facts, requester, subject, changes)
    if not changes.names:
        raise DomainError("nothing_changed", _("Nothing is different from what the case says already."))
    _reach_check(case)
    case_search_refresh(case)
    case_journal(
        case=case,
        kind="intake.corrected",
        actor=actor,
        facts={"fields": changes.names, **changes.facts},
        values={name: value for name, value in changes.values.items() if value},
    )
    if is_other_person or {"name", "subject_name"} & set(changes.names):
        acts = facts.capacity != Capacity.DATA_SUBJECT
        identity_doubt(case=case, actor=actor, is_somebody_else=is_other_person and acts)
    return changes.names


def _case_correct(case: Case, facts: IntakeFacts, changes: _Changes) -> None:
    for name in ("language", "channel"):
        changes.note(name, getattr(case, name), getattr(facts, name), is_personal=False)
    changes.note("country", case.country, facts.country)
    case.language, case.channel, case.country = facts.language, facts.channel, facts.country
    case.save(update_fields=["language", "channel", "country"])


def _requester_subject(case: Case) -> tuple[Party, Party]:
    """Who asks and whom the data are about, fresh from the database; one and the same where nobody acts for another."""
    parties = list(Party.objects.filter(case=case).order_by("pk"))
    requester = next(party for party in parties if party.is_requester)
    return requester, next((party for party in parties if party.capacity == Capacity.DATA_SUBJECT), requester)


def _parties_correct(case: Case, facts: IntakeFacts, changes: _Changes) -> bool:
    """Put everybody into their place; returns whether somebody else than before is the requester's data subject."""
    requester, subject = _requester_subject(case)
    was_acting, acts = requester != subject, facts.capacity != Capacity.DATA_SUBJECT
    changes.note("capacity", requester.capacity, facts.capacity, is_personal=False)
    changes.note("name", requester.name, facts.name.strip())
    requester.name, requester.capacity = facts.name.strip(), Capacity(facts.capacity)
    requester.save()
    if acts:
        if not was_acting:
            subject = Party.objects.create(case=case, capacity=Capacity.DATA_SUBJECT, is_requester=False)
            requester.addresses.filter(kind__in=SUBJECTS_OWN).update(party=subject)
            requester.addresses.update(on_file_at=None, on_file_in="")  # a source knew it as the data subject's
        changes.note("subject_name", subject.name, facts.subject_name.strip())
        subject.name = facts.subject_name.strip()
        subject.save()
    elif was_acting:  # whoever asks turns out to be the person: what was said of somebody else is theirs, or void
        changes.note("subject_name", subject.name, "")
        subject.addresses.exclude(kind__in=SUBJECTS_OWN).filter(ended_at=None).update(ended_at=datetime.now(UTC))
        subject.addresses.update(party=requester)
        subject.delete()
    return was_acting != acts


def _addresses_correct(
    case: Case, facts: IntakeFacts, requester: Party, subject: Party, changes: _Changes
) -> None:
    in_use = PartyAddress.objects.filter(party__case=case, ended_at=None)
    known = {address.pk: address for address in in_use}
    for number, value in facts.addresses.items():
        if number not in known:
            if value.strip():
                raise DomainError("address_unknown", _("This address has been changed meanwhile. Look at it again."))
            continue
        _address_replace(known[number], value.strip(), changes)
    theirs = [("email", facts.subject_email)] if requester != subject else []
    for party, pairs in ((requester, facts.added), (subject, theirs)):
        for kind, value in pairs:
            if value.strip():
                owner = subject if kind in SUBJECTS_OWN else party
                _address_add(owner, kind, value.strip(), changes)


def _address_replace(address: PartyAddress, value: str, changes: _Changes) -> None:
    """Nothing is sent to the old one any more, and no code that went there opens anything."""
    if not changes.note(f"{address.kind}_{address.pk}", address.value, value):
        return
    PartyAddress.objects.filter(pk=address.pk).update(ended_at=datetime.now(UTC))
    AccessCode.objects.filter(address=address, used_at=None).update(used_at=datetime.now(UTC))
    if value:
        _address_make(address.party, address.kind, value, address_checked(address.kind, value))


def _address_add(party: Party, kind: str, value: str, changes: _Changes) -> None:
    normalised = address_checked(kind, value)
    if party.addresses.filter(kind=kind, normalised=normalised, ended_at=None).exists():
        return
    changes.note(f"{kind}_added", "", value)
    _address_make(party, kind, value, normalised)


def _address_make(party: Party, kind: str, value: str, normalised: str) -> None:
    PartyAddress.objects.create(party=party, kind=AddressKind(kind), value=value, normalised=normalised)


def _reach_check(case: Case) -> None:
    """Nothing is compulsory but a way to reach the person (DESIGN §1, promise 4)."""
    reaches = PartyAddress.objects.in_use(case).exclude(kind=AddressKind.IDENTIFIER)
    if not case.tracking_key_hash and not reaches.exists():
        raise DomainError("no_way_left", _("No way to reach the person would be left: write the right address."))


@transaction.atomic
def case_right_reclassify(
    *, case_right: CaseRight, right: str, reason: str, actor: Actor, version: int | None = None
) -> None:
    """Read a request as another right. It arrived when it arrived: its clock is the same (EDPB 01/2022 §159).

    Questions and an extension stay where the new right may wait; a target of our own is counted anew. The person is
    told on the tracking page. Raises DomainError `case_closed`, `right_unknown`, `right_not_here`, `right_same`,
    `right_exists`, `right_decided` or `reason_missing`.
    """
    case = case_right.case
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch_open(case=case, version=version)
    CaseRight.objects.select_for_update().get(pk=case_right.pk)
    case_right.refresh_from_db(fields=["stage", "right"])
    _reclassify_check(case_right, right, reason)
    before = case_right.right
    right_work_drop(case_right)
    if not RULES[right].may_wait:
        extension_drop(case_right, announced_too=True)
        suspensions_leave(case_right=case_right, actor=actor)
    case_right.checklist.all().delete()
    case_right.right, case_right.remind_on = right, LOOK_NOW
    case_right.save(update_fields=["right", "remind_on"])
    checklists_create([case_right])
    case_journal(
        case=case,
        kind="case_right.reclassified",
        actor=actor,
        facts={"before": before, "right": right},
        values={"reason": reason.strip()},
    )
    case_clock_refresh(case=case, cause=ClockCause.RECLASSIFIED)
    case_right.refresh_from_db()
    if case_right.stage != Stage.TO_DO:
        work_open(case_right=case_right)
        right_news_send(case_right, source=Stage(case_right.stage))  # whoever collects data for it is to hear
    message_send(case=case, body=_reclassified_words(case_right, before), actor=actor)


def _reclassify_check(case_right: CaseRight, right: str, reason: str) -> None:
    right_check(right, case_right.case.organisation)
    if right == case_right.right:
        raise DomainError("right_same", _("It is this right already."))
    if case_right.stage not in UNDECIDED:
        raise DomainError("right_decided", _("This right is decided or in review: it stays what it is."))
    if case_right.case.rights.filter(right=right).exists():
        raise DomainError(
            "right_exists",
            _("This case has that right already. Keep it, and decide this one as withdrawn or ask the person."),
        )
    if not reason.strip():
        raise DomainError("reason_missing", _("Write what in the request shows it."))


def _reclassified_words(case_right: CaseRight, before: str) -> str:
    """What the person reads, in their language."""
    with language_override(case_right.case.language):
        words = {
            "before": RIGHTS[before].verb,
            "after": case_right.definition.verb,
            "received": day_full(case_right.counts_from),
        }
        read = gettext(
            "We read your request of %(received)s again. We treat it as “%(after)s”, and no longer as “%(before)s”."
        )
        disagree = gettext("If you meant something else, write to us here.")
        if case_right.due_on is None:
            return f"{read % words} {disagree}"
        due = gettext("The time still counts from the day on which it arrived: you have our answer by %(day)s.")
        return f"{read % words} {due % {'day': day_full(case_right.due_on)}} {disagree}"
