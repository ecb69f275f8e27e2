"""Reading what a browser has downloaded."""

from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader


def downloaded(page: Page) -> str:
    """The text of the invoice's PDF, which the page offers as soon as it is made."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download PDF").click()
    path = Path(download.value.path())
    assert path.read_bytes().startswith(b"%PDF-")
    assert download.value.suggested_filename.endswith(".pdf")
    return " ".join(sheet.extract_text() for sheet in PdfReader(path).pages)
