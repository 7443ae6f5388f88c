"""The tracking key: 80 bits shown once on the confirmation page, kept as a keyed hash, never mailed (DESIGN §2).

It is derived from the form's submission token, which only the sender's browser holds, so that a double submit or a
reload shows the same key although we store none.
"""

from dsar.core.hashing import keyed_hash, token_derive
from dsar.core.models import Organisation
from requests_app.models import Case
from requests_app.references import ALPHABET

_LENGTH = 16  # characters of 5 bits


def tracking_key(organisation: Organisation, submission: str) -> str:
    """The key of a submission, in groups of four: R4QK-8T2M-XW9D-6HPB."""
    number = int.from_bytes(token_derive("tracking", _scoped(organisation, submission), 80), "big")
    characters = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_LENGTH)))
    return "-".join(characters[start : start + 4] for start in range(0, _LENGTH, 4))


def tracking_key_parse(text: str) -> str | None:
    """The key a person typed, in its canonical form; None when it cannot be one."""
    typed = "".join(text.upper().split()).replace("-", "").translate(str.maketrans("OIL", "011"))
    if len(typed) != _LENGTH or any(character not in ALPHABET for character in typed):
        return None
    return "-".join(typed[start : start + 4] for start in range(0, _LENGTH, 4))


def tracking_key_hash(key: str) -> str:
    """What is stored of a key."""
    return keyed_hash("tracking_key", key)


def submission_hash(organisation: Organisation, submission: str) -> str:
    """What is stored of a submission token; empty for an empty token."""
    return keyed_hash("submission", _scoped(organisation, submission)) if submission else ""


def case_by_submission(organisation: Organisation, submission: str) -> Case | None:
    """The case that a submission opened, if it did."""
    if not submission:
        return None
    return Case.objects.filter(
        organisation=organisation, submission_hash=submission_hash(organisation, submission)
    ).first()


def _scoped(organisation: Organisation, submission: str) -> str:
    return f"{organisation.slug}:{submission}"
