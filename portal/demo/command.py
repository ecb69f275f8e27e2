"""`portal demo`: the whole portal on this machine, with people in it."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from portal.demo.seed import ADA, PEOPLE, Seed, make_key
from portal.demo.stack import DATABASE, Stack
from portal.services import place
from portal.services.child import ServiceError
from portal.services.ports import is_free, responds
from portal.services.supervisor import Supervisor

SEEDED = "seeded"
SCOPES = ["usage:write", "entitlements:read"]


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the portal; all others are free ones.")
@click.option("--reset", is_flag=True, help="Start over with fresh data.")
@click.option("--check", is_flag=True, help="Say whether it is running, by the exit code too.")
@click.option(
    "--home", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True, help="Its directory."
)
def demo(port: int, reset: bool, check: bool, home: Path) -> None:
    """Run the portal with PostgreSQL, Redis, a sandbox for Stripe and a mailbox, until Ctrl-C."""
    if check:
        sys.exit(_check(home))
    with _alone(home) as alone:
        if not alone:
            print(f"The demo is running already: {_env(home).get('PORTAL_URL', 'starting up')}")
            return
        if not is_free(port):
            raise ServiceError(f"Port {port} is taken. Choose another: make demo PORT={port + 1}")
        if reset or ((home / "postgres").exists() and not (home / SEEDED).exists()):
            erase(home)
        _run(Stack(home, port))


def _check(home: Path) -> int:
    url = _env(home).get("PORTAL_URL")
    if url and responds(f"{url}/healthz"):
        print(f"The demo is running: {url}")
        return 0
    print("The demo is not running.")
    return 1


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[bool]:
    """Hold the lock of this directory for the block; False when another demo holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def erase(home: Path) -> None:
    """Remove what a portal left in `home`, wherever its database lives, but for a lock that somebody holds."""
    if not home.is_dir():
        return
    place.erase(home / "postgres")
    for path in home.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != "lock":
            path.unlink()


def _run(stack: Stack) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    with _stopping(stack), Supervisor(stack.home / "logs") as supervisor:
        print("Starting PostgreSQL, Redis, the sandbox and the mailbox …", flush=True)
        supervisor.start(*stack.services())
        migrate_and_load(stack)
        supervisor.start(*stack.portal())
        if not (stack.home / SEEDED).exists():
            print("Ada, Bob, Cleo and Sam move in …", flush=True)
            Seed(stack.url, stack.sandbox_url, stack.mailbox.url, lambda email: _make_staff(stack, email)).run()
            _write_privately(stack.traffic_key, make_key(stack.url, ADA, "Demo traffic", SCOPES))
            (stack.home / SEEDED).touch()
        if stack.traffic_key.exists():  # a demo of before there was traffic has none until it starts over
            supervisor.start(stack.traffic())
        _write_env(stack)
        print(_closing_block(stack), flush=True)
        signal.pause()


@contextlib.contextmanager
def _stopping(stack: Stack) -> Iterator[None]:
    """Ctrl-C, a hang-up and SIGTERM all end the demo in good order, also while it is still starting."""
    try:
        yield
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
    finally:
        (stack.home / "env").unlink(missing_ok=True)


def migrate_and_load(stack: Stack) -> None:
    """Bring the database up to date and load the catalogue, as an operator would."""
    stack.postgres.ensure_database(DATABASE)
    _portal(stack, "migrate")
    _portal(stack, "catalog", "load", "nexus", "--yes")


def _make_staff(stack: Stack, email: str) -> None:
    _portal(stack, "staff", "add", email)


def _portal(stack: Stack, *words: str) -> None:
    """A command of the portal with the demo's settings. ServiceError with its last words."""
    command = [sys.executable, "-m", "portal", *words]
    done = subprocess.run(command, env=os.environ | stack.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServiceError(f"`portal {' '.join(words)}` failed:\n{(done.stderr or done.stdout).strip()[-2000:]}")


def _env(home: Path) -> dict[str, str]:
    with contextlib.suppress(FileNotFoundError):
        return dict(line.split("=", 1) for line in (home / "env").read_text().splitlines())
    return {}


def _write_env(stack: Stack) -> None:
    """What a tool needs to attach to the running demo."""
    settings = stack.environment()
    names = ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET", "DATABASE_URL", "REDIS_URL")
    lines = {"PORTAL_URL": stack.url, "SANDBOX_URL": stack.sandbox_url, "MAILBOX_URL": stack.mailbox.url}
    lines |= {name: settings[name] for name in names}
    for name, person in PEOPLE.items():
        lines |= {f"{name}_EMAIL": person.email, f"{name}_PASSWORD": person.password}
    _write_privately(stack.home / "env", "".join(f"{name}={value}\n" for name, value in lines.items()))


def _write_privately(file: Path, words: str) -> None:
    file.touch(mode=0o600)
    file.write_text(words)


def _closing_block(stack: Stack) -> str:
    roles = {"ADA": "admin of Analytical Engines", "BOB": "billing there", "CLEO": "on Free", "SAM": "staff"}
    people = "\n".join(f"    {PEOPLE[key].email:<18} {PEOPLE[key].password:<20} {role}" for key, role in roles.items())
    return f"""
  Counterfoil is running.

  Portal     {stack.url}
  Sandbox    {stack.sandbox_url}    Stripe's far end: turn the clock, see events
  Mailbox    {stack.mailbox.url}    every mail the portal sends

  Sign in as
{people}

  Test card  4242 4242 4242 4242, any future date, any code
  Stop       Ctrl-C     Start over: make demo RESET=1     Logs: {stack.home / "logs"}
"""
