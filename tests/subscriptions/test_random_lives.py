"""Whatever people do in whatever order: what a sheet says is what is invoiced, and what was promised is what is renewed.

Here everything arrives; tests/property has the same people with events lost, doubled and late.
"""

import random
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.catalog.models import Price
from app.core import clock
from app.core.errors import PortalError
from app.core.extensions import db
from app.organizations.models import Organization
from app.subscriptions import service
from app.subscriptions.cancellations import cancellation
from app.subscriptions.changes import change, change_back
from app.subscriptions.changes.sheet import Sheet, Way
from app.subscriptions.models import Subscription
from app.subscriptions.pauses import pausing, resuming
from app.subscriptions.purchases import promotion, resubscribe
from tests.cast import Browser
from tests.helpers import Sandbox, work
from tests.promotions.codes import make_code
from tests.property import mirror

LIVES = range(12)
DEEDS = 12
PLANS = ("starter", "growth", "pro")
SPANS = ("40 minutes", "26 hours", "9 days", "17 days", "1 month", "1 month", "2 months", "13 months")
CARDS = ("4242424242424242", "4242424242424242", "4242424242424242", "4000000000000341")
ANYTHING = [
    *("changes", "cancels", "keeps", "undoes", "discards", "pauses", "withdraws", "resumes", "comes_back"),
    *("takes_another_card", "takes_a_code", "drops_a_discount", "waits"),
]
CODES = {
    "ONCE20": {"percent_off": "20", "duration": "once"},
    "HALFYEAR5": {"amount_off": "500", "currency": "usd", "duration": "repeating", "duration_in_months": "6"},
    "EVER33": {"percent_off": "33.3", "duration": "forever"},
}
KEEPS_PROMISE = {"waits", "changes", "takes_another_card"}


