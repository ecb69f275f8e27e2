"""The customer of an organization: made once, and never out of reach."""

from datetime import timedelta

from flask import Flask

from app.core import clock
from app.core.extensions import db
from app.gateway import customers
from app.gateway.intents import StripeIntent
from tests.helpers import Sandbox


def test_the_same_organization_gets_the_same_customer(app: Flask, sandbox: Sandbox):
    assert customers.create("customer-create:org_1", "org_1") == customers.create("customer-create:org_1", "org_1")
    assert len(sandbox.objects("customers")) == 1


def test_a_first_try_nobody_heard_the_end_of_days_ago_does_not_close_the_checkout(app: Flask, sandbox: Sandbox):
    customers.create("customer-create:org_1", "org_1")
    long_ago = {"state": "started", "stripe_id": None, "started_at": clock.wall() - timedelta(days=2)}
    db.session.execute(db.update(StripeIntent).values(**long_ago))
    db.session.commit()
    assert customers.create("customer-create:org_1", "org_1").startswith("cus_")
