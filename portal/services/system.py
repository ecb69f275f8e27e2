"""What must be on the machine besides Python: WeasyPrint's libraries for invoices, a browser for the tests.

    python -m portal.services.system demo|test

Installs what is missing where we are root and there is apt; otherwise prints the one command to type and exits with code 2.
"""

import ctypes
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from portal.services.child import ServiceError
from portal.services.packages import apt_install, command_for, may_install

# The names WeasyPrint 70 tries (weasyprint/text/ffi.py), first Linux', then macOS'. It would do without harfbuzz-subset, but
# then it makes an invoice three to four times more slowly.
LIBRARIES = (
    ("libgobject-2.0.so.0", "libgobject-2.0.0.dylib"),
    ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    ("libharfbuzz.so.0", "libharfbuzz.0.dylib"),
    ("libharfbuzz-subset.so.0", "libharfbuzz-subset.0.dylib"),
    ("libfontconfig.so.1", "libfontconfig.1.dylib"),
    ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
)
PACKAGES = {
    "apt": "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "dnf": "pango harfbuzz",
    "brew": "pango",
}
BROWSERS = ("chromium", "chromium-browser")


def missing_libraries() -> list[str]:
    """The libraries of WeasyPrint that cannot be loaded here."""
    return [names[0] for names in LIBRARIES if not any(map(_loads, names))]


def browser() -> Path | None:
    """The system's Chromium, or None: then the tests use Playwright's own."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return Path(found) if found else None


def ensure_libraries() -> None:
    """Make sure invoices can be drawn. ServiceError with the command to type when we cannot install what is missing."""
    if missing_libraries() and may_install():
        apt_install(*PACKAGES["apt"].split())
    missing = missing_libraries()
    if missing:
        raise ServiceError(
            f"Invoices are drawn with system libraries that are missing here: {', '.join(missing)}.\n"
            f"Install them with:\n\n    {command_for(**PACKAGES)}\n"
        )


def ensure_browser() -> None:
    """Make sure the browser tests have a Chromium. ServiceError when there is none to be had."""
    if browser() is None and may_install():
        apt_install("chromium")
    if browser() is not None or _playwrights_own().exists():
        return
    print("Downloading Playwright's Chromium", flush=True)
    if subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode != 0:
        command = command_for(apt="chromium", dnf="chromium", brew="--cask chromium")
        raise ServiceError(f"The browser tests need a Chromium. Install it with:\n\n    {command}\n")


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def _playwrights_own() -> Path:
    from playwright.sync_api import sync_playwright  # a test requirement: the demo is installed without it

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path)


def main(arguments: Sequence[str]) -> int:
    """Check (and install) what `demo` or `test` needs; answers the exit code."""
    try:
        ensure_libraries()
        if "test" in arguments:
            ensure_browser()
    except ServiceError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