class Life:
    """One customer, whose `deeds` are drawn by `dice`; a deed that is refused says why and changes nothing."""

    def __init__(
        self,
        seed: int,
        browser: Browser,
        nexus: Callable[..., Price],
        use_card: Callable[[Browser, str], None],
        sandbox: Sandbox,
    ) -> None:
        self.dice = random.Random(seed)
        self.browser, self.nexus, self.use_card, self.sandbox = browser, nexus, use_card, sandbox
        self.organization = db.session.get_one(Organization, browser.organization.id)
        self.prices = [nexus(plan, interval) for plan in PLANS for interval in ("month", "year")]
        self.promised: tuple[datetime, int] | None = None
        self.story: list[str] = []

    @property
    def subscription(self) -> Subscription:
        found = service.latest(self.organization)
        assert found is not None
        return found

    def goes_on(self) -> None:
        """Mostly something that makes sense as things are, sometimes anything at all."""
        deeds = self.sensible() if self.dice.random() < 0.85 else ANYTHING
        name = self.dice.choice(deeds)
        self.story.append(name)
        try:
            if name not in KEEPS_PROMISE:
                self.promised = None
            getattr(self, name)()
            db.session.commit()
        except PortalError as error:
            db.session.rollback()
            self.story[-1] += f" ({error.code})"
        work(self.sandbox)
        clock.refresh()
        mine = Subscription.of(self.organization)
        mirror.subscription_is_mirrored(mine, self.subscription.stripe_id, self.story)
        mirror.invoices_are_mirrored(self.sandbox, self.organization, self.story)

    def sensible(self) -> list[str]:
        subscription = self.subscription
        if not subscription.is_running:
            return ["comes_back", "comes_back", "waits"]
        possible = {
            "keeps": subscription.can_keep,
            "withdraws": subscription.is_pausing,
            "resumes": subscription.portal_state == "paused",
            "undoes": subscription.scheduled_price is not None,
            "discards": subscription.is_waiting,
            "pauses": subscription.can_pause,
            "cancels": subscription.can_cancel,
            "takes_a_code": not subscription.discounts,
            "drops_a_discount": bool(subscription.discounts),
        }
        always = ["changes", "changes", "changes", "waits", "waits", "takes_another_card"]
        return always + [deed for deed, can in possible.items() if can]

    def takes_another_card(self) -> None:
        self.use_card(self.browser, self.dice.choice(CARDS))

    def changes(self) -> None:
        here = self.subscription.price.lookup_key
        others = [price for price in self.prices if price.lookup_key != here]
        price = self.dice.choice(others)
        self.story[-1] += f" to {price.lookup_key}"
        sheet = change.preview(self.organization, price)
        shown, token, before = sheet.shown, secrets.token_urlsafe(16), self.invoices()
        change.confirm(self.organization, price, sheet.quantity, shown, token)
        made = [invoice for invoice in self.invoices() if invoice["id"] not in {old["id"] for old in before}]
        self.promised = None
        if sheet.way is Way.NOW:
            self.is_invoiced(sheet, made)
        else:
            assert made == [], self.story
        if sheet.renewal is not None and not self.waits_for_payment():
            self.promised = (sheet.renews_at, sheet.renewal.amount)

    def waits_for_payment(self) -> bool:
        db.session.flush()
        return self.subscription.is_waiting

    def is_invoiced(self, sheet: Sheet, made: list[dict[str, Any]]) -> None:
        """To the cent, line by line."""
        assert sheet.invoice is not None
        if not made:
            assert sheet.due.amount == 0, self.story
            return
        (invoice,) = made
        assert invoice["amount_due"] == sheet.due.amount, self.story
        assert invoice["total"] == sheet.invoice.total, self.story
        theirs = sorted(line["amount"] for line in invoice["lines"]["data"])
        assert theirs == sorted(line.amount for line in sheet.lines), self.story

    def comes_back(self) -> None:
        wanted = resubscribe.of(self.organization)
        assert wanted.due is not None
        before = {invoice["id"] for invoice in self.invoices()}
        resubscribe.again(self.organization, shown=wanted.due.amount, token=secrets.token_urlsafe(16))
        made = [invoice["amount_due"] for invoice in self.invoices() if invoice["id"] not in before]
        assert made == [wanted.due.amount], self.story

    def takes_a_code(self) -> None:
        code = self.dice.choice(list(CODES))
        self.story[-1] += f" {code}"
        sheet = promotion.preview(self.organization, code)
        promotion.apply(self.organization, code, shown=sheet.next.amount, token=secrets.token_urlsafe(16))

    def drops_a_discount(self) -> None:
        discount = self.subscription.discounts[0]["id"] if self.subscription.discounts else "di_unknown"
        removal = promotion.preview_removal(self.organization, discount)
        promotion.remove(self.organization, discount, shown=removal.next.amount, token=secrets.token_urlsafe(16))

    def cancels(self) -> None:
        reason = cancellation.Reason("other", "")
        cancellation.cancel(self.organization, reason, seen="", token=secrets.token_urlsafe(16))

    def keeps(self) -> None:
        cancellation.keep(self.organization, token=secrets.token_urlsafe(16))

    def undoes(self) -> None:
        change_back.undo(self.organization, secrets.token_urlsafe(16))

    def discards(self) -> None:
        change_back.discard(self.organization, secrets.token_urlsafe(16))

    def pauses(self) -> None:
        pausing.plan(self.organization, None, secrets.token_urlsafe(16))

    def withdraws(self) -> None:
        pausing.withdraw(self.organization, secrets.token_urlsafe(16))

    def resumes(self) -> None:
        _, preview = resuming.preview(self.organization)
        before = {invoice["id"] for invoice in self.invoices()}
        resuming.resume(self.organization, shown=preview.amount_due, token=secrets.token_urlsafe(16))
        made = [invoice for invoice in self.invoices() if invoice["id"] not in before]
        assert [invoice["amount_due"] for invoice in made] in ([preview.amount_due], []), self.story

    def waits(self) -> None:
        span = self.dice.choice(SPANS)
        self.story[-1] += f" {span}"
        self.sandbox.turn_clock(span)
        clock.refresh()
        self.renews_as_promised()

    def renews_as_promised(self) -> None:
        """The first renewal after a change costs what its sheet said, unless something else was done in between."""
        if self.promised is None or clock.now() < self.promised[0] + timedelta(hours=2):
            return
        at, amount = int(self.promised[0].timestamp()), self.promised[1]
        renewals = [i for i in self.invoices() if i["billing_reason"] == "subscription_cycle"]
        found = [i["total"] for i in renewals if any(line["period"]["start"] == at for line in i["lines"]["data"])]
        assert found in ([amount], []), (found, self.promised, self.story)
        self.promised = None

    def invoices(self) -> list[dict[str, Any]]:
        return self.sandbox.objects("invoices", customer=str(self.organization.stripe_customer_id))


@pytest.mark.parametrize("seed", LIVES)
def test_what_was_shown_is_what_is_charged_and_what_is_so_is_what_we_say(
    seed: int,
    ada: Browser,
    subscribe: Callable[..., None],
    use_card: Callable[[Browser, str], None],
    nexus: Callable[..., Price],
    sandbox: Sandbox,
):
    life = Life(seed, ada, nexus, use_card, sandbox)
    for code, coupon in CODES.items():
        make_code(sandbox, code, coupon)
    subscribe(ada, life.dice.choice(PLANS))
    clock.refresh()
    for _ in range(DEEDS):
        life.goes_on()
