"""An organisation's logo: a small PNG, or an SVG that holds shapes and nothing else. Refused, never repaired."""

import hashlib
import re
from xml.etree import ElementTree

LARGEST = 20 * 1024  # bytes: it is part of every public page
LOGO_POLICY = "default-src 'none'; sandbox"
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "{http://www.w3.org/2000/svg}"
_SHAPES = frozenset((
    "svg", "g", "defs", "title", "desc", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "clipPath", "linearGradient", "radialGradient", "stop", "use", "symbol", "mask",
))  # fmt: skip
_HREF = ("href", "{http://www.w3.org/1999/xlink}href")
# A backslash may write any of these another way.
_ELSEWHERE = re.compile(r"url\(\s*[\"']?\s*(?!#)|javascript:|data:|https?:|\\", re.IGNORECASE)
_DECLARATION = re.compile(
    r"""<\?xml\s+version=["']1\.0["'](\s+encoding=["']utf-8["'])?(\s+standalone=["'](yes|no)["'])?\s*\?>""",
    re.IGNORECASE,
)


def logo_problem(content: bytes) -> str:
    """Why this is no logo that we show, in English like all problems of a profile; empty for a good one."""
    if len(content) > LARGEST:
        return f"the logo has {len(content)} bytes, {LARGEST} at most"
    if content.startswith(_PNG):
        return ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "the logo is neither PNG nor SVG in UTF-8"
    # What reads it here and what shows it there must read the same: one encoding, no instruction beside the shapes.
    declaration = _DECLARATION.match(text)
    if "<?" in text[declaration.end() if declaration else 0 :]:
        return "an SVG logo must be in UTF-8 and have no processing instruction"
    # A document type may define entities that grow without end, so none is let near the parser.
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        return "an SVG logo must have no document type"
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - small, and without entities
    except (ElementTree.ParseError, ValueError, LookupError):
        return "the logo is neither PNG nor SVG"
    if root.tag != f"{_SVG}svg":
        return "the logo is neither PNG nor SVG"
    return next((problem for element in root.iter() if (problem := _element_problem(element))), "")


def _element_problem(element: ElementTree.Element) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag not in _SHAPES:
        return f"an SVG logo must hold shapes only, not <{tag.rpartition('}')[2]}>"
    for name, value in element.attrib.items():
        if name.lower().startswith("on") or name == "style":
            return f"an SVG logo must not have the attribute {name}"
        if _ELSEWHERE.search(value) or (name in _HREF and not value.startswith("#")):
            return f"an SVG logo must not refer to anything else ({name.rpartition('}')[2]})"
    return ""


def logo_type(content: bytes) -> str:
    """The media type of a logo that has no problem."""
    return "image/png" if content.startswith(_PNG) else "image/svg+xml"


def logo_digest(content: bytes) -> str:
    """Part of the address of a logo, so that browsers may keep it and still see a new one; empty for none."""
    return hashlib.sha256(content).hexdigest()[:16] if content else ""
