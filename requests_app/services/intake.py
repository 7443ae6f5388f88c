"""The one way in: every door's IncomingRequest becomes a case here, with its clocks, journal and acknowledgement."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import DomainError
from dsar.core.files import file_rewrap, key_create
from dsar.core.journal import Entry, journal_open
from dsar.core.models import EncryptionKey, Organisation
from dsar.core.rights import RIGHTS
from dsar.core.roles import Act
from dsar.core.search import search_text
from requests_app import access_codes
from requests_app.addresses import address_normalise
from requests_app.case_journal import case_journal
from requests_app.correspondence import absolute, person_write
from requests_app.deadlines import local_date
from requests_app.incoming import IncomingRequest
from requests_app.law_words import period_words
from requests_app.models import AccessCode, Case, CaseRight, ChecklistItem, Message, Party, PartyAddress
from requests_app.references import reference_make
from requests_app.rights_table import RULES
from requests_app.routing import route
from requests_app.services.cases import case_touch
from requests_app.services.clocks import clock_change, clock_compute, facts_new, law_of, next_on
from requests_app.tracking import case_by_submission, submission_hash, tracking_key, tracking_key_hash
from requests_app.vocabulary import AddressKind, Capacity, Channel, ClockCause, Direction, WebhookEvent
from requests_app.webhooks import webhooks_tell

# The doors that show whoever asks a tracking key; the others are answered by mail or by post.
WITH_KEY = (Channel.FORM, Channel.API)


@dataclass(frozen=True)
class OpenedCase:
    """What a door learns. `tracking_key` is empty unless the door shows one; `is_new` False: it was there."""

    case: Case
    tracking_key: str
    is_new: bool


def case_open(incoming: IncomingRequest, *, actor: Actor) -> OpenedCase:
    """Open a case for a request, or find the one that the same submission opened before.

    One transaction: the case, one clock per right (GDPR art. 12(3)), the journal and the acknowledgement in the outbox.
    Raises DomainError `organisation_unknown`, `no_right`, `right_twice`, `right_unknown` or `right_not_here`.
    """
    organisation = Organisation.objects.filter(slug=incoming.organisation_slug, is_active=True).first()
    if organisation is None:
        raise DomainError("organisation_unknown", _("This organisation takes no requests here."))
    _rights_check(incoming, organisation)
    key = tracking_key(organisation, incoming.submission) if incoming.channel in WITH_KEY else ""
    try:
        with transaction.atomic():
            return OpenedCase(_case_create(incoming, organisation, key, actor), key, is_new=True)
    except IntegrityError:
        # The same submission arrived twice at once and the other one won; anything else is a real error.
        if existing := case_by_submission(organisation, incoming.submission):
            return OpenedCase(existing, key, is_new=False)
        raise


def _rights_check(incoming: IncomingRequest, organisation: Organisation) -> None:
    if not incoming.rights:
        raise DomainError("no_right", _("Say at least what you ask for."))
    codes = [invoked.code for invoked in incoming.rights]
    if len(set(codes)) != len(codes):
        raise DomainError("right_twice", _("The same right is named twice."))
    for code in codes:
        right_check(code, organisation)


def right_check(code: str, organisation: Organisation) -> None:
    """Raises DomainError `right_unknown`, or `right_not_here` where the organisation's country does not know it."""
    if code not in RIGHTS:
        raise DomainError("right_unknown", _("This right is not known."))
    countries = RIGHTS[code].countries
    if countries and organisation.country not in countries:
        raise DomainError("right_not_here", _("This right does not exist in the organisation’s country."))


