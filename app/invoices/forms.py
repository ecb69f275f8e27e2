"""The filters of the list, read from the address so that a filtered list can be kept and shared; and paying."""

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, Form, HiddenField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from app.auth.fields import TOKEN, new_token

from .models import InvoiceStatus
from .search import OVERDUE, Filters

STATUSES = [
    SelectChoice("", _l("All")),
    SelectChoice(InvoiceStatus.OPEN.value, _l("Due")),
    SelectChoice(OVERDUE, _l("Overdue")),
    SelectChoice(InvoiceStatus.PAID.value, _l("Paid")),
    SelectChoice(InvoiceStatus.VOID.value, _l("Void")),
    SelectChoice(InvoiceStatus.UNCOLLECTIBLE.value, _l("Uncollectible")),
]


def _printable(text: str | None) -> str:
    return "".join(character for character in text or "" if character.isprintable()).strip()


def _sensible(form: Form, field: DateField) -> None:
    if field.data and not 2000 <= field.data.year < 2200:
        raise ValidationError(_l("Choose a day between 2000 and 2199."))


class InvoiceFilterForm(Form):
    """A GET form: it changes nothing and needs no token."""

    q = StringField(_l("Search"), [Optional(), Length(max=100)], filters=[_printable])
    status = SelectField(_l("Status"), [Optional()], choices=STATUSES, default="")
    first_day = DateField(_l("From"), [Optional(), _sensible], name="from")
    last_day = DateField(_l("To"), [Optional(), _sensible], name="to")

    def filters(self) -> Filters:
        """What was understood; a field with an error filters nothing."""
        self.validate()
        return Filters(
            text=self.q.data if not self.q.errors else "",
            status=self.status.data if not self.status.errors else "",
            first_day=self._day(self.first_day),
            last_day=self._day(self.last_day),
        )

    def _day(self, field: DateField) -> date | None:
        return None if field.errors else field.data


class AmountForm(FlaskForm):
    """Pays the amount the page showed, in minor units, once."""

    token = HiddenField(default=new_token, validators=[InputRequired(), TOKEN])
    amount = HiddenField(
        validators=[
            InputRequired(),
            Regexp(r"^[0-9]{1,12}$", message=_l("This form is incomplete. Reload the page and try again.")),
        ]
    )


class PayForm(AmountForm):
    """With a saved card; Stripe knows which are theirs, and refuses any other."""

    card = RadioField(
        _l("Pay with"), choices=[], validate_choice=False, validators=[InputRequired(_l("Please choose a card."))]
    )
