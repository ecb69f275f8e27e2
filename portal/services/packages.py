"""System packages: installed by us where we are root and there is apt, otherwise one command for the person to type."""

import os
import shutil
import subprocess

from portal.services.child import ServiceError


def may_install() -> bool:
    """Whether we can install packages without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> None:
    """Install Debian packages. ServiceError, with apt's own words, when that fails."""
    print(f"Installing with apt: {' '.join(packages)}", flush=True)
    _apt("update", "-q")
    _apt("install", "-q", "-y", "--no-install-recommends", *packages)


def command_for(apt: str, dnf: str, brew: str) -> str:
    """The one command to type on this machine, given the package names of each system."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("dnf"):
        return f"{sudo}dnf install {dnf}"
    if shutil.which("brew"):
        return f"brew install {brew}"
    return f"{sudo}apt-get update && {sudo}apt-get install {apt}"


def _apt(*arguments: str) -> None:
    done = subprocess.run(
        ["apt-get", *arguments],
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError(f"apt-get {' '.join(arguments)} failed:\n{done.stdout.strip()}")
