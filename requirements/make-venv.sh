#!/bin/sh
# Makes .venv anew with the first Python that is new enough, and says in one sentence what to do where that is impossible.
set -eu

for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 python}; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        found=$python
        break
    fi
done
if [ -z "${found:-}" ]; then
    echo "Counterfoil needs Python 3.11 or newer, and no python3 on this PATH is." >&2
    exit 2
fi

# Debian ships Python without the part that makes environments.
if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
    package=$("$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package with apt"
        apt-get update -q >/dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$package" >/dev/null
    else
        echo "Python's venv module is missing. Install it with: sudo apt-get install $package" >&2
        exit 2
    fi
fi

rm -rf .venv
"$found" -m venv .venv
