"""Rules that hold whoever comes at the same moment."""

from contextvars import Context
from threading import Barrier, Thread

from flask import Flask
from sqlalchemy import select

from app.core.extensions import db
from app.organizations import service, team
from app.organizations.models import Membership, Organization, Role
from tests.cast import Browser


def test_two_admins_who_demote_each_other_at_once_leave_one(app: Flask, ada: Browser, bob: Browser) -> None:
    team.change_role(ada.organization, bob.user.public_id, Role.ADMIN)
    db.session.commit()
    start = Barrier(2)

    def demote(public_id: str) -> None:
        with app.app_context():
            organization = db.session.get_one(Organization, ada.organization.id)
            start.wait(timeout=5)
            try:
                team.change_role(organization, public_id, Role.MEMBER)
                db.session.commit()
            except team.LastAdmin:
                db.session.rollback()

    threads = [Thread(target=Context().run, args=(demote, one.user.public_id)) for one in (ada, bob)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    db.session.expire_all()
    roles = db.session.scalars(select(Membership.role).where(Membership.organization_id == ada.organization.id))
    assert sorted(roles) == [Role.ADMIN, Role.MEMBER]


def test_mails_about_money_go_to_those_who_may_pay(app: Flask, ada: Browser, bob: Browser, cleo: Browser) -> None:
    assert service.billing_emails(ada.organization) == ["ada@example.com", "bob@example.com"]
    team.change_role(ada.organization, bob.user.public_id, Role.MEMBER)
    assert service.billing_emails(ada.organization) == ["ada@example.com"]
