"""What a browser may ask about organizations, their teams and their billing details."""

import re
import unicodedata
from dataclasses import fields as fields_of
from typing import Any

from email_validator import EmailNotValidError
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from app.auth import fields
from app.core import i18n, regions

from . import roles, tax_types
from .billing import Details
from .models import Organization, Role


class SignUpForm(FlaskForm):
    name = fields.name(_l("Name"), required=_l("Enter your name."))
    email = fields.email()
    password = fields.new_password()
    organization = fields.name(_l("Organization"))


class JoinForm(FlaskForm):
    """A new person with an invitation: the address is the invited one, the organization the inviting one."""

    name = fields.name(_l("Name"), required=_l("Enter your name."))
    password = fields.new_password()


class OrganizationForm(FlaskForm):
    organization = fields.name(_l("Organization"), required=_l("Enter a name."))


class InviteForm(FlaskForm):
    email = fields.email()
    role = SelectField(_l("Role"), choices=roles.EXPLAINED_CHOICES, default=Role.MEMBER.value)


class RoleForm(FlaskForm):
    role = SelectField(_l("Role"), choices=roles.CHOICES)


MARKS = dict.fromkeys(map(ord, "\u061c\u200b\u200e\u200f\u2060\ufeff"))
"""Invisible marks that come along with a copied text and mean nothing in an address."""


def _tidy(text: str | None) -> str:
    return (text or "").translate(MARKS).strip()


def _printable(form: FlaskForm, field: StringField) -> None:
    """One line that is printed on invoices: nothing that ends it or turns it around."""
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in fields.TURNING for c in field.data):
        raise ValidationError(_l("Use one line without special control characters."))


def _line(label: Any, most: int, autocomplete: str = "off", required: Any = None) -> Any:
    rules = [InputRequired(required)] if required else []
    too_long = Length(max=most, message=_l("Use at most %(max)d characters."))
    return StringField(
        label, filters=[_tidy], validators=[*rules, _printable, too_long], render_kw={"autocomplete": autocomplete}
    )


class BillingForm(FlaskForm):
    """Fields are named like the columns they fill. The longest lines are what Stripe takes and an invoice can show."""

    token = HiddenField(default=fields.new_token, validators=[InputRequired(), fields.TOKEN])
    billing_name = _line(
        _l("Legal name"), 200, "organization", required=_l("Please enter the name to print on the invoice.")
    )
    line1 = _line(_l("Address line 1"), 200, "address-line1")
    line2 = _line(_l("Address line 2"), 200, "address-line2")
    postal_code = _line(_l("Postal code"), 20, "postal-code")
    city = _line(_l("City"), 100, "address-level2")
    state = _line(_l("State or region"), 100, "address-level1")
    country = SelectField(_l("Country"), validate_choice=False, render_kw={"autocomplete": "country"})
    purchase_order = _line(_l("Purchase order number"), 140)
    invoice_recipients = TextAreaField(_l("Further recipients of invoices"), filters=[_tidy], render_kw={"rows": 3})
    locale = SelectField(_l("Amounts and dates"), validate_choice=False)
    timezone = SelectField(_l("Time zone"), validate_choice=False)

    MOST_RECIPIENTS = 10

    def __init__(self, organization: Organization, **kwargs: Any) -> None:
        saved = {field.name: getattr(organization, field.name) for field in fields_of(Details)}
        saved["billing_name"] = organization.billing_name or organization.name
        saved["invoice_recipients"] = "\n".join(organization.invoice_recipients)
        super().__init__(data=saved, **kwargs)
        self._country = organization.country
        none = [] if organization.country else [SelectChoice("", _l("Choose a country"))]
        self.country.choices = none + [SelectChoice(code, name) for code, name in regions.countries()]
        self.locale.choices = [SelectChoice(name, i18n.example(name)) for name in regions.LOCALES]
        self.timezone.choices = {
            region: [SelectChoice(zone, place) for zone, place in zones]
            for region, zones in regions.timezones().items()
        }

    def validate_country(self, field: SelectField) -> None:
        lines = (self.line1, self.line2, self.postal_code, self.city, self.state)
        if not field.data:
            if self._country or any(line.data for line in lines):
                raise ValidationError(_l("Please choose the country of the invoice address."))
        elif field.data not in dict(regions.countries()):
            raise ValidationError(_l("Please choose a country from the list."))

    def validate_locale(self, field: SelectField) -> None:
        if field.data not in regions.LOCALES:
            raise ValidationError(_l("Please choose one from the list."))

    def validate_timezone(self, field: SelectField) -> None:
        if not regions.is_timezone(field.data):
            raise ValidationError(_l("Please choose a time zone from the list."))

    def validate_invoice_recipients(self, field: TextAreaField) -> None:
        found = self._addresses()
        if len(found) > self.MOST_RECIPIENTS:
            raise ValidationError(_("Enter at most %(most)d addresses.", most=self.MOST_RECIPIENTS))

    def _addresses(self) -> list[str]:
        """Each once, in the order given. Raises ValidationError."""
        found: dict[str, None] = {}
        for word in re.split(r"[\s,;]+", self.invoice_recipients.data):
            try:
                found |= {fields.normal_address(word): None} if word else {}
            except EmailNotValidError as error:
                sentence = _("“%(word)s” is not a mail address. Enter one per line.", word=word[:80])
                raise ValidationError(sentence) from error
        return list(found)

    @property
    def details(self) -> Details:
        """What was entered, once it is valid."""
        lines = {field.name: self[field.name].data for field in fields_of(Details)}
        return Details(**lines | {"invoice_recipients": self._addresses()})


class TaxIdForm(FlaskForm):
    token = HiddenField(default=fields.new_token, validators=[InputRequired(), fields.TOKEN])
    type = SelectField(_l("Kind of number"), validate_choice=False)
    value = _line(_l("Number"), 40, required=_l("Please enter the number."))

    def __init__(self, organization: Organization, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.type.choices = {
            country: [SelectChoice(kind.type, f"{kind.name} ({kind.example})") for kind in kinds]
            for country, kinds in tax_types.by_country(organization.country).items()
        }

    def validate_type(self, field: SelectField) -> None:
        if field.data not in tax_types.BY_TYPE:
            raise ValidationError(_l("Please choose one from the list."))

    @property
    def number(self) -> str:
        return tax_types.normal(self.type.data, self.value.data)
