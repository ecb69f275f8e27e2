"""What an admin may ask of keys."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, ValidationError
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from app.auth import fields

from . import scopes


def _at_least_one(form: FlaskForm, field: SelectMultipleField) -> None:
    """Not InputRequired: browsers would take every single box for required."""
    if not field.data:
        raise ValidationError(_l("Choose at least one."))


class KeyForm(FlaskForm):
    token = HiddenField(default=fields.new_token, validators=[InputRequired(), fields.TOKEN])
    name = fields.name(_l("Name"), required=_l("Enter a name, such as the program that will use the key."))
    scopes: Any = SelectMultipleField(
        _l("What it may do"),
        choices=[SelectChoice(scope.value, name) for scope, name in scopes.NAMES.items()],
        default=[],
        validators=[_at_least_one],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
