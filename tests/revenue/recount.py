"""The figures once more, by another way: from Stripe's invoices and subscriptions alone, our tables unseen.

What a customer pays at an instant is told by the last line of an invoice that began before it: what it is for, how much of
it, less the discounts that recur. A line ends with its period, where time is given back, and where the subscription ended.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.helpers import Sandbox

PERIODS = {"month": 12, "year": 1}
PER_PAGE = 100
A_MOMENT = 300
"""Seconds."""


@dataclass(frozen=True)
class Line:
    """`annual` in cents by the year, from `start` up to `end`, Unix seconds."""

    start: int
    end: int
    annual: int


@dataclass(frozen=True)
class Step:
    """What changed for one customer at an instant."""

    at: int
    kind: str
    before: int
    after: int

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.at, UTC).date()


def steps(sandbox: Sandbox, customer: str) -> list[Step]:
    """Everything that moved for a customer, in order of time."""
    lines = _lines(sandbox, customer)
    gaps = sorted({line.start for line in lines} | {line.end for line in lines})
    found, before, has_paid = [], 0, False
    for at in gaps:
        running = [line for line in lines if line.start <= at < line.end]
        after = max(running, key=lambda line: line.start).annual if running else 0
        if after != before:
            found.append(Step(at, _kind(before, after, has_paid), before, after))
            has_paid = True
        before = after
    return found


def _kind(before: int, after: int, has_paid: bool) -> str:
    if before == 0:
        return "reactivation" if has_paid else "new"
    if after == 0:
        return "churn"
    return "expansion" if after > before else "contraction"


def _lines(sandbox: Sandbox, customer: str) -> list[Line]:
    invoices = sandbox.objects("invoices", customer=customer, **{"expand[]": "data.discounts.source.coupon"})
    subscriptions = {one["id"]: one for one in sandbox.objects("subscriptions", customer=customer, status="all")}
    given_back = [
        item["period"]["start"]
        for item in sandbox.objects("invoiceitems", customer=customer)
        if item["proration"] and item["amount"] < 0
    ]
    found = []
    for invoice in invoices:
        if invoice["status"] == "void" or invoice["parent"] is None:
            continue
        subscription = subscriptions[invoice["parent"]["subscription_details"]["subscription"]]
        for line in invoice["lines"]["data"]:
            if line["amount"] > 0:
                found.append(_line(line, invoice, subscription, given_back))
    return [_until_the_next(line, found) for line in found]


def _until_the_next(line: Line, lines: list[Line]) -> Line:
    """Time is given back from when a change was shown, and the new period begins when it was confirmed: seconds later."""
    following = [other.start for other in lines if line.end < other.start <= line.end + A_MOMENT]
    return replace(line, end=min(following, default=line.end))


def _line(line: Any, invoice: Any, subscription: Any, given_back: list[int]) -> Line:
    start, end = line["period"]["start"], line["period"]["end"]
    ends = [end, *(at for at in given_back if start < at < end)]
    if subscription["ended_at"] is not None:
        ends.append(max(subscription["ended_at"], start))
    return Line(start, min(ends), _annual(line, invoice))


def _annual(line: Any, invoice: Any) -> int:
    """Of a whole period also where the line is for a part of one."""
    price = line["pricing"]["price_details"]
    whole = _PRICES[price["price"]]
    left = whole["unit_amount"] * line["quantity"]
    for coupon in (discount["source"]["coupon"] for discount in invoice["discounts"]):
        if coupon["duration"] == "once":
            continue
        off = (
            Decimal(left) * Decimal(str(coupon["percent_off"])) / 100 if coupon["percent_off"] else coupon["amount_off"]
        )
        left -= int(Decimal(off).quantize(Decimal(1), ROUND_HALF_UP))
    return int(left * PERIODS[whole["recurring"]["interval"]])


_PRICES: dict[str, Any] = {}


def learn_prices(sandbox: Sandbox) -> None:
    _PRICES.clear()
    _PRICES.update({price["id"]: price for price in sandbox.objects("prices")})


def _all(sandbox: Sandbox, path: str, **filters: str) -> list[dict[str, Any]]:
    """Page by page."""
    found = page = sandbox.objects(path, **filters)
    while len(page) == PER_PAGE:
        page = sandbox.objects(path, starting_after=page[-1]["id"], **filters)
        found = found + page
    return found


def statuses(sandbox: Sandbox) -> Counter[str]:
    return Counter(one["status"] for one in _all(sandbox, "subscriptions"))


def reasons(sandbox: Sandbox) -> Counter[str]:
    """Of those who canceled."""
    gone = [one for one in _all(sandbox, "subscriptions", status="all") if one["canceled_at"]]
    return Counter(one["cancellation_details"]["feedback"] or "" for one in gone)


def trials(sandbox: Sandbox) -> tuple[int, int]:
    """How many trials have ended, and of how many the first invoice after it came to something and was paid."""
    tried = [one for one in _all(sandbox, "subscriptions", status="all") if one["trial_end"]]
    ended = [one for one in tried if one["status"] != "trialing"]
    return len(ended), sum(_is_paid_for(sandbox, one) for one in ended)


def _is_paid_for(sandbox: Sandbox, subscription: Any) -> bool:
    invoices = _all(sandbox, "invoices", subscription=subscription["id"])
    after = [one for one in invoices if one["created"] >= subscription["trial_end"]]
    first = min(after, key=lambda one: one["created"], default=None)
    return first is not None and first["status"] == "paid" and first["total"] > 0


def failed(sandbox: Sandbox) -> tuple[int, int]:
    """How many invoices a card was refused for, and how much is still unpaid of them."""
    refused = {one["payment_intent"] for one in _all(sandbox, "charges") if one["status"] == "failed"}
    invoices = _all(sandbox, "invoice_payments", **{"expand[]": "data.invoice"})
    found = {one["invoice"]["id"]: one["invoice"] for one in invoices if one["payment"]["payment_intent"] in refused}
    is_open = {"open", "uncollectible"}
    return len(found), sum(one["amount_remaining"] for one in found.values() if one["status"] in is_open)
