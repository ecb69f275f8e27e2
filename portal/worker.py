"""`portal worker`: the background work."""

import click

from app.core.tasks import QUEUES
from portal.services.child import ServiceError


@click.command()
@click.argument("queues", nargs=-1, type=click.Choice(QUEUES))
def worker(queues: tuple[str, ...]) -> None:
    """Do the background work: events, mail, documents and the rest.

    QUEUES: which ones, all by default. `documents` on its own draws each PDF in a process of its own.
    """
    try:
        from worker.__main__ import run
    except OSError as error:  # how WeasyPrint says that Pango is missing
        raise ServiceError(
            "PDFs need Pango, which this machine lacks. `python -m portal.services.system demo` says what to install."
        ) from error
    run(queues or QUEUES)
