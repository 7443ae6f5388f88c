"""One-time codes sent to an address: they prove that whoever types them reads that mailbox, and nothing more.

A code is six digits, so what protects it is how few may be tried: five attempts a code, five codes an hour, fifteen a
day.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dsar.core.errors import DomainError
from dsar.core.hashing import keyed_hash, keyed_hash_matches, keyed_hashes
from requests_app.models import AccessCode, PartyAddress

Purpose = AccessCode.Purpose
VALID_FOR = {
    Purpose.CONFIRM: timedelta(days=14),
    Purpose.PORTAL: timedelta(minutes=15),
    Purpose.DOWNLOAD: timedelta(minutes=15),
}
ATTEMPTS = 5
MOST_CODES = {timedelta(hours=1): 5, timedelta(days=1): 15}
DIGITS = 6
NOBODY = 0  # the number of no row
_NO_CODE = "0" * 64  # a hash that no code has


@dataclass(frozen=True)
class IssuedCode:
    """A fresh code in clear, for the mail that carries it; only hashes are stored.

    `token` goes into the link of a confirmation mail and is empty for the other purposes.
    """

    row: AccessCode
    code: str
    token: str


@transaction.atomic
def code_issue(*, address: PartyAddress, purpose: str) -> IssuedCode:
    """Make a code for an address. It replaces every older code of that purpose, which no longer works.

    Raises DomainError `codes_too_many` after five in an hour or fifteen in a day: nobody fills a mailbox through us,
    and nobody guesses for long.
    """
    PartyAddress.objects.select_for_update().get(pk=address.pk)  # two codes asked for at once are counted one by one
    now = datetime.now(UTC)
    issued = AccessCode.objects.filter(address=address, purpose=purpose)
    for period, most in MOST_CODES.items():
        if issued.filter(created_at__gt=now - period).count() >= most:
            raise DomainError("codes_too_many", _("Too many codes were asked for. Try again later."))
    return code_make(address=address, purpose=purpose)


def code_make(*, address: PartyAddress, purpose: str) -> IssuedCode:
    """Make a code without counting earlier ones: for an address that the current transaction has created."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    token = secrets.token_urlsafe(24) if purpose == Purpose.CONFIRM else ""
    row = AccessCode.objects.create(
        address=address,
        purpose=purpose,
        token_hash=keyed_hash("access_token", token) if token else "",
        code_hash=keyed_hash("access_code", _scoped(address, purpose, code)),
        expires_at=datetime.now(UTC) + VALID_FOR[Purpose(purpose)],
    )
    return IssuedCode(row, code, token)


def code_check(*, address: PartyAddress | None, purpose: str, code: str) -> AccessCode:
    """Use up the newest code of an address and purpose, when `code` is it; spaces and dashes do not matter.

    Of nobody (None) every code is wrong, after the same work: the time tells a stranger nothing. Each call counts as an
    attempt before the comparison, so it must not run in a transaction that an error undoes.
    Raises DomainError `code_malformed` (not counted), `code_expired` (also: none was sent, or it was used),
    `code_attempts_spent` or `code_wrong`, which says how many attempts are left.
    """
    typed = code_parse(code)
    number = address.pk if address else NOBODY
    row: AccessCode | None = AccessCode.objects.filter(address=number, purpose=purpose).order_by("-pk").first()
    now = datetime.now(UTC)
    if address is None:
        AccessCode.objects.filter(pk=NOBODY, attempts__lt=ATTEMPTS).update(attempts=F("attempts") + 1)
        keyed_hash_matches("access_code", f"{purpose}:{NOBODY}:{typed}", _NO_CODE)
        list(AccessCode.objects.filter(pk=NOBODY).only("attempts")[:1])  # as a wrong code reads how often it was tried
    if address is None or row is None or row.used_at is not None or row.expires_at <= now:
        raise DomainError("code_expired", _("This code is no longer valid. Ask for a new one."))
    if not AccessCode.objects.filter(pk=row.pk, attempts__lt=ATTEMPTS).update(attempts=F("attempts") + 1):
        raise DomainError("code_attempts_spent", _("This code was mistyped five times. Ask for a new one."))
    if not keyed_hash_matches("access_code", _scoped(address, purpose, typed), row.code_hash):
        raise _wrong(row)
    if not AccessCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise DomainError("code_expired", _("This code is no longer valid. Ask for a new one."))
    row.refresh_from_db()
    return row


def code_parse(text: str) -> str:
    """The six digits that a person typed, without spaces and dashes. Raises DomainError `code_malformed`."""
    typed = "".join(character for character in text if character not in " -\u00a0\u202f\u2011")
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        raise DomainError("code_malformed", _("Type the six digits of the code."))
    return typed


def _wrong(row: AccessCode) -> DomainError:
    row.refresh_from_db(fields=["attempts"])
    left = ATTEMPTS - row.attempts
    if left <= 0:
        return DomainError("code_attempts_spent", _("This code was mistyped five times. Ask for a new one."))
    return DomainError(
        "code_wrong",
        ngettext(
            "This is not the code. You can try %(left)d more time.",
            "This is not the code. You can try %(left)d more times.",
            left,
        )
        % {"left": left},
    )


def confirmation_by_token(token: str) -> AccessCode | None:
    """The confirmation that a link stands for, with its address, case and organisation; None for an unknown link.

    The link says which address is meant and opens nothing by itself: mail scanners follow links.
    """
    return (
        AccessCode.objects.filter(token_hash__in=keyed_hashes("access_token", token), purpose=Purpose.CONFIRM)
        .select_related("address__party__case__organisation")
        .first()
    )


def _scoped(address: PartyAddress, purpose: str, code: str) -> str:
    """What is hashed: the same digits mean something else for another address or purpose."""
    return f"{purpose}:{address.pk}:{code}"
