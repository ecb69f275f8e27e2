"""The printed invoice, read back from its bytes."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from app.core.money import Money
from app.gateway.invoices import InvoiceRecord, TaxRecord
from app.invoices import pdf
from app.invoices.document import MOST_LINES
from tests.invoices.records import BUYER, ISSUED, LINE, OPEN, document, paid

MILLIMETRE = 72 / 25.4
A4, LETTER = (210, 297), (215.9, 279.4)


def drawn(press: Flask, record: InvoiceRecord, **organization: Any) -> PdfReader:
    return PdfReader(BytesIO(pdf.render(document(press, record, **organization))))


def words(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def fonts(reader: PdfReader) -> set[str]:
    """Names of the faces on its pages."""
    resources = [cast(DictionaryObject, page["/Resources"].get_object()) for page in reader.pages]
    tables = [cast(DictionaryObject, resource["/Font"].get_object()) for resource in resources]
    return {str(cast(DictionaryObject, face.get_object())["/BaseFont"]) for table in tables for face in table.values()}


def with_lines(count: int) -> InvoiceRecord:
    return replace(OPEN, lines=tuple(replace(LINE, description=f"Line {n} of many") for n in range(1, count + 1)))


def test_it_says_what_was_bought_and_that_it_is_paid(press: Flask) -> None:
    text = words(drawn(press, paid()))
    for part in ("Invoice CFL-0001", "1 × Growth (at $99.00 / month)", "1 Nov 2026 – 1 Dec 2026", "$99.00 paid"):
        assert part in text
    assert "$99.00 received on 1 Nov 2026, Visa ending in 4242" in text
    assert "Tax ID GB123456789" in text


def test_it_says_what_is_due_and_when(press: Flask) -> None:
    text = words(drawn(press, replace(OPEN, due_at=ISSUED + timedelta(days=36_500))))
    assert "$99.00 due" in text
    assert "Amount due $99.00" in text


def test_a_void_invoice_asks_for_nothing(press: Flask) -> None:
    text = words(drawn(press, replace(OPEN, status="void", voided_at=ISSUED)))
    assert "nothing is due" in text
    assert "Amount due" not in text


def test_tax_discount_and_balance_are_stripes(press: Flask) -> None:
    tax = TaxRecord(1786, is_inclusive=False, reason="standard_rated", rate="txr_1")
    record = replace(OPEN, discount=500, taxes=(tax,), total=11186, starting_balance=-300, amount_remaining=10886)
    text = words(drawn(press, record))
    for part in ("Discount −$5.00", "Tax $17.86", "Total $111.86", "Applied balance −$3.00", "Amount due $108.86"):
        assert part in text


def test_a_reverse_charge_is_named(press: Flask) -> None:
    assert "Reverse charge" in words(drawn(press, replace(OPEN, buyer=replace(BUYER, tax_exempt="reverse"))))


@pytest.mark.parametrize(("currency", "total"), [("jpy", "¥9,900"), ("kwd", "9.900"), ("usd", "$99.00")])
def test_amounts_have_the_decimals_of_their_currency(press: Flask, currency: str, total: str) -> None:
    assert f"{total} due" in words(drawn(press, replace(OPEN, currency=currency)))


def test_names_of_europe_are_set_in_our_typeface(press: Flask) -> None:
    reader = drawn(press, replace(OPEN, buyer=replace(BUYER, name="Škoda Αθήνα Москва")))
    assert "Škoda Αθήνα Москва" in words(reader)
    assert all("Inter" in name for name in fonts(reader))


@pytest.mark.parametrize(
    ("buyers_country", "own_country", "size"),
    [("GB", "US", A4), ("US", None, LETTER), (None, "CA", LETTER), (None, None, A4)],
)
def test_the_paper_is_that_of_the_customers_country(
    press: Flask, buyers_country: str | None, own_country: str | None, size: tuple[float, float]
) -> None:
    address = {"country": buyers_country} if buyers_country else {}
    reader = drawn(press, replace(OPEN, buyer=replace(BUYER, address=address)), country=own_country)
    box = reader.pages[0].mediabox
    assert (float(box.width) / MILLIMETRE, float(box.height) / MILLIMETRE) == pytest.approx(size, abs=0.1)


def test_sixty_lines_repeat_the_head_and_count_the_pages(press: Flask) -> None:
    pages = [" ".join(page.extract_text().split()) for page in drawn(press, with_lines(60)).pages]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "Description Quantity Unit price Amount" in page
        assert "Invoice CFL-0001" in page


@pytest.mark.parametrize("count", range(9, 15))
def test_the_sums_stay_together_and_with_the_last_line(press: Flask, count: int) -> None:
    last = " ".join(drawn(press, with_lines(count)).pages[-1].extract_text().split())
    for part in (f"Line {count} of many", "Subtotal", "Total", "Amount due"):
        assert part in last


def test_beyond_the_limit_lines_are_summed_up(press: Flask) -> None:
    shown = document(press, with_lines(MOST_LINES + 3))
    assert len(shown.lines) == MOST_LINES
    assert (shown.unlisted, shown.unlisted_amount) == (3, Money(3 * 9900, "usd"))


def test_what_the_customer_wants_printed_stands_among_the_facts(press: Flask) -> None:
    ordered = replace(OPEN, buyer=replace(OPEN.buyer, fields=(("PO number", "PO-1842"),)))
    assert "PO number PO-1842" in words(drawn(press, ordered))


@pytest.mark.parametrize(("currency", "paid"), [("jpy", "¥9,900"), ("kwd", "KWD 9.900"), ("usd", "$99.00")])
def test_a_japanese_customer_needs_no_typeface_but_ours(press: Flask, currency: str, paid: str) -> None:
    reader = drawn(press, replace(OPEN, currency=currency), locale="ja_JP", timezone="Asia/Tokyo")
    assert paid in words(reader)
    assert all("Inter" in name for name in fonts(reader))


def test_an_endless_description_is_cut(press: Flask) -> None:
    endless = replace(OPEN, lines=(replace(LINE, description="x" * 1_000_000),))
    assert len(drawn(press, endless).pages) == 1


def test_it_names_title_author_and_language(press: Flask) -> None:
    reader = drawn(press, OPEN, locale="de_DE")
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice CFL-0001"
    assert reader.metadata.author == press.extensions["settings"].seller_name
    assert str(reader.root_object["/Lang"]) == "en"  # its words; how amounts and dates are written is another matter
    assert "/StructTreeRoot" in reader.root_object


def test_the_quick_subsetter_is_there() -> None:
    assert pdf.harfbuzz_subset_loaded()


@pytest.mark.usefixtures("press")
def test_a_worker_prepares_itself_before_the_first_invoice() -> None:
    pdf.prepare()


def test_a_missing_font_is_missed_at_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        pdf.OwnFontsOnly(tmp_path)
