"""What the tests of taxes share."""

AUTOMATIC = {"automatic_tax": {"enabled": True}}
GERMANY = {"country": "DE"}


def taxes(client, invoice):
    """Percentage, amount and reason of each tax."""
    return [
        (
            client.v1.tax_rates.retrieve(tax.tax_rate_details.tax_rate).percentage,
            tax.amount,
            tax.taxability_reason,
        )
        for tax in invoice.total_taxes
    ]


def adds_up(invoice):
    """Lines, less discounts, and the tax on top are the total."""
    on_top = sum(tax.amount for tax in invoice.total_taxes if tax.tax_behavior == "exclusive")
    off = sum(one.amount for one in invoice.total_discount_amounts)
    included = sum(tax.amount for tax in invoice.total_taxes if tax.tax_behavior == "inclusive")
    net = sum(line.amount for line in invoice.lines.data) - off
    return (invoice.total, invoice.total_excluding_tax) == (net + on_top, net - included)
