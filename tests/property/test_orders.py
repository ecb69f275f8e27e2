"""E2: events say the same in whatever order they come, and however often."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.extensions import db
from app.core.transactions import commit
from app.organizations.models import Organization
from tests.property import backup, deeds, mirror
from tests.property.backup import Rows
from tests.property.world import World, fresh_token

SINCE = (
    (deeds.changes, 4, "9 days"),
    (deeds.adds_a_card, 1, "40 minutes"),
    (deeds.pays_once, 2, "1 month"),
    (deeds.is_given_back, 1, "2 hours"),
    (deeds.adds_a_card, 2, "1 month"),
    (deeds.adds_a_card, 0, "2 hours"),
    (deeds.takes_a_code, 1, "1 month"),
    (deeds.cancels, 0, "2 hours"),
)
"""What Ada does after her first purchase, and how much later she does the next thing."""


@pytest.fixture
def kept(world: World) -> Rows:
    """Our tables on the day of the first purchase, which is all we know of what has happened at Stripe since.

    But for what we ourselves asked of it: who has forgotten that would carry out again what a card was saved for.
    """
    world.begin()
    ada = world.person("Ada", "Analytical Engines")
    world.buys(ada, "growth", "4242424242424242")
    rows = backup.take()
    world.settle()
    for deed, choice, span in SINCE:
        press = deed(world, db.session.get_one(Organization, ada.organization.id), choice)
        commit()
        press(fresh_token())
        commit()
        world.turn(span)
        world.settle()
    return rows | {"stripe_intents": backup.take()["stripe_intents"]}


def test_whatever_the_order_it_ends_the_same(world: World, kept: Rows):
    backup.put_back(kept)
    world.delivered = set()
    world.settle()
    meant = backup.mirrored()
    assert len(meant["invoices"]) > 3
    assert len(meant["refunds"]) == 1

    @settings(max_examples=max(4, settings.default.max_examples // 10))
    @given(st.randoms(use_true_random=False))
    def in_another(dice: Random) -> None:
        backup.put_back(kept)
        world.delivered = set()
        events = world.events() * 2
        dice.shuffle(events)
        while events:
            world.deliver([events.pop() for _ in range(min(len(events), dice.randint(1, 40)))])
            world.handle(dice.randint(1, 20))
        world.settle()
        assert backup.mirrored() == meant

    in_another()
    for organization in db.session.scalars(db.select(Organization)):
        mirror.is_like_stripe(world.sandbox, organization)
