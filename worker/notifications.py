"""Mail, one task each."""

from collections.abc import Callable

from app.core.tasks import Task
from app.notifications import service


def send_mail(task: Task) -> None:
    """Send it, then empty what it said: names and links have no business in a table of finished work."""
    service.deliver(f"{task.kind}:{task.key}", task.payload)
    task.payload = {"template": task.payload["template"]}


HANDLERS: dict[str, Callable[[Task], None]] = {"send_mail": send_mail}
