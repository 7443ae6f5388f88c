"""An incoming e-mail as a dataclass: pure and total, because what strangers send must never stop the mailbox.

`parse` raises nothing, whatever the bytes: each step that can fail is tried, and what went wrong is a code in `defects`.
"""

from __future__ import annotations

import codecs
import email
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from functools import partial
from io import BytesIO
from mimetypes import guess_extension
from typing import TypeVar

import nh3

from requests_app.mail_text import bytes_decode, flowed_join, header_decode, html_to_text, text_clean

T = TypeVar("T")

MAX_PARTS = 500
MAX_DEPTH = 40
MAX_HEADER = 20_000  # characters of one header that are looked at
MAX_HTML = 2_000_000  # characters that are sanitised; the raw mail keeps the rest
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,240})>")
_ADDRESS = re.compile(r"[^\s<>\"(),:;\[\]\\@]{1,64}@[^\s<>\"(),:;\[\]\\@]{1,190}")
_HTML_TAGS = nh3.ALLOWED_TAGS - {"img"}  # a remote picture tells its owner who opened the mail, and when


@dataclass(frozen=True)
class Mailbox:
    """One address with the name beside it, either may be empty."""

    name: str
    address: str


@dataclass(frozen=True)
class Attachment:
    """`content_type` is what the sender says it is; size in bytes, sha256 in hex."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: bytes


@dataclass(frozen=True)
class ParsedEmail:
    """One message. Texts hold no NUL and no broken surrogate; instants are aware; ids stand without angle brackets."""

    message_id: str
    subject: str
    sender_name: str
    sender: str
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    delivered_to: tuple[str, ...]
    date: datetime | None
    received_at: datetime | None  # of the newest Received header: written by the receiving side, not by the sender
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    defects: tuple[str, ...]
    in_reply_to: str
    references: tuple[str, ...]
    content_type: str
    headers: tuple[tuple[str, str], ...]  # lower-case name, decoded value, in order

    def header(self, name: str) -> str | None:
        """The first header of that name, lower case; None when there is none."""
        return next((value for found, value in self.headers if found == name), None)


def parse(raw: bytes) -> ParsedEmail:
    """The message in `raw`. Never raises; what is no mail at all comes back with the defect `no_headers`."""
    defects: list[str] = []
    message = _message(raw, defects)
    headers = _headers(message, defects)
    parts = _Parts(defects)
    _guard(lambda: parts.take(message), None, "structure_broken", defects)
    if not headers:
        defects.append("no_headers")
    senders = _mailboxes(headers, "from") or _mailboxes(headers, "sender")
    sender = next((found for found in senders if found.address), Mailbox("", ""))
    if not sender.address:
        defects.append("no_sender")
    references = _ids(headers, "references")
    html = text_clean("\n".join(parts.htmls))
    text = "\n".join(part.strip("\n") for part in parts.texts if part.strip())
    if not text and html:
        text = _guard(lambda: html_to_text(html[:MAX_HTML]), "", "html_broken", defects)
    return ParsedEmail(
        message_id=next(iter(_ids(headers, "message-id")), ""),
        subject=_one_line(_first(headers, "subject")),
        sender_name=sender.name,
        sender=sender.address,
        to=tuple(_mailboxes(headers, "to")),
        cc=tuple(_mailboxes(headers, "cc")),
        reply_to=tuple(_mailboxes(headers, "reply-to")),
        delivered_to=tuple(
            found.address
            for name in ("delivered-to", "x-original-to", "envelope-to")
            for found in _mailboxes(headers, name)
        ),
        date=_instant(_first(headers, "date")),
        received_at=_instant(_first(headers, "received").rpartition(";")[2]),
        text=text,
        html=_guard(lambda: _html_clean(html), "", "html_broken", defects),
        attachments=tuple(parts.attachments),
        defects=tuple(dict.fromkeys(defects)),
        in_reply_to=next(iter(_ids(headers, "in-reply-to")), ""),
        references=references,
        content_type=_guard(message.get_content_type, "text/plain", "content_type_broken", defects),
        headers=tuple((name, header_decode(value)) for name, value in headers),
    )


def _guard(step: Callable[[], T], otherwise: T, defect: str, defects: list[str]) -> T:
    """The step's result, or `otherwise` with a defect noted. The one place where any error is caught:
    the standard parser raises two dozen kinds on real mail, and which ones changes with each version."""
    try:
        return step()
    except Exception:
        defects.append(defect)
        return otherwise


def _message(raw: bytes, defects: list[str]) -> Message:
    """The standard parser's tree; where even that fails, the headers with the rest as one text."""
    data = raw.removeprefix(codecs.BOM_UTF8).lstrip(b"\r\n")
    if len(data) != len(raw):
        defects.append("leading_bytes")
    # Thousands of nested parts exhaust the parser's recursion: then the headers, and the rest as one text.
    whole = _guard(lambda: email.message_from_bytes(data, policy=policy.compat32), None, "structure_broken", defects)
    if whole is not None:
        return whole
    headers_only = partial(BytesHeaderParser(policy=policy.compat32).parsebytes, data)
    return _guard(headers_only, Message(), "headers_broken", defects)


