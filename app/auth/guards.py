"""Who is not signed in goes to sign in, and comes back."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.core.extensions import htmx
from app.core.pages import here, wants_partial
from app.core.security import SAFE_METHODS

P = ParamSpec("P")


def login_required(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Decorate a door that needs a user."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        return view(*args, **kwargs) if current_user.is_authenticated else ask_to_sign_in()

    return guarded


def ask_to_sign_in() -> ResponseReturnValue:
    """The way to /login and back: 302, or for an htmx swap 401 with HX-Redirect, which leaves the page as a whole."""
    if wants_partial():
        return Response("", 401, {"HX-Redirect": url_for("auth.login", next=_page_around())})
    back = here() if request.method in SAFE_METHODS else None
    return redirect(url_for("auth.login", next=back))


def _page_around() -> str | None:
    """The path of the page that asked for a fragment: what one comes back to. None unless it is a page of ours."""
    home = current_app.extensions["settings"].public_url + "/"
    address = htmx.current_url or ""
    return address[len(home) - 1 :] if address.startswith(home) else None
