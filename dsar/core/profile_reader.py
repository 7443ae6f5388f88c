"""Reads a TOML profile strictly: every value is checked, every problem found is kept with its key and its line.

A reader never stops at the first problem and returns something harmless in its place, so that whoever writes a profile
sees all that is wrong at once. `ProfileReader.check` raises what was found.
"""

import logging
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path as Folder
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email

from dsar.core.durations import duration_parts
from dsar.core.toml_lines import Path, key_lines

logger = logging.getLogger(__name__)

Texts = dict[str, str]

_CODE = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ARTICLE = re.compile(r"\d+(?:\(\d\))?(?:\([a-z]\))?(?:-\(\d\))?(?:, .+)?")


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a profile; `line` counts from 1, 0 where the file as a whole is meant."""

    key: str
    line: int
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "the file"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class ProfileError(Exception):
    """A profile that cannot be imported; `problems` lists everything that is wrong, in the order of the lines."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Table:
    """One table of a profile. Each method takes the value of one key; what nobody took is unknown at the end."""

    def __init__(
        self, values: Mapping[str, Any], path: Path, lines: Mapping[Path, int], problems: list[Problem]
    ) -> None:
        self._values, self._path, self._lines, self._problems = values, path, lines, problems
        self._taken: set[str] = set()
        self._children: list[Table] = []

    # What is wrong, and where

    def problem(self, key: str, message: str, index: int | None = None) -> None:
        """Note a problem with a key of this table, or with one element of its list."""
        path = (*self._path, key) if key else self._path
        if index is not None:
            path = (*path, index)
        self._problems.append(Problem(_spelled(path), self._line(path), message))

    def _line(self, path: Path) -> int:
        """The line of the key, else of the nearest table above it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 0)

    def finish(self) -> None:
        """Note every key that nobody took, here and in all tables below."""
        for key in self._values:
            if key not in self._taken:
                self.problem(key, "unknown key")
        for child in self._children:
            child.finish()

    def take(self, key: str, kind: type[Any], *, required: bool = False) -> Any:
        """The value of the key if it is of that kind, else None."""
        self._taken.add(key)
        value = self._values.get(key)
        if value is None:
            if required:
                self.problem(key, "missing")
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.problem(key, f"must be {_KINDS[kind]}")
            return None
        return value

    # One value

    def text(self, key: str, *, required: bool = False, limit: int = 200) -> str:
        """A text of one line or more, in one language only: a name, an address."""
        value = self.take(key, str, required=required)
        if value is None:
            return ""
        if value != value.strip():
            self.problem(key, "begins or ends with white space")
        if required and not value.strip():
            self.problem(key, "is empty")
        if len(value) > limit:
            self.problem(key, f"is longer than {limit} characters")
        return str(value)

    def matching(self, key: str, pattern: re.Pattern[str], meaning: str, *, required: bool = False) -> str:
        """A text of a fixed form."""
        value = self.text(key, required=required)
        if value and not pattern.fullmatch(value):
            self.problem(key, f"“{value}” is not {meaning}")
            return ""
        return value

    def code(self, key: str = "code") -> str:
        """The code that identifies a row: small letters, digits, hyphens."""
        return self.matching(key, _CODE, "a code: small letters, digits, hyphens and underscores", required=True)

    def colour(self, key: str, default: str) -> str:
        """A colour such as #0b5d57."""
        return self.matching(key, _COLOUR, "a colour such as #0b5d57") or default

    def country(self, key: str, *, required: bool = False) -> str:
        """A country of ISO 3166-1 in two capitals."""
        return self.matching(key, _COUNTRY, "a country code of two capitals", required=required)

    def article(self, key: str = "article") -> str:
        """An article of the GDPR as `13(2)(a)`."""
        return self.matching(key, _ARTICLE, "an article such as 13(2)(a)", required=True)

    def duration(self, key: str) -> str:
        """A period of ISO 8601 such as P5Y, empty where none is stated."""
        value = self.text(key)
        if value and duration_parts(value) is None:
            self.problem(key, f"“{value}” is not a period such as P5Y, P6M or PT72H")
            return ""
        return value

    def email(self, key: str, *, required: bool = False) -> str:
        """An e-mail address."""
        return self._validated(key, validate_email, "an e-mail address", required=required)

    def url(self, key: str) -> str:
        """A web address."""
        return self._validated(key, URLValidator(schemes=["http", "https"]), "a web address", required=False)

    def _validated(self, key: str, validator: Any, meaning: str, *, required: bool) -> str:
        value = self.text(key, required=required)
        try:
            if value:
                validator(value)
        except ValidationError:
            self.problem(key, f"“{value}” is not {meaning}")
            return ""
        return value

    def flag(self, key: str) -> bool | None:
        """true, false, or None where the profile says nothing."""
        value = self.take(key, bool)
        return None if value is None else bool(value)

    def choice(self, key: str, allowed: Collection[str], *, default: str | None = None) -> str:
        """One word of a closed list; without a default the key is required."""
        value = self.take(key, str, required=default is None)
        if value is None:
            return default or ""
        if value not in allowed:
            self.problem(key, _not_in(value, allowed))
            return default or ""
        return str(value)

    # Several values

    def choices(self, key: str, allowed: Collection[str]) -> list[str]:
        """Several words of a closed list, none twice."""
        found: list[str] = []
        for index, value in enumerate(self.take(key, list) or []):
            if value not in allowed:
                self.problem(key, _not_in(value, allowed), index)
            elif value in found:
                self.problem(key, f"“{value}” stands there twice", index)
            else:
                found.append(value)
        return found

    def texts(self, key: str, *, required: bool = False) -> Texts:
        """A text by language, { fr = "…", en = "…" }; empty where the profile says nothing."""
        return self._texts(key, self.take(key, dict, required=required), None)

    def texts_list(self, key: str) -> list[Texts]:
        """Several texts by language; an empty list where the profile says nothing."""
        found = [self._texts(key, value, index) for index, value in enumerate(self.take(key, list) or [])]
        return [texts for texts in found if texts]

    def _texts(self, key: str, value: Any, index: int | None) -> Texts:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.problem(key, 'must be texts by language: { fr = "…", en = "…" }', index)
            return {}
        languages = [code for code, _name in settings.LANGUAGES]
        for language in value:
            if language not in languages:
                self.problem(key, f"unknown language {_not_in(language, languages)}", index)
        for language in languages:
            text = value.get(language)
            if not isinstance(text, str) or not text.strip():
                self.problem(key, f"has no text in “{language}”", index)
        return {language: value[language] for language in languages if isinstance(value.get(language), str)}

    def table(self, key: str) -> "Table":
        """The table of that key; an empty one where the profile has none."""
        return self._child(self.take(key, dict) or {}, (*self._path, key))

    def tables(self, key: str) -> list["Table"]:
        """The tables of an array of tables."""
        values = self.take(key, list) or []
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.problem(key, "must be a table", index)
        return [
            self._child(value, (*self._path, key, index))
            for index, value in enumerate(values)
            if isinstance(value, dict)
        ]

    def names(self) -> list[str]:
        """The keys of this table, for one whose keys are codes."""
        return list(self._values)

    def states(self, key: str, value: object = None) -> bool:
        """Whether the table has the key, with that value if one is given."""
        return key in self._values and value in (None, self._values[key])

    def _child(self, values: Mapping[str, Any], path: Path) -> "Table":
        child = Table(values, path, self._lines, self._problems)
        self._children.append(child)
        return child


