"""Incoming mail: stored first, understood second, so that what nobody understands is still there for a person.

The steps are two transactions on purpose. After the first the mail is durable, and whoever delivered it may be told so.
The second may fail or die: the mail then stands in triage as "not understood yet" until the sweep has finished it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.core.actors import Actor
from dsar.core.errors import Conflict, DomainError
from dsar.core.files import file_read, file_rewrap, file_store, key_create
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.journal import journal_append
from dsar.core.models import EncryptionKey, Organisation, StoredFile
from dsar.core.rights import RIGHTS
from dsar.core.roles import Act
from requests_app.addresses import address_normalise
from requests_app.correspondence import LONGEST, message_id_reference
from requests_app.inbound_email import Attachment, ParsedEmail, machine, parse
from requests_app.incoming import IncomingRequest, RightInvoked
from requests_app.mail_text import reply_text
from requests_app.models import Case, Forwarding, InboundMail, Message, PartyAddress
from requests_app.references import references_in
from requests_app.services.client_replies import client_reply_receive, forwarding_written_about
from requests_app.services.intake import OpenedCase, case_open
from requests_app.services.messages import MailWritten, message_receive
from requests_app.understanding import language_of, letter_signs, rights_found, rights_sure
from requests_app.vocabulary import NEWS, AddressKind, Channel, MailOutcome

logger = logging.getLogger(__name__)

NOT_YET = "not_understood_yet"  # stored, and the second step has not ended
FIRST_RETRY = timedelta(minutes=5)  # longer than any understanding takes, so that nobody is overtaken
SWEEP_LIMIT = 200
LAST_RETRY = 8  # attempts; then the mail waits for a person like any other in triage


@dataclass(frozen=True)
class MailFiled:
    """What became of one mail: its row, the outcome, the case's reference where there is one, and why."""

    inbound: InboundMail
    outcome: MailOutcome
    reference: str
    reason: str


@dataclass(frozen=True)
class _Verdict:
    """What the rules decide: `rights` are opened as a case, or the message is filed on `case`.

    It is the person's, unless it tells what became of a `forwarding`.
    """

    outcome: MailOutcome
    reason: str
    case: Case | None = None
    files_message: bool = False
    forwarding: Forwarding | None = None
    rights: tuple[str, ...] = ()


# ---- the two steps --------------------------------------------------------------------------------------------------


def mail_file(*, organisation: Organisation, raw: bytes, received_at: datetime) -> MailFiled:
    """Take one mail in: `raw` as it came, `received_at` the aware instant at which it reached the channel.

    When this returns the bytes are stored, whatever came of them. The same bytes twice are one mail. Must run outside
    a transaction.
    """
    inbound, is_new = _mail_store(organisation, raw, received_at)
    if not is_new and inbound.reason != NOT_YET:
        return _filed(inbound, MailOutcome.ALREADY_FILED)
    return _mail_understand(inbound, raw)


def mail_sweep(now: datetime | None = None) -> int:
    """Finish what an interruption left half done; returns how many mails it looked at. One bad mail stops no other."""
    due = InboundMail.objects.filter(
        outcome=MailOutcome.TRIAGE, reason=NOT_YET, retry_at__lte=now or timezone.now()
    ).select_related("organisation", "raw__key")[:SWEEP_LIMIT]
    for inbound in due:
        try:
            raw = file_read(inbound.raw)
        except (DomainError, OSError) as error:
            _retry_note(inbound, error)
        else:
            _mail_understand(inbound, raw)
    return len(due)


def mail_received_at(parsed: ParsedEmail, now: datetime) -> datetime:
    """When a mail that is handed over as a file reached the channel: the clock starts there (law.md §2.3).

    The newest Received header was written by the receiving server. The Date header is the sender's word and is not
    used; nor is a Received date in the future. Without one the mail counts as arriving now.
    """
    return parsed.received_at if parsed.received_at is not None and parsed.received_at <= now else now


