"""Guards of doors, in an application that has doors of its host's: pages refuse with the way to a plan, the API with a problem."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from werkzeug.test import TestResponse

from app import create_app
from app.api import bearer, blueprint
from app.auth.context import SESSION_KEY
from app.catalog import load
from app.catalog.models import Price
from app.core.config import load as settings
from app.core.extensions import db
from app.entitlements.guards import feature_required, plan_required, subscription_required
from app.organizations.guards import member_of_organization
from app.subscriptions.models import Subscription
from portal.demo.stack import Stack
from tests.cast import Browser
from tests.programs import Program

GUARDS: dict[str, Callable[[Any], Any]] = {
    "plan": plan_required("growth", "professional"),
    "feature": feature_required("workflows"),
    "subscription": subscription_required,
}


def come_in() -> ResponseReturnValue:
    return "come in"


@pytest.fixture(scope="module")
def host(whole_app: Flask, stack: Stack) -> Flask:
    """The portal with rooms of a host: each guard on a page and on a door of the API."""
    host = create_app(settings(stack.environment() | {"LOG_LEVEL": "warning"}))
    doors = blueprint("host", "Doors of the host")
    for name, guard in GUARDS.items():
        host.add_url_rule(f"/host/{name}", f"host_{name}", member_of_organization(guard(come_in)))
        doors.add_url_rule(f"/host/{name}", name, bearer("entitlements:read")(guard(come_in)))
    host.register_blueprint(doors)
    return host


@pytest.fixture
def visit(host: Flask, ada: Browser) -> Callable[[str], TestResponse]:
    """Ada at a page of the host's."""
    base = {"base_url": host.extensions["settings"].public_url}
    browser = Browser(host, host.response_class)
    with ada.session_transaction(**base) as known, browser.session_transaction(**base) as session:
        session[SESSION_KEY] = known[SESSION_KEY]
    return lambda name: browser.get(f"/host/{name}")


@pytest.fixture
def program(host: Flask, ada: Browser, nexus: Callable[..., Price]) -> Program:
    """A program of hers, where the catalogue is one with features."""
    load.apply(load.read("agents"))
    db.session.commit()
    return Program(ada, at=host)


@pytest.mark.parametrize(
    ("name", "code"),
    [("plan", "plan_required"), ("feature", "feature_not_included"), ("subscription", "subscription_required")],
)
def test_with_free_the_api_says_what_is_missing(program: Program, name: str, code: str):
    answer = program.get(f"/host/{name}")
    assert (answer.status_code, answer.get_json()["code"]) == (403, code)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("plan", "This comes with: Professional."),
        ("feature", "Your plan does not include Workflows."),
        ("subscription", "This comes with a plan, and there is none in force."),
    ],
)
def test_with_free_a_page_shows_the_way_to_a_plan(
    visit: Callable[[str], TestResponse], program: Program, name: str, sentence: str
):
    answer = visit(name)
    assert answer.status_code == 403
    assert sentence in answer.text
    assert 'href="/plans">See plans' in answer.text


@pytest.mark.parametrize("name", GUARDS)
def test_who_has_the_plan_comes_in(
    ada: Browser, visit: Callable[[str], TestResponse], program: Program, subscribe: Callable[..., None], name: str
):
    subscribe(ada, "professional")
    assert visit(name).text == "come in"
    assert program.get(f"/host/{name}").status_code == 200


def test_a_feature_of_a_smaller_plan_does_not_open_a_larger_one(
    ada: Browser, program: Program, subscribe: Callable[..., None]
):
    subscribe(ada, "starter")
    assert program.get("/host/feature").status_code == 200
    assert program.get("/host/plan").status_code == 403


@pytest.mark.parametrize("name", GUARDS)
def test_restricted_access_leads_to_the_invoices(
    ada: Browser, visit: Callable[[str], TestResponse], program: Program, subscribe: Callable[..., None], name: str
):
    subscribe(ada, "professional")
    db.session.execute(update(Subscription).values(status="unpaid"))
    db.session.commit()
    answer = visit(name)
    assert answer.status_code == 403
    assert 'href="/invoices">See invoices' in answer.text
    assert program.get(f"/host/{name}").get_json()["code"] == "access_restricted"


def test_who_is_not_signed_in_is_asked_to(host: Flask, program: Program):
    answer = Browser(host, host.response_class).get("/host/feature")
    assert answer.headers["Location"].startswith("/login")
