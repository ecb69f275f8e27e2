"""Background work of usage."""

from app.core.tasks import Task
from app.usage import overage


def sell_usage(task: Task) -> None:
    overage.sell(task.payload["total"])


HANDLERS = {"sell_usage": sell_usage}
