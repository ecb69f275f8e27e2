"""How to reach the sandbox: keys, examples, and the secrets of webhook endpoints; and what its account is set to."""

import secrets

from flask import abort, request
from werkzeug.wrappers import Response as AnyResponse

from sandbox import control_webhooks, retries
from sandbox.billing import settings as billing
from sandbox.panel import words
from sandbox.panel.pages import back, bp, consistent, page, this_sandbox
from sandbox.store import Record

OVERLAP = 3600
"""For how long a secret that is rolled here still signs, in seconds of virtual time."""


@bp.get("/panel/settings")
@consistent
def settings() -> str:
    """Everything one copies into another program, and how the account bills."""
    return _settings()


@bp.post("/panel/settings/billing")
def set_billing() -> AnyResponse | tuple[str, int]:
    """Retries, what follows the last one, and how early a renewal is announced."""
    box, form = this_sandbox(), request.form
    try:
        days = [int(one) for one in form.get("retries", "").replace(",", " ").split()]
        wish = {"retries": days, "upcoming_days": int(form.get("upcoming_days", ""))}
        wish |= {name: form.get(name) for name in billing.CHOICES}
        with box.transaction():
            billing.change(box, wish)
    except ValueError as problem:
        with box.reading:
            return _settings(_told(problem)), 400
    return back("settings", "billing")


def _settings(problem: str = "") -> str:
    box = this_sandbox()
    base, key = request.host_url.rstrip("/"), box.settings.secret_key
    return page(
        "settings",
        base=base,
        secret_key=key,
        publishable_key=box.settings.publishable_key,
        examples=words.examples(base, key),
        endpoints=[(one, words.rolled(one, box.clock.now())) for one in reversed(box.store.list("webhook_endpoint"))],
        version=box.contract.version,
        paused=box.courier.paused,
        pending=box.courier.pending(),
        schedule=box.courier.retries,
        billing=billing.of(box),
        choices=billing.CHOICES,
        problem=problem,
    )


@bp.post("/panel/settings/deliveries")
def set_deliveries() -> AnyResponse:
    """Hold or release all webhooks, or choose when failed ones are tried again."""
    courier, form = this_sandbox().courier, request.form
    if form.get("retries") in retries.NAMES:
        courier.retries = form["retries"]
        return back("settings", "set")
    courier.pause(form.get("paused") == "yes")
    return back("settings", "held" if courier.paused else "flowing")


@bp.post("/panel/endpoints/<id>/roll")
def roll_secret(id: str) -> AnyResponse:
    """A new secret for an endpoint; the old one signs as well for an hour."""
    box = this_sandbox()
    with box.transaction():
        control_webhooks.roll_secret(box, _endpoint(id), f"whsec_{secrets.token_hex(16)}", OVERLAP)
    return back("settings", "rolled")


@bp.post("/panel/endpoints/<id>/switch")
def switch_endpoint(id: str) -> AnyResponse:
    """Disable an endpoint, or enable it again."""
    box = this_sandbox()
    with box.transaction():
        endpoint = _endpoint(id)
        status = "disabled" if endpoint["status"] == "enabled" else "enabled"
        box.store.update(endpoint, status=status)
    return back("settings", status)


def _told(problem: ValueError) -> str:
    """What is wrong, without the words of Python for what is no number."""
    return "Days are whole numbers." if "invalid literal" in str(problem) else str(problem)


def _endpoint(id: str) -> Record:
    found = this_sandbox().store.get("webhook_endpoint", id)
    if found is None:
        abort(404)
    return found
