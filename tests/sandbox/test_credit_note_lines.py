"""What a credit note takes off: parts of lines, lines of its own, amounts."""

import pytest

from tests.sandbox.crediting import final_invoice, line, note, refused


@pytest.fixture
def ada(shop):
    return shop.customer()


@pytest.fixture
def open_invoice(client, ada):
    return final_invoice(client, ada)


@pytest.fixture
def paid(client, open_invoice):
    return client.v1.invoices.pay(open_invoice.id)


def test_a_part_of_a_quantity_takes_its_discount_and_tax_along(client, paid):
    made = note(client, paid, lines=[line(paid, 0, quantity=1)], credit_amount=990)
    (credited,) = made.lines.data
    assert (credited.amount, credited.discount_amount, credited.quantity) == (1000, 100, 1)
    assert [(tax.amount, tax.taxable_amount) for tax in credited.taxes] == [(90, 900)]
    assert (made.subtotal, made.total, made.total_excluding_tax, made.discount_amount) == (1000, 990, 900, 100)
    assert [tax.amount for tax in made.total_taxes] == [90]
    assert credited.tax_rates[0].percentage == 10
    again = note(client, paid, lines=[line(paid, 0, quantity=2)], credit_amount=1980)
    assert again.total == 1980
    refused(lambda: note(client, paid, lines=[line(paid, 0, quantity=1)]), "lines[0][quantity]")


def test_an_amount_of_a_line_is_before_discount_and_tax(client, paid):
    made = note(client, paid, lines=[line(paid, 1, amount=500, metadata={"a": "b"})], credit_amount=495)
    assert (made.lines.data[0].amount, made.total, made.lines.data[0].quantity) == (500, 495, None)
    assert (made.lines.data[0].description, made.lines.data[0].metadata["a"]) == ("Training", "b")
    refused(lambda: note(client, paid, lines=[line(paid, 1, quantity=1)]), "lines[0][quantity]")
    refused(lambda: note(client, paid, lines=[line(paid, 1, amount=1501)]), "lines[0][amount]")


def test_a_custom_line_has_its_own_price_and_tax(client, open_invoice):
    rate = open_invoice.default_tax_rates[0].id
    custom = {"type": "custom_line_item", "description": "Courtesy", "quantity": 2, "unit_amount": 150}
    made = note(
        client,
        open_invoice,
        lines=[{**custom, "tax_rates": [rate]}, {"unit_amount_decimal": "9.5", "type": custom["type"]}],
    )
    assert [one.amount for one in made.lines.data] == [300, 10]
    assert (made.total, made.lines.data[0].description, made.lines.data[0].unit_amount) == (340, "Courtesy", 150)


def test_an_amount_is_spread_over_the_lines(client, paid):
    made = note(client, paid, amount=1000, credit_amount=1000)
    assert [one.invoice_line_item for one in made.lines.data] == [one.id for one in paid.lines.data]
    assert (made.total, made.total_taxes[0].amount, made.discount_amount) == (1000, 91, 101)
    rest = note(client, paid, amount=3950, credit_amount=3950)
    assert made.total_taxes[0].amount + rest.total_taxes[0].amount == paid.total_taxes[0].amount
    assert made.subtotal + rest.subtotal == paid.subtotal
    refused(lambda: note(client, paid, amount=1, credit_amount=1), "amount")


def test_wrong_lines_are_refused_by_their_place(client, paid):
    custom = {"type": "custom_line_item"}
    for wish, param in (
        (line(paid, 0), "lines[0][amount]"),
        (line(paid, 0, quantity=1, amount=5), "lines[0][amount]"),
        (line(paid, 0, amount=5, unit_amount=5), "lines[0][unit_amount]"),
        ({"type": "invoice_line_item", "invoice_line_item": "il_none", "amount": 5}, "lines[0][invoice_line_item]"),
        ({**custom, "amount": 5}, "lines[0][amount]"),
        (custom, "lines[0][unit_amount]"),
        ({**custom, "unit_amount": 0}, "lines[0][unit_amount]"),
        ({**custom, "unit_amount": 5, "tax_rates": ["txr_none"]}, "lines[0][tax_rates]"),
        (
            line(paid, 0, quantity=1, tax_amounts=[{"amount": 1, "tax_rate": "t", "taxable_amount": 9}]),
            "lines[0][tax_amounts]",
        ),
    ):
        refused(lambda wish=wish: note(client, paid, lines=[wish]), param)