def _mail_store(organisation: Organisation, raw: bytes, received_at: datetime) -> tuple[InboundMail, bool]:
    """The row of these bytes and whether it is new; committed when this returns."""
    hashes = keyed_hashes("inbound_mail", raw)
    known = InboundMail.objects.select_related("case", "organisation").filter(
        organisation=organisation, raw_hash__in=hashes
    )
    if existing := known.first():
        return existing, False
    try:
        with transaction.atomic(durable=True):
            stored = file_store(
                key=_intake_key(organisation), name="message.eml", content_type="message/rfc822", content=raw
            )
            return InboundMail.objects.create(
                organisation=organisation,
                raw_hash=keyed_hash("inbound_mail", raw),
                raw=stored,
                received_at=received_at,
                reason=NOT_YET,
                retry_at=timezone.now() + FIRST_RETRY,
            ), True
    except IntegrityError:
        if existing := known.first():  # delivered twice at once, and the other one won
            return existing, False
        raise


def _intake_key(organisation: Organisation) -> EncryptionKey:
    """The key for what is not on a case yet; made with the first mail of an organisation."""
    if organisation.intake_key is not None:
        return organisation.intake_key
    locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
    if locked.intake_key is None:
        locked.intake_key = key_create(organisation=organisation, purpose=EncryptionKey.Purpose.INTAKE)
        locked.save(update_fields=["intake_key"])
    organisation.intake_key = locked.intake_key
    return locked.intake_key


def _mail_understand(inbound: InboundMail, raw: bytes) -> MailFiled:
    """The second step: read the mail, decide, file; or note when to try again."""
    try:
        parsed = parse(raw)
        verdict = _decide(inbound, parsed)
        try:
            _act(inbound, parsed, verdict)
        except Conflict:
            raise
        except DomainError as refusal:  # no case can be opened from it: a person must see why
            inbound.refresh_from_db()
            _act(inbound, parsed, _Verdict(MailOutcome.TRIAGE, refusal.code[:60]))
    except Conflict:  # another worker was quicker
        inbound.refresh_from_db()
        return _filed(inbound, MailOutcome.ALREADY_FILED)
    except Exception as error:  # noqa: BLE001 - poison: nothing but this mail may suffer from it
        # It stays in triage, and the reason stays visible.
        inbound.refresh_from_db()
        _retry_note(inbound, error)
        # The class alone: the text of an error may quote the mail.
        logger.error("Inbound mail %s could not be understood: %s", inbound.pk, type(error).__name__)
    return _filed(inbound, MailOutcome(inbound.outcome))


def _retry_note(inbound: InboundMail, error: Exception) -> None:
    attempts = [*inbound.defects, f"error:{type(error).__name__}"]
    failures = sum(defect.startswith("error:") for defect in attempts)
    given_up = failures >= LAST_RETRY
    inbound.defects = attempts
    inbound.reason = "not_understood" if given_up else NOT_YET
    inbound.retry_at = None if given_up else timezone.now() + FIRST_RETRY * 2**failures
    InboundMail.objects.filter(pk=inbound.pk, outcome=MailOutcome.TRIAGE, reason=NOT_YET).update(
        defects=inbound.defects, reason=inbound.reason, retry_at=inbound.retry_at
    )


def _filed(inbound: InboundMail, outcome: MailOutcome) -> MailFiled:
    return MailFiled(inbound, outcome, inbound.case.reference if inbound.case else "", inbound.reason)


# ---- the rules, in order ---------------------------------------------------------------------------------------------


def _decide(inbound: InboundMail, parsed: ParsedEmail) -> _Verdict:
    """Own mail, machine mail, thread, sender, letter. Reads the database and writes nothing."""
    organisation = inbound.organisation
    if message_id_reference(f"<{parsed.message_id}>"):
        return _Verdict(MailOutcome.MACHINE, "own_mail")
    case, is_certain = _thread(organisation, parsed)
    is_party = case is not None and _is_party(case, parsed.sender)
    reasons = _machine_reasons(organisation, parsed)
    text = reply_text(parsed.text)
    found = rights_found(parsed.subject, text)
    if reasons:
        if case is not None and is_certain:
            return _Verdict(MailOutcome.MACHINE, reasons[0], case, files_message=is_party)
        if rights_sure(found):
            return _Verdict(MailOutcome.TRIAGE, "machine_with_request")
        return _Verdict(MailOutcome.MACHINE, reasons[0])
    if case is not None:
        if forwarding := _forwarding(case, parsed, is_party=is_party):
            if case.closed_at is not None:
                return _Verdict(MailOutcome.TRIAGE, "client_closed")
            if _is_repeated(case, parsed, text):
                return _Verdict(MailOutcome.FILED, "same_message", case)
            return _Verdict(MailOutcome.FILED, "client", case, files_message=True, forwarding=forwarding)
        if not is_party:
            return _Verdict(MailOutcome.TRIAGE, "sender_unknown")
        if _is_repeated(case, parsed, text):
            return _Verdict(MailOutcome.FILED, "same_message", case)
        return _Verdict(MailOutcome.FILED, "thread", case, files_message=True)
    return _letter(organisation, parsed, text, rights_sure(found), hinted=bool(found))


