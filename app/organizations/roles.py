"""The roles in words: their names in lists, and what they mean for the person who gets one."""

from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from .models import Role

NAMES = {Role.ADMIN: _l("Admin"), Role.BILLING: _l("Billing"), Role.MEMBER: _l("Member")}

MEANINGS = {
    Role.ADMIN: _l("everything"),
    Role.BILLING: _l("plans, payments, invoices"),
    Role.MEMBER: _l("read-only"),
}

INVITED_AS = {
    Role.ADMIN: _l("You will be an admin: you manage plans, payments and the team."),
    Role.BILLING: _l("You will manage plans, payments and invoices."),
    Role.MEMBER: _l("You will see plans, usage and invoices without changing them."),
}

CHOICES = [SelectChoice(role.value, NAMES[role]) for role in Role]
EXPLAINED_CHOICES = [
    SelectChoice(role.value, _l("%(name)s: %(meaning)s", name=NAMES[role], meaning=MEANINGS[role])) for role in Role
]
