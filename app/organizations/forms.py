"""What a browser may ask about organizations and their teams."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField

from app.auth import fields

from . import roles
from .models import Role


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
