"""What a browser may ask about an account."""

from flask_wtf import FlaskForm

from . import fields


class SignInForm(FlaskForm):
    email = fields.email()
    password = fields.password()


class ForgotForm(FlaskForm):
    email = fields.email()


class NewPasswordForm(FlaskForm):
    password = fields.new_password()
