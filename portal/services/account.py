"""The user a program runs as: ourselves, or, where root must not (PostgreSQL refuses it), an unprivileged one."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    uid: int
    gid: int

    @property
    def usable(self) -> bool:
        """Whether we may act as this user."""
        return os.geteuid() in (0, self.uid)

    def run(self, command: Sequence[str | Path], cwd: Path) -> "subprocess.CompletedProcess[str]":
        """Run a short program in `cwd` and keep what it prints. OSError when this user may not start it."""
        other = self.uid != os.geteuid()
        return subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            user=self.uid if other else None,
            group=self.gid if other else None,
            extra_groups=() if other else None,
        )

    def reaches(self, directory: Path) -> bool:
        """Whether this user may enter `directory` and write there. Asked of the kernel: modes alone miss parents and ACLs."""
        test = ["/bin/sh", "-c", 'cd "$1" && test -w .', "sh", str(directory)]
        return self.run(test, cwd=Path("/")).returncode == 0

    def take(self, path: Path) -> None:
        """Give this user a file or directory that we have made."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)


def ourselves() -> Account:
    """The user this process runs as."""
    return Account(os.geteuid(), os.getegid())


def unprivileged() -> Account:
    """Ourselves, or `nobody` when we are root. No user is created."""
    if os.geteuid() != 0:
        return ourselves()
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def owner(path: Path) -> Account:
    """The user `path` belongs to."""
    stat = path.stat()
    return Account(stat.st_uid, stat.st_gid)
