"""What a member of staff may ask: lists filtered by their address, rows chosen in them, reasons."""

from flask import abort
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.auth.fields import TOKEN, new_token, one_line, password
from app.core.tasks import QUEUES

from . import calls, differences, inbox, work
from .filters import FilterForm, one_of, sorted_by, words
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
