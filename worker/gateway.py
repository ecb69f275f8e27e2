"""Calls to Stripe whose end nobody heard."""

from app.core import tasks
from app.core.tasks import Task
from app.gateway import resolving


def look_for_open_intents() -> None:
    """Record a look into each that is due; the how manieth it is makes it one look, however many ask for it."""
    for key, tries in resolving.due():
        tasks.record("resolve_intent", f"{key}:{tries}", {"intent": key, "tries": tries})


def resolve_intent(task: Task) -> None:
    """Find out, and have what may have changed fetched."""
    for object_type, stripe_id in resolving.resolve(task.payload["intent"], task.payload["tries"]):
        what = {"object_type": object_type, "stripe_id": stripe_id}
        tasks.record("sync_object", f"{task.key}:{stripe_id}", what)


HANDLERS = {"resolve_intent": resolve_intent}
