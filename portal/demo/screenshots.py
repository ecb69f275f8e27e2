"""The pictures of the README, taken from the running demo: `python -m portal.demo.screenshots [DIRECTORY OF THE DEMO]`."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from portal.services import system
from portal.services.child import ServiceError

PICTURES = Path(__file__).parents[2] / "docs/img"
SIZE: ViewportSize = {"width": 1280, "height": 860}  # CSS pixels; a longer page makes a longer picture
SHARPNESS = 1.5  # device pixels to one of them: sharp on good screens, and still a small file
# The demo is on this machine: nothing else shall go over the network. As root Chromium has no sandbox of its own.
OPTIONS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"


def main(home: Path) -> None:
    """Write overview.png and checkout.png to docs/img/. ServiceError when no demo runs in `home`."""
    demo = _attach(home)
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system.browser(), args=OPTIONS.split())
        with _signed_in(browser, demo, "ADA") as page:
            page.wait_for_load_state("networkidle")
            _take(page, "overview")
        with _signed_in(browser, demo, "CLEO") as page:
            _fill_checkout(page, "Growth")
            _take(page, "checkout")
        browser.close()


def _attach(home: Path) -> dict[str, str]:
    try:
        return dict(line.split("=", 1) for line in (home / "env").read_text().splitlines())
    except FileNotFoundError:
        raise ServiceError("The pictures are taken from the demo. Start it in another terminal: make demo") from None


@contextmanager
def _signed_in(browser: Browser, demo: Mapping[str, str], person: str) -> Iterator[Page]:
    """A page of this person's own browser, on the overview, in the light theme."""
    context = browser.new_context(
        base_url=demo["PORTAL_URL"], viewport=SIZE, device_scale_factor=SHARPNESS, color_scheme="light", locale="en-US"
    )
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Email").fill(demo[f"{person}_EMAIL"])
    page.get_by_label("Password", exact=True).fill(demo[f"{person}_PASSWORD"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview", level=1).wait_for()
    yield page
    context.close()


def _fill_checkout(page: Page, plan: str) -> None:
    page.goto("/plans")
    page.get_by_role("link", name=f"Choose {plan}").click()
    page.get_by_label("Name").fill("Hypatia Press")
    page.get_by_label("Country").first.select_option("GB")
    card = page.frame_locator("#card-slot iframe").first
    card.get_by_label("Card number").fill("4242424242424242")
    card.get_by_label("Expiration date").fill("1234")
    card.get_by_label("Security code").fill("123")
    page.get_by_role("heading", level=1).click()  # out of the field, so that no cursor blinks in the picture


def _take(page: Page, name: str) -> None:
    file = PICTURES / f"{name}.png"
    page.screenshot(path=file, animations="disabled", full_page=True)
    print(f"docs/img/{file.name}: {file.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1] if sys.argv[1:] else ".demo"))
    except ServiceError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
