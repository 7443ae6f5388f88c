"""What a program sends, read with suspicion: size, form, and characters that are no text."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from requests_app.api.problems import TooLarge
from requests_app.forms import text_clean

LONGEST = 1024 * 1024  # bytes of a body: every field at its limit, each character escaped


class JsonParser(BaseParser):
    """JSON in UTF-8 (RFC 8259), nothing else: neither NaN nor a name that stands twice, of which one would be lost.

    Control characters and halves of surrogate pairs are taken out of every text, as the public form does.
    """

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises TooLarge or ParseError."""
        content: bytes = stream.read(LONGEST + 1)
        if len(content) > LONGEST:
            raise TooLarge(_("Send less: 1 MB at most. Nothing of this was kept; what was accepted before is."))
        try:
            return json.loads(content.decode("utf-8-sig"), parse_constant=_refuse, object_pairs_hook=_object)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError too
            raise ParseError(_("This is not valid JSON in UTF-8."), "json_malformed") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = {text_clean(name): text_clean(value) if isinstance(value, str) else value for name, value in pairs}
    if len(found) != len(pairs):
        raise ParseError(_("A name stands twice in one object."), "name_twice")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(constant)
