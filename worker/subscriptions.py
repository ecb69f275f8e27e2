"""Background work of subscriptions."""

from datetime import datetime

from app.core.tasks import Task
from app.subscriptions import service, trial_cards, trial_notices, unused_time
from app.subscriptions.pauses import pausing, resuming


def refresh_next_charge(task: Task) -> None:
    service.refresh_next_charge(task.payload["subscription"], task.payload["version"])


def pause_subscription(task: Task) -> None:
    pausing.begin(task.payload["subscription"], _pauses_at(task), task.payload["token"])


def remind_of_return(task: Task) -> None:
    pausing.remind_of_return(task.payload["subscription"], _pauses_at(task))


def resume_subscription(task: Task) -> None:
    resuming.resume_on_day(task.payload["subscription"])


def give_unused_back(task: Task) -> None:
    unused_time.give_back(task.payload["subscription"])


def remind_of_trial_end(task: Task) -> None:
    trial_notices.remind(task.payload["subscription"], datetime.fromisoformat(task.payload["trial_end"]))


def remember_trial_card(task: Task) -> None:
    trial_cards.remember(task.payload["subscription"], task.payload["card"])


def _pauses_at(task: Task) -> datetime:
    return datetime.fromisoformat(task.payload["pauses_at"])


HANDLERS = {
    "refresh_next_charge": refresh_next_charge,
    "pause_subscription": pause_subscription,
    "remind_of_return": remind_of_return,
    "resume_subscription": resume_subscription,
    "give_unused_back": give_unused_back,
    "remind_of_trial_end": remind_of_trial_end,
    "remember_trial_card": remember_trial_card,
}