def _case_create(incoming: IncomingRequest, organisation: Organisation, key: str, actor: Actor) -> Case:
    rights = [
        CaseRight(
            right=invoked.code,
            detail=invoked.detail,
            received_at=incoming.received_at,
            **clock_compute(invoked.code, facts_new(organisation, incoming.received_at)).fields,
        )
        for invoked in incoming.rights
    ]
    received_on = local_date(incoming.received_at, organisation.time_zone)
    rule = route(organisation, right=incoming.rights[0].code)
    case = Case(
        organisation=organisation,
        reference=reference_make(received_on.year),
        channel=incoming.channel,
        language=incoming.language,
        received_at=incoming.received_at,
        text=incoming.text,
        submission_hash=submission_hash(organisation, incoming.submission),
        tracking_key_hash=tracking_key_hash(key) if key else "",
        country=incoming.country,
        spam_signs=[str(sign) for sign in incoming.spam_signs],
        team=rule.team if rule else None,
        next_on=next_on(rights, otherwise=received_on),
        key=key_create(organisation=organisation, purpose=EncryptionKey.Purpose.CASE),
    )
    addresses = _addresses(incoming)
    case.search_text = search_text(
        case.reference,
        incoming.name,
        incoming.subject_name,
        *(address.value for address in addresses),
        incoming.text,
        *(invoked.detail for invoked in incoming.rights),
    )
    case.save(force_insert=True)
    for right in rights:
        right.case = case
    CaseRight.objects.bulk_create(rights)
    checklists_create(rights)
    _parties_create(case, incoming, addresses)
    _request_file(case, incoming)
    _journal_opening(case, rights, incoming, actor)
    if not incoming.spam_signs:
        case_acknowledge(case=case, rights=rights, addresses=addresses, in_reply_to=incoming.message_id)
    return case


def _parties_create(case: Case, incoming: IncomingRequest, addresses: list[PartyAddress]) -> None:
    """Whoever asks, and the data subject where that is somebody else; a customer number is always the data subject's.

    The address of a representative finds nobody's data and establishes nobody's identity.
    """
    requester = subject = Party.objects.create(case=case, capacity=incoming.capacity, name=incoming.name)
    if incoming.capacity != Capacity.DATA_SUBJECT:
        subject = Party.objects.create(
            case=case, capacity=Capacity.DATA_SUBJECT, name=incoming.subject_name, is_requester=False
        )
        if incoming.subject_email:
            email = incoming.subject_email
            known = address_normalise(AddressKind.EMAIL, email)
            PartyAddress.objects.create(party=subject, kind=AddressKind.EMAIL, value=email, normalised=known)
    for address in addresses:
        address.party = subject if address.kind == AddressKind.IDENTIFIER else requester
    PartyAddress.objects.bulk_create(addresses)


def _addresses(incoming: IncomingRequest) -> list[PartyAddress]:
    given = {
        AddressKind.EMAIL: incoming.email,
        AddressKind.PHONE: incoming.phone,
        AddressKind.POSTAL: incoming.postal,
        AddressKind.IDENTIFIER: incoming.identifier,
    }
    return [
        PartyAddress(kind=kind, value=value, normalised=address_normalise(kind, value))
        for kind, value in given.items()
        if value
    ]


def checklists_create(rights: list[CaseRight]) -> None:
    """What the answer to each of these rights must contain (law.md §1.2)."""
    ChecklistItem.objects.bulk_create(
        [
            ChecklistItem(case_right=right, code=item.code)
            for right in rights
            for item in RULES[right.right].checklist
        ]
    )


def _request_file(case: Case, incoming: IncomingRequest) -> None:
    """File what the person wrote as the first message of the case, with what was attached to it."""
    message = Message.objects.create(
        case=case,
        direction=Direction.INBOUND,
        channel=incoming.channel,
        subject=incoming.subject[:500],
        body="\n\n".join(part for part in (incoming.text, *(invoked.detail for invoked in incoming.rights)) if part),
        at=incoming.received_at,
        message_id=incoming.message_id[:255],
    )
    for stored in incoming.files:
        file_rewrap(stored_file=stored, key=case.key)
    if incoming.files:
        message.files.set(incoming.files)


