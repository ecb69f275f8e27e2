"""The cast never changes: Ada pays, Bob is on her team, Cleo is a stranger, Sam is staff.

Each is a browser that is signed in already, with `user` and `organization`.
"""

import secrets
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import insert, select, text
from werkzeug.test import TestResponse

from app.auth import service as auth
from app.auth.context import SESSION_KEY
from app.auth.models import User
from app.catalog import load
from app.catalog.models import CatalogVersion, Feature, Limit, Meter, OveragePrice, Plan, Price
from app.core import clock
from app.core.extensions import db
from app.gateway import payment_intents, subscription_changes
from app.organizations.models import Membership, Organization, Role
from tests.helpers import CardForm, Sandbox, work

PASSWORD = "paper-and-ink"
# Hashed once with the cheapest parameters; what is about hashing hashes for itself.
PASSWORD_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


class Browser(FlaskClient):
    """A test client at the portal's public address; a post brings the CSRF token, as every form of ours does."""

    user: User
    organization: Organization

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Visit outside of the test's own application context, as another process would; then look at the rows afresh."""
        kwargs.setdefault("base_url", self.application.extensions["settings"].public_url)
        answer: TestResponse = Context().run(super().open, *args, **kwargs)
        if has_app_context():
            db.session.expire_all()
        return answer

    def post(self, *args: Any, csrf: bool = True, **kwargs: Any) -> TestResponse:
        if csrf:
            kwargs["headers"] = {"X-CSRFToken": self._token(), **kwargs.get("headers", {})}
        return super().post(*args, **kwargs)

    def _token(self) -> str:
        with self.session_transaction(base_url=self.application.extensions["settings"].public_url) as session:
            seed = session.setdefault("csrf_token", secrets.token_hex(20))
        token: str = URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(seed)
        return token


@pytest.fixture
def client(app: Flask) -> Browser:
    """A visitor nobody knows."""
    return Browser(app, app.response_class)


@pytest.fixture
def person(app: Flask) -> Callable[..., Browser]:
    """`person("Dora", "Difference Ltd")`: somebody with an organization of her own, or with a role in another's."""

    def make(name: str, organization: str | Organization, role: Role = Role.ADMIN, **columns: Any) -> Browser:
        user = User(email=f"{name.lower()}@example.com", name=name, password_hash=PASSWORD_HASH, **columns)
        user.email_verified_at = clock.wall()
        if isinstance(organization, str):
            organization = Organization(name=organization)
        db.session.add_all([user, organization])
        db.session.flush()
        db.session.add(Membership(user_id=user.id, organization_id=organization.id, role=role))
        token, _ = auth.open_session(user)
        db.session.commit()
        browser = Browser(app, app.response_class)
        browser.user, browser.organization = user, organization
        with browser.session_transaction(base_url=app.extensions["settings"].public_url) as session:
            session[SESSION_KEY] = token
            session["csrf_token"] = secrets.token_hex(20)  # there before several threads press at once
        return browser

    return make


@pytest.fixture
def ada(person: Callable[..., Browser]) -> Browser:
    """Admin of Analytical Engines."""
    return person("Ada", "Analytical Engines")


@pytest.fixture
def bob(person: Callable[..., Browser], ada: Browser) -> Browser:
    """Billing role at Ada's."""
    return person("Bob", ada.organization, Role.BILLING)


@pytest.fixture
def cleo(person: Callable[..., Browser]) -> Browser:
    """Admin of another organization."""
    return person("Cleo", "Hypatia Press")


@pytest.fixture
def sam(person: Callable[..., Browser]) -> Browser:
    """Staff."""
    return person("Sam", "Counterfoil", is_staff=True)


CATALOGUE = (CatalogVersion, Plan, Price, Meter, Limit, OveragePrice, Feature)
_loaded: dict[str, Any] = {}


def load_once(sandbox: Sandbox) -> None:
    """The first test loads the preset as an operator would; the others get what that left on both sides."""
    if not _loaded:
        load.apply(load.read("nexus"))
        db.session.commit()
        _loaded["stripe"] = sandbox.snapshot("product", "price", "billing.meter")
        _loaded["tables"] = [
            (model, db.session.execute(select(model.__table__)).mappings().all()) for model in CATALOGUE
        ]
        return
    sandbox.reset(_loaded["stripe"])
    for model, rows in _loaded["tables"]:
        if rows:
            db.session.execute(insert(model), [dict(row) for row in rows])
            name = model.__tablename__
            count_on = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"
            db.session.execute(text(count_on))
    db.session.commit()


@pytest.fixture
def nexus(app: Flask, sandbox: Sandbox) -> Callable[..., Price]:
    """The demo's catalogue, in our tables and at Stripe; answers a price by plan, interval and currency."""
    load_once(sandbox)

    def price(plan: str, interval: str = "month", currency: str = "usd") -> Price:
        wanted = (
            db.select(Price).join(Plan).where(Plan.key == plan, Price.interval == interval, Price.currency == currency)
        )
        return db.session.execute(wanted.where(Price.archived_at.is_(None))).scalar_one()

    return price


@pytest.fixture
def card(app: Flask) -> CardForm:
    """The card form in somebody's browser."""
    return CardForm(app.extensions["settings"])


@pytest.fixture
def subscribe(nexus: Callable[..., Price], card: CardForm, sandbox: Sandbox) -> Callable[..., None]:
    """`subscribe(ada, "growth")`: bought, paid and settled."""

    def buy(browser: Browser, plan: str = "growth", number: str = "4242424242424242") -> None:
        form = {"token": secrets.token_urlsafe(16), "name": browser.organization.name, "country": "GB"}
        answer = browser.post(f"/checkout/{nexus(plan).public_id}", data=form)
        card.confirm(answer.get_json()["client_secret"], number)
        work(sandbox)

    return buy


@pytest.fixture
def settings(app: Flask) -> Iterator[Callable[..., None]]:
    """`settings(dunning_mode="stripe")`: as if the portal had been started with it, for one test."""
    usual = app.extensions["settings"]

    def change(**values: Any) -> None:
        app.extensions["settings"] = usual.model_copy(update=values)

    yield change
    app.extensions["settings"] = usual


@pytest.fixture
def use_card(card: CardForm, sandbox: Sandbox) -> Callable[[Browser, str], None]:
    """`use_card(ada, "4000000000000341")`: saved, and charged from now on for what she has subscribed to."""

    def use(browser: Browser, number: str) -> None:
        customer = str(browser.organization.stripe_customer_id)
        deed = secrets.token_urlsafe(16)
        secret = payment_intents.save_card(f"save:{deed}", customer=customer, metadata={})
        method = str(card.confirm(secret, number)["payment_method"])
        for subscription in sandbox.objects("subscriptions", customer=customer):
            subscription_changes.set_default_payment_method(f"use:{deed}", subscription["id"], method)
        work(sandbox)

    return use
