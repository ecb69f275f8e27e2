"""How the house rules look at the source: nothing is imported or started, files are only read."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = ("app", "worker", "portal", "sandbox")
ROOMS = sorted(file.parent.name for file in (ROOT / "app").glob("*/__init__.py"))


def hold(reason: str, offenders: Iterable[str]) -> None:
    """The rule holds when there are no offenders; otherwise say why there is a rule, and who breaks it."""
    if found := sorted(set(offenders)):
        pytest.fail("\n".join([reason, *(f"  {offender}" for offender in found)]), pytrace=False)


def python(*folders: str) -> list[Path]:
    return [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(text(path))))


def at(path: Path, node: ast.AST) -> str:
    return f"{named(path)}:{getattr(node, 'lineno', 1)}"


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def imported_names(path: Path, *modules: str) -> set[str]:
    """What `from <module> import …` brings in, for modules whose name ends with one of those given."""
    froms = (node for node in nodes(path) if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(modules))
    return {alias.name for node in froms for alias in node.names}


def templates(*folders: str) -> list[Path]:
    """The HTML templates of the portal, or of the folders given."""
    return [file for folder in folders or ("templates",) for file in sorted((ROOT / folder).rglob("*.html"))]


@cache
def markup(path: Path) -> str:
    """A template without its comments (they show how things are used); line numbers stay."""
    return re.sub(r"\{#.*?#\}", lambda comment: "\n" * comment[0].count("\n"), text(path), flags=re.DOTALL)


def matches(paths: Iterable[Path], pattern: str) -> Iterator[str]:
    """Where a pattern is found in templates, as `file:line`."""
    for path in paths:
        for match in re.finditer(pattern, markup(path), re.DOTALL):
            yield f"{named(path)}:{markup(path).count(chr(10), 0, match.start()) + 1}  {match[0][:80]}"
