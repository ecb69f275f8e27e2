"""The console script `portal`."""

import sys
from importlib import import_module

import click

# What each command is called, where it lives, what it does. A module is imported only when its command runs, so that
# `portal --help` does not wait for the whole application.
COMMANDS = {
    "demo": ("portal.demo.command:demo", "Run the whole portal on this machine, with people in it."),
    "migrate": ("portal.migrate:migrate", "Bring the database to the schema of this version."),
    "catalog": ("portal.catalog:catalog", "Load what is for sale, and show it."),
    "staff": ("portal.staff:staff", "Say who is a member of staff."),
    "refund": ("portal.refund:refund", "Give a payment back, whole or in part."),
    "reconcile": ("portal.reconcile:reconcile", "Compare with Stripe now, and repair what differs."),
    "configuration": ("portal.configuration:configuration", "Print the table of settings."),
    "web": ("portal.web:web", "Serve the pages, the API and the address for Stripe's events."),
    "worker": ("portal.worker:worker", "Do the background work: events, mail, documents and the rest."),
    "clock": ("portal.clock:clock", "Run periodic work, and find due work that no bell announced."),
}


class Commands(click.Group):
    """A group that knows its commands by name and sentence, and imports them on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself; None for a name that is not in the table."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list from the table, without importing a command for its sentence."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def portal() -> None:
    """Counterfoil, a self-hosted customer billing portal on Stripe."""


def main() -> None:
    """Run the command line. Refused settings and machines that lack something get one sentence each and exit code 2."""
    try:
        portal()
    except Exception as error:
        from app.core.config import ConfigurationError  # imported this late for the same reason as the commands
        from portal.services.child import ServiceError

        if not isinstance(error, ConfigurationError | ServiceError):
            raise
        print(error, file=sys.stderr)
        sys.exit(2)
