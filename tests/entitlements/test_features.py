"""Features of the plan in force, for programs and for services of ours."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

from app.catalog import load
from app.catalog.models import Price
from app.core.extensions import db
from app.entitlements import service
from app.subscriptions.access import Access
from app.subscriptions.models import Subscription
from app.subscriptions.states import PortalState
from tests.cast import Browser
from tests.programs import Program


@pytest.fixture
def program(ada: Browser, nexus: Callable[..., Price]) -> Program:
    """Where the catalogue is one with features instead."""
    load.apply(load.read("agents"))
    db.session.commit()
    return Program(ada)


@pytest.fixture
def professional(ada: Browser, program: Program, subscribe: Callable[..., None]) -> None:
    subscribe(ada, "professional")


def check(program: Program, feature: str) -> dict[str, Any]:
    found: dict[str, Any] = program.post("/entitlements/check", {"feature": feature}).get_json()
    return found


def test_free_says_no_to_what_it_does_not_have(program: Program):
    answer = check(program, "fine_tuning")
    assert (answer["allowed"], answer["reason"], answer["value"]) == (False, "not_included", False)


def test_a_plan_says_yes_to_what_it_has(program: Program, professional: None):
    answer = check(program, "fine_tuning")
    assert (answer["allowed"], answer["reason"], answer["value"]) == (True, "included", True)


def test_restricted_access_has_no_features(ada: Browser, program: Program, professional: None):
    db.session.execute(update(Subscription).values(status="unpaid"))
    db.session.commit()
    answer = check(program, "fine_tuning")
    assert (answer["allowed"], answer["reason"]) == (False, "restricted")
    assert service.entitlements(ada.organization).features == {}


def test_everything_at_once(program: Program, professional: None):
    answer = program.get("/entitlements").get_json()
    assert answer["plan"] == {"key": "professional", "name": "Professional"}
    assert answer["access"] == {"allowed": True, "until": None, "reason": "active"}
    assert answer["features"]["sso"] is False
    assert answer["limits"]["agents"] == {"limit": 25, "behaviour": "hard"}


def test_without_a_catalogue_there_is_nothing(ada: Browser):
    answer = Program(ada).get("/entitlements").get_json()
    nothing = {"allowed": False, "until": None, "reason": "none"}
    assert answer == {"access": nothing, "plan": None, "features": {}, "limits": {}}


def test_a_service_of_ours_asks_the_same(ada: Browser, nexus: Callable[..., Price]):
    assert service.entitlements(ada.organization).access == Access(True, None, PortalState.NONE)
