"""What a list of the staff area may be asked in its address: the fields, and what of them is in force."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from app.core import i18n
from app.revenue import periods
from app.revenue.periods import Period

from .lists import Order

LONGEST = 100


def _printable(text: str | None) -> str:
    return "".join(character for character in text or "" if character.isprintable()).strip()


def words(label: Any, **attributes: Any) -> Any:
    """A field to search by."""
    too_long = _l("Use at most %(max)d characters.")
    rules = [Optional(), Length(max=LONGEST, message=too_long)]
    return StringField(label, rules, filters=[_printable], render_kw=attributes)


def one_of(label: Any, everything: Any, labels: Mapping[Any, Any]) -> Any:
    """A field to filter by; `labels` has the words by value, `everything` stands for no filter."""
    choices = [SelectChoice("", everything), *(SelectChoice(str(value), label) for value, label in labels.items())]
    return SelectField(label, [Optional()], choices=choices, default="")


def a_day(label: Any) -> Any:
    """A day, UTC."""
    return DateField(label, [Optional(), _sensible])


def _sensible(form: Form, field: DateField) -> None:
    if field.data and not periods.EARLIEST <= field.data <= periods.LATEST:
        raise ValidationError(_l("Choose a day between 2000 and 2199."))


def sorted_by(orders: Mapping[str, Order]) -> Any:
    """The ways a list may be sorted, the first of them if nothing is said."""
    choices = [SelectChoice(name, order.label) for name, order in orders.items()]
    return SelectField(_l("Sort"), [Optional()], choices=choices, default=choices[0].value)


class FilterForm(Form):
    """A GET form: it changes nothing and needs no token. A field with an error filters nothing."""

    orders: Mapping[str, Order]

    def __init__(self, said: Any) -> None:
        super().__init__(said)
        self.validate()

    def value(self, name: str) -> str:
        field = self[name]
        return "" if field.errors else str(field.data or "")

    def day(self, name: str) -> date | None:
        field = self[name]
        found: date | None = None if field.errors else field.data
        return found

    @property
    def order(self) -> Order:
        return self.orders.get(self.value("sort")) or next(iter(self.orders.values()))

    def kept(self) -> dict[str, str]:
        """What is in force, for the addresses of other pages."""
        said = {field.name: self.value(field.name) for field in self}
        return {name: value for name, value in said.items() if value and value != self[name].default}

    @property
    def is_filtering(self) -> bool:
        return any(name != "sort" for name in self.kept())


class PeriodForm(Form):
    """A GET form: a period by its name in the address, or by two days; the last thirty days if nothing is said."""

    first = DateField(_l("From"), [Optional()])
    last = DateField(_l("Until"), [Optional()])

    def __init__(self, said: Any) -> None:
        super().__init__(said)
        self.named = said.get("period", "")
        self.currency = said.get("currency", "")
        self.presets = periods.presets(periods.today())
        self.is_sound = self.validate()

    @property
    def name(self) -> str:
        """Which of the presets is shown, "" for days of one's own."""
        if any([*self.first.raw_data, *self.last.raw_data]):
            return ""
        return self.named if self.named in self.presets else next(iter(self.presets))

    @property
    def period(self) -> Period:
        """Of a sound form. Until a day alone means the thirty days up to it, from a day alone until today."""
        if self.name:
            return self.presets[self.name]
        last = self.last.data or periods.today()
        return Period(self.first.data or last - timedelta(days=29), last)

    def validate_first(self, field: DateField) -> None:
        _past(field.data)

    def validate_last(self, field: DateField) -> None:
        _past(field.data)
        if self.first.data and field.data and field.data < self.first.data:
            raise ValidationError(_l("The period ends before it begins."))


def _past(day: date | None) -> None:
    """None is what could not be read, and was said so already."""
    if day is None:
        return
    if day > periods.today():
        today = i18n.day(periods.today())
        raise ValidationError(_("That is in the future. Figures are known up to today, %(today)s.", today=today))
    if day < periods.EARLIEST:
        raise ValidationError(_l("Choose a day after 1999."))
