"""Background work of the cards."""

from app.core.tasks import Task
from app.payment_methods import expiry


def warn_card_expiring(task: Task) -> None:
    expiry.warn(task.payload["card"], task.payload["expiry"])


HANDLERS = {"warn_card_expiring": warn_card_expiring}
