"""Rounds of comparison with Stripe, and repairs."""

from app.core.tasks import Task
from app.core.transactions import commit
from app.reconciliation import rounds, service, syncing
from app.reconciliation.models import Scope
from app.reconciliation.rounds import Step


def begin_reconciliation(task: Task) -> None:
    """The key of the task is that of the round: one per hour, one per night."""
    step = rounds.begin(Scope(task.payload["scope"]), task.key)
    if step is not None:
        rounds.record(step)


def reconcile(task: Task) -> None:
    following = rounds.take(Step(**task.payload), commit)
    if following is not None:
        rounds.record(following)


def repair_difference(task: Task) -> None:
    service.repair(task.payload["difference"], commit)


def sync_customer(task: Task) -> None:
    syncing.spread(task.payload["organization"], task.payload["occasion"])


HANDLERS = {
    "begin_reconciliation": begin_reconciliation,
    "reconcile": reconcile,
    "repair_difference": repair_difference,
    "sync_customer": sync_customer,
}
