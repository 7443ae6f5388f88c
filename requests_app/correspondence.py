"""The one place that writes mail about a case: it renders it, files it on the case and puts it in the outbox.

`person_write` alone writes to data subjects (`person_tell` through it, about what is filed for them to read),
`client_write` to the controllers to whom a request is handed on, and `staff_write` to whoever answers for data
protection.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import quote
from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.conf import settings
from django.template import Context, engines
from django.template.backends.django import DjangoTemplates
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dsar.core.authorities import authority_near, may_choose_country
from dsar.core.colour import accent_print
from dsar.core.errors import DomainError
from dsar.core.hashing import keyed_hash, keyed_hashes
from dsar.core.templatetags.dsar_format import one_line as address_line
from dsar.core.texts import country_name, localised
from requests_app import outbox
from requests_app.models import Case, Message, Outgoing, PartyAddress
from requests_app.vocabulary import Channel, Direction

if TYPE_CHECKING:
    from dsar.core.models import Organisation, StoredFile, SupervisoryAuthority, User

# What opens something for whoever holds it. The mail carries it; the copy on the case does not: a colleague who reads
# the case must not be able to confirm an address or open the tracking page in the person's stead.
SECRETS = ("code", "confirm_url")
LONGEST = 20_000  # characters of one message
MASK = "••••••"
_MESSAGE_ID = re.compile(r"<?(DSR-[0-9A-Z-]+)\.([0-9a-f]{16})\.([0-9a-f]{24})@[^\s<>@]+>?", re.IGNORECASE)


@dataclass(frozen=True)
class MailWords:
    """One mail as it reads: subject, plain text and web page say the same."""

    subject: str
    text: str
    html: str


def person_write(
    *,
    case: Case,
    template: str,
    address: PartyAddress,
    key: str,
    context: Mapping[str, Any],
    in_reply_to: str = "",
) -> Outgoing:
    """Write one e-mail to a party of the case; the only function that does.

    `template` names a folder of templates ("emails/acknowledgement"), rendered in the case's language. `key` says why
    the mail is written: the same key again returns the mail that exists and writes nothing. Must run in the caller's
    transaction, so that the mail exists exactly when the facts it tells do; it leaves after the commit.

    Mail to an address nobody has confirmed yet gets no word the sender typed, not even a name: otherwise anybody could
    have us carry their text to a stranger.
    """
    existing = Outgoing.objects.filter(key=key).first()
    if existing is not None:
        return existing
    known = {**context, "name": address.party.name if address.confirmed_at else ""}
    outgoing = _outgoing_create(case, template, address.value, key, known, case.language, in_reply_to)
    _copy_file(case, outgoing, context)
    outbox.outbox_queue(outgoing)
    return outgoing


class Told(NamedTuple):
    """What was filed on the case for the person, and the mail about it where there is a mailbox."""

    message: Message
    mail: Outgoing | None


def person_tell(
    *,
    case: Case,
    body: str,
    author: User | None,
    template: str,
    key: str,
    context: Callable[[PartyAddress], Mapping[str, Any]] = lambda _address: {},
    channel: Channel = Channel.FORM,
    at: datetime | None = None,
) -> Told:
    """File `body` where the person reads it, and write the mail about it; what goes by post gets none.

    `at` is the aware instant of the message, now by default. `context` makes the mail's from the mailbox it goes to:
    what a member wrote goes only to one that somebody confirmed. Must run in the caller's transaction, which journals.
    """
    message = Message.objects.create(
        case=case,
        direction=Direction.OUTBOUND,
        channel=channel,
        author=author,
        body=body,
        at=at or timezone.now(),
    )
    address = None if channel == Channel.POST else PartyAddress.objects.mailboxes(case).first()
    if address is None:
        return Told(message, None)
    key = f"{key}:{case.reference}:{message.pk}"
    return Told(message, person_write(case=case, template=template, address=address, key=key, context=context(address)))


def client_write(
    *,
    case: Case,
    template: str,
    recipient: str,
    key: str,
    context: Mapping[str, Any],
    files: Sequence[StoredFile] = (),
    in_reply_to: str = "",
) -> Outgoing:
    """Write one e-mail to a controller for which we process data, about a request handed on to it (art. 28(3)(e)).

    In the organisation's language, with `files` attached. Its copy on the case is not shown to the person. As for
    `person_write`, the same key again writes nothing, and the caller's transaction decides.
    """
    existing = Outgoing.objects.filter(key=key).first()
    if existing is not None:
        return existing
    outgoing = _outgoing_create(case, template, recipient, key, context, case.organisation.language, in_reply_to)
    outgoing.files.set(files)
    _copy_file(case, outgoing, context)
    outbox.outbox_queue(outgoing)
    return outgoing


def staff_write(
    *, case: Case, template: str, recipient: str, language: str, key: str, context: Mapping[str, Any]
) -> Outgoing:
    """Write one e-mail that may not be lost to a member of staff, about a case and without its content.

    It leaves by the outbox, at least once; no copy stands on the case. The same key again writes nothing.
    """
    existing = Outgoing.objects.filter(key=key).first()
    if existing is not None:
        return existing
    # The organisation's chain tells of it, not the case's.
    outgoing = _outgoing_create(case, template, recipient, key, context, language, is_of_case=False)
    outbox.outbox_queue(outgoing)
    return outgoing


def _outgoing_create(
    case: Case,
    template: str,
    recipient: str,
    key: str,
    context: Mapping[str, Any],
    language: str,
    in_reply_to: str = "",
    *,
    is_of_case: bool = True,
) -> Outgoing:
    """The row of one mail, rendered in that language."""
    organisation = case.organisation
    words = mail_render(case=case, template=template, language=language, context=context)
    mailbox = mailbox_format(organisation.name, organisation.privacy_email)
    return Outgoing.objects.create(
        key=key,
        organisation=organisation,
        case=case if is_of_case else None,
        message_id=message_id_make(reference=case.reference, key=key, domain=organisation.privacy_email),
        recipient=recipient,
        sender=mailbox,
        reply_to=mailbox,
        in_reply_to=one_line(in_reply_to)[:255],
        subject=words.subject,
        body_text=words.text,
        body_html=words.html,
        language=language,
    )


def mail_render(*, case: Case, template: str, language: str, context: Mapping[str, Any]) -> MailWords:
    """One mail in that language; dates are those of the establishment that handles the request."""
    organisation = case.organisation
    known = {**mail_context(case, organisation), "language": language, **context}
    # The law of the clock knows the place of the establishment, whatever zone the server is in.
    with translation.override(language), timezone.override(organisation.time_zone):
        return MailWords(
            subject=one_line(_render(f"{template}/subject.txt", known)),
            text=_tidy(_render(f"{template}/body.txt", known)),
            html=_render(f"{template}/body.html", known, autoescape=True),
        )


def _copy_file(case: Case, outgoing: Outgoing, context: Mapping[str, Any]) -> None:
    """What was written stands on the case, without what opens something."""
    Message.objects.create(
        case=case,
        direction=Direction.OUTBOUND,
        channel=Channel.EMAIL,
        subject=outgoing.subject,
        body=secrets_mask(outgoing.body_text, context),
        at=timezone.now(),
        message_id=outgoing.message_id,
    )


def body_checked(body: str, *, may_be_empty: bool = False) -> str:
    """The text of a message as it is filed; raises DomainError `message_empty` or `message_too_long`."""
    text = body.replace("\x00", "").strip()
    if not text and not may_be_empty:
        raise DomainError("message_empty", _("Write something first."))
    if len(text) > LONGEST:
        raise DomainError("message_too_long", _("This message is too long: 20,000 characters at most."))
    return text


def mail_context(case: Case, organisation: Organisation) -> dict[str, Any]:
    """What every mail may use: nothing of it was typed by the sender. `authority` is read only where it is used."""
    slug = organisation.slug
    return {
        "organisation": organisation,
        "reference": case.reference,
        "received_at": case.received_at,
        "language": case.language,
        "accent": accent_print(organisation.brand_colour),
        "urls": {
            "notice": absolute("public-notice", slug),
            "track": absolute("public-track", slug),
            "form": absolute("public-start", slug),
        },
        "authority": SimpleLazyObject(partial(authority_words, organisation, case.country)),
    }


def absolute(name: str, *args: str) -> str:
    """The full address of one of our pages, for somebody who reads it in a mailbox."""
    return f"{settings.BASE_URL}{reverse(name, args=args)}"


def message_id_make(*, reference: str, key: str, domain: str) -> str:
    """The Message-ID of the mail written for `key`: fixed, unguessable, and recognised later without looking it up.

    It holds the reference, a keyed digest of the key, and an HMAC over both. `domain` may be a whole address.
    """
    nonce = keyed_hash("message_key", key)[:16]
    return f"<{reference}.{nonce}.{_mac(reference, nonce)}@{domain.rpartition('@')[2]}>"


def message_id_reference(message_id: str) -> str | None:
    """The case reference inside a Message-ID that we made; None for any other, forged ones included."""
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    if found is None:
        return None
    reference, nonce, mac = found[1].upper(), found[2].lower(), found[3].lower()
    ours = (full[:24] for full in keyed_hashes("message_id", f"{reference}:{nonce}"))  # also under a former master key
    return reference if any(compare_digest(mac, made) for made in ours) else None


def one_line(text: str) -> str:
    """The text on one line without control characters, at most 500 characters: fit for a mail header."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def mailbox_format(name: str, address: str) -> str:
    """`"Name" <address>`; the name may hold any character and cannot add a header or an address."""
    return f'"{quote(one_line(name)[:200])}" <{address}>'


