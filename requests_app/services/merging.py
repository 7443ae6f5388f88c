"""Two requests of one person become one: the earlier clock stays, and nothing that was written is lost.

A mailbox or a number may be shared by two persons, and a stranger may ask under somebody's name. So what is different
between both requests is shown, a member says that it is one person all the same, and identity is looked at again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override as language_override

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_rewrap
from dsar.core.roles import Act
from requests_app.addresses import name_words, names_agree
from requests_app.case_journal import case_journal
from requests_app.correspondence import person_tell
from requests_app.models import Case, CaseRight, InboundMail, Message, Party, PartyAddress, Restriction, Statement
from requests_app.services.cases import case_open_check, case_search_refresh, case_touch
from requests_app.services.clocks import case_clock_refresh
from requests_app.services.ending import right_end
from requests_app.services.intake import case_right_add
from requests_app.services.parties import identity_doubt
from requests_app.services.reopening import messages_hold
from requests_app.vocabulary import AddressKind, ClockCause, Direction, Outcome, TaskState

CANDIDATES = 20  # cases named at most
SAYS_WHO = (AddressKind.EMAIL, AddressKind.IDENTIFIER, AddressKind.PHONE)


@dataclass(frozen=True)
class Candidate:
    """Another open case that may be of the same person, and what says so: "name" or kinds of address."""

    case: Case
    names: str
    because: list[str]


@dataclass(frozen=True)
class Difference:
    """Something that both requests say differently about the person."""

    label: str | Promise
    here: str
    there: str


def merge_candidates(case: Case) -> list[Candidate]:
    """Other open cases of the organisation with the same e-mail, phone, customer number or name: three queries.

    `case` has its parties and their addresses loaded. A name of one word alone is too little to say anything.
    """
    parties = list(case.parties.all())
    known = {(found.kind, found.normalised) for found in _telling(parties)}
    named = [party.name for party in parties if len(name_words(party.name)) > 1]
    others = Case.objects.open().filter(organisation=case.organisation_id).exclude(pk=case.pk)
    # Each by its own index, then put together: one condition with "or" would read every case.
    same = [
        others.filter(parties__addresses__normalised__in=[value for _kind, value in known]).order_by().values("pk"),
        *(others.search(" ".join(sorted(name_words(name)))).order_by().values("pk") for name in named),
    ]
    found = Case.objects.filter(pk__in=same[0].union(*same[1:])).order_by("pk").prefetch_related("parties__addresses")
    candidates = []
    for other in found.defer("text", "search_text")[:CANDIDATES]:
        theirs = list(other.parties.all())
        because = {str(address.kind) for address in _telling(theirs) if (address.kind, address.normalised) in known}
        if any(party.name and names_agree(name, party.name) for name in named for party in theirs):
            because.add("name")
        if because:
            names = ", ".join(party.name for party in theirs if party.name)
            candidates.append(Candidate(other, names, sorted(because)))
    return candidates


def _telling(parties: Iterable[Party]) -> list[PartyAddress]:
    return [
        address
        for party in parties
        for address in party.addresses.all()
        if address.ended_at is None and address.kind in SAYS_WHO
    ]


def merge_differences(case: Case, into: Case) -> list[Difference]:
    """What both requests say differently about who asks and for whom; a name that one does not give says nothing."""
    pairs = [(_("Who asks"), case.requester, into.requester)]
    if case.requester != case.data_subject or into.requester != into.data_subject:
        pairs.append((_("Data subject"), case.data_subject, into.data_subject))
    different = [
        Difference(label, here.name, there.name)
        for label, here, there in pairs
        if here and there and here.name and there.name and not names_agree(here.name, there.name)
    ]
    if case.requester and into.requester and case.requester.capacity != into.requester.capacity:
        capacities = (case.requester.get_capacity_display(), into.requester.get_capacity_display())
        different.append(Difference(_("Capacity"), *capacities))
    for kind in AddressKind:
        here, there = _values(case, kind), _values(into, kind)
        # An address that only the later request has would reach the older one: somebody must want that.
        if set(here) - set(there):
            different.append(Difference(kind.label, ", ".join(here.values()), ", ".join(there.values())))
    return different


def _values(case: Case, kind: AddressKind) -> dict[str, str]:
    """The addresses in use of that kind, as typed, by their one spelling."""
    return {
        address.normalised: address.value
        for party in case.parties.all()
        for address in party.addresses.all()
        if address.kind == kind and address.ended_at is None
    }


@transaction.atomic
def case_merge(
    *, case: Case, into: Case, is_same_person: bool = False, actor: Actor, version: int | None = None
) -> None:
    """Join `case` with the older request `into` of the same person, where its work goes on; `case` is closed.

    Of a right that both have the earlier clock is kept; one that only `case` has keeps its own. Addresses that join
    are not confirmed there: nobody reaches the other request by them until they prove that they read them.
    One that still waited for its code there joins nothing. Raises DomainError `merge_same`, `merge_elsewhere`,
    `case_closed`, `merge_other_way`, `answered_there`, `case_frozen`, `restriction_in_force`, `tasks_open` or
    `persons_differ`; Conflict.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    for one in sorted((case, into), key=lambda found: found.pk):  # one order, so that two members never wait in a ring
        case_touch(case=one, version=version if one == case else None)
    rights = [right for right in case.rights.select_related("case__organisation") if not right.is_answered]
    _merge_check(case, into, rights)
    differences = merge_differences(case, into)
    if differences and not is_same_person:
        raise DomainError("persons_differ", _("Look at the differences, and say that it is one person all the same."))
    there = {right.right: right for right in into.rights.select_related("case__organisation")}
    messages = list(case.messages.values_list("pk", flat=True))
    facts = {"rights": [right.right for right in rights], "differences": len(differences)}
    case_journal(case=case, kind="case.merged", actor=actor, facts={**facts, "reference": into.reference})
    case_journal(
        case=into, kind="case.joined", actor=actor, facts={**facts, "reference": case.reference, "messages": messages}
    )  # fmt: skip
    for right in rights:
        if right.right in there:
            _right_join(right, there[right.right])
        else:
            case_right_add(
                case=into, right=right.right, detail=right.detail, received_at=right.counts_from, actor=actor
            )
    case_clock_refresh(case=into, cause=ClockCause.MERGED)
    for right in rights:
        right_end(case_right=right, outcome=Outcome.MERGED, actor=actor)
    told, _mail = person_tell(
        case=case, body=_merged_words(case, into), author=None, template="emails/message_posted", key="message_posted"
    )
    _contents_move(case, into, stays=told)
    case.merged_into, case.closed_at = into, datetime.now(UTC)
    case.save(update_fields=["merged_into", "closed_at"])
    case_search_refresh(into)
    messages_hold(case=into)
    if differences:
        identity_doubt(case=into, actor=actor, is_somebody_else=False)


