"""Background work of usage."""

from app.core.tasks import Task
from app.usage import overage
from app.usage.keeping import Walk

_walk = Walk()


def sell_usage(task: Task) -> None:
    overage.sell(task.payload["total"])


def forget_old_events() -> None:
    _walk.go_on()


HANDLERS = {"sell_usage": sell_usage}
