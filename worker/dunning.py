"""Background work of failed renewals."""

from app.core.tasks import Task
from app.dunning import concluding, retrying
from app.invoices import service as invoices


def stop_stripes_retries(task: Task) -> None:
    retrying.stop_stripes(task.payload["case"])


def retry_renewal(task: Task) -> None:
    retrying.as_planned(task.payload["case"], task.payload["position"])


def try_other_card(task: Task) -> None:
    retrying.with_other_card(task.payload["case"])


def retry_now(task: Task) -> None:
    retrying.now(task.payload["case"], task.payload["press"])


def conclude_dunning(task: Task) -> None:
    concluding.conclude(task.payload["case"])


def end_dunning(task: Task) -> None:
    concluding.with_subscription(task.payload["case"])


def follow_renewal(task: Task) -> None:
    invoices.sync(task.payload["invoice"])


HANDLERS = {
    "stop_stripes_retries": stop_stripes_retries,
    "retry_renewal": retry_renewal,
    "try_other_card": try_other_card,
    "retry_now": retry_now,
    "conclude_dunning": conclude_dunning,
    "end_dunning": end_dunning,
    "follow_renewal": follow_renewal,
}