def _letter(
    organisation: Organisation, parsed: ParsedEmail, text: str, sure: list[str], *, hinted: bool
) -> _Verdict:
    """A first letter: a case where everything is clear, a person where anything is not."""
    signs = letter_signs(parsed.subject, text)
    doubts = {
        "not_a_mail": "no_headers" in parsed.defects,
        "no_sender": not parsed.sender,
        "own_address": parsed.sender.casefold() == organisation.privacy_email.casefold(),
        "chaser": signs.chaser,  # of a request that came by another door: it keeps its first clock (EDPB 01/2022 §29)
        "complaint": signs.complaint,
        "agent": signs.agent,  # who writes is not whom the data are about
        "right_uncertain": hinted and not sure,
        "no_right": not sure,
    }
    reason = next((code for code, met in doubts.items() if met), "")
    if reason:
        return _Verdict(MailOutcome.TRIAGE, reason)
    return _Verdict(MailOutcome.CASE_OPENED, "rights_found", rights=tuple(sure))


def _thread(organisation: Organisation, parsed: ParsedEmail) -> tuple[Case | None, bool]:
    """The case this mail belongs to, and whether a Message-ID says so or only the reference in the subject."""
    case, is_certain = _named(organisation, parsed)
    return (case.goes_on if case else None), is_certain


def _named(organisation: Organisation, parsed: ParsedEmail) -> tuple[Case | None, bool]:
    """The same, without looking whether the work on that case goes on in another one."""
    ids = [found for found in (parsed.in_reply_to, *reversed(parsed.references), parsed.message_id) if found]
    ours = [reference for found in ids if (reference := message_id_reference(f"<{found}>"))]
    cases = Case.objects.select_related("organisation", "key").filter(organisation=organisation)
    if ours and (case := cases.filter(reference=ours[0]).first()):
        return case, True
    both = [form for found in ids for form in (found, f"<{found}>")]
    if both and (case := cases.filter(messages__message_id__in=both[:200]).order_by("pk").first()):
        return case, True
    named = references_in(parsed.subject)
    return (cases.filter(reference__in=named).first() if named else None), False


def _machine_reasons(organisation: Organisation, parsed: ParsedEmail) -> list[str]:
    """Why a machine wrote it; a list of our own domain is how the privacy address reaches several colleagues."""
    reasons = list(machine(parsed).reasons)
    domain = organisation.privacy_email.rpartition("@")[2].casefold()
    lists = " ".join(value for name, value in parsed.headers if name in {"list-id", "list-post"}).casefold()
    if re.search(rf"[@.<]{re.escape(domain)}\b", lists):
        reasons = [reason for reason in reasons if reason not in {"list", "precedence"}]
    return reasons


def _is_party(case: Case, sender: str) -> bool:
    normalised = address_normalise(AddressKind.EMAIL, sender)
    return bool(sender) and PartyAddress.objects.filter(
        party__case=case, kind=AddressKind.EMAIL, normalised=normalised, ended_at=None, pending_since=None
    ).exists()


def _forwarding(case: Case, parsed: ParsedEmail, *, is_party: bool) -> Forwarding | None:
    ids = [f"<{found}>" for found in (parsed.in_reply_to, *parsed.references) if found][:200]
    return forwarding_written_about(case=case, sender=parsed.sender, message_ids=ids, is_party=is_party)


def _is_repeated(case: Case, parsed: ParsedEmail, text: str) -> bool:
    """The same letter by another way (to two of our addresses): other Received headers, one Message-ID, one text."""
    return bool(parsed.message_id) and Message.objects.filter(
        case=case,
        direction__in=NEWS,
        message_id=f"<{parsed.message_id}>"[:255],
        body=_cut(text),
    ).exists()


