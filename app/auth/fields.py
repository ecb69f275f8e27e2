"""The fields people are asked for in more than one form, each with its rules and what it refuses in words."""

import secrets
import unicodedata
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, PasswordField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, Regexp

from . import passwords

NAME_LENGTH = 100
# Unicode's bidirectional embeddings, overrides and isolates: they can make a mail read other than it is.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

TOKEN = Regexp(r"^[A-Za-z0-9_-]{22,64}$", message=_l("This form is incomplete. Reload the page and try again."))


def new_token() -> str:
    """A one-use form token: the name of the one deed this form may do."""
    return secrets.token_urlsafe(16)


def email() -> Any:
    return StringField(_l("Email"), validators=[InputRequired(_l("Enter your email address.")), an_address])


def password() -> Any:
    """An existing one: whatever it is, only its being right counts."""
    return PasswordField(_l("Password"), validators=[InputRequired(_l("Enter your password."))])


def new_password() -> Any:
    return PasswordField(_l("Password"), validators=[InputRequired(_l("Choose a password.")), a_good_password])


def name(label: Any, required: Any = None) -> Any:
    """One line of a name; `required` is the sentence for an empty one, None makes it optional."""
    rules = [InputRequired(required)] if required else []
    too_long = _l("Use at most %(max)d characters.")
    return StringField(
        label, filters=[_trimmed], validators=[*rules, one_line, Length(max=NAME_LENGTH, message=too_long)]
    )


def an_address(form: Form, field: Field) -> None:
    """One ordinary mail address, kept as `normal_address` has it."""
    try:
        field.data = normal_address(field.data)
    except EmailNotValidError as error:
        raise ValidationError(_l("Enter an address such as name@example.com.")) from error


def normal_address(text: str) -> str:
    """As addresses are compared: lower-case, an international domain as punycode. Raises EmailNotValidError."""
    # `.test` is reserved for trials (RFC 6761); mail to it goes nowhere, which is what a trial wants.
    valid = validate_email(text.strip(), allow_smtputf8=False, check_deliverability=False, test_environment=True)
    return (valid.ascii_email or valid.normalized).lower()


def a_good_password(form: Form, field: Field) -> None:
    if (objection := passwords.objection(field.data, current_app.extensions["settings"].product_name)) is not None:
        raise ValidationError(objection)


def one_line(form: Form, field: Field) -> None:
    """Names go into mail headers, logs and PDFs: no line breaks, no other control character, nothing that turns text around.

    They also go into mails to people who did not ask for one, so they are no place for a link.
    """
    text = field.data or ""
    if any(unicodedata.category(character) == "Cc" or character in TURNING for character in text):
        raise ValidationError(_l("Use one line without special control characters."))
    if "://" in text or "www." in text.lower():
        raise ValidationError(_l("Enter a name, not a web address."))


def _trimmed(value: str | None) -> str:
    return (value or "").strip()
