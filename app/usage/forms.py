"""What a browser may ask of usage: a meter and days, read from the address so that a view can be kept and shared; a budget."""

from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import NumberFormatError, parse_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from app.catalog.tree import Meter
from app.core import i18n

from . import checking, wording
from .budgets import LEVELS, USUAL
from .models import MeterBudget
from .ranges import MOST_DAYS, Days, Named
from .standing import Standing

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


class DaysForm(Form):
    """A GET form: it changes nothing and needs no token. Days chosen by hand go before a name."""

    meter = SelectField(_l("Meter"), [Optional()], choices=[], validate_choice=False)
    range = SelectField([Optional()], choices=[name.value for name in Named], default=Named.THIS.value)
    first_day = DateField(_l("From"), [Optional()], name="from")
    last_day = DateField(_l("To"), [Optional()], name="to")

    def __init__(self, asked: MultiDict[str, str], today: date) -> None:
        super().__init__(asked)
        self.today = today

    def validate_first_day(self, field: DateField) -> None:
        _within(field)

    def validate_last_day(self, field: DateField) -> None:
        _within(field)

    def validate(self, extra_validators: Any = None) -> bool:
        """From a first day alone it is until today."""
        if not super().validate(extra_validators):
            return False
        first, last = self.first_day.data, self.last_day.data
        if first is None:
            return last is None or _refuse(self.first_day, _("Choose the first day as well."))
        if last is None:
            last = self.last_day.data = self.today
        if last < first:
            return _refuse(self.last_day, _("The last day is before the first."))
        if (last - first).days >= MOST_DAYS:
            return _refuse(self.last_day, _("Choose at most %(most)s days.", most=MOST_DAYS))
        return True

    def chosen(self) -> Days | None:
        """The days chosen by hand; None when there are none, or they make no sense."""
        if not self.validate() or self.first_day.data is None:
            return None
        return Days(self.first_day.data, self.last_day.data)

    @property
    def problem(self) -> str:
        """What makes no sense, in one line."""
        return " ".join([*self.first_day.errors, *self.last_day.errors])

    def fill(self, meter: Meter, days: Days, meters: list[tuple[str, str]]) -> None:
        """Show what is on the page, and keep what made no sense where it was typed."""
        self.meter.choices = [SelectChoice(key, name) for key, name in meters]
        self.meter.data = meter.key
        if not self.errors:
            self.first_day.data, self.last_day.data = days.first, days.last

    @property
    def named(self) -> Named:
        """The name asked for, else this window."""
        return Named(self.range.data) if self.range.data in set(Named) else Named.THIS


def _refuse(field: DateField, sentence: str) -> bool:
    field.errors = [sentence]
    return False


def _within(field: Any) -> None:
    if field.data and not EARLIEST <= field.data <= LATEST:
        raise ValidationError(_("Choose a day between 2000 and 2199."))


class BudgetForm(FlaskForm):
    """A budget of the meter of `standing`, beginning with `saved`. Saving it twice is saving it once."""

    amount = StringField(
        _l("Budget"),
        [InputRequired(_l("Enter an amount.")), Length(max=40, message=_l("Use at most %(max)d characters."))],
    )
    levels: Any = SelectMultipleField(
        _l("Mail when this much of it is used"),
        choices=[],
        coerce=int,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    at_end = RadioField(
        _l("When it is reached"),
        choices=[
            SelectChoice("go_on", _l("Nothing stops")),
            SelectChoice(
                "stop", _l("Stop: programs that ask whether they may use more are told no, and a mail says so")
            ),
        ],
    )

    def __init__(self, standing: Standing, saved: MeterBudget | None = None, **kwargs: Any) -> None:
        kept = {
            "amount": i18n.quantity(saved.amount.normalize()) if saved else "",
            "levels": saved.levels if saved else USUAL,
            "at_end": "stop" if saved and saved.stops else "go_on",
        }
        super().__init__(data=kept, **kwargs)
        self.levels.choices = [SelectChoice(level, i18n.percent(Decimal(level))) for level in LEVELS]
        self.standing = standing

    def validate_amount(self, field: StringField) -> None:
        meter, limit, amount = self.standing.meter, self.standing.limit, self.number
        if amount <= 0:
            raise ValidationError(_("Enter an amount above zero."))
        if problem := checking.quantity_problem(meter, amount):
            raise ValidationError(problem[1])
        if limit is not None and self.standing.is_out_of_reach(amount):
            most = wording.amount(meter, limit)
            raise ValidationError(
                _("Your plan stops at %(most)s, so this budget would never be reached. Enter at most that.", most=most)
            )

    def validate_levels(self, field: Any) -> None:
        if not field.data and not self.stops:
            raise ValidationError(_("Choose at least one: a budget that tells nobody and stops nothing does nothing."))

    @property
    def stops(self) -> bool:
        return bool(self.at_end.data == "stop")

    @property
    def number(self) -> Decimal:
        """The amount as the reader writes numbers. Raises ValidationError for what is none."""
        text = (self.amount.data or "").strip()
        try:
            if not set(text) & set("0123456789") or any(letter.isalpha() for letter in text):
                raise NumberFormatError(text)
            return parse_decimal(text, locale=i18n.locale(), strict=True)
        except NumberFormatError as error:
            example = i18n.quantity(Decimal(8000))
            raise ValidationError(_("Enter a number, such as %(example)s.", example=example)) from error

    @property
    def entered(self) -> Decimal | None:
        """The amount where it could be saved."""
        try:
            self.validate_amount(self.amount)
        except ValidationError:
            return None
        return self.number
