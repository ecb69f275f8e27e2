"""Sales of which nobody knows after a day whether Stripe took them: what its meter counted in their minute tells.

Stripe knows an identifier for 24 hours at least, and nobody knows how much longer, so that repeating it proves nothing then.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from app.catalog.tree import Meter
from app.core.errors import PortalError
from app.core.extensions import db
from app.gateway import meters as gateway
from app.organizations.models import Organization

from .models import Sale, Total

MINUTE = timedelta(minutes=1)
CLOSE = Decimal("0.01")
"""Stripe's sum is a float."""


class SaleInDoubt(PortalError):
    """The meter counted neither with the sale nor without it; a person looks."""

    status = 409
    code = "sale_in_doubt"

    def __init__(self, meter: Meter, sale: Sale, minute: datetime, counted: Decimal, known: Decimal) -> None:
        super().__init__(
            f"At Stripe the meter {meter.key} counted {counted:f} for this customer in the minute {minute:%Y-%m-%d %H:%M} UTC. "
            f"Without the sale {sale.public_id} it should be {known:f}, with it {known + sale.quantity:f}. Correct it there "
            "to one of the two with a meter event of that minute, then retry."
        )


def is_counted(organization: Organization, meter: Meter, sale: Sale) -> bool:
    """Whether Stripe has a sale that was made a day ago or longer. Raises SaleInDoubt."""
    minute = sale.at.replace(second=0, microsecond=0)
    known = _known(organization, meter, minute)
    counted = gateway.counted(str(meter.stripe_meter_id), str(organization.stripe_customer_id), minute)
    beyond, close = counted - known, sale.quantity * CLOSE
    if abs(beyond - sale.quantity) < close:
        return True
    if abs(beyond) < close:
        return False
    raise SaleInDoubt(meter, sale, minute, counted, known)


def _known(organization: Organization, meter: Meter, minute: datetime) -> Decimal:
    """What Stripe surely has of that minute."""
    mine = (Total.organization_id == organization.id) & (Total.meter_key == meter.key)
    then = (Sale.at >= minute) & (Sale.at < minute + MINUTE) & Sale.delivered_at.is_not(None)
    found = select(func.sum(Sale.quantity)).join(Total, Total.id == Sale.total_id).where(mine, then)
    return db.session.scalar(found) or Decimal(0)
