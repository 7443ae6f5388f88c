"""The organisation's accent made readable on white paper: same hue, lightness clamped, for letters and e-mails.

The pages do the same in CSS with oklch(); mail clients and the PDF renderer need the result (WCAG 2.2, 1.4.3).
"""

import math
import re
from functools import lru_cache

DARKEST_LIGHTNESS, MOST_CHROMA = 0.46, 0.15
DEFAULT = "#0b5d57"


def brand_colour(stated: str) -> str:
    """The colour as `#rrggbb` in small letters; the product's own for anything that is no such colour."""
    return stated.lower() if re.fullmatch(r"#[0-9a-fA-F]{6}", stated) else DEFAULT


@lru_cache(maxsize=256)
def accent_print(brand: str) -> str:
    """`#rrggbb` of the same hue with at least 5.2:1 against white; the default for anything that is no such colour."""
    brand = brand_colour(brand)
    red, green, blue = (_linear(int(brand[place : place + 2], 16) / 255) for place in (1, 3, 5))
    lightness, a, b = _oklab(red, green, blue)
    chroma, hue = math.hypot(a, b), math.atan2(b, a)
    lightness, chroma = min(lightness, DARKEST_LIGHTNESS), min(chroma, MOST_CHROMA)
    while True:  # outside sRGB a colour loses chroma until it fits
        channels = _rgb(lightness, chroma * math.cos(hue), chroma * math.sin(hue))
        if chroma <= 0.001 or all(-0.0005 <= channel <= 1.0005 for channel in channels):
            return "#" + "".join(f"{round(255 * _encoded(min(max(channel, 0), 1))):02x}" for channel in channels)
        chroma -= 0.005


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _oklab(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Linear sRGB to OKLab (B. Ottosson, 2020)."""
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _rgb(lightness: float, a: float, b: float) -> tuple[float, float, float]:
    """OKLab to linear sRGB."""
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