def _journal_opening(case: Case, rights: list[CaseRight], incoming: IncomingRequest, actor: Actor) -> None:
    opened = Entry(
        kind="case.opened",
        actor=actor,
        facts={
            "channel": str(incoming.channel),
            "received_at": incoming.received_at.astimezone(UTC).isoformat(),
            "rights": [right.right for right in rights],
            "language": incoming.language,
            "capacity": str(incoming.capacity),
            **({"spam_signs": [str(sign) for sign in incoming.spam_signs]} if incoming.spam_signs else {}),
        },
        values={name: value for name, value in _personal_values(incoming).items() if value},
    )
    clocks = [
        Entry(
            kind="clock.computed",
            actor=Actor.SYSTEM,
            facts={
                "cause": str(ClockCause.RECEIVED),
                "changes": [clock_change(right) for right in rights],
            },
        )
    ]
    journaled, *_others = journal_open(
        chain=case.chain, organisation=case.organisation, entries=[opened, *clocks]
    )
    told = [{"right": right.right, "due_on": right.due_on, "prudent_due_on": right.prudent_due_on} for right in rights]
    facts = {"channel": str(incoming.channel), "received_at": opened.facts["received_at"], "rights": told}
    webhooks_tell(event=WebhookEvent.CASE_OPENED, case=case, journaled=journaled, facts=facts)


def _personal_values(incoming: IncomingRequest) -> dict[str, str]:
    return {
        "name": incoming.name,
        "email": incoming.email,
        "phone": incoming.phone,
        "postal": incoming.postal,
        "identifier": incoming.identifier,
        "text": incoming.text,
        "subject_name": incoming.subject_name,
        "subject_email": incoming.subject_email,
        "country": incoming.country,
        **{f"detail_{invoked.code}": invoked.detail for invoked in incoming.rights},
    }


def case_acknowledge(
    *, case: Case, rights: list[CaseRight], addresses: list[PartyAddress], in_reply_to: str = ""
) -> None:
    """Put the acknowledgement into the outbox; it asks to confirm the mailbox, which never suspends the clock.

    A request that looks like spam gets it only from `case_vouch`: we mail nobody whom a machine named. Must run in the
    caller's transaction.
    """
    address = next((found for found in addresses if found.kind == AddressKind.EMAIL), None)
    if address is None:
        return
    issued = access_codes.code_make(address=address, purpose=AccessCode.Purpose.CONFIRM)
    confirm = absolute("confirm-address", case.organisation.slug, issued.token)
    law = lazy(period_words, str)(law_of(rights[0]))  # worded in the language of the mail
    person_write(
        case=case,
        template="emails/acknowledgement",
        address=address,
        key=f"acknowledgement:{case.reference}",
        context={"rights": rights, "law": law, "code": issued.code, "confirm_url": confirm},
        in_reply_to=in_reply_to,
    )


@transaction.atomic
def case_right_add(
    *, case: Case, right: str, detail: str, received_at: datetime, actor: Actor, version: int | None = None
) -> CaseRight:
    """Add a right that the person invoked later; it has its own clock from its own receipt (law.md §2.3).

    Raises DomainError `right_unknown`, `right_not_here`, `right_exists`, `received_in_future` or `case_closed`.
    """
    actor.must(Act.CASE_WORK, case.organisation)
    case_touch(case=case, version=version)
    right_check(right, case.organisation)
    if case.closed_at is not None:
        raise DomainError("case_closed", _("This case is closed."))
    if received_at > datetime.now(UTC):
        raise DomainError("received_in_future", _("A request cannot have arrived in the future."))
    if received_at < case.received_at:
        raise DomainError("received_before_case", _("A right cannot have arrived before the request it was added to."))
    if case.rights.filter(right=right).exists():
        raise DomainError("right_exists", _("This case already has this right."))
    added = CaseRight(
        case=case,
        right=right,
        detail=detail,
        received_at=received_at,
        **clock_compute(right, facts_new(case.organisation, received_at)).fields,
    )
    added.save(force_insert=True)
    checklists_create([added])
    case.next_on = next_on(case.rights.all(), otherwise=case.next_on)
    case.save(update_fields=["next_on"])
    case_journal(
        case=case,
        kind="case_right.added",
        actor=actor,
        facts={"right": right, "received_at": received_at.astimezone(UTC).isoformat(), "due_on": str(added.due_on)},
        values={"detail": detail} if detail else {},
    )
    return added
