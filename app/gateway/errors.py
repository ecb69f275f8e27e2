"""Stripe's errors, sorted by what the caller should do: tell the customer, try again, look first, or be loud."""

from collections.abc import Iterator
from contextlib import contextmanager

import stripe
from flask_babel import gettext as _

from app.core.errors import PortalError


class PaymentDeclined(PortalError):
    """Final for this card: tell the customer. `decline_code` is Stripe's."""

    status = 402
    code = "card_declined"

    def __init__(self, sentence: str, decline_code: str | None = None) -> None:
        super().__init__(sentence)
        self.decline_code = decline_code


class GatewayUnavailable(PortalError):
    """Try again later: not executed, or not known to be executed (`unknown`)."""

    status = 503
    code = "payment_provider_unavailable"

    def __init__(self, *, unknown: bool = False) -> None:
        super().__init__(_("Our payment provider does not answer right now. Please try again in a minute."))
        self.unknown = unknown


class GatewayNotFound(PortalError):
    status = 404
    code = "not_found"

    def __init__(self) -> None:
        super().__init__(_("Our payment provider does not know this object."))


class GatewayRefused(PortalError):
    """Stripe understood and said no; `stripe_code` and `param` tell an engineer why. Not retryable."""

    status = 400
    code = "refused_by_payment_provider"

    def __init__(self, stripe_code: str | None, param: str | None) -> None:
        super().__init__(_("Our payment provider refused this. Nothing was changed."))
        self.stripe_code = stripe_code
        self.param = param


class IntentMismatch(PortalError):
    """The same deed was asked with other parameters: a stale page, or a bug."""

    status = 409
    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This form was already sent with other values. Reload the page and look before you try again.")


@contextmanager
def translated() -> Iterator[None]:
    """Turn the SDK's exceptions into ours; what is not listed stays loud."""
    try:
        yield
    except stripe.CardError as error:
        decline = getattr(error.error, "decline_code", None)
        raise PaymentDeclined(error.user_message or _("Your card was declined."), decline) from error
    except stripe.IdempotencyError as error:  # another object than before: its id is no parameter
        raise IntentMismatch() from error
    except stripe.RateLimitError as error:
        raise GatewayUnavailable() from error
    except stripe.APIConnectionError as error:
        raise GatewayUnavailable(unknown=True) from error
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing" and error.http_status == 404:
            raise GatewayNotFound() from error
        raise GatewayRefused(error.code, error.param) from error
    except stripe.APIError as error:  # 5xx, 409, or an answer that is not Stripe's
        raise GatewayUnavailable(unknown=True) from error
