"""Background work of subscriptions."""

from datetime import datetime

from app.core.tasks import Task
from app.subscriptions import pausing, resuming, service


def refresh_next_charge(task: Task) -> None:
    service.refresh_next_charge(task.payload["subscription"], task.payload["version"])


def pause_subscription(task: Task) -> None:
    pausing.begin(task.payload["subscription"], _pauses_at(task), task.payload["token"])


def remind_of_return(task: Task) -> None:
    pausing.remind_of_return(task.payload["subscription"], _pauses_at(task))


def resume_subscription(task: Task) -> None:
    resuming.resume_on_day(task.payload["subscription"])


def _pauses_at(task: Task) -> datetime:
    return datetime.fromisoformat(task.payload["pauses_at"])


HANDLERS = {
    "refresh_next_charge": refresh_next_charge,
    "pause_subscription": pause_subscription,
    "remind_of_return": remind_of_return,
    "resume_subscription": resume_subscription,
}
