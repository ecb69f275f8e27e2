"""The rules of the house, executable. Each failure gives the reason for its rule; an exception to one needs a reason too.

Who may import whom is checked by `lint-imports`, from the contracts in pyproject.toml.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from app.core.config import Settings
from tests.house import (
    PROGRAMS,
    ROOMS,
    ROOT,
    at,
    functions,
    hold,
    imported_names,
    markup,
    matches,
    named,
    nodes,
    python,
    templates,
    text,
)

PYPROJECT = tomllib.loads(text(ROOT / "pyproject.toml"))
ALL_TEMPLATES = ("templates", "portal/demo/templates", "sandbox/hosted/templates", "sandbox/panel/templates")
# What may know that there is a request: the doors, and what stands beside a door.
EDGES = re.compile(r"(routes|_routes|api|webhooks|context|guards|forms|devices|banners)\.py$")
DOORS = re.compile(r"(routes|api|webhooks)\.py$")


# Money and transactions


def test_money_is_never_a_float() -> None:
    reason = "Amounts are integers of minor units with a currency: yen have no hundredth, and floats lose cents."
    hold(reason, (at(path, node) for path in python(*PROGRAMS) for node in nodes(path) if _hundredth(node)))
    hold(reason, matches(templates(), r"\{[{%][^}]*/\s*100\b"))
    hold(reason, (named(path) for path in python("app") if re.search(r"Mapped\[float|import .*\bFloat\b", text(path))))


def _hundredth(node: ast.AST) -> bool:
    """Something divided by 100, unless it is written as a Decimal: a percentage."""
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.FloorDiv)):
        return False
    is_decimal = isinstance(node.left, ast.Call) and ast.unparse(node.left.func) == "Decimal"
    return isinstance(node.right, ast.Constant) and node.right.value in (100, 100.0) and not is_decimal


def test_only_doors_commit() -> None:
    reason = "One door, one transaction: a service that commits leaves half a deed behind when its other half fails."
    allowed = {
        "app/core/transactions.py": "the one place that does it for all doors",
        "app/webhooks/service.py": "settles for the worker what needs no handling, in a transaction of its own",
        "app/webhooks/turns.py": "handles a batch for the worker, each object's events in a transaction of their own",
    }
    others = [path for path in python("app") if named(path) not in allowed]
    hold(reason, (named(path) for path in others if re.search(r"session\.(commit|rollback)\(", text(path))))
    inner = [path for path in others if not DOORS.search(path.name)]
    hold(reason, (named(path) for path in inner if "commit" in imported_names(path, "transactions")))


def test_a_service_has_never_heard_of_a_request() -> None:
    reason = "A service is also called by workers and commands, where there is no request and nobody is signed in."
    names = {"request", "session", "current_user", "current_organization", "current_membership", "current_subscription"}
    kits = {"core", "api"}  # they know no noun: what doors are made of
    inner = [
        path for room in ROOMS if room not in kits for path in python(f"app/{room}") if not EDGES.search(path.name)
    ]
    inner = [path for path in inner if path.name != "__init__.py"]
    found = {path: names & imported_names(path, "flask", "flask_login", "context") for path in inner}
    hold(reason, (f"{named(path)}: {', '.join(hits)}" for path, hits in found.items() if hits))


def test_what_a_service_can_do_is_written_above_it() -> None:
    reason = "The public functions of a service are the vocabulary of its room: say units, errors and outside rules."
    services = [path for path in python("app") if path.name == "service.py"]
    public = ((path, node) for path in services for node in functions(path) if not node.name.startswith("_"))
    hold(reason, (f"{at(path, node)} {node.name}" for path, node in public if not ast.get_docstring(node)))


# Settings


def test_only_the_settings_read_the_environment() -> None:
    reason = "Settings are read once, in app/core/config.py, so that a wrong one is refused before anything starts."
    others = [path for path in python(*PROGRAMS) if named(path) != "app/core/config.py"]
    hold(reason, (named(path) for path in others if {"environ", "getenv"} & imported_names(path, "os")))
    hold(reason, (at(path, node) for path in others for node in nodes(path) if _reads_environment(path, node)))


def _reads_environment(path: Path, node: ast.AST) -> bool:
    """A program of the portal may hand its whole environment on to one that it starts; that is not reading it."""
    if not isinstance(node, ast.Attribute) or ast.unparse(node) not in {"os.environ", "os.getenv", "os.environb"}:
        return False
    line = text(path).splitlines()[node.lineno - 1]
    return not (named(path).startswith("portal/") and "env=os.environ |" in line)


def test_every_setting_is_used() -> None:
    reason = "A setting that nothing reads promises what it does not do."
    source = "".join(text(path) for path in python("app", "worker", "portal"))
    hold(reason, (name for name in Settings.model_fields if not re.search(rf"\.{name}\b", source)))


# Pages


def test_nothing_is_marked_as_safe_html() -> None:
    reason = "Jinja escapes what people typed; `safe` and `Markup` switch that off, and a name becomes a script."
    hold(reason, matches(templates(), r"\|\s*safe\b|\bautoescape\s+false"))
    hold(reason, (named(path) for path in python("app") if "Markup(" in text(path)))


def test_pages_have_no_inline_styles_and_handlers() -> None:
    reason = "The Content-Security-Policy forbids them: the browser would drop them and send a report."
    # Mails are no pages: their programs know no stylesheets, so css-inline writes style attributes before sending.
    pages = [path for path in templates(*ALL_TEMPLATES) if path.parent != ROOT / "templates/email"]
    hold(reason, matches(pages, r"\sstyle\s*=|<style\b|<[^>]*\son[a-z]+\s*=|javascript:"))
    hold(reason, matches(pages, r"<script(?![^>]*\bnonce=)[^>]*>"))


def test_every_form_that_posts_brings_its_token() -> None:
    reason = "Without the hidden field a form fails for everybody who has no JavaScript, and is refused as forged."
    forms = r"""<form(?=[^>]*method=["']post["'])(?:(?!csrf_token\(|\bcsrf\(|</form>).)*</form>"""
    hold(reason, matches(templates(), forms))


def test_only_what_no_page_posts_needs_no_token() -> None:
    reason = (
        "Only what no page of ours posts may come without a CSRF token: browsers' reports, and programs with a key in a "
        "header. Stripe's events are signed."
    )
    exempt = {
        f"{named(path)}: {what}" for path in python("app") for what in re.findall(r"csrf\.exempt\((.+?)\)", text(path))
    }
    hold(reason, exempt ^ {"app/core/security.py: csp_report", "app/api/__init__.py: doors"})


def test_every_icon_is_in_the_sprite() -> None:
    reason = "An icon that is not in static/vendor/lucide/ is an empty square; its README says how to add one."
    sprite = next((ROOT / "static/vendor/lucide").glob("icons-*.svg"))
    known = set(re.findall(r'<symbol id="([^"]+)"', text(sprite)))
    for path in templates():
        calls = re.findall(r"\bicon\(([^()]*)\)|\bicon=([^,)]*)|\bempty\(([^,)]*)", markup(path))
        wanted = {name for call in calls for name in re.findall(r'"([a-z0-9-]+)"', "".join(call))}
        hold(reason, (f"{named(path)}: {name}" for name in wanted - known))


def test_partials_are_pieces() -> None:
    reason = "A partial is what a swap puts into a page: it is short, and never brings the frame of the page with it."
    partials = [path for path in templates() if path.name.startswith("_") and path.parent.name != "email"]
    hold(reason, matches(partials, r"\{%-?\s*extends\b"))
    hold(reason, (named(path) for path in partials if len(text(path).splitlines()) > 60))


def test_every_mail_has_its_three_parts() -> None:
    reason = "A mail is a subject, a text and a page of HTML; one missing is found only when it is sent."
    mails = {file.name.split(".")[0] for file in (ROOT / "templates/email").iterdir() if file.name[0] != "_"}
    files = (f"templates/email/{mail}.{part}" for mail in mails for part in ("subject.txt", "txt", "html"))
    hold(reason, (file for file in files if not (ROOT / file).exists()))


# Names and sizes


@pytest.mark.parametrize("program", PROGRAMS)
def test_files_and_functions_stay_small(program: str) -> None:
    reason = "A file past 250 lines, a function past 40: two things live there. Move one out."
    files = python(program)
    hold(reason, (named(path) for path in files if len(text(path).splitlines()) > 250))
    long = ((path, node) for path in files for node in functions(path) if (node.end_lineno or 0) - node.lineno >= 40)
    hold(reason, (f"{at(path, node)} {node.name}" for path, node in long))


def test_the_same_noun_names_the_room_on_every_floor() -> None:
    reason = (
        "A line of code knows its room by its noun: the folder of a template, a worker and a test is a room of app/."
    )
    beside = {
        "templates": {
            "_ui": "macros for all",
            "email": "mails of all rooms",
            "errors": "pages of core",
            "settings": "tabs above the settings of several rooms",
        },
        "tests": dict.fromkeys(("worker", "portal", "sandbox"), "a program beside app/")
        | {"browser": "journeys through many rooms", "faults": "what happens when something dies"}
        | {"property": "what holds whatever happens", "mutants": "what the tests must notice"},
    }
    for floor, allowed in beside.items():
        folders = {path.name for path in (ROOT / floor).iterdir() if path.is_dir() and path.name != "__pycache__"}
        hold(reason, (f"{floor}/{name}/" for name in folders - set(ROOMS) - set(allowed)))
    workers = {path.stem for path in python("worker")} - {"__init__", "__main__", "bells", "runner", "schedule"}
    hold(reason, (f"worker/{name}.py" for name in workers - set(ROOMS)))


def test_every_room_has_tests() -> None:
    reason = "A room without tests is a room nobody knows to be safe to enter."
    hold(reason, (f"tests/{room}/" for room in (*ROOMS, "worker", "portal", "sandbox") if not _has_tests(room)))


def _has_tests(room: str) -> bool:
    return any((ROOT / "tests" / room).glob("test_*.py"))


def test_the_import_contract_knows_every_door() -> None:
    reason = "import-linter takes no patterns: name a new *_routes.py in the contracts `floors`, `doors` and `forms`."
    contracts = {contract["id"]: str(contract) for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}
    doors = [path for path in python("app") if path.name.endswith("_routes.py")]
    rules = ("floors", "doors", "forms")
    hold(reason, (f"{named(path)}: {rule}" for path in doors for rule in rules if path.stem not in contracts[rule]))


def test_an_exception_to_a_check_gives_its_reason() -> None:
    reason = "Write the reason behind it: `# type: ignore[code]  # why`, `# noqa: CODE  # why`."
    silent = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]+)?|type: ignore(?:\[[a-z, -]+\])?)\s*$", re.MULTILINE)
    hold(reason, (named(path) for path in python(*PROGRAMS) if silent.search(text(path))))


def test_nothing_is_left_for_later() -> None:
    reason = "What is not done is not here: a note to oneself in the source is a promise nobody reads."
    notes = re.compile(r"(?:#|//|/\*|\{#).*\b(?:TO" r"DO|FIX" r"ME)\b")
    files = [*python(*PROGRAMS, "tests"), *templates(*ALL_TEMPLATES), *(ROOT / "static/js").glob("*.js")]
    hold(reason, (named(path) for path in files if notes.search(text(path))))
