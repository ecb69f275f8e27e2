"""What a member of staff may ask: lists filtered by their address, rows chosen in them, reasons."""

from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from app.auth.fields import TOKEN, new_token, one_line, password
from app.catalog import service as catalog
from app.catalog.models import PlanKind
from app.core.tasks import QUEUES

from . import calls, cases, customers, differences, inbox, invoices, movements, subscriptions, work
from .filters import FilterForm, a_day, one_of, sorted_by, words
from .lists import LONGEST_NAME, PER_PAGE, number
from .wording import CALL_STATES, EVENT_STATES, TASK_STATES

LONGEST_REASON = 200


class PasswordForm(FlaskForm):
    password = password()


class EventFilterForm(FilterForm):
    orders = inbox.ORDERS

    state = one_of(_l("State"), _l("All"), {state: label for state, (label, _) in EVENT_STATES.items()})
    type = words(_l("Type"), list="event-types", placeholder="invoice.paid")
    about = words(_l("Object or event"), placeholder="in_… evt_…")
    customer = words(_l("Customer"), placeholder=_l("cus_… or a name"))
    sort = sorted_by(inbox.ORDERS)


class TaskFilterForm(FilterForm):
    orders = work.ORDERS

    state = one_of(_l("State"), _l("All"), {state: label for state, (label, _) in TASK_STATES.items()})
    queue = one_of(_l("Queue"), _l("All"), {queue: queue for queue in QUEUES})
    kind = words(_l("Kind"), placeholder="send_mail")
    named = words(_l("Number or key"), placeholder="42, receipt:inv_…")
    sort = sorted_by(work.ORDERS)


class CallFilterForm(FilterForm):
    orders = calls.ORDERS

    state = one_of(_l("State"), _l("Open"), {state: CALL_STATES[state][0] for state in calls.SHOWN})
    about = words(_l("Deed or object"), placeholder="sub_…")
    sort = sorted_by(calls.ORDERS)


def customer() -> Any:
    return words(_l("Customer"), placeholder=_l("name, mail, cus_…"))


class CaseFilterForm(FilterForm):
    orders = cases.ORDERS

    state = one_of(
        _l("State"),
        _l("All"),
        {cases.UNPAID_STATES: _l("Unpaid")} | {s: label for s, (label, _) in cases.STATES.items()},
    )
    reason = one_of(_l("Reason"), _l("All"), cases.REASONS)
    who = customer()
    number = words(_l("Invoice"), placeholder=_l("its number"))
    sort = sorted_by(cases.ORDERS)


class ChosenForm(FlaskForm):
    """Rows of a list: those that are ticked, or all that are shown. The token names this one press of the button."""

    token = HiddenField(default=new_token, validators=[InputRequired(), TOKEN])
    chosen = SelectMultipleField(validate_choice=False)
    shown = SelectMultipleField(validate_choice=False)
    everything = BooleanField()
    next = HiddenField()

    def names(self) -> list[str]:
        """The names of the chosen rows, none if nothing was ticked. Aborts with 400 when the form is not one of ours."""
        named = (self.shown.data if self.everything.data else self.chosen.data) or []
        sound = all(name.isprintable() and len(name) <= LONGEST_NAME for name in named)
        if not (self.token.validate(self) and sound and len(named) <= 2 * PER_PAGE):
            abort(400)
        return list(dict.fromkeys(named))

    def numbers(self) -> list[int]:
        """The same for rows that are named by number."""
        return [value for name in self.names() if (value := number(name)) is not None]


class DiscardForm(ChosenForm):
    reason = StringField(
        _l("Reason"),
        filters=[lambda text: (text or "").strip()],
        validators=[
            DataRequired(_l("Say why, for whoever asks later.")),
            one_line,
            Length(max=LONGEST_REASON, message=_l("Use at most %(max)d characters.")),
        ],
    )

    @property
    def is_asked(self) -> bool:
        """The reason was asked for; a list only names rows."""
        return bool(self.reason.raw_data)

    def is_complete(self) -> bool:
        """Else the page that asks is shown: for the first time with a token of its own."""
        if not self.is_asked:
            self.token.data = new_token()
        return self.is_asked and bool(self.validate())

    @property
    def status(self) -> int:
        """Of the page that asks for the reason."""
        return 422 if self.is_asked else 200


class DifferenceFilterForm(FilterForm):
    orders = differences.ORDERS

    state = one_of(_l("State"), _l("All"), {state: label for state, (label, _) in differences.STATES.items()})
    severity = one_of(_l("Severity"), _l("All"), differences.SEVERITIES)
    type = one_of(_l("Type"), _l("All"), differences.TYPES)
    about = words(_l("Object"), placeholder="sub_…")
    sort = sorted_by(differences.ORDERS)


def _plans() -> list[SelectChoice]:
    """Those of the catalogue that are bought, archived ones too."""
    plans = [plan for plan in catalog.current().plans if plan.kind == PlanKind.PAID]
    return [SelectChoice("", _l("All")), *(SelectChoice(plan.key, plan.name) for plan in plans)]


def of_plan() -> Any:
    return SelectField(_l("Plan"), [Optional()], choices=_plans, default="")


class CustomerFilterForm(FilterForm):
    orders = customers.ORDERS

    who = customer()
    state = one_of(_l("State"), _l("All"), customers.STATES)
    plan = of_plan()
    sort = sorted_by(customers.ORDERS)


class SubscriptionFilterForm(FilterForm):
    orders = subscriptions.ORDERS

    who = customer()
    state = one_of(_l("State"), _l("All"), subscriptions.STATES)
    on = a_day(_l("On the day"))
    plan = of_plan()
    currency = words(_l("Currency"), placeholder="usd")
    reason = one_of(_l("Canceled because"), _l("All"), subscriptions.REASONS)
    first = a_day(_l("Canceled from"))
    last = a_day(_l("Until"))
    sort = sorted_by(subscriptions.ORDERS)


class InvoiceFilterForm(FilterForm):
    orders = invoices.ORDERS

    who = customer()
    about = words(_l("Number"), placeholder=_l("number or in_…"))
    state = one_of(_l("State"), _l("All"), invoices.STATES)
    currency = words(_l("Currency"), placeholder="usd")
    first = a_day(_l("From"))
    last = a_day(_l("Until"))
    sort = sorted_by(invoices.ORDERS)


class MovementFilterForm(FilterForm):
    orders = movements.ORDERS

    who = customer()
    kind = one_of(_l("Movement"), _l("All"), movements.STEPS)
    currency = words(_l("Currency"), placeholder="usd")
    first = a_day(_l("From"))
    last = a_day(_l("Until"))
    sort = sorted_by(movements.ORDERS)
