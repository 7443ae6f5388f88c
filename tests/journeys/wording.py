"""What is wrong with a document that exists in French and in English: leftovers of a template, words of the other."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

# What a template leaves behind when it knew nothing: Python's words for nothing, a mark of its own, an empty list.
LEFT_BEHIND = re.compile(
    r"\bNone\b|\bTrue\b|\bFalse\b|\{[{%]|[%}]\}|%\(|%[sd]\b|\[\]|\(\s*\)|&lt;/?\w+&gt;"
    r"|<(ul|ol|li|p|td|th|dd|dt|h1|h2|strong)\b[^>]*>\s*</\1>"
)
# Words that no sentence of the language does without, and that the other language does not have.
FOREIGN = {
    "fr": re.compile(r"\b(the|your|you|we|our|of|with|from|this|which|that|and|is|are|by|at)\b", re.IGNORECASE),
    "en": re.compile(r"\b(le|les|vous|nous|votre|vos|notre|des|une|du|est|sont|pour|dans|aux|et|qui)\b", re.IGNORECASE),
}
# A word of one language, not of both.
WORD = re.compile(r"\b(?!article\b|code\b)[^\W\d_]{2,}", re.IGNORECASE)


class _Texts(HTMLParser):
    """The texts of a page in order, without its style sheet."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside != "style" and data.strip():
            self.texts.append(data)
CITED = re.compile(r"\(art\. [^)]*(\([^)]*\)[^)]*)*\)")  # a citation alone is the same in both languages


def texts_of(document: str) -> list[str]:
    """The pieces of a page between its tags, or the lines of a plain text; no-break spaces are spaces."""
    reader = _Texts()
    reader.feed(document)
    is_page = "<html" in document
    pieces = reader.texts if is_page else document.splitlines()
    return [plain for piece in pieces if (plain := _plain(piece))]


def text_of(document: str) -> str:
    """All of it as one text."""
    return " ".join(texts_of(document))


def _plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def wording_proved(name: str, documents: dict[str, str], facts: Iterable[str]) -> None:
    """The document `name` in each language: nothing left behind, and nothing that only the other language says.

    `facts` are what reads the same in both: names, addresses, and what a person wrote in a language of theirs.
    """
    known = sorted({_plain(line) for fact in facts for line in (fact, *fact.splitlines()) if line}, key=len)[::-1]
    pieces = {}
    for language, document in documents.items():
        left_behind = LEFT_BEHIND.search(re.sub(r"(?s)<style>.*?</style>", "", document))
        assert left_behind is None, f"{name} in {language}: {left_behind}"
        pieces[language] = {_without(piece, known) for piece in texts_of(document)}
        foreign = [piece for piece in pieces[language] if FOREIGN[language].search(piece)]
        assert foreign == [], f"{name} in {language}: {foreign}"
    untranslated = [piece for piece in pieces["fr"] & pieces["en"] if WORD.search(CITED.sub("", piece))]
    assert untranslated == [], f"{name} reads the same in both languages: {untranslated}"


def _without(text: str, known: list[str]) -> str:
    text = re.sub(r"https?://[^\s)]+", "·", text)
    for fact in known:
        text = text.replace(fact, "·")
    return text
