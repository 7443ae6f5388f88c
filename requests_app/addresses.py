"""One spelling for each address, so that the same mailbox or number is recognised however it was typed."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from dsar.core.errors import DomainError
from dsar.core.search import search_text
from requests_app.vocabulary import AddressKind

LONGEST = 500  # characters of an address


def address_normalise(kind: str, value: str) -> str:
    """E-mail casefolded; phone in digits with its prefix (French numbers become +33); the rest as search text."""
    if kind == AddressKind.EMAIL:
        return value.strip().casefold()
    if kind == AddressKind.PHONE:
        digits = re.sub(r"[^\d+]", "", value.replace("(0)", ""))
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        return "+33" + digits[1:] if digits.startswith("0") else digits
    if kind == AddressKind.IDENTIFIER:
        return re.sub(r"[\s.\-]", "", value).casefold()
    return search_text(value)


def address_checked(kind: str, value: str) -> str:
    """The spelling of `address_normalise` for an address that somebody typed. Raises DomainError `address_malformed`.

    A phone number may be written any way, as long as there is one.
    """
    text = value.strip()
    if not text or len(text) > LONGEST:
        raise DomainError("address_malformed", _("Write the address or the number."))
    if kind == AddressKind.EMAIL:
        try:
            validate_email(text)
        except ValidationError as error:
            raise DomainError(
                "address_malformed", _("Write a complete e-mail address, such as name@example.org.")
            ) from error
    if kind == AddressKind.PHONE and sum(character.isdigit() for character in text) < 4:
        raise DomainError("address_malformed", _("Write a phone number with its digits, such as 01 99 00 12 34."))
    return address_normalise(kind, text)


def address_masked(value: str) -> str:
    """An e-mail address as its owner recognises it and nobody else learns it: c•••••@example.org."""
    local, _at, domain = value.partition("@")
    return f"{local[:1]}•••••@{domain}" if domain else "•••••"


def address_hint(kind: str, value: str) -> str:
    """Any address as its owner recognises it: a masked mailbox, the end of a number, the last line of a place."""
    if kind == AddressKind.EMAIL:
        return address_masked(value)
    if kind == AddressKind.PHONE:
        return f"••••••{re.sub(r'[^0-9]', '', value)[-2:]}"
    lines = value.strip().splitlines()
    return f"•••••, {lines[-1].strip()}" if len(lines) > 1 else "•••••"


def name_words(name: str) -> set[str]:
    """The words of a name, accents, capitals, order and hyphens aside."""
    return set(search_text(re.sub(r"[-'’]", " ", name)).split())


def names_agree(claimed: str, recorded: str) -> bool:
    """Whether two spellings may be the same person: each word of the shorter name stands in the other.

    As `name_words` has them. An empty claim agrees with every record: the address alone decides.
    """
    first, second = name_words(claimed), name_words(recorded)
    if not first:
        return True
    shorter, longer = sorted((first, second), key=len)
    return bool(shorter) and shorter <= longer
