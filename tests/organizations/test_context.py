"""Whose books are open, and that it costs two statements to know."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.extensions import db
from app.organizations.models import Membership, Organization, Role
from tests.cast import Browser
from tests.statements import counted


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """What the application asks the database from now on."""
    with counted() as asked:
        yield asked


@pytest.fixture
def both(ada: Browser) -> Organization:
    """A second organization of Ada's, where she only looks."""
    second = Organization(name="Difference Ltd")
    db.session.add(second)
    db.session.flush()
    db.session.add(Membership(organization_id=second.id, user_id=ada.user.id, role=Role.MEMBER))
    db.session.commit()
    return second


def test_session_and_user_are_one_statement_and_the_organizations_another(ada: Browser, statements: list[str]) -> None:
    ada.get("/settings/team")
    assert "user_sessions" in statements[0]
    assert "memberships" in statements[1]
    assert sum("user_sessions" in statement or "organizations.name" in statement for statement in statements) == 2
    assert len(statements) <= 6


def test_a_page_with_more_members_costs_no_more(ada: Browser, bob: Browser, statements: list[str]) -> None:
    ada.get("/settings/team")
    assert len(statements) <= 6


def test_a_visitor_costs_nothing(client: Browser, statements: list[str]) -> None:
    client.get("/login")
    assert statements == []


def test_choosing_an_organization_shows_its_books_and_ones_role_there(ada: Browser, both: Organization) -> None:
    assert "Analytical Engines" in ada.get("/settings/team").text
    assert ada.post("/organizations/current", data={"organization": both.public_id}).location == "/"
    page = ada.get("/settings/team").text
    assert "Who sees and manages the billing of Difference Ltd" in page
    assert "Invite somebody" not in page


def test_an_organization_one_does_not_belong_to_cannot_be_chosen(ada: Browser, cleo: Browser) -> None:
    hers = ada.post("/organizations/current", data={"organization": cleo.organization.public_id})
    nobodys = ada.post("/organizations/current", data={"organization": "org_nothing"})
    nul = ada.post("/organizations/current", data={"organization": "\0"})
    assert hers.status_code == nobodys.status_code == nul.status_code == 404
    assert "Hypatia" not in ada.get("/settings/team").text


@pytest.mark.parametrize("header", ["X-Org-Id", "X-User-Id", "X-Organization"])
def test_headers_and_parameters_choose_nothing(ada: Browser, cleo: Browser, header: str) -> None:
    other = cleo.organization.public_id
    answer = ada.get(f"/settings/team?organization_id={other}&organization={other}", headers={header: other})
    assert "Analytical Engines" in answer.text
    assert "Hypatia" not in answer.text


def test_who_loses_an_organization_falls_back_to_the_next_at_once(ada: Browser, both: Organization) -> None:
    ada.post("/organizations/current", data={"organization": both.public_id})
    db.session.execute(Membership.__table__.delete().where(Membership.organization_id == both.id))
    db.session.commit()
    assert "Analytical Engines" in ada.get("/settings/team").text


def test_who_belongs_nowhere_is_offered_a_new_organization(ada: Browser) -> None:
    db.session.execute(Membership.__table__.delete())
    db.session.commit()
    answer = ada.get("/settings/team")
    assert (answer.status_code, answer.location) == (302, "/organizations/new")
    assert ada.get(answer.location).status_code == 200
    assert ada.post(answer.location, data={"organization": "Second Try"}).status_code == 303
    assert "Second Try" in ada.get("/settings/team").text


def test_a_new_organization_has_its_maker_as_admin_and_is_shown(ada: Browser) -> None:
    ada.post("/organizations/new", data={"organization": "Difference Ltd"})
    assert "Who sees and manages the billing of Difference Ltd" in ada.get("/settings/team").text
    roles = db.session.scalars(select(Membership.role).where(Membership.user_id == ada.user.id)).all()
    assert roles == [Role.ADMIN, Role.ADMIN]
