"""Somebody puts right who is billed, at a desk, on a phone at night, and without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.customer import PHONE_AT_NIGHT, WIDE, Customer
from tests.browser.demo import Demo
from tests.browser.test_without_javascript import buys_at_another_browser

WITHOUT_SCRIPT = {**WIDE, "java_script_enabled": False}


@pytest.mark.parametrize("device", [WIDE, PHONE_AT_NIGHT, WITHOUT_SCRIPT], ids=["wide", "phone", "without script"])
def test_the_next_invoice_goes_where_it_should(
    newcomer: Callable[..., Customer], demo: Demo, device: dict[str, Any]
) -> None:
    nora = newcomer("Nora", "Norse Code", **device)
    nora.signs_up()
    nora.opens("/settings/billing")
    nora.is_on("Billing details")
    saves_an_address(nora)
    handles_tax_numbers(nora)

    nora.chooses("Growth")
    expect(nora.page.get_by_label("Country")).to_have_value("DE")
    buys_at_another_browser(nora, demo)
    nora.waits_for("/invoices", nora.invoice_links())
    expect(nora.page.get_by_role("main")).to_contain_text("99,00")
    nora.invoice_links().click()
    for words in ("PO-1842", "DE987654321"):
        nora.reads(words)


def saves_an_address(nora: Customer) -> None:
    nora.fills(Legal_name="Norse Code GmbH", Address_line_1="Hauptstr. 1", Postal_code="10115", City="Berlin")
    nora.page.get_by_label("Country", exact=True).select_option("DE")
    nora.fills(Purchase_order_number="PO-1842", Further_recipients_of_invoices="books")
    nora.page.get_by_label("Amounts and dates").select_option("de_DE")
    nora.page.get_by_label("Time zone").select_option("Europe/Berlin")
    nora.presses("Save")
    nora.reads("“books” is not a mail address.")
    expect(nora.page.get_by_label("City", exact=True)).to_have_value("Berlin")
    nora.fills(Further_recipients_of_invoices="books@example.com")
    nora.presses("Save")
    expect(nora.page.locator("#flashes")).to_contain_text("Saved.")
    assert nora.page.evaluate("document.documentElement.scrollWidth") <= nora.page.viewport_size["width"]


def handles_tax_numbers(nora: Customer) -> None:
    numbers = nora.page.locator("#billing-tax-ids")
    nora.page.get_by_label("Kind of number").select_option("eu_vat")
    for number in ("de 987 654 321", "DE111111111"):
        nora.page.get_by_label("Number", exact=True).fill(number)
        nora.presses("Add tax number")
        expect(numbers).to_contain_text(number.upper().replace(" ", ""))
    nora.presses("Remove DE111111111")
    expect(numbers).not_to_contain_text("DE111111111")
    expect(numbers).to_contain_text("Checked when you choose a plan")
