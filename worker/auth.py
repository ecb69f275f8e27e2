"""What a person's account needs done in the background."""

from collections.abc import Callable

from app.auth import reset
from app.core.tasks import Task


def start_password_reset(task: Task) -> None:
    """Send the link if the address has an account, and forget the address either way."""
    reset.start(task.payload["email"], task.key)
    task.payload = {}


HANDLERS: dict[str, Callable[[Task], None]] = {"start_password_reset": start_password_reset}
