"""What a customer or a member of staff can do: each looks at the page first, and gives what its button does for a token.

A deed that makes no sense as things are raises PortalError, as the page would say.
"""

from typing import Any

from app.core import clock
from app.core.errors import NotFound
from app.core.extensions import db
from app.core.money import Money
from app.core.transactions import commit
from app.gateway import payments as payments_gateway
from app.invoices import paying
from app.invoices.models import Invoice
from app.organizations.models import Organization
from app.payment_methods import adding, defaults, removing
from app.payment_methods import service as payment_methods
from app.payments import one_off, refunding
from app.payments.models import Attempt, Payment
from app.subscriptions import ending, service
from app.subscriptions.cancellations import cancellation
from app.subscriptions.changes import change, change_back
from app.subscriptions.pauses import pausing, resuming
from app.subscriptions.purchases import promotion, resubscribe
from tests.property.world import Deed, Press, World

REASON = cancellation.Reason("other", "")
OFFERS = [(plan, interval) for plan in ("starter", "growth", "pro") for interval in ("month", "year")]
CARDS = ("4242424242424242", "5555555555554444", "4000000000000341", "4000000000007726")


def changes(world: World, who: Organization, choice: int) -> Press:
    """Up or down, by OFFERS."""
    price = world.price(*OFFERS[choice % len(OFFERS)])
    sheet = change.preview(who, price)
    return lambda token: change.confirm(who, price, sheet.quantity, sheet.shown, token)


def cancels(world: World, who: Organization, choice: int) -> Press:
    return lambda token: cancellation.cancel(who, REASON, seen="", token=token)


def ends_now(world: World, who: Organization, choice: int) -> Press:
    offer = ending.at_once(who, service.running(who), clock.now().replace(microsecond=0))
    if offer is None:
        raise NotFound()
    return lambda token: cancellation.end_now(who, REASON, seen=offer.seen, token=token)


def keeps(world: World, who: Organization, choice: int) -> Press:
    return lambda token: cancellation.keep(who, token=token)


def undoes(world: World, who: Organization, choice: int) -> Press:
    return lambda token: change_back.undo(who, token)


def discards(world: World, who: Organization, choice: int) -> Press:
    return lambda token: change_back.discard(who, token)


def pauses(world: World, who: Organization, choice: int) -> Press:
    """Until they come back, or for months."""
    until = pausing.day_after(service.running(who), who, choice) if choice in {1, 2} else None
    return lambda token: pausing.plan(who, until, token)


def withdraws(world: World, who: Organization, choice: int) -> Press:
    return lambda token: pausing.withdraw(who, token)


def resumes(world: World, who: Organization, choice: int) -> Press:
    _, preview = resuming.preview(who)
    return lambda token: resuming.resume(who, shown=preview.amount_due, token=token)


def comes_back(world: World, who: Organization, choice: int) -> Press:
    wanted = resubscribe.of(who)
    if wanted.due is None:
        raise NotFound()
    shown = wanted.due.amount
    return lambda token: resubscribe.again(who, shown=shown, token=token)


def takes_a_code(world: World, who: Organization, choice: int) -> Press:
    code = ("ONCE20", "EVER33")[choice % 2]
    shown = promotion.preview(who, code).next.amount
    return lambda token: promotion.apply(who, code, shown=shown, token=token)


def pays(world: World, who: Organization, choice: int) -> Press:
    """An open invoice, with the card Stripe would charge or one of the saved ones."""
    invoice = _pick(Invoice.of(who).where(Invoice.status == "open").order_by(Invoice.id), choice)
    cards: list[str | None] = [None, *(card.stripe_id for card in payment_methods.of(who))]
    card, shown = cards[choice % len(cards)], invoice.remaining_amount
    return lambda token: paying.pay(who, db.session.get_one(Invoice, invoice.id), card, token, shown=shown)


def adds_a_card(world: World, who: Organization, choice: int) -> Press:
    """By CARDS, for what is charged from now on; the second press of it is the return page, opened again."""
    if who.stripe_customer_id is None:
        raise NotFound()
    number, due = CARDS[choice % len(CARDS)], defaults.owed(defaults.overdue(who))

    def press(token: str) -> None:
        secret = adding.start(who, None, make_default=True, due=due, token=token)
        commit()
        intent = secret.split("_secret_")[0]
        if _setup(world, intent)["status"] != "succeeded":
            world.card.confirm(secret, number)
        adding.complete(who, intent, commit)

    return press


def _setup(world: World, intent: str) -> dict[str, Any]:
    return next(one for one in world.sandbox.objects("setup_intents") if one["id"] == intent)


def chooses_a_card(world: World, who: Organization, choice: int) -> Press:
    cards = payment_methods.of(who)
    if not cards:
        raise NotFound()
    public_id, shown = cards[choice % len(cards)].public_id, defaults.due(defaults.overdue(who))
    return lambda token: defaults.make(who, public_id, token, shown, commit)


def removes_a_card(world: World, who: Organization, choice: int) -> Press:
    cards = payment_methods.of(who)
    if not cards:
        raise NotFound()
    public_id = cards[choice % len(cards)].public_id
    return lambda token: removing.remove(who, public_id, token, commit)


def is_given_back(world: World, who: Organization, choice: int) -> Press:
    """Staff refund a third of a payment, or all that is left."""
    paid = Payment.of(who).join(Attempt, Attempt.payment_id == Payment.id).where(Attempt.status == "succeeded")
    payment = _pick(paid.order_by(Payment.id), choice)
    left = payments_gateway.retrieve(payment.stripe_id).refundable
    amount = Money(left // 3, payment.currency) if choice % 2 else None
    return lambda token: refunding.refund(
        db.session.get_one(Payment, payment.id), amount, "requested_by_customer", token
    )


def pays_once(world: World, who: Organization, choice: int) -> Press:
    """An amount of its own, with a saved card."""
    cards = payment_methods.of(who)
    if not cards:
        raise NotFound()
    card, amount = cards[choice % len(cards)].stripe_id, Money(1500 + choice, "usd")

    def press(token: str) -> None:
        payment = one_off.prepare(who, amount, "credits", f"pack-{choice}", token).payment
        commit()
        one_off.confirm(who, payment, card, token)

    return press


def _pick(found: Any, choice: int) -> Any:
    rows = list(db.session.scalars(found))
    if not rows:
        raise NotFound()
    return rows[choice % len(rows)]


ALWAYS = (takes_a_code, adds_a_card, chooses_a_card, removes_a_card, pays, is_given_back, pays_once, changes)


def sensible(who: Organization) -> list[Deed]:
    """What the pages of somebody offer as things are."""
    subscription = service.latest(who)
    if subscription is None or not subscription.is_running:
        return [comes_back, pays, is_given_back, adds_a_card]
    possible: dict[Deed, object] = {
        keeps: subscription.can_keep,
        withdraws: subscription.is_pausing,
        resumes: subscription.portal_state == "paused",
        undoes: subscription.scheduled_price_id,
        discards: subscription.is_waiting,
        pauses: subscription.can_pause,
        cancels: subscription.can_cancel,
        ends_now: subscription.can_cancel,
        pays: _owes(who),
    }
    return [deed for deed, can in possible.items() if can] + [deed for deed in ALWAYS if deed is not pays]


ANYTHING = (
    *(*ALWAYS, cancels, ends_now, keeps, undoes, discards),
    *(pauses, withdraws, resumes, comes_back),
)


def _owes(who: Organization) -> bool:
    return db.session.scalar(Invoice.of(who).where(Invoice.status == "open").limit(1)) is not None
