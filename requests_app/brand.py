"""An organisation's one colour as a style sheet of its own: the policy against inline styles stays strict."""

import re

DEFAULT = "#0b5d57"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def brand_css(colour: str) -> str:
    """One line that names the colour (#rrggbb); tokens.css derives every shade of it, readable whatever it is.

    Anything that is no such colour gives the product's own: the text goes into a style sheet.
    """
    return f":root{{--brand:{colour.lower() if _COLOUR.fullmatch(colour) else DEFAULT}}}\n"
