"""Whatever people do, Stripe sends and machines break off, in whatever order.

After each step: I3 to I7, I9 to I11, I13 and I14 of the invariants; at the end of each life E1, E3, E5 and E6. I1, I2,
I12 and I15 speak of a ledger, of usage and of dunning, which the portal does not have; I8 (roles) is in
tests/organizations. E4, the same with processes that are really killed, is in tests/faults; E7 in `profiles`.
"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.core import failpoints
from app.core.extensions import db
from app.core.failpoints import FailpointError
from app.gateway import transport
from app.organizations.models import Organization
from tests.cast import PASSWORD, Browser
from tests.property import always, deeds, eventually
from tests.property.always import Past
from tests.property.world import World, fresh_token

SPANS = ("40 minutes", "26 hours", "9 days", "17 days", "1 month", "1 month", "2 months")
CARDS = ("4242424242424242", "4242424242424242", "4000000000000341")
POINTS = sorted(failpoints.POINTS - {"document_before_rename", "after_commit_before_bell"})
"""Nobody draws documents here; and no error comes up between a commit and its bell, where only a process can die."""
NUMBERS = st.integers(min_value=0, max_value=11)
SOME = st.lists(st.integers(min_value=0, max_value=99), min_size=1, max_size=8)


class Life(RuleBasedStateMachine):
    """Ada's organization, Cleo the stranger, and everything that happens between the portal and Stripe."""

    world: World

    @initialize(plan=st.sampled_from(["starter", "growth", "pro"]), card=st.sampled_from(CARDS[:2]))
    def begins(self, plan: str, card: str) -> None:
        self.past = Past()
        self.world.begin()
        self.ada = self.world.person("Ada", "Analytical Engines")
        self.cleo = self.world.person("Cleo", "Hypatia Press")
        self.world.buys(self.ada, plan, card)

    @property
    def who(self) -> Organization:
        db.session.expire_all()
        return db.session.get_one(Organization, self.ada.organization.id)

    @rule(number=NUMBERS, choice=NUMBERS, presses=st.integers(min_value=1, max_value=2))
    def somebody_does_what_makes_sense(self, number: int, choice: int, presses: int) -> None:
        possible = deeds.sensible(self.who)
        self.world.presses(possible[number % len(possible)], self.who, choice, presses)

    @rule(deed=st.sampled_from(deeds.ANYTHING), choice=NUMBERS, presses=st.integers(min_value=1, max_value=2))
    def somebody_does_anything(self, deed: deeds.Deed, choice: int, presses: int) -> None:
        self.world.presses(deed, self.who, choice, presses)

    @rule(plan=st.sampled_from(["starter", "growth"]), card=st.sampled_from(CARDS), who=st.booleans())
    def somebody_goes_to_the_checkout(self, plan: str, card: str, who: bool) -> None:
        self.world.buys(self.ada if who else self.cleo, plan, card)

    @rule()
    def somebody_signs_up(self) -> None:
        browser = Browser(self.world.app, self.world.app.response_class)
        form = {"name": "Dora", "email": f"{fresh_token()}@example.com", "password": PASSWORD}
        with suppress(FailpointError):
            browser.post("/signup", data={**form, "organization": "Signed up Ltd"})

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: str) -> None:
        self.world.turn(span)

    @rule(some=SOME, times=st.integers(min_value=1, max_value=3))
    def events_arrive(self, some: list[int], times: int) -> None:
        self.world.deliver(_chosen(self.world.pending(), some) * times)

    @rule(some=SOME)
    def old_events_arrive_again(self, some: list[int]) -> None:
        delivered = [event for event in self.world.events() if event["id"] in self.world.delivered]
        self.world.deliver(_chosen(delivered, some))

    @rule(some=SOME)
    def events_are_lost(self, some: list[int]) -> None:
        self.world.lose(_chosen(self.world.pending(), some))

    @rule(limit=st.integers(min_value=1, max_value=20))
    def a_worker_takes_a_batch(self, limit: int) -> None:
        self.world.handle(limit)

    @rule()
    def workers_work(self) -> None:
        self.world.deliver(self.world.pending())
        self.world.drain()

    @rule()
    def the_clock_looks_round(self) -> None:
        self.world.wait()
        self.world.look_round()

    @rule(point=st.sampled_from(POINTS))
    def somebody_is_going_to_die(self, point: str) -> None:
        self.world.arm(point)

    @rule(when=st.sampled_from(["before", "after"]))
    def stripe_is_not_heard(self, when: str) -> None:
        self.world.falter(when)

    @rule()
    def a_stranger_looks(self) -> None:
        with suppress(FailpointError):
            always.nobody_sees_anothers(self.cleo)

    @invariant()
    def always_holds(self) -> None:
        always.holds(self.world, self.past)

    def teardown(self) -> None:
        if not hasattr(self, "past"):
            return
        self.world.settle()
        always.holds(self.world, self.past)
        always.nobody_sees_anothers(self.cleo)
        eventually.holds(self.world)


def _chosen(events: list[dict[str, Any]], some: list[int]) -> list[dict[str, Any]]:
    return [events[number % len(events)] for number in some] if events else []


def test_nothing_is_lost_and_nothing_happens_twice(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transport, "RETRIES", 0)  # what is not heard is not asked for at once
    run_state_machine_as_test(type("Life", (Life,), {"world": world, "__doc__": Life.__doc__}))
