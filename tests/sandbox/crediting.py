"""What the tests of credit notes share: an invoice worth crediting, and how to credit it."""

from typing import Any

import pytest
import stripe


def final_invoice(client: stripe.StripeClient, customer: stripe.Customer) -> stripe.Invoice:
    """An open invoice of two lines: 3 × 10.00 and 20.00, with 10 % off and 10 % tax on top: 49.50."""
    rate = client.v1.tax_rates.create({"display_name": "VAT", "percentage": 10, "inclusive": False})
    coupon = client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    more = {"default_tax_rates": [rate.id], "discounts": [{"coupon": coupon.id}]}
    invoice = client.v1.invoices.create({"customer": customer.id, "currency": "usd", **more})
    items = {"customer": customer.id, "invoice": invoice.id}
    client.v1.invoice_items.create({**items, "unit_amount_decimal": "1000", "quantity": 3})
    client.v1.invoice_items.create({**items, "amount": 2000, "description": "Training"})
    return client.v1.invoices.finalize_invoice(invoice.id)


def note(client: stripe.StripeClient, invoice: stripe.Invoice, **params: Any) -> stripe.CreditNote:
    return client.v1.credit_notes.create({"invoice": invoice.id, **params})


def line(invoice: stripe.Invoice, index: int, **wish: Any) -> dict[str, Any]:
    """The parameters that credit a line of an invoice."""
    return {"type": "invoice_line_item", "invoice_line_item": invoice.lines.data[index].id, **wish}


def refused(deed: Any, param: str | None = None) -> None:
    with pytest.raises(stripe.InvalidRequestError) as error:
        deed()
    assert error.value.param == param
