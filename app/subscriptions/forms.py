"""What a browser may ask of a subscription."""

import unicodedata
from collections.abc import Mapping
from datetime import date

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional, Regexp, ValidationError

from app.auth.fields import TOKEN, new_token, one_line
from app.core import i18n
from app.core.regions import countries
from app.gateway.subscription_changes import FEEDBACKS


def without_controls(text: str | None) -> str:
    """Lines of text, without the control characters that a database or a terminal does not take."""
    lines = (text or "").splitlines()
    return "\n".join("".join(c for c in line if unicodedata.category(c) != "Cc") for line in lines)


class DeedForm(FlaskForm):
    """A form that may act once: its token is the idempotency key of what it does."""

    token = HiddenField(default=new_token, validators=[InputRequired(), TOKEN])


class CheckoutForm(DeedForm):
    """Who is billed, and what the page showed: seats, promotion code, and the amount due today in minor units."""

    name = StringField(
        _l("Name on the invoice"),
        validators=[InputRequired(_l("Please enter the name to print on the invoice.")), one_line, Length(max=200)],
        render_kw={"autocomplete": "organization"},
    )
    country = SelectField(_l("Country"), render_kw={"autocomplete": "country"}, coerce=str)
    quantity = HiddenField()
    promotion_code = HiddenField()
    amount = HiddenField(validators=[Optional(), Regexp(r"^\d{1,12}$")])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [
            SelectChoice("", _l("Choose a country")),
            *(SelectChoice(code, name) for code, name in countries()),
        ]

    def validate_country(self, field: SelectField) -> None:
        if not field.data:
            raise ValidationError(_l("Please choose the country of the invoice address."))


REASONS = {
    "too_expensive": _l("It is too expensive"),
    "missing_features": _l("Some features are missing"),
    "switched_service": _l("I am switching to another service"),
    "unused": _l("I do not use it enough"),
    "customer_service": _l("Customer service was less than expected"),
    "too_complex": _l("It is too complicated"),
    "low_quality": _l("Quality was less than expected"),
    "other": _l("Something else"),
}


class ReasonForm(FlaskForm):
    """First screen of a cancellation."""

    feedback = RadioField(
        _l("Why are you leaving?"),
        choices=[SelectChoice(feedback, REASONS[feedback]) for feedback in FEEDBACKS],
        validators=[InputRequired(_l("Please choose a reason."))],
    )
    comment = TextAreaField(
        _l("Anything you would like to tell us? (optional)"), filters=[without_controls], validators=[Length(max=500)]
    )


class CancellationForm(DeedForm):
    """Second screen: the reason comes along, the dates have been read. `seen` is the end they were shown, "" for none."""

    feedback = HiddenField(validators=[InputRequired()])
    comment = HiddenField(filters=[without_controls], validators=[Length(max=500)])
    seen = HiddenField(validators=[Optional(), Regexp(r"^(now|\d{1,11}):price_[\w-]{1,40}$")])

    def validate_feedback(self, field: HiddenField) -> None:
        if field.data not in FEEDBACKS:
            raise ValidationError(_l("Please choose a reason."))


class EndNowForm(CancellationForm):
    """The same for an end at once; `seen` is the instant it is reckoned by and the amounts, in minor units."""

    seen = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,11}(:\d{1,12}){3}$")])


class AmountForm(DeedForm):
    """A deed for the amount in minor units that the page showed."""

    amount = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,12}$")])


class CodeForm(AmountForm):
    """A promotion code on a running subscription, for the next charge that the page showed."""

    promotion_code = HiddenField(validators=[InputRequired(), Length(max=100)])


def _term(months: int, until: date) -> str:
    day = i18n.day(until)
    return str(ngettext("For one month, until %(day)s", "For %(num)s months, until %(day)s", months, day=day))


class PauseForm(DeedForm):
    """How long: so many months, until a day, or with no end."""

    until = RadioField(_l("How long?"), validators=[InputRequired(_l("Please choose how long the pause lasts."))])
    day = DateField(_l("That day"), validators=[Optional()])

    def __init__(self, months: Mapping[int, date], *args: object, **kwargs: object) -> None:
        """`months` has the day of the return for each number of months on offer."""
        super().__init__(*args, **kwargs)
        self.months = {str(count): day for count, day in months.items()}
        terms = [(str(count), _term(count, day)) for count, day in months.items()]
        self.until.choices = [*terms, ("day", _l("Until another day")), ("open", _l("Until I come back"))]

    def validate_until(self, field: RadioField) -> None:
        first = (self.day.raw_data or [""])[0]  # what `Optional` looks at: blank, no day is asked for
        if field.data == "day" and not first.strip():
            raise ValidationError(_l("Please enter the day on which your plan comes back."))

    @property
    def resume_on(self) -> date | None:
        """The day of the return, None for a pause with no end."""
        if self.until.data == "day":
            day: date = self.day.data
            return day
        return self.months.get(self.until.data)


class ResumeForm(DeedForm):
    """Coming back, for the amount in minor units that the page showed."""

    amount = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,12}$")])


class ChangeForm(DeedForm):
    """The change that a sheet showed: instants in unix seconds, amounts in minor units, `renewal` "" where none comes."""

    quantity = HiddenField(validators=[InputRequired(), Length(max=20)])
    way = HiddenField(validators=[InputRequired(), AnyOf(["now", "later", "trial"])])
    at = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,11}$")])
    due = HiddenField(validators=[InputRequired(), Regexp(r"^\d{1,12}$")])
    renewal = HiddenField(validators=[Optional(), Regexp(r"^\d{1,12}$")])


class TakeBackForm(DeedForm):
    """Which change is taken back: the one that is scheduled, or the one that waits for its payment."""

    change = HiddenField(validators=[InputRequired(), AnyOf(["scheduled", "waiting"])])
    price = HiddenField(validators=[Optional(), Length(max=40)])
    quantity = HiddenField(validators=[Optional(), Regexp(r"^\d{1,12}$")])

    @property
    def wanted(self) -> tuple[str, int]:
        """Price, by public id, and quantity of the change as the page showed it."""
        return self.price.data or "", int(self.quantity.data or 0)
