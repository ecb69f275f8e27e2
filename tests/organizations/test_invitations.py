"""The door behind a mailed invitation."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.audit.models import Entry
from app.auth.models import User
from app.core import clock
from app.core.extensions import db
from app.organizations.models import Invitation, Membership, Role
from tests.cast import PASSWORD, Browser
from tests.helpers import Mailbox, work

DORA = {"name": "Dora", "password": "a fine long phrase"}


@pytest.fixture
def link(ada: Browser, mailbox: Mailbox) -> str:
    """What Dora got: billing at Ada's."""
    ada.post("/settings/team/invitations", data={"email": "dora@example.com", "role": "billing"})
    work()
    return "/invitations/" + str(mailbox.to("dora@example.com")[0]["text"]).split("/invitations/")[1].split()[0]


def membership(email: str = "dora@example.com") -> tuple[int, Role] | None:
    found = select(Membership.organization_id, Membership.role).join(User, User.id == Membership.user_id)
    row = db.session.execute(found.where(User.email == email).order_by(Membership.id.desc())).first()
    return (row[0], row[1]) if row else None


def test_a_new_person_signs_up_with_the_invited_address_and_belongs(link: str, ada: Browser, client: Browser) -> None:
    page = client.get(link).text
    assert "Join Analytical Engines" in page
    assert "dora@example.com" in page
    assert client.post(link, data=DORA).location == "/"
    assert membership() == (ada.organization.id, Role.BILLING)
    assert "Analytical Engines" in client.get("/settings/team").text
    user = db.session.scalars(select(User).where(User.email == "dora@example.com")).one()
    assert user.is_verified, "the link reached her there"


def test_neither_address_nor_role_can_be_chosen(link: str, client: Browser) -> None:
    client.post(f"{link}?role=admin", data=DORA | {"email": "eve@example.com", "role": "admin"})
    assert membership("eve@example.com") is None
    found = membership()
    assert found is not None
    assert found[1] is Role.BILLING


def test_a_refused_entry_keeps_the_invitation_open(link: str, client: Browser) -> None:
    assert client.post(link, data=DORA | {"password": "short"}).status_code == 422
    assert client.post(link, data=DORA).status_code == 303


def test_who_has_an_account_signs_in_and_presses_join(
    link: str, ada: Browser, person: Callable[..., Browser], client: Browser
) -> None:
    dora = person("Dora", "Dora's own")
    assert "Sign in with that address" in client.get(link).text
    to_login = client.post(link)
    assert to_login.location == f"/login?next={link}"
    back = client.post(to_login.location, data={"email": "dora@example.com", "password": PASSWORD}).location
    assert back == link
    assert "Join Analytical Engines" in client.get(link).text
    assert client.post(link).status_code == 303
    assert membership() == (ada.organization.id, Role.BILLING)
    assert "Who sees and manages the billing of Analytical Engines" in client.get("/settings/team").text
    assert dora.organization.name == "Dora's own"


def test_somebody_else_is_refused_and_told_how_to_go_on(link: str, cleo: Browser) -> None:
    answer = cleo.get(link)
    assert answer.status_code == 403
    assert "Sign out and use the other address" in answer.text
    assert cleo.post(link).status_code == 403
    assert membership() is None
    assert cleo.post("/logout", data={"next": link}).location == link


def test_a_used_invitation_is_gone(link: str, client: Browser, cleo: Browser) -> None:
    client.post(link, data=DORA)
    assert client.get(link).status_code == client.post(link).status_code == cleo.post(link).status_code == 410


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": clock.wall() - timedelta(seconds=1)},
        {"revoked_at": clock.wall()},
    ],
    ids=["expired", "revoked"],
)
def test_an_expired_or_revoked_invitation_is_gone(link: str, client: Browser, values: dict[str, object]) -> None:
    db.session.execute(update(Invitation).values(values))
    db.session.commit()
    assert client.get(link).status_code == client.post(link, data=DORA).status_code == 410
    assert membership() is None


@pytest.mark.parametrize("token", ["x", "%00", "A" * 3000])
def test_a_link_somebody_made_up_looks_like_one_that_is_gone(client: Browser, token: str) -> None:
    assert client.get(f"/invitations/{token}").status_code == 410


def test_an_expired_invitation_can_be_sent_again(link: str, ada: Browser, client: Browser, mailbox: Mailbox) -> None:
    db.session.execute(update(Invitation).values(expires_at=clock.wall()))
    db.session.commit()
    assert "expired" in ada.get("/settings/team").text
    public_id = db.session.scalars(select(Invitation.public_id)).one()
    ada.post(f"/settings/team/invitations/{public_id}/delivery")
    work()
    fresh = "/invitations/" + str(mailbox.to("dora@example.com")[0]["text"]).split("/invitations/")[1].split()[0]
    assert client.post(fresh, data=DORA).status_code == 303


def test_a_member_who_was_added_meanwhile_keeps_their_role(
    link: str, ada: Browser, person: Callable[..., Browser]
) -> None:
    dora = person("Dora", ada.organization, Role.ADMIN)
    assert dora.post(link).status_code == 303
    assert membership() == (ada.organization.id, Role.ADMIN)


def test_the_steps_are_on_the_organizations_record(link: str, ada: Browser, client: Browser) -> None:
    client.post(link, data=DORA)
    mine = select(Entry.action).where(Entry.organization_id == ada.organization.id).order_by(Entry.id)
    assert db.session.scalars(mine).all() == ["invitation.created", "invitation.accepted"]
