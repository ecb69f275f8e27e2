"""What a key opens: the books of its organization, in its own name, for its scopes."""

from app.api import Caller
from app.audit.context import Actor, act_as
from app.organizations.context import open_books

from . import service


def caller(token: str) -> Caller | None:
    """Whom a key stands for; None when it is none of ours."""
    found = service.recognise(token)
    if found is None:
        return None
    key, organization = found
    act_as(Actor(key.public_id))
    open_books(organization)
    return Caller(frozenset(key.scopes))