# ---- filing ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def _act(inbound: InboundMail, parsed: ParsedEmail, verdict: _Verdict) -> None:
    """File the mail as decided, all or nothing. Raises Conflict when another worker has filed it."""
    fields: dict[str, object] = {
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "message_id": parsed.message_id[:255],
        "sender": parsed.sender[:320],
        "subject": parsed.subject[:500],
        "defects": list(dict.fromkeys([*inbound.defects, *parsed.defects])),
        "retry_at": None,
    }
    _inbound_move(inbound, (MailOutcome.TRIAGE,), NOT_YET, fields)
    case = verdict.case
    if verdict.rights:
        request = incoming_from_mail(
            parsed, inbound.organisation.slug, inbound.received_at, rights=verdict.rights,
            default_language=inbound.organisation.language, files=_files_store(inbound, parsed),
            submission=inbound.raw_hash,
        )
        case = case_open(request, actor=Actor.DATA_SUBJECT).case
    elif verdict.files_message and case is not None:
        is_machine = verdict.outcome == MailOutcome.MACHINE
        _message_file(inbound, parsed, case, may_answer=not is_machine, forwarding=verdict.forwarding)
    _inbound_case(inbound, case)
    kind = "mail.waiting" if verdict.outcome == MailOutcome.TRIAGE else "mail.filed"
    _journal(inbound, kind, Actor.SYSTEM)


def _inbound_move(
    inbound: InboundMail, sources: Sequence[MailOutcome], reason: str | None, fields: dict[str, object]
) -> None:
    """Compare and swap; raises Conflict when the mail is not, or no longer, where it was."""
    rows = InboundMail.objects.filter(pk=inbound.pk, outcome__in=sources, case=None)
    if reason is not None:
        rows = rows.filter(reason=reason)
    if not rows.update(**fields):
        raise Conflict("mail_filed_meanwhile", _("This e-mail has been filed meanwhile."))
    for name, value in fields.items():
        setattr(inbound, name, value)


def _inbound_case(inbound: InboundMail, case: Case | None) -> None:
    """Bind the mail to the case: from now on the case's key opens its bytes."""
    if case is None:
        return
    InboundMail.objects.filter(pk=inbound.pk).update(case=case)
    inbound.case = case
    file_rewrap(stored_file=inbound.raw, key=case.key)


def _message_file(
    inbound: InboundMail, parsed: ParsedEmail, case: Case, *, may_answer: bool, forwarding: Forwarding | None = None
) -> None:
    written: MailWritten = {
        "case": case,
        "body": _cut(reply_text(parsed.text)),
        "subject": parsed.subject,
        "at": inbound.received_at,
        "message_id": f"<{parsed.message_id}>" if parsed.message_id else "",
        "files": _files_store(inbound, parsed),
    }
    if forwarding is not None:
        client_reply_receive(forwarding=forwarding, **written)
    else:
        message_receive(channel=Channel.EMAIL, may_answer=may_answer, **written)


def _files_store(inbound: InboundMail, parsed: ParsedEmail) -> tuple[StoredFile, ...]:
    """What was attached, and the whole text where it is too long to be shown."""
    attachments = list(parsed.attachments)
    if len(parsed.text) > LONGEST:
        content = parsed.text.encode()
        attachments.append(Attachment("message.txt", "text/plain", len(content), "", content))
    key = _intake_key(inbound.organisation) if attachments else None
    return tuple(
        file_store(key=key, name=found.name, content_type=found.content_type, content=found.content)
        for found in attachments
        if key is not None
    )


def _cut(text: str) -> str:
    """The text as a message holds it; a longer one is attached whole."""
    return text.strip()[:LONGEST].strip()


def _journal(inbound: InboundMail, kind: str, actor: Actor, **values: str) -> None:
    """On the case's chain where there is one, else on the organisation's."""
    chain = inbound.case.chain if inbound.case else f"organisation:{inbound.organisation.slug}"
    journal_append(
        chain=chain,
        organisation=inbound.organisation,
        kind=kind,
        actor=actor,
        facts={"mail": inbound.pk, "outcome": str(inbound.outcome), "reason": inbound.reason},
        values=dict(values),
    )


