"""Whatever colour an organisation states: what is written in it or on it stays readable (WCAG 2.2, 1.4.3)."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from tests.journeys.test_browser_journey import chromium  # noqa: F401 - a fixture

pytestmark = pytest.mark.chromium

TOKENS = Path(settings.BASE_DIR) / "dsar" / "core" / "static" / "dsar" / "tokens.css"
# Words in the accent on each paper, words on the accent, and words on its pale shade.
PAIRS = [
    *[("--accent", paper) for paper in ("--paper", "--surface", "--sunk", "--accent-bg")],
    *[("--on-accent", accent) for accent in ("--accent", "--accent-2")],
    *[(ink, "--accent-bg") for ink in ("--ink", "--ink-2")],
]
WORST = """pairs => {
  const probe = document.body.appendChild(document.createElement("p"));
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = name => {
    probe.style.color = `var(${name})`;
    canvas.fillStyle = getComputedStyle(probe).color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(byte => byte / 255)
      .map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [], levels = [0, 64, 128, 191, 255];
  for (const r of levels) for (const g of levels) for (const b of levels) {
    document.documentElement.style.setProperty("--brand", `rgb(${r} ${g} ${b})`);
    for (const [words, paper] of pairs) {
      const [dark, light] = [luminance(words), luminance(paper)].sort((one, other) => one - other);
      found.push([(light + 0.05) / (dark + 0.05), `${words} on ${paper}, brand ${r} ${g} ${b}`]);
    }
  }
  return found.sort((one, other) => one[0] - other[0])[0];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_is_readable(chromium: Browser, scheme: Any) -> None:  # noqa: F811 - the fixture
    for contrast in ("no-preference", "more"):
        page = chromium.new_page(color_scheme=scheme, contrast=contrast)
        page.set_content(f"<!doctype html><style>{TOKENS.read_text()}</style><body>")
        ratio, where = page.evaluate(WORST, PAIRS)
        assert ratio >= 4.5, where
