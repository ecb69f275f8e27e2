"""Door 3, Stripe: somebody changed a customer there, or an authority answered."""

from . import billing, tax_ids


def billing_changed(stripe_id: str) -> None:
    billing.sync(stripe_id)


def tax_ids_changed(customer: str) -> None:
    tax_ids.sync_of(customer)


def tax_id_changed(stripe_id: str) -> None:
    tax_ids.sync(stripe_id)