def _merge_check(case: Case, into: Case, rights: list[CaseRight]) -> None:
    if case.pk == into.pk:
        raise DomainError("merge_same", _("This is the same case."))
    if case.organisation_id != into.organisation_id:
        raise DomainError("merge_elsewhere", _("Cases of two organisations are never merged: transfer one of them."))
    case_open_check(case)
    case_open_check(into)
    if case.received_at < into.received_at:
        raise DomainError(
            "merge_other_way",
            _("This request arrived first: open the other case and merge it into this one, so that the clock stays."),
        )
    if case.is_frozen:
        raise DomainError("case_frozen", _("A hold or a complaint is in force: record it on the other case first."))
    codes = [right.right for right in rights]
    if into.rights.filter(right__in=codes).exclude(answered_at=None).exists():
        raise DomainError(
            "answered_there", _("The other case has answered this already: what arrived later is a new request.")
        )
    if Restriction.objects.in_force().filter(case_right__case=case).exists():
        # GDPR art. 18(3): the person must be told before it ends, which a closed case cannot do.
        raise DomainError("restriction_in_force", _("Data are restricted there: lift the restriction first."))
    if case.tasks.filter(state=TaskState.OPEN).exclude(case_right__in=rights).exists():
        raise DomainError("tasks_open", _("A task of this case is still open."))


def _right_join(right: CaseRight, there: CaseRight) -> None:
    """One right of both: the earlier arrival counts, and what was said about it is kept with it (GDPR art. 16)."""
    Statement.objects.filter(case_right=right).update(case_right=there)
    there.received_at = min(right.received_at, there.received_at)
    said = [there.detail] if right.detail in there.detail else [there.detail, right.detail]
    there.detail = "\n\n".join(filter(None, said))
    there.save(update_fields=["received_at", "detail"])


def _merged_words(case: Case, into: Case) -> str:
    """What the person reads, in their language, on the page that they can still open."""
    with language_override(case.language):
        words = {"reference": into.reference, "address": case.organisation.privacy_email}
        return gettext(
            "You had asked us already: we answer this request together with your earlier one, %(reference)s, and its "
            "date counts. Our answer comes there. Open that page with its own key, or with a code to the address that "
            "you gave there. What you write here is read with it. If you can no longer open it, write to %(address)s."
        ) % words


def _contents_move(case: Case, into: Case, *, stays: Message) -> None:
    """Messages, notes, files, raw mails and addresses; the files open with the other case's key from now on.

    `stays` is what tells the person of the merging, on the page whose key they hold.
    """
    # What its request asks for has joined as rights: nobody is to decide what it is.
    case.messages.filter(direction=Direction.INBOUND, at__lte=case.received_at).update(for_the_record=True)
    for message in case.messages.prefetch_related("files__key"):
        for stored in message.files.all():
            if stored.key_id == case.key_id:
                file_rewrap(stored_file=stored, key=into.key)
    for inbound in InboundMail.objects.filter(case=case).select_related("raw__key"):
        file_rewrap(stored_file=inbound.raw, key=into.key)
    Message.objects.filter(case=case).exclude(pk=stays.pk).update(case=into)
    InboundMail.objects.filter(case=case).update(case=into)
    for party in case.parties.prefetch_related("addresses"):
        owner = into.requester if party.is_requester else into.data_subject
        if owner is not None:
            _addresses_move(party, owner, into)


def _addresses_move(party: Party, owner: Party, into: Case) -> None:
    for address in party.addresses.all():
        of_subject = address.kind == AddressKind.IDENTIFIER and into.data_subject
        target = of_subject or owner
        known = PartyAddress.objects.filter(
            party__case=into, kind=address.kind, normalised=address.normalised, ended_at=None
        )
        if address.ended_at is None and address.pending_since is None and not known.exists():
            PartyAddress.objects.filter(pk=address.pk).update(
                party=target, confirmed_at=None, on_file_at=None, on_file_in="", replaces=None
            )
        elif address.pending_since is not None:  # a code under way must not settle anything on the older case
            PartyAddress.objects.filter(pk=address.pk).update(ended_at=datetime.now(UTC), replaces=None)
