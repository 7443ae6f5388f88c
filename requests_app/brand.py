"""An organisation's one colour as a style sheet of its own: the policy against inline styles stays strict."""

from dsar.core.colour import brand_colour


def brand_css(colour: str) -> str:
    """One line that names the colour (#rrggbb); tokens.css derives every shade of it, readable whatever it is.

    Anything that is no such colour gives the product's own: the text goes into a style sheet.
    """
    return f":root{{--brand:{brand_colour(colour)}}}\n"
