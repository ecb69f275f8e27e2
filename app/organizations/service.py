"""Verbs on organizations."""

from sqlalchemy import select

from app.audit import service as audit
from app.auth.models import User
from app.core.extensions import db

from .models import Membership, Organization, Role


def found(founder: User, name: str) -> Organization:
    """A new organization with `founder` as its admin; an empty name becomes the founder's own."""
    organization = Organization(name=name.strip() or founder.name)
    db.session.add(organization)
    db.session.flush()
    db.session.add(Membership(organization_id=organization.id, user_id=founder.id, role=Role.ADMIN))
    audit.write("organization.created", organization.public_id, organization_id=organization.id, user_id=founder.id)
    return organization


def lock(organization: Organization) -> None:
    """Until the end of the transaction nobody else changes this organization's team."""
    db.session.execute(select(Organization.id).where(Organization.id == organization.id).with_for_update())


def admin_emails(organization: Organization) -> list[str]:
    """Who is written to about who may do what: the organization's admins."""
    return _emails(organization, Role.ADMIN)


def billing_emails(organization: Organization) -> list[str]:
    """Who is written to about money: the organization's admins and billing people."""
    return _emails(organization, Role.ADMIN, Role.BILLING)


def invoice_emails(organization: Organization) -> list[str]:
    """Who gets receipts and other mail with an invoice: `billing_emails`, and the further recipients they named.

    Those may be anybody, a bookkeeper or a machine: no mail that lets its reader act goes to them.
    """
    return list(dict.fromkeys([*billing_emails(organization), *organization.invoice_recipients]))


def _emails(organization: Organization, *roles: Role) -> list[str]:
    members = select(User.email).join(Membership, Membership.user_id == User.id)
    mine = members.where(Membership.organization_id == organization.id, Membership.role.in_(roles))
    return list(db.session.scalars(mine.order_by(Membership.id)))
