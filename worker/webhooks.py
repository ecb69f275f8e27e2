"""Objects at Stripe that are fetched although no event spoke of them."""

from app.core.tasks import Task
from app.webhooks import service


def sync_object(task: Task) -> None:
    service.sync(task.payload["object_type"], task.payload["stripe_id"])


HANDLERS = {"sync_object": sync_object}
