"""Invoice data in, PDF bytes out. The only room that knows WeasyPrint; it fetches nothing but our own fonts."""

from functools import cache
from pathlib import Path

from flask import current_app
from weasyprint import CSS, HTML
from weasyprint.text import ffi
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from app.core import i18n
from app.core.logs import log

from .document import InvoiceDocument

TEMPLATE = "invoices/pdf.html"
FONTS = ("inter-4.1-print-regular.woff2", "inter-4.1-print-semibold.woff2")


def render(document: InvoiceDocument) -> bytes:
    """Draw the document as a tagged PDF in its customer's language, zone and paper size."""
    # The template's own environment, without Flask's context processors: those may ask the database.
    template = current_app.jinja_env.get_template(TEMPLATE)
    with i18n.using(document.locale, document.timezone):
        html = template.render(invoice=document)
    return draw(html)


def draw(html: str) -> bytes:
    """Set `html` in the invoice's style; whatever it refers to is refused, not fetched."""
    stylesheet, fonts = _stylesheet()
    page = HTML(string=html, url_fetcher=_fetcher())
    return bytes(page.write_pdf(stylesheets=[stylesheet], font_config=fonts, pdf_tags=True))


def prepare() -> None:
    """Draw a line for nobody: a worker's forks then find fonts and styles read, and what is missing is missed at start.

    Raises FileNotFoundError or jinja2.TemplateNotFound; a missing `libharfbuzz-subset` only costs time and is logged.
    """
    current_app.jinja_env.get_template(TEMPLATE)
    draw('<html lang="en"><title>0</title><p>0</p>')
    if not harfbuzz_subset_loaded():
        log.warning("libharfbuzz-subset not found, PDFs will take 3 to 4 times longer")


def harfbuzz_subset_loaded() -> bool:
    """Without `libharfbuzz-subset` fonts are cut down by Python code, which makes a PDF 3 to 4 times slower."""
    return ffi.harfbuzz_subset is not None


class OwnFontsOnly(URLFetcher):  # type: ignore[misc]  # WeasyPrint is untyped
    """Answers `font:` addresses of our two files; whatever else a document asks for is refused, unopened."""

    def __init__(self, directory: Path) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self._fonts = {f"font:{name}": (directory / name).read_bytes() for name in FONTS}

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        if url not in self._fonts:
            raise ValueError("a document may not fetch anything")
        return URLFetcherResponse(url, self._fonts[url], {"Content-Type": "font/woff2"})


def _static() -> Path:
    return Path(str(current_app.static_folder))


@cache
def _fetcher() -> OwnFontsOnly:
    return OwnFontsOnly(_static() / "vendor" / "inter")


@cache
def _stylesheet() -> tuple[CSS, FontConfiguration]:
    """Parsed once per process, with its fonts."""
    fonts = FontConfiguration()
    css = (_static() / "css" / "print" / "invoice.css").read_text(encoding="utf-8")
    return CSS(string=css, font_config=fonts, url_fetcher=_fetcher()), fonts
