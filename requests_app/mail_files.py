"""Messages out of files and folders: single mails whatever their name, mboxes, Maildirs; one at a time in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

# "From sender Sat Jan  3 01:05:34 1996": a sentence that begins with "From" has no such date.
_SEPARATOR = re.compile(rb"From \S+ .*\d\d:\d\d.*\d{4}\s*$")
_ESCAPED = re.compile(rb"^>+From ")


@dataclass(frozen=True)
class MailInFile:
    """One message; `path` names it for the reader, with #n for the n-th message of an mbox."""

    path: str
    raw: bytes


def mails_in(paths: Iterable[str]) -> Iterator[MailInFile]:
    """Every message below the paths, in the order of the names. Raises OSError for what cannot be read."""
    for path in paths:
        for file in files_below(Path(path)):
            yield from mails_in_file(file)


def files_below(path: Path) -> Iterator[Path]:
    """The file itself, or all files below the folder; links to folders are not followed, nor a Maildir's tmp."""
    if not path.is_dir():
        yield path
        return
    entries = sorted(path.iterdir())
    names = {entry.name for entry in entries}
    is_maildir = {"cur", "new"} <= names
    for entry in entries:
        if entry.is_dir():
            if not entry.is_symlink() and not (is_maildir and entry.name == "tmp"):
                yield from files_below(entry)
        elif entry.is_file():
            yield entry


def mails_in_file(path: Path) -> Iterator[MailInFile]:
    """The messages of one file: an mbox is known by its first line, anything else is one message."""
    with path.open("rb") as file:
        first = file.readline(1000)
        if not _SEPARATOR.match(first):
            yield MailInFile(str(path), first + file.read())
            return
        messages = _mbox(file)
        head = next(messages, b"")
        following = next(messages, None)
        if following is None:
            yield MailInFile(str(path), head)
            return
        yield MailInFile(f"{path}#1", head)
        yield MailInFile(f"{path}#2", following)
        for number, raw in enumerate(messages, start=3):
            yield MailInFile(f"{path}#{number}", raw)


def _mbox(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The messages after the first separator; ">From " is turned back (mboxrd)."""
    current: list[bytes] = []
    after_blank = False
    for line in lines:
        if after_blank and _SEPARATOR.match(line):
            yield b"".join(current[:-1])  # without the blank line that belongs to the separator
            current = []
        else:
            current.append(line[1:] if _ESCAPED.match(line) else line)
        after_blank = line in (b"\n", b"\r\n")
    yield b"".join(current)
