"""What every page has to keep to, whatever is on it: bytes, width, accessibility."""

from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page, ViewportSize

KILOBYTES = 100
NARROWEST = 320  # pixels
WIDTHS = (1280, 375)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The card form has tests of its own; axe cannot look into a frame from outside.
EXCEPT_FRAMES = {"exclude": [["iframe"]]}
ONLY_FLAWS = {"resultTypes": ["violations"]}
# Buttons fade into the colours of the other theme; halfway through they have too little contrast.
SETTLE = """() => {
  // What a closed disclosure hides stands still: its transitions would never end.
  const fading = document.getAnimations().filter((one) => one instanceof CSSTransition && one.effect.target.checkVisibility());
  return Promise.all(fading.map((animation) => animation.finished)).then(() => null);
}"""


@dataclass
class Transfer:
    """Bytes that came over the network for a page, as the browser counts them, without those of `elsewhere`."""

    page: Page
    elsewhere: str
    _addresses: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    @property
    def kilobytes(self) -> float:
        return sum(self.sizes.values()) / 1000

    def _sent(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        address = self._addresses.get(event["requestId"], "")
        if not address.startswith((self.elsewhere, "data:", "blob:")):
            self.sizes[address] = self.sizes.get(address, 0) + int(event["encodedDataLength"])


def flaws(page: Page) -> list[str]:
    """What axe objects to, wide and narrow, in light and dark."""
    found = []
    for width, theme in product(WIDTHS, THEMES):
        page.set_viewport_size(_size(width))
        page.emulate_media(color_scheme=theme)
        page.evaluate(SETTLE)
        for flaw in Axe().run(page, context=EXCEPT_FRAMES, options=ONLY_FLAWS).response["violations"]:
            found += [f"{flaw['id']} at {width} px, {theme}: {node['html']}" for node in flaw["nodes"]]
    return found


def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the narrowest screen."""
    page.set_viewport_size(_size(NARROWEST))
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width - NARROWEST


def _size(width: int) -> ViewportSize:
    return {"width": width, "height": 900}
