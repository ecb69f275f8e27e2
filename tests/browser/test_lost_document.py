"""A PDF is a file, and files get lost."""

import shutil
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.customer import Customer
from tests.browser.demo import Demo
from tests.browser.reading import downloaded


def test_a_lost_document_is_made_again_while_the_page_waits(newcomer: Callable[..., Customer], demo: Demo) -> None:
    ada = newcomer("Ada", "Analytical Engines")
    ada.signs_in(demo.env["ADA_EMAIL"], demo.env["ADA_PASSWORD"])
    shutil.rmtree(demo.home / "documents" / "invoices")
    ada.opens("/invoices")
    number = ada.invoice_links().last.inner_text()
    ada.follows(number)
    ada.reads("The PDF could not be made.")
    ada.presses("Try again")
    expect(ada.page.locator("#invoice-pdf")).to_have_text("Preparing your PDF…")
    assert number in downloaded(ada.page)