class ProfileReader(Table):
    """A whole profile; raises ProfileError at once for a file that is no TOML.

    `folder` is where it lies, for the files that it names.
    """

    def __init__(self, content: bytes, folder: Folder | None = None) -> None:
        try:
            text = content.decode("utf-8")
            values = tomllib.loads(text)
        except UnicodeDecodeError as error:
            raise ProfileError([Problem("", content[: error.start].count(b"\n") + 1, "not UTF-8")]) from error
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            raise ProfileError([Problem("", int(line[1]) if line else 0, f"not TOML: {error}")]) from error
        super().__init__(values, (), key_lines(text), [])
        self.values, self._folder = values, folder

    def beside(self, table: Table, key: str, *, largest: int) -> bytes:
        """The content of the file that the key names and that lies beside the profile; empty where it names none.

        A file that is not there is no problem of the profile, which may have been copied without it: it is logged.
        """
        name = table.matching(key, _FILE_NAME, "the name of a file beside the profile")
        if not name:
            return b""
        path = self._folder / name if self._folder else None
        if path is None or not path.is_file():
            logger.warning("“%s” does not lie beside the profile: it is left out", name)
            return b""
        if path.stat().st_size > largest:
            table.problem(key, f"“{name}” is larger than {largest} bytes")
            return b""
        return path.read_bytes()

    def check(self) -> None:
        """Raise ProfileError with everything found, unknown keys included."""
        self.finish()
        if self._problems:
            raise ProfileError(self._problems)


def unique_codes(tables: Collection[Table], codes: Collection[str], key: str = "code") -> None:
    """Note each code that stands there twice: a code identifies its row from one import to the next."""
    seen: set[str] = set()
    for table, code in zip(tables, codes, strict=True):
        if code and code in seen:
            table.problem(key, f"“{code}” stands there twice")
        seen.add(code)


def _spelled(path: Path) -> str:
    """A path as people write it: activities[0].name."""
    spelled = ""
    for part in path:
        spelled += f"[{part}]" if isinstance(part, int) else f".{part}"
    return spelled.lstrip(".")


def _not_in(value: object, allowed: Collection[str]) -> str:
    return f"“{value}” is not one of: {', '.join(allowed)}"


_KINDS: dict[type[Any], str] = {
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
