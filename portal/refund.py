"""`portal refund`: give a payment back, whole or in part."""

import secrets
import sys
from decimal import Decimal, InvalidOperation
from typing import NoReturn

import click
from sqlalchemy import select

from app import create_app
from app.core.errors import PortalError
from app.core.extensions import db
from app.core.money import Money, exponent
from app.core.transactions import commit
from app.gateway.errors import GatewayUnavailable
from app.gateway.refunds import Reason
from app.payments import refunding
from app.payments.models import Payment

REASONS = ["requested_by_customer", "duplicate", "fraudulent"]


@click.command()
@click.argument("payment")
@click.option("--amount", help="In whole units and their decimals, such as 40.00; without it, all that is left.")
@click.option("--reason", type=click.Choice(REASONS), default=REASONS[0], show_default=True)
@click.option("--token", help="Of a try whose answer was lost: finds out, and refunds once.")
def refund(payment: str, amount: str | None, reason: Reason, token: str | None) -> None:
    """Give PAYMENT (pay_…, or Stripe's pi_…) back to the card that paid.

    The customer is told by mail. Never more than what is left of the payment is given back.
    """
    token = token or secrets.token_urlsafe(16)
    with create_app().app_context():
        found = db.session.scalar(
            select(Payment).where((Payment.public_id == payment) | (Payment.stripe_id == payment))
        )
        if found is None:
            _refuse(f"There is no payment {payment}.")
        wish = None if amount is None else _money(amount, found.currency)
        try:
            made = refunding.refund(found, wish, reason, token)
        except GatewayUnavailable as silence:
            _refuse(f"{silence} Repeat the command with --token {token}, so that the money is not given back twice.")
        except PortalError as error:
            _refuse(str(error))
        commit()
        print(f"{made.total.format()} of {found.public_id} is on its way back to the card.")


def _money(text: str, currency: str) -> Money:
    try:
        minor = Decimal(text).scaleb(exponent(currency))
        whole = int(minor)
    except (InvalidOperation, OverflowError, ValueError):
        _refuse(f"{text} is not an amount.")
    if whole != minor:
        _refuse(f"{text} has more decimals than {currency.upper()}.")
    return Money(whole, currency)


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)
