"""What a browser may ask of the saved cards."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField
from wtforms.validators import Length

from app.subscriptions.forms import CheckoutForm, DeedForm


class AddCardForm(DeedForm):
    """`due` is what the page said is overdue, in no language; "" for nothing."""

    due = HiddenField(validators=[Length(max=200)])
    make_default = BooleanField(_l("Make this the default card"), default=True)


class FirstCardForm(AddCardForm, CheckoutForm):
    """For an organization that Stripe does not know yet: it also asks who is billed, and where."""


class MakeDefaultForm(DeedForm):
    """`due` is what the button said would be charged, "" for nothing."""

    due = HiddenField()
