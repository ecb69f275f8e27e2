"""`portal configuration`: the table of settings, as it stands in the README."""

from typing import Any, Literal, get_args, get_origin

import click
from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.config import Settings

HEAD = ("| Variable | Default | What it is |", "| --- | --- | --- |")


@click.command()
def configuration() -> None:
    """Print every setting with its default and its meaning, as a Markdown table."""
    click.echo(table())


def table() -> str:
    """The settings in the order of their declaration, one row each."""
    return "\n".join([*HEAD, *(_row(name.upper(), field) for name, field in Settings.model_fields.items())])


def _row(variable: str, field: FieldInfo) -> str:
    meaning = f"{field.description}{_choices(field)}{_bounds(field)}"
    return f"| `{variable}` | {_default(field)} | {meaning} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default: Any = field.default
    if isinstance(default, SecretStr):  # what stands in the code is no secret
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(str(one) for one in default)
    return "none" if default is None or default in ("", []) else f"`{default}`"


def _choices(field: FieldInfo) -> str:
    """The words allowed, unless the description names them already."""
    if get_origin(field.annotation) is not Literal:
        return ""
    words = [f"`{word}`" for word in get_args(field.annotation)]
    return "" if all(word in str(field.description) for word in words) else f": {', '.join(words)}"


def _bounds(field: FieldInfo) -> str:
    least = next((bound.ge for bound in field.metadata if isinstance(bound, Ge)), None)
    most = next((bound.le for bound in field.metadata if isinstance(bound, Le)), None)
    return "" if least is None or most is None else f" ({least} to {most})"