def incoming_from_mail(
    parsed: ParsedEmail,
    organisation_slug: str,
    received_at: datetime,
    *,
    rights: Sequence[str] | None = None,
    default_language: str = "fr",
    files: tuple[StoredFile, ...] = (),
    submission: str = "",
) -> IncomingRequest:
    """The request in a mail, equal to what the form would make of the same name, address, rights and text.

    `rights` are the codes a person chose; by default those the text surely names.
    """
    text = _cut(reply_text(parsed.text))
    codes = rights_sure(rights_found(parsed.subject, text)) if rights is None else rights
    return IncomingRequest(
        organisation_slug=organisation_slug,
        rights=tuple(RightInvoked(code) for code in sorted(set(codes), key=list(RIGHTS).index)),
        language=language_of(f"{parsed.subject}\n{text}", default_language),
        name=parsed.sender_name,
        email=parsed.sender,
        text=text,
        received_at=received_at,
        channel=Channel.EMAIL,
        submission=submission,
        subject=parsed.subject,
        message_id=f"<{parsed.message_id}>" if parsed.message_id else "",
        files=files,
    )


# ---- what a person does in triage ------------------------------------------------------------------------------------

_WAITING = (MailOutcome.TRIAGE, MailOutcome.MACHINE)  # a person may also correct the verdict on machines


@transaction.atomic
def mail_open_case(*, inbound: InboundMail, rights: Sequence[str], actor: Actor) -> OpenedCase:
    """Open a case from a mail in triage, with the rights that a member reads in it; the clock starts at its arrival.

    Raises NotAllowed, Conflict when the mail has been filed meanwhile, DomainError `no_right`, `right_unknown`
    and what `case_open` refuses.
    """
    actor.must(Act.CASE_WORK, inbound.organisation)
    unknown = [code for code in rights if code not in RIGHTS]
    if unknown:
        raise DomainError("right_unknown", _("This right is not known."))
    if not rights:
        raise DomainError("no_right", _("Choose at least one right."))
    parsed = parse(file_read(inbound.raw))
    _inbound_move(inbound, _WAITING, None, {"outcome": MailOutcome.CASE_OPENED, "reason": "by_hand", "retry_at": None})
    request = incoming_from_mail(
        parsed, inbound.organisation.slug, inbound.received_at, rights=rights,
        default_language=inbound.organisation.language, files=_files_store(inbound, parsed),
        submission=inbound.raw_hash,
    )
    opened = case_open(request, actor=actor)
    _inbound_case(inbound, opened.case)
    _journal(inbound, "mail.filed", actor)
    return opened


@transaction.atomic
def mail_file_on_case(*, inbound: InboundMail, case: Case, actor: Actor) -> None:
    """File a mail in triage on a case of the same organisation, after a member has looked who sent it.

    What a controller wrote is filed as such, everything else as the person's.
    Raises NotAllowed, Conflict, DomainError `case_elsewhere`.
    """
    actor.must(Act.CASE_WORK, inbound.organisation)
    if case.organisation_id != inbound.organisation_id:
        raise DomainError("case_elsewhere", _("This case belongs to another organisation."))
    case = case.goes_on
    _inbound_move(inbound, _WAITING, None, {"outcome": MailOutcome.FILED, "reason": "by_hand", "retry_at": None})
    parsed = parse(file_read(inbound.raw))
    forwarding = _forwarding(case, parsed, is_party=_is_party(case, parsed.sender))
    _message_file(inbound, parsed, case, may_answer=True, forwarding=forwarding)
    _inbound_case(inbound, case)
    _journal(inbound, "mail.filed", actor)


@transaction.atomic
def mail_set_aside(*, inbound: InboundMail, reason: str, actor: Actor) -> None:
    """Take a mail that is no request out of triage; it stays stored, with the member's reason in the journal.

    Raises NotAllowed, Conflict, DomainError `reason_missing`.
    """
    actor.must(Act.CASE_WORK, inbound.organisation)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why this e-mail is not a request."))
    _inbound_move(inbound, _WAITING, None, {"outcome": MailOutcome.FILED, "reason": "set_aside", "retry_at": None})
    _journal(inbound, "mail.set_aside", actor, reason=reason.strip())
