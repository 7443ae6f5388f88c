"""Case references: an identifier that survives being read over the phone, never a secret (DESIGN §3.14)."""

import re
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
CHECKS = ALPHABET + "*~$=U"
_LOOK_ALIKE = str.maketrans("OIL", "011")
_FORM = re.compile(r"DSR-?(\d{4})-?([0-9A-Z]{5})-?([0-9A-Z]{5})-?([0-9A-Z])")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


def reference_make(year: int) -> str:
    """A new reference of the year in which the request arrived, with a check character a phone can spell."""
    while True:
        body = "".join(secrets.choice(ALPHABET) for _ in range(10))
        check = check_character(body)
        if check in ALPHABET:
            return f"DSR-{year}-{body[:5]}-{body[5:]}-{check}"


def check_character(body: str) -> str:
    """Crockford's check: the number modulo 37."""
    number = 0
    for character in body:
        number = number * 32 + ALPHABET.index(character)
    return CHECKS[number % 37]


def reference_parse(text: str) -> str | None:
    """The reference a person typed, in its canonical form; None when it is none or mistyped.

    Forgives lower case, missing or long dashes, spaces, and O, I, L for 0, 1, 1.
    """
    typed = _DASHES.sub("-", text).upper().replace(" ", "").replace("\u00a0", "")
    found = _FORM.fullmatch(typed)
    if not found:
        return None
    year, first, second, check = (part.translate(_LOOK_ALIKE) for part in found.groups())
    body = first + second
    if any(character not in ALPHABET for character in body) or check_character(body) != check:
        return None
    return f"DSR-{year}-{first}-{second}-{check}"


def references_in(text: str) -> list[str]:
    """The valid references found anywhere in a text, in order, each once."""
    candidates = re.findall(r"DSR-\d{4}-[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]", _DASHES.sub("-", text).upper())
    return list(dict.fromkeys(found for found in map(reference_parse, candidates) if found))