def secrets_mask(text: str, context: Mapping[str, Any]) -> str:
    """The text with each secret of the context masked."""
    for secret in sorted((str(context[name]) for name in SECRETS if context.get(name)), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def _mac(reference: str, nonce: str) -> str:
    return keyed_hash("message_id", f"{reference}:{nonce}")[:24]


def _render(name: str, context: Mapping[str, Any], *, autoescape: bool = False) -> str:
    """Plain text is rendered without HTML escapes; the template loader keeps the compiled templates."""
    backend = cast(DjangoTemplates, engines["django"])
    rendered: str = backend.engine.get_template(name).render(Context(dict(context), autoescape=autoescape))
    return rendered


def _tidy(text: str) -> str:
    """Template tags leave empty lines behind; at most one stays."""
    return re.sub(r"[ \t]*\n(?:[ \t]*\n)+", "\n\n", text).strip() + "\n"


def authority_words(organisation: Organisation, country: str = "") -> dict[str, str]:
    """The supervisory authority in the active language (GDPR arts. 12(4), 13(2)(d), 77): name, address, url, line.

    `line` is all of it on one line. `elsewhere` says that the authority of the country where the person lives or works
    serves as well, and names it where `country` (ISO 3166) is known; empty where the law knows no such choice.
    """
    authority = organisation.authority
    return {
        "name": localised(authority.name),
        "address": address_line(authority.address),
        "url": authority.complaint_url or authority.website,
        "line": _authority_line(authority),
        "elsewhere": _elsewhere(organisation, country) if may_choose_country(organisation) else "",
    }


def _authority_line(authority: SupervisoryAuthority) -> str:
    where = ", ".join(part for part in (localised(authority.name), address_line(authority.address)) if part)
    url = authority.complaint_url or authority.website
    return f"{where} ({url})" if url else where


def _elsewhere(organisation: Organisation, country: str) -> str:
    near = authority_near(organisation, country)
    if near is None:
        return gettext("You may also complain to the authority of the country where you live or work.")
    words = {"country": country_name(country), "authority": _authority_line(near.authority)}
    if near.is_one_of_several:
        return gettext(
            "You may also complain in the country where you live or work (%(country)s). There the regions and some "
            "fields have authorities of their own; the national one is: %(authority)s."
        ) % words
    return gettext(
        "You may also complain to the authority of the country where you live or work (%(country)s): %(authority)s."
    ) % words
