"""Background work of the invoices room."""

from app.core.tasks import Task
from app.invoices import rendering


def render_invoice(task: Task) -> None:
    rendering.make(task.payload["invoice_id"], task.payload["request"])


HANDLERS = {"render_invoice": render_invoice}
