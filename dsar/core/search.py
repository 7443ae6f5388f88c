"""One spelling for what is searched and what is typed, so that SQLite and PostgreSQL find the same cases."""

import unicodedata

MAX_TERMS = 12
# Letters that Unicode does not decompose, and signs that keyboards and word processors write in several ways.
_SAME = str.maketrans({
    "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "‘": "'", "’": "'", "ʼ": "'", "`": "'", "´": "'", "‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "-", "−": "-",
})  # fmt: skip


def search_text(*parts: str) -> str:
    """The parts as one line: compatibility forms decomposed (NFKD), accents off, casefolded, one space between words.

    Doing it twice changes nothing. Control characters count as spaces; invisible ones (soft hyphen, lone surrogate,
    NUL, which no database takes) are left out.
    """
    # Casefolding makes new decomposable letters and translating new plain ones, hence once more.
    return " ".join(_folded(_folded(" ".join(parts))).split())


def _folded(text: str) -> str:
    plain = "".join(map(_visible, unicodedata.normalize("NFKD", text.translate(_SAME))))
    return plain.casefold().translate(_SAME)


def _visible(character: str) -> str:
    """The character, a space for a control character, nothing for an accent or an invisible sign."""
    if character.isalnum():
        return character
    category = unicodedata.category(character)
    if category == "Cc":
        return " " if character != "\x00" else ""
    return "" if category in ("Mn", "Me", "Cf", "Cs") else character


def search_terms(query: str) -> list[str]:
    """The words to find, each once, in the order typed; the first twelve of a longer query."""
    return list(dict.fromkeys(search_text(query).split()))[:MAX_TERMS]
