"""What every page says when the card of the plan is about to expire."""

from flask import url_for
from flask_babel import gettext as _

from app.core.pages import Banner
from app.subscriptions.context import current_subscription

from .context import current_card


def of_card() -> Banner | None:
    """Nothing for a plan that ends anyway."""
    subscription, card = current_subscription(), current_card()
    if subscription is None or card is None or subscription.is_canceling or not card.warning:
        return None
    text = {
        "expired": _("Your card %(card)s has expired.", card=card.label),
        "this_month": _("Your card %(card)s expires this month.", card=card.label),
        "next_month": _("Your card %(card)s expires next month.", card=card.label),
    }[card.warning]
    return Banner("card_expiring", "warning", text, _("See payment methods"), url_for("payment_methods.index"))
