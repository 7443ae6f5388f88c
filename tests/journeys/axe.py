"""Looks at a page as axe and a narrow screen do: light and dark, 320 and 1280 pixels wide."""

from dataclasses import dataclass, field
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (1280, 320)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AXE = Axe().axe_script
# Every rule in the light; in the dark the same page differs in its colours only.
RULES: dict[str, dict[str, Any]] = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}
RUN = """async rules => {
  const found = await axe.run(document, {...rules, resultTypes: ["violations"]})
  return found.violations.map(violation => ({
    id: violation.id,
    nodes: violation.nodes.map(node => node.target.join(" ") + ": " + node.failureSummary.replace(/\\s+/g, " ")),
  }))
}"""
# Colours that fade from light to dark are looked at when they have arrived.
SETTLE = "() => { document.body.offsetHeight; document.getAnimations().forEach(one => one.finish()) }"
# What is folded up counts too: axe and the width look at what is shown only.
UNFOLD = "() => document.querySelectorAll('details').forEach(one => { one.open = true })"
WIDTH = """() => {
  const wide = document.documentElement.scrollWidth, window_ = document.documentElement.clientWidth
  if (wide <= window_) return ""
  const over = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > window_ + 1)
  return `${wide} px wide: ` + over.slice(0, 4).map(e => e.tagName + "." + e.className + "#" + e.id).join(", ")
}"""


@dataclass
class Findings:
    """What was wrong on the pages of a journey, by page."""

    language: str
    pages: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def look(self, page: Page, name: str) -> None:
        """Look at the present page in each light and width; the page is left wide and light."""
        self.pages.append(name)
        if page.locator("html").get_attribute("lang") != self.language:
            self.wrong.append(f"{name}: not in {self.language}")
        page.evaluate(UNFOLD)
        page.evaluate(AXE)
        for width in WIDTHS[::-1]:
            page.set_viewport_size({"width": width, "height": 900})
            if overflow := page.evaluate(WIDTH):
                self.wrong.append(f"{name} at {width}: {overflow}")
            for scheme in SCHEMES[::-1]:
                page.emulate_media(color_scheme=scheme)
                page.evaluate(SETTLE)
                found: list[dict[str, Any]] = page.evaluate(RUN, RULES[scheme])
                self.wrong += [f"{name} at {width}, {scheme}: {one['id']} {one['nodes'][:3]}" for one in found]
