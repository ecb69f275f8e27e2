"""What a browser may ask of a subscription."""

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date

from babel import Locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, Regexp, ValidationError

from app.auth.fields import one_line
from app.core import i18n
from app.gateway.subscription_changes import FEEDBACKS

TOKEN = Regexp(r"^[A-Za-z0-9_-]{22,64}$", message=_l("This form is incomplete. Reload the page and try again."))


def new_token() -> str:
    """A one-use form token: the name of the one deed this form may do."""
    return secrets.token_urlsafe(16)


def without_controls(text: str | None) -> str:
    """Lines of text, without the control characters that a database or a terminal does not take."""
    lines = (text or "").splitlines()
    return "\n".join("".join(c for c in line if unicodedata.category(c) != "Cc") for line in lines)


class DeedForm(FlaskForm):
    """A form that may act once: its token is the idempotency key of what it does."""

    token = HiddenField(default=new_token, validators=[InputRequired(), TOKEN])


class CheckoutForm(DeedForm):
    name = StringField(
        _l("Name on the invoice"),
        validators=[InputRequired(_l("Please enter the name to print on the invoice.")), one_line, Length(max=200)],
        render_kw={"autocomplete": "organization"},
    )
    country = SelectField(_l("Country"), render_kw={"autocomplete": "country"}, coerce=str)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [
            SelectChoice("", _l("Choose a country")),
            *(SelectChoice(code, name) for code, name in countries()),
        ]

    def validate_country(self, field: SelectField) -> None:
        if not field.data:
            raise ValidationError(_l("Please choose the country of the invoice address."))


def countries(locale: str = "en") -> list[tuple[str, str]]:
    """ISO 3166 countries by name, without the territories and groups CLDR also lists."""
    names = Locale.parse(locale).territories
    return sorted(
        (
            (code, name)
            for code, name in names.items()
            if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES
        ),
        key=lambda item: item[1],
    )


NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}

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
    """Second screen: the reason comes along, the dates have been read."""

    feedback = HiddenField(validators=[InputRequired()])
    comment = HiddenField(filters=[without_controls], validators=[Length(max=500)])

    def validate_feedback(self, field: HiddenField) -> None:
        if field.data not in FEEDBACKS:
            raise ValidationError(_l("Please choose a reason."))


class PauseForm(DeedForm):
    """How long: so many months, until a day, or with no end."""

    until = RadioField(_l("How long?"), validators=[InputRequired(_l("Please choose how long the pause lasts."))])
    day = DateField(_l("That day"), validators=[Optional()])

    def __init__(self, months: Mapping[str, date], *args: object, **kwargs: object) -> None:
        """`months` has the day of the return for each number of months on offer."""
        super().__init__(*args, **kwargs)
        self.months = months
        terms = [(count, _l("Until %(day)s", day=i18n.day(day))) for count, day in months.items()]
        self.until.choices = [*terms, ("day", _l("Until another day")), ("open", _l("Until I come back"))]

    def validate_until(self, field: RadioField) -> None:
        if field.data == "day" and not any(self.day.raw_data or ()):
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
