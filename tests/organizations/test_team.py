"""The page /settings/team: everybody reads it, admins change it, an admin always stays."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from app.audit.models import Entry
from app.core.extensions import db
from app.organizations.models import Invitation, Membership, Role
from tests.cast import Browser
from tests.helpers import Mailbox, work

TEAM = "/settings/team"


@pytest.fixture
def invitation(ada: Browser) -> Invitation:
    ada.post(f"{TEAM}/invitations", data={"email": "dora@example.com", "role": "billing"})
    return db.session.scalars(select(Invitation)).one()


def role_of(browser: Browser) -> Role | None:
    return db.session.scalar(select(Membership.role).where(Membership.user_id == browser.user.id))


def doors(invitation: Invitation, member: Browser) -> list[tuple[str, dict[str, str]]]:
    """Every way to change a team, with values that would work for an admin."""
    return [
        (f"{TEAM}/invitations", {"email": "new@example.com", "role": "member"}),
        (f"{TEAM}/invitations/{invitation.public_id}/delivery", {}),
        (f"{TEAM}/invitations/{invitation.public_id}/revocation", {}),
        (f"{TEAM}/members/{member.user.public_id}/role", {"role": "admin"}),
        (f"{TEAM}/members/{member.user.public_id}/removal", {}),
    ]


def state() -> list[object]:
    """What the doors could change, read afresh."""
    memberships = db.session.execute(select(Membership.user_id, Membership.role).order_by(Membership.id)).all()
    columns = Invitation.email, Invitation.token_hash, Invitation.revoked_at
    return [memberships, db.session.execute(select(*columns).order_by(Invitation.id)).all()]


def test_an_admin_sees_everybody_and_every_way_to_change(ada: Browser, bob: Browser, invitation: Invitation) -> None:
    page = ada.get(TEAM).text
    for word in ("Ada", "Bob", "dora@example.com", "Revoke", "Send again", "Remove", "Invite"):
        assert word in page


@pytest.mark.parametrize("role", [Role.BILLING, Role.MEMBER])
def test_others_read_the_list_and_change_nothing(
    ada: Browser, invitation: Invitation, person: Callable[..., Browser], role: Role
) -> None:
    other = person("Otto", ada.organization, role)
    page = other.get(TEAM).text
    assert "Ada" in page
    assert "dora@example.com" in page
    assert "<select" not in page
    before = state()
    for address, values in doors(invitation, other):
        answer = other.post(address, data=values)
        assert (address, answer.status_code) == (address, 403)
        assert "Ask an admin" in answer.text
    assert state() == before
    denied = list(db.session.scalars(select(Entry).where(Entry.action == "access.denied")))
    assert len(denied) == 5
    assert denied[0].data == {"endpoint": "team.invite", "role": role}
    assert denied[0].user_id == other.user.id


def test_another_organizations_people_and_invitations_are_not_found(
    ada: Browser, bob: Browser, invitation: Invitation, cleo: Browser
) -> None:
    before = state()
    for address, values in doors(invitation, bob)[1:]:
        hers = cleo.post(address, data=values)
        random = cleo.post(
            address.replace(invitation.public_id, "ivt_x").replace(bob.user.public_id, "usr_x"), data=values
        )
        assert hers.status_code == random.status_code == 404
        assert without_ids(hers.text) == without_ids(random.text)
    assert cleo.get(f"{TEAM}/members/{bob.user.public_id}/removal").status_code == 404
    assert state() == before


def without_ids(page: str) -> str:
    hidden = ("csrf", "nonce", "<code>")
    return "".join(line for line in page.splitlines() if not any(word in line.lower() for word in hidden))


def test_a_visitor_changes_nothing(client: Browser, bob: Browser, invitation: Invitation) -> None:
    before = state()
    for address, values in doors(invitation, bob):
        assert client.post(address, data=values).location == "/login"
    assert state() == before


def test_without_the_csrf_token_nothing_changes(ada: Browser, bob: Browser, invitation: Invitation) -> None:
    before = state()
    for address, values in doors(invitation, bob):
        assert ada.post(address, data=values, csrf=False).status_code == 400
    assert state() == before


def test_looking_changes_nothing(ada: Browser, bob: Browser, invitation: Invitation) -> None:
    before = state()
    for address, _values in doors(invitation, bob):
        assert ada.get(address).status_code in {200, 405}
    assert state() == before


def test_a_role_changes_with_the_next_request(ada: Browser, bob: Browser) -> None:
    ada.post(f"{TEAM}/members/{bob.user.public_id}/role", data={"role": "admin"})
    assert role_of(bob) is Role.ADMIN
    assert "Invite somebody" in bob.get(TEAM).text
    entry = db.session.scalars(select(Entry).where(Entry.action == "membership.role_changed")).one()
    assert entry.data == {"from": "billing", "to": "admin"}


def test_a_role_nobody_knows_is_refused(ada: Browser, bob: Browser) -> None:
    assert ada.post(f"{TEAM}/members/{bob.user.public_id}/role", data={"role": "owner"}).status_code == 422
    assert role_of(bob) is Role.BILLING


def test_the_last_admin_can_neither_step_down_nor_leave(ada: Browser, bob: Browser) -> None:
    stepping_down = ada.post(f"{TEAM}/members/{ada.user.public_id}/role", data={"role": "member"})
    leaving = ada.post(f"{TEAM}/members/{ada.user.public_id}/removal")
    assert stepping_down.status_code == leaving.status_code == 409
    assert "needs an admin" in stepping_down.text
    assert role_of(ada) is Role.ADMIN


def test_with_a_second_admin_the_first_may_go(ada: Browser, bob: Browser) -> None:
    ada.post(f"{TEAM}/members/{bob.user.public_id}/role", data={"role": "admin"})
    assert ada.post(f"{TEAM}/members/{ada.user.public_id}/removal").status_code == 303
    assert role_of(ada) is None


def test_removing_asks_first_and_ends_access_at_once(ada: Browser, bob: Browser) -> None:
    address = f"{TEAM}/members/{bob.user.public_id}/removal"
    assert "Remove Bob?" in ada.get(address).text
    assert role_of(bob) is Role.BILLING
    assert ada.post(address).status_code == 303
    assert bob.get(TEAM).location == "/organizations/new"


def test_an_invitation_is_mailed_with_who_where_and_what(
    ada: Browser, invitation: Invitation, mailbox: Mailbox
) -> None:
    work()
    mail = mailbox.to("dora@example.com")[0]
    assert mail["subject"] == "Ada invites you to Analytical Engines"
    assert "manage plans, payments and invoices" in mail["text"]
    assert "/invitations/" in mail["text"]


def test_inviting_twice_is_one_invitation_sent_again(ada: Browser, invitation: Invitation, mailbox: Mailbox) -> None:
    ada.post(f"{TEAM}/invitations", data={"email": "Dora@Example.com", "role": "member"})
    work()
    assert db.session.scalars(select(Invitation.role)).all() == [Role.MEMBER]
    assert len(mailbox.to("dora@example.com")) == 2


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"email": "bob@example.com", "role": "member"}, "already belongs"),
        ({"email": "nobody", "role": "member"}, "name@example.com"),
        ({"email": "new@example.com", "role": "owner"}, "valid choice"),
        ({}, "Enter your email address"),
    ],
)
def test_an_invitation_that_cannot_be_is_explained(
    ada: Browser, bob: Browser, values: dict[str, str], why: str
) -> None:
    answer = ada.post(f"{TEAM}/invitations", data=values)
    assert answer.status_code == 422
    assert why in answer.text
    assert db.session.scalar(select(func.count()).select_from(Invitation)) == 0


def test_sending_again_ends_the_former_link(
    ada: Browser, invitation: Invitation, client: Browser, mailbox: Mailbox
) -> None:
    work()
    ada.post(f"{TEAM}/invitations/{invitation.public_id}/delivery")
    work()
    newer, older = (
        "/invitations/" + mail["text"].split("/invitations/")[1].split()[0] for mail in mailbox.to("dora@example.com")
    )
    assert client.get(newer).status_code == 200
    assert client.get(older).status_code == 410


def test_a_revoked_invitation_leaves_the_list_and_may_be_made_anew(ada: Browser, invitation: Invitation) -> None:
    ada.post(f"{TEAM}/invitations/{invitation.public_id}/revocation")
    assert "Pending invitations" not in ada.get(TEAM).text
    assert ada.post(f"{TEAM}/invitations/{invitation.public_id}/revocation").status_code == 404
    assert ada.post(f"{TEAM}/invitations", data={"email": "dora@example.com", "role": "member"}).status_code == 303
