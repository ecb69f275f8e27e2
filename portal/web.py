"""`portal web`: the web server, for the demo and for production alike."""

import os

import click
from granian import Granian
from granian.constants import Interfaces

from app.core.config import load


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, help="Port to listen on.")
@click.option("--workers", default=os.cpu_count() or 1, show_default="one per core", help="Number of processes.")
@click.option("--threads", default=3, show_default=True, help="Requests one process works on at the same time.")
def web(host: str, port: int, workers: int, threads: int) -> None:
    """Serve the pages, the API and the address for Stripe's events."""
    load()  # refuse wrong settings here, once, instead of in every worker
    serve("app:create_app", host, port, workers, threads)


def serve(factory: str, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the application that `factory` (`module:name`) makes, until stopped."""
    Granian(
        factory,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        log_access=False,  # the application logs each request, with its id
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()
