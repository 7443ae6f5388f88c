"""Text out of mail: charsets that lie, encoded headers, HTML to lines, and the person's own words without the quote.

Everything here is pure and takes time in proportion to its input, because the input is a stranger's.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import quopri
import re
from html.parser import HTMLParser

from charset_normalizer import from_bytes
from mailparser_reply import EmailReplyParser

SAMPLE = 16_384  # bytes that the charset guess looks at
MAX_FOLD = 20_000  # characters; the quote finder's patterns are not linear, longer texts get the plain rule only
MAX_FOLD_LINE = 400  # characters
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_LATIN = {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii", "ansi_x3.4-1968"}
# Codecs that decode something else than text in a charset, or in more than linear time.
_NO_CHARSET = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "rot13"}
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all controls but tab and line feed
_MARK = re.compile(r"[ \t]*>")
_ATTRIBUTION = re.compile(r"(?:on|le)\s.{4,300}(?:wrote|a écrit|écrit)\s*:", re.IGNORECASE | re.DOTALL)
_reply_parser = EmailReplyParser(languages=["fr", "en"])


def text_clean(text: str) -> str:
    """Newlines as \\n, no control characters, no half surrogates: what every database stores and every page shows."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text.encode("utf-8", "replace").decode("utf-8"))


def bytes_decode(data: bytes, charset: str | None) -> tuple[str, bool]:
    """The text of `data`, and whether its declared charset told the truth.

    UTF-8 that claims to be Latin-1 is read as UTF-8: such bytes do not happen by chance. Latin-1 means Windows-1252,
    as in every mail program. Without a usable charset it is guessed from a sample.
    """
    declared = (charset or "").strip().strip("'\"").lower()
    if not declared or declared in _LATIN:
        try:
            return text_clean(data.decode("utf-8-sig")), declared not in _LATIN or data.isascii()
        except UnicodeDecodeError:
            declared = "cp1252" if declared in _LATIN - {"us-ascii", "ascii", "ansi_x3.4-1968"} else ""
    if declared:
        try:
            if codecs.lookup(declared).name not in _NO_CHARSET:
                return text_clean(data.decode(declared)), True
        except (LookupError, UnicodeError, ValueError):
            pass
    return text_clean(_bytes_guess(data)), False


def _bytes_guess(data: bytes) -> str:
    """UTF-8 if it can be; the statistics of a guess need more than a few accents, so these have a rule of their own."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        if sum(byte > 127 for byte in data) < 0.3 * len(data):  # single accents among letters: Western Europe
            return data.decode("cp1252", "replace")
        best = from_bytes(data[:SAMPLE]).best()
        return data.decode(best.encoding if best else "cp1252", "replace")


def header_decode(raw: str) -> str:
    """A header as text on one line: RFC 2047 words, also broken ones, and raw bytes of any charset."""
    pieces: list[tuple[bytes, str]] = []
    position = 0
    for word in _ENCODED_WORD.finditer(raw):
        between = raw[position : word.start()]
        if between.strip() or not pieces:
            pieces.append((between.encode("utf-8", "surrogateescape"), ""))
        data, charset = _word_bytes(word[2], word[3]), word[1].partition("*")[0].lower()
        # A character may be cut between two words of one charset: join the bytes first.
        if pieces and pieces[-1][1] == charset and not between.strip():
            pieces[-1] = (pieces[-1][0] + data, charset)
        else:
            pieces.append((data, charset))
        position = word.end()
    pieces.append((raw[position:].encode("utf-8", "surrogateescape"), ""))
    text = "".join(bytes_decode(data, charset or None)[0] for data, charset in pieces)
    return " ".join(text.split())


def _word_bytes(encoding: str, content: str) -> bytes:
    data = content.encode("ascii", "replace")
    if encoding in "qQ":
        return quopri.decodestring(data.replace(b"_", b" "), header=False)
    try:
        return base64.b64decode(data + b"=" * (-len(data) % 4))
    except (binascii.Error, ValueError):
        return data


def flowed_join(text: str, *, joins_spaces: bool) -> str:
    """Text of format=flowed with its paragraphs whole again (RFC 3676): a line that ends in a space goes on."""
    lines: list[str] = []
    goes_on = False
    for line in text.split("\n"):
        line = line.removeprefix(" ")
        quoted = line.startswith(">")
        if goes_on and not quoted and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        goes_on = line.endswith(" ") and not quoted and line != "-- "
        if goes_on and joins_spaces:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line.rstrip(" ") if line != "-- " else line for line in lines)


_BLOCKS = """address article aside blockquote dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li main ol p pre
    section table tr ul"""


class _Lines(HTMLParser):
    """Collects the visible text; blocks become lines, quoted blocks lines with ">"."""

    BLOCKS = frozenset(_BLOCKS.split())
    HIDDEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.words: list[str] = []
        self.quotes = self.hidden = 0

    def line_end(self) -> None:
        line = " ".join("".join(self.words).split())
        self.words = []
        if line:
            self.lines.append("> " * min(self.quotes, 5) + line)
        elif self.lines and self.lines[-1]:
            self.lines.append("")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.HIDDEN:
            self.hidden += 1
        elif tag == "br" or tag in self.BLOCKS:
            if self.words or tag == "br":
                self.line_end()
        elif tag in {"td", "th"}:
            self.words.append(" ")
        self.quotes += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        if tag in self.HIDDEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in self.BLOCKS:
            if self.words:
                self.line_end()
            if tag == "p":
                self.line_end()
        self.quotes = max(0, self.quotes - (tag == "blockquote"))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def html_to_text(source: str) -> str:
    """The words of a page as lines. May raise on hostile markup."""
    parser = _Lines()
    parser.feed(source)
    parser.close()
    parser.line_end()
    return html.unescape("\n".join(parser.lines)).strip()


def reply_text(text: str) -> str:
    """What the person wrote themselves: the text without the mail they answer to.

    Without any quote the text comes back as it is. A mail that is nothing but a quote (a forwarded request) comes back
    whole: better too much than a request lost.
    """
    if len(text) <= MAX_FOLD and all(len(line) <= MAX_FOLD_LINE for line in text.split("\n")):
        replies = _reply_parser.read(text).replies
        if len(replies) > 1 and (own := _unquoted(replies[0].content)):
            return own
    if _MARK.match(text) is None and not re.search(r"\n[ \t]*>", text):
        return text.strip()
    return _unquoted(text) or text.strip()


def _unquoted(text: str) -> str:
    """The lines that carry no quote mark, without the "On … wrote:" that stood over the quote."""
    kept = "\n".join(line for line in text.split("\n") if not _MARK.match(line))
    paragraphs = [part for part in re.split(r"\n{2,}", kept) if not _ATTRIBUTION.fullmatch(part.strip())]
    return "\n\n".join(paragraphs).strip()
