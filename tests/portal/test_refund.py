"""`portal refund PAYMENT`, typed by a member of staff."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.audit.models import Entry
from app.core.extensions import db
from app.payments.models import Payment, Refund
from portal.demo.stack import Stack
from tests.cast import Browser


@pytest.fixture
def paid(ada: Browser, subscribe: Callable[..., None]) -> Payment:
    subscribe(ada, "growth")
    return db.session.scalars(select(Payment)).one()


def refund(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "portal", "refund", *words]
    answer = subprocess.run(command, env=os.environ | stack.environment(), capture_output=True, text=True, timeout=60)
    db.session.expire_all()
    return answer


def test_a_part_is_given_back_and_on_record(stack: Stack, paid: Payment) -> None:
    answer = refund(stack, paid.public_id, "--amount", "40.00")
    assert answer.stdout.splitlines()[-1:] == [f"$40.00 of {paid.public_id} is on its way back to the card."]
    assert db.session.scalars(select(Refund)).one().amount == 4000
    ordered = db.session.scalars(select(Entry).where(Entry.action == "refund.ordered")).one()
    assert (ordered.actor, ordered.data["reason"]) == ("system", "requested_by_customer")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["pay_unknown"], "There is no payment pay_unknown."),
        (["{payment}", "--amount", "99.01"], "can be up to $99.00"),
        (["{payment}", "--amount", "1.005"], "has more decimals than USD"),
        (["{payment}", "--amount", "NaN"], "is not an amount"),
    ],
)
def test_what_cannot_be_refunded_is_refused_in_a_sentence(
    stack: Stack, paid: Payment, words: list[str], sentence: str
) -> None:
    answer = refund(stack, *[word.format(payment=paid.public_id) for word in words])
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert db.session.scalars(select(Refund)).all() == []
