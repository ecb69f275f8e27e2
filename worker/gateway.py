"""Calls to Stripe whose end nobody heard."""

from app.core import tasks
from app.core.tasks import Task
from app.gateway import resolving


def look_for_open_intents() -> None:
    """Record a look into each that is due."""
    for key, tries in resolving.due():
        resolving.ask_for(key, tries)


def resolve_intent(task: Task) -> None:
    """Find out, and have what may have changed fetched."""
    for object_type, stripe_id in resolving.resolve(task.payload["intent"], task.payload["tries"]):
        what = {"object_type": object_type, "stripe_id": stripe_id}
        tasks.record("sync_object", f"{task.key}:{stripe_id}", what)


HANDLERS = {resolving.LOOK: resolve_intent}
