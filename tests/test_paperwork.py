"""What lies beside the code and must fit it: the README and its tables, documents, lock files, vendored files, migrations."""

import ast
import hashlib
import json
import re
import tomllib

import pytest

from portal import configuration
from portal.cli import COMMANDS
from portal.services.system import PACKAGES
from tests.house import ROOT, hold, named, nodes, python, text

README = ROOT / "README.md"
DOCUMENTS = [README, *sorted((ROOT / "docs").glob("*.md"))]


def test_the_readme_shows_the_table_of_settings_as_it_is() -> None:
    reason = "Run `portal configuration` and put its table between the marks in README.md."
    shown = re.search(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", text(README), re.DOTALL)
    assert shown, "README.md has lost the marks <!-- settings --> … <!-- /settings -->."
    assert shown[1].strip() == configuration.table(), reason


def test_the_readme_names_the_events_that_have_a_handler() -> None:
    reason = "The endpoint at Stripe must send what app/webhooks/registry.py handles; README.md lists it for copying."
    registry = next(node for node in nodes(ROOT / "app/webhooks/registry.py") if isinstance(node, ast.Dict))
    handled = {str(ast.literal_eval(key)) for key in registry.keys if key}
    shown = re.search(r"<!-- events -->\n```text\n(.*?)```", text(README), re.DOTALL)
    hold(reason, handled ^ set(shown[1].split() if shown else ()))


def test_vendored_files_are_what_they_were() -> None:
    reason = (
        "Files under static/vendor/ are pinned: when one changes on purpose, renew SHA256SUMS and the README there."
    )
    vendor = ROOT / "static/vendor"
    sums = {name: digest for digest, name in (line.split() for line in text(vendor / "SHA256SUMS").splitlines())}
    files = {path.relative_to(vendor).as_posix(): path for path in vendor.glob("*/*")}
    hold(reason, set(sums) ^ set(files))
    hold(reason, (name for name in files if hashlib.sha256(files[name].read_bytes()).hexdigest() != sums[name]))


@pytest.mark.parametrize("lock", ["image", "run", "dev"])
def test_lock_files_hold_versions_and_hashes_only(lock: str) -> None:
    reason = "A lock file says what is installed, not from where: an index of one network is unreachable from others."
    lines = text(ROOT / f"requirements/{lock}.txt").splitlines()
    hold(
        reason,
        (line for line in lines if "://" in line or line.lstrip().startswith(("-i", "--index", "--extra", "--find"))),
    )
    unhashed = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if _pins(line) and "--hash=" not in following
    ]
    hold("Every package is pinned by its hash, so that nobody can slip in another file.", unhashed)


def _pins(line: str) -> str | None:
    """The package a line of a lock file pins."""
    found = re.match(r"([A-Za-z0-9._-]+)(?:\[.*?\])?==", line)
    return found and re.sub(r"[-_.]+", "-", found[1]).lower()


def test_what_we_depend_on_is_in_the_lock_files() -> None:
    reason = "pyproject.toml and requirements/ say different things: run `make lock`."
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    extras = project["optional-dependencies"]
    wanted = {"run": project["dependencies"] + extras["demo"], "dev": extras["dev"]}
    for lock, needs in wanted.items():
        pinned = {_pins(line) for line in text(ROOT / f"requirements/{lock}.txt").splitlines()}
        names = {re.split(r"[^a-z0-9-]", need)[0] for need in needs}
        hold(reason, (f"requirements/{lock}.txt: {name}" for name in names - pinned))
    versions = [set(re.findall(r"^\S+==\S+", text(ROOT / f"requirements/{lock}.txt"), re.MULTILINE)) for lock in wanted]
    hold("Tests run with what the portal runs with.", versions[0] - versions[1])


def test_migrations_stand_in_one_line() -> None:
    reason = "Two revisions on one predecessor leave `portal migrate` without an answer."
    files = python("migrations/versions")
    revisions = [
        re.findall(r'^(?:down_)?revision(?:: .+)? = (?:"(\w+)"|None)', text(path), re.MULTILINE) for path in files
    ]
    assert [own for own, _ in revisions] == [path.name.split("_")[0] for path in files], (
        "A file is named by its revision."
    )
    assert [below for _, below in revisions] == ["", *(own for own, _ in revisions[:-1])], reason


def test_the_image_has_all_that_the_portal_runs_on() -> None:
    reason = (
        "The Dockerfile copies by name; a new folder or library that it does not know is missing in containers only."
    )
    dockerfile = text(ROOT / "Dockerfile")
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    hold(reason, copied ^ {"app", "migrations", "portal", "static", "templates", "worker"})
    hold(reason, (name for name in PACKAGES["apt"].split() if name not in dockerfile))
    allowed = re.findall(r"^!(\w+)$", text(ROOT / ".dockerignore"), re.MULTILINE)
    hold(reason, copied - set(allowed))


def test_compose_runs_the_processes_that_operating_names() -> None:
    reason = "Whoever runs containers runs what docs/operating.md says, and nothing else."
    run = re.findall(r"^    command: (\[.*\])$", text(ROOT / "compose.yaml"), re.MULTILINE)
    words = [" ".join(json.loads(command)) for command in run]
    processes = text(ROOT / "docs/operating.md").split("\n## ")[1]
    told = set(re.findall(r"^\| `portal (.*?)` \|", processes, re.MULTILINE))
    ours = {command.removesuffix(" --host 0.0.0.0") for command in words if command.split()[0] in COMMANDS}
    hold(reason, ours ^ (told | {"migrate"}))


def test_documents_name_only_what_exists() -> None:
    reason = "Documentation that names what is not there costs its reader an hour."
    targets = re.findall(r"^([a-z]+):", text(ROOT / "Makefile"), re.MULTILINE)
    for path in DOCUMENTS:
        links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text(path)) if "://" not in link]
        hold(reason, (f"{named(path)}: {link}" for link in links if not (path.parent / link).exists()))
        made = re.findall(r"(?:`|^)make ([a-z]+)", text(path), re.MULTILINE)
        hold(reason, (f"{named(path)}: make {target}" for target in made if target not in targets))
        typed = re.findall(r"(?:`|^)(?:\.venv/bin/)?portal ([a-z]+)", text(path), re.MULTILINE)
        hold(reason, (f"{named(path)}: portal {command}" for command in typed if command not in COMMANDS))


def test_every_document_is_linked_from_the_readme() -> None:
    reason = "A document that README.md does not link is not found."
    hold(
        reason,
        (named(path) for path in DOCUMENTS[1:] if f"(docs/{path.name})" not in text(README)),
    )
