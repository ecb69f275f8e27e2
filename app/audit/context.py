"""Who is acting: a visitor nobody has recognised, a user once the session is read, a program with a key, the system."""

from dataclasses import dataclass

from flask import g


@dataclass(frozen=True)
class Actor:
    """`name` is what an entry keeps for good: `usr_…`, `key_…`, `anonymous` or `system`, never a name or an address."""

    name: str
    user_id: int | None = None


ANONYMOUS = Actor("anonymous")
SYSTEM = Actor("system")


def act_as(actor: Actor) -> None:
    """From now on in this request (or task) entries are written in the name of `actor`."""
    g.actor = actor


def actor() -> Actor:
    """Whoever acts; without a request it is the system."""
    found: Actor = g.get("actor", SYSTEM)
    return found
