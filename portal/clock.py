"""`portal clock`: the schedule and the sweep."""

import signal
import threading

import click


@click.command()
def clock() -> None:
    """Run periodic work, and find due work that no bell announced. Safe to run twice."""
    from app import create_app
    from worker import schedule

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with create_app().app_context():
        while not stop.wait(schedule.tick()):
            pass
