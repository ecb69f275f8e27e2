"""Background work of subscriptions."""

from app.core.tasks import Task
from app.subscriptions import service


def refresh_next_charge(task: Task) -> None:
    service.refresh_next_charge(task.payload["subscription"], task.payload["version"])


HANDLERS = {"refresh_next_charge": refresh_next_charge}
