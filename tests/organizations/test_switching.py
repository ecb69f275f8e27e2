"""A form acts on the organization its page was opened for, whatever another tab has switched to since."""

from collections.abc import Callable

import pytest

from app.core.extensions import db
from app.organizations.models import Membership, Organization, Role
from app.subscriptions.models import Subscription
from tests.cast import Browser
from tests.helpers import Sandbox


@pytest.fixture
def other(ada: Browser) -> Organization:
    """Ada's second organization, on show in her browser."""
    other = Organization(name="Difference Ltd")
    db.session.add(other)
    db.session.flush()
    db.session.add(Membership(user_id=ada.user.id, organization_id=other.id, role=Role.ADMIN))
    db.session.commit()
    ada.post("/organizations/current", data={"organization": other.public_id})
    return other


def test_a_checkout_opened_before_the_switch_buys_nothing(ada: Browser, other: Organization, nexus, sandbox: Sandbox):
    form = {"token": "t" * 22, "name": "Ada", "country": "GB", "organization_shown": ada.organization.public_id}
    answer = ada.post(f"/checkout/{nexus('growth').public_id}", data=form)
    assert answer.status_code == 409
    assert sandbox.objects("customers") == []


def test_a_cancellation_opened_before_the_switch_cancels_nothing(
    ada: Browser, subscribe: Callable[..., None], request: pytest.FixtureRequest
):
    subscribe(ada, "growth")
    other = request.getfixturevalue("other")
    form = {"token": "c" * 22, "feedback": "unused", "comment": "", "organization_shown": other.public_id}
    ada.post("/organizations/current", data={"organization": ada.organization.public_id})
    answer = ada.post("/subscription/cancellation", data=form)
    assert answer.status_code == 409
    assert "Analytical Engines" in answer.text
    assert db.session.scalars(Subscription.of(ada.organization)).one().cancel_at is None


def test_every_form_says_which_organization_it_is_for(ada: Browser, nexus):
    hidden = f'name="organization_shown" value="{ada.organization.public_id}"'
    for page in ("/settings/team", f"/checkout/{nexus('growth').public_id}"):
        assert hidden in ada.get(page).text
