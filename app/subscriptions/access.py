"""The access decision: may an organization use what its plan has, until when as things stand, and why.

Pages, the API and the guards of doors all ask here.
"""

from dataclasses import dataclass
from datetime import datetime

from app.catalog import service as catalog
from app.catalog.tree import Plan

from .models import Subscription
from .states import PortalState

IN_FORCE = frozenset(
    {
        PortalState.TRIALING,
        PortalState.ACTIVE,
        PortalState.CANCELING,
        PortalState.CHANGE_SCHEDULED,
        PortalState.PAST_DUE,
    }
)
"""A plan that was chosen may be used. In the other states Free applies, or nothing does."""


@dataclass(frozen=True)
class Access:
    """`until` is business time: the instant at which the plan stops being in force if nobody does anything, None if it goes on.

    `reason` is the portal state it follows from. `allowed` without a live subscription means Free and its limits.
    """

    allowed: bool
    until: datetime | None
    reason: PortalState

    @property
    def is_live(self) -> bool:
        """By a live subscription, not by Free."""
        return self.reason in IN_FORCE


def access(subscription: Subscription | None) -> Access:
    """The decision for an organization with this subscription, the live one or the last; None for one that never had any."""
    state = subscription.portal_state if subscription else PortalState.NONE
    if state == PortalState.RESTRICTED:
        return Access(False, None, state)
    return Access(state in IN_FORCE or catalog.current().free is not None, _until(subscription, state), state)


def plan_in_force(subscription: Subscription | None) -> Plan | None:
    """Whose features and limits count: the plan's, or Free's without a live subscription and while it is paused.

    While access is restricted it is still the plan's. None where the catalogue has no Free.
    """
    known = catalog.current()
    if subscription is None or subscription.portal_state not in IN_FORCE | {PortalState.RESTRICTED}:
        return known.free
    price = next((price for price in known.all_prices if price.id == subscription.price_id), None)
    return known.plan(price.plan_key) if price else None


def _until(subscription: Subscription | None, state: PortalState) -> datetime | None:
    if subscription is None:
        return None
    if state == PortalState.TRIALING:
        goes_on = subscription.default_payment_method or subscription.without_card == "create_invoice"
        return None if goes_on else subscription.trial_end
    if state == PortalState.ACTIVE and subscription.is_pausing:
        return subscription.pauses_at
    ends = {
        PortalState.CANCELING: [subscription.cancel_at],
        PortalState.PAST_DUE: [subscription.cancel_at, subscription.access_ends_at],
    }
    return min((instant for instant in ends.get(state, []) if instant), default=None)
