"""How the parameters of payment intents and setup intents are read; both kinds share most of them."""

from typing import Any

from sandbox.billing.payments import methods, payments
from sandbox.billing.payments.intents import Attempt
from sandbox.errors import invalid, unsupported
from sandbox.routing import Call
from sandbox.store import Record

AUTOMATIC = {"allow_redirects": "always", "enabled": True}
"""What Stripe fills in when no parameter names payment methods."""


def types(params: dict[str, Any]) -> dict[str, Any]:
    """The fields of a new intent that say which methods it takes."""
    payments.check_types(params)
    names = ("allowed_payment_method_types", "automatic_payment_methods", "excluded_payment_method_types")
    given = {name: params[name] for name in names if name in params}
    if "automatic_payment_methods" in given:
        given["automatic_payment_methods"] = {"allow_redirects": "always", **given["automatic_payment_methods"]}
    elif "allowed_payment_method_types" not in given:
        given["automatic_payment_methods"] = AUTOMATIC
    return given


def options(params: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """``payment_method_options`` as a field. Only when a card is to be authenticated can be said, the rest is default."""
    if "payment_method_options" not in params:
        return {}
    given = params["payment_method_options"] or {}
    card = given.get("card") or {}
    refused = [name for name in given if name != "card"]
    refused += [f"card][{name}" for name in card if name != "request_three_d_secure"]
    if refused:
        raise unsupported(f"payment_method_options[{refused[0]}]")
    return {"payment_method_options": {"card": {**defaults["card"], **card}}}


def method_of(call: Call) -> Record | None:
    """The method the parameters name or describe; None when they do neither."""
    if "payment_method_data" in call.params:
        return methods.create(call.box, call.params["payment_method_data"], "payment_method_data")
    given = call.get("payment_method")
    return methods.find(call.box, given) if given else None


def attempt_of(call: Call, intent: Record, method: Record | None) -> Attempt:
    """How a confirmation with this method (None: the one the intent has) is to be made by its parameters."""
    method = method or call.store.get("payment_method", intent["payment_method"] or "")
    if method is None:
        raise invalid(
            "You cannot confirm this intent because it's missing a payment method.",
            "payment_method",
            f"{intent['object']}_unexpected_state",
        )
    if not call.by_browser:
        _need_return_url(call, intent)
    return Attempt(
        method,
        off_session=bool(call.get("off_session")) and not call.by_browser,
        return_url=call.get("return_url"),
        use_stripe_sdk=bool(call.get("use_stripe_sdk")),
        error_on_requires_action=bool(call.get("error_on_requires_action")),
    )


def _need_return_url(call: Call, intent: Record) -> None:
    automatic = intent["automatic_payment_methods"] or {}
    if automatic.get("enabled") and automatic.get("allow_redirects") == "always" and not call.get("return_url"):
        raise invalid(
            "This intent is configured to accept payment methods enabled in your Dashboard. Because some of these "
            "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you "
            "don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` "
            "and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment "
            "Intents.",
            "return_url",
        )
