"""Which meter and which days are asked for, read from the address so that a view can be kept and shared."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional, ValidationError

from app.catalog.tree import Meter

from .ranges import MOST_DAYS, Days, Named

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)


class DaysForm(Form):
    """A GET form: it changes nothing and needs no token. Days chosen by hand go before a name."""

    meter = SelectField(_l("Meter"), [Optional()], choices=[], validate_choice=False)
    range = SelectField([Optional()], choices=[name.value for name in Named], default=Named.THIS.value)
    first_day = DateField(_l("From"), [Optional()], name="from")
    last_day = DateField(_l("To"), [Optional()], name="to")

    def validate_first_day(self, field: DateField) -> None:
        _within(field)

    def validate_last_day(self, field: DateField) -> None:
        _within(field)
        first, last = self.first_day.data, field.data
        if first is None or last is None or self.first_day.errors:
            return
        if last < first:
            raise ValidationError(_("The last day is before the first."))
        if (last - first).days >= MOST_DAYS:
            raise ValidationError(_("Choose at most %(most)s days.", most=MOST_DAYS))

    def chosen(self) -> Days | None:
        """The days chosen by hand; None when there are none, or they make no sense."""
        if not self.validate() or self.first_day.data is None or self.last_day.data is None:
            return None
        return Days(self.first_day.data, self.last_day.data)

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


def _within(field: Any) -> None:
    if field.data and not EARLIEST <= field.data <= LATEST:
        raise ValidationError(_("Choose a day between 2000 and 2199."))