def _headers(message: Message, defects: list[str]) -> list[tuple[str, str]]:
    """Names in lower case with raw values; bytes beyond ASCII are still surrogates."""
    found = []
    for name, value in message.raw_items():
        text = str(value)
        if len(text) > MAX_HEADER:
            defects.append("header_too_long")
        found.append((header_decode(str(name)).lower(), text[:MAX_HEADER]))
    return found


class _Parts:
    """Sorts the leaves of the tree into texts, pages and attachments, without recursion."""

    def __init__(self, defects: list[str]) -> None:
        self.defects = defects
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.attachments: list[Attachment] = []

    def take(self, message: Message) -> None:
        """Sort every part of the message, at most MAX_PARTS of them and MAX_DEPTH deep."""
        waiting = [(message, 0)]
        count = 0
        while waiting:
            part, depth = waiting.pop()
            count += 1
            if count > MAX_PARTS or depth > MAX_DEPTH:
                self.defects.append("too_many_parts")
                return
            self.defects.extend(_defect_code(defect) for defect in part.defects)
            inner = part.get_payload()
            if isinstance(inner, list) and part.get_content_maintype() != "message":
                waiting.extend((child, depth + 1) for child in reversed(inner) if isinstance(child, Message))
            else:
                _guard(partial(self._leaf, part), None, "part_broken", self.defects)

    def _leaf(self, part: Message) -> None:
        kind = _guard(part.get_content_type, "application/octet-stream", "content_type_broken", self.defects)
        name = self._name(part)
        disposition = str(part.get("content-disposition") or "").strip().lower()
        if kind in {"text/plain", "text/html"} and not name and not disposition.startswith("attachment"):
            text = self._text(part)
            (self.htmls if kind == "text/html" else self.texts).append(text)
            return
        content = self._content(part)
        if not (content or name):
            return
        number = len(self.attachments) + 1
        self.attachments.append(
            Attachment(
                name=name or f"attachment-{number}{guess_extension(kind) or '.bin'}",
                content_type=kind[:100],
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                content=content,
            )
        )

    def _text(self, part: Message) -> str:
        content = self._content(part)
        charset = _guard(lambda: part.get_content_charset(), None, "charset_broken", self.defects)
        text, truthful = bytes_decode(content, charset)
        if not truthful:
            self.defects.append("charset_wrong")
        if str(part.get_param("format") or "").lower() == "flowed":
            text = flowed_join(text, delete_space=str(part.get_param("delsp") or "").lower() == "yes")
        return text

    def _content(self, part: Message) -> bytes:
        """The bytes of a leaf; those of a message inside the message as they are."""
        if isinstance(part.get_payload(), list):
            return _guard(lambda: _inner_bytes(part), b"", "part_broken", self.defects)
        content = _guard(lambda: part.get_payload(decode=True), b"", "part_broken", self.defects)
        return content if isinstance(content, bytes) else b""

    def _name(self, part: Message) -> str:
        """The last step of the path the sender gives, without what a file system or a header could misread."""
        given = _guard(part.get_filename, None, "file_name_broken", self.defects)
        if not given:
            return ""
        name = re.split(r"[/\\]", header_decode(str(given)))[-1]
        return "".join(c for c in name if c.isprintable() and c not in '<>:"|?*')[-200:].strip(". ") or "file"


def _inner_bytes(part: Message) -> bytes:
    buffer = BytesIO()
    for inner in part.get_payload():
        BytesGenerator(buffer, mangle_from_=False, maxheaderlen=0).flatten(inner)
    return buffer.getvalue()


def _defect_code(defect: object) -> str:
    """StartBoundaryNotFoundDefect → start_boundary_not_found."""
    name = type(defect).__name__.removesuffix("Defect")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _first(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for found, value in headers if found == name), "")


def _ids(headers: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    """Message-IDs of a header, without the angle brackets; one that came without brackets counts as well."""
    value = text_clean(_first(headers, name).encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    found = _MESSAGE_ID.findall(value)
    bare = value.split()
    return tuple(found or bare[:1] if found or (len(bare) == 1 and len(bare[0]) <= 240) else ())


def _mailboxes(headers: list[tuple[str, str]], name: str) -> list[Mailbox]:
    """Every address of the headers of that name. Names are decoded after the split: they may hold commas."""
    values = [value.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for found, value in headers if found == name]
    found = []
    for display, address in _guard(lambda: getaddresses(values), [], "", []):
        matched = _ADDRESS.fullmatch(address.strip())
        if matched:
            found.append(Mailbox(header_decode(display)[:300], matched[0]))
    if not found:  # "Jean Dupont, Service Client <jean@…" and the like: the addresses alone
        found = [Mailbox("", address) for value in values for address in _ADDRESS.findall(value)[:100]]
    return found


def _instant(value: str) -> datetime | None:
    """The aware instant of a date header; one without a zone is taken as UTC (RFC 5322, "-0000")."""
    try:
        found = parsedate_to_datetime(header_decode(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError, AttributeError):
        return None


def _one_line(value: str) -> str:
    return header_decode(value)[:500]


def _html_clean(source: str) -> str:
    """Markup that can do nothing: no script, style, picture or form, links to pages and mailboxes only."""
    return nh3.clean(
        source[:MAX_HTML], tags=_HTML_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}
    )
