"""Mail, one task each."""

from collections.abc import Callable

from app.core import tasks
from app.core.logs import log
from app.core.tasks import Task
from app.notifications import service, smtp


def send_mail(task: Task) -> None:
    """Send it, unless it comes too late, then empty what it said: names and links have no business among finished work.

    Raises Away, Hopeless.
    """
    if service.is_stale(task.payload):
        log.info("mail dropped, because it comes too late", template=task.payload["template"])
        task.payload = {"template": task.payload["template"], "dropped": True}
        return
    try:
        service.deliver(f"{task.kind}:{task.key}", task.payload, lambda: tasks.begin_effect(task))
    except smtp.Unreachable as error:
        raise tasks.Away() from error
    except smtp.Refused as refusal:
        tasks.effect_refused(task)
        if refusal.is_final:
            raise tasks.Hopeless(str(refusal)) from refusal
        raise
    task.payload = {"template": task.payload["template"]}


HANDLERS: dict[str, Callable[[Task], None]] = {"send_mail": send_mail}
