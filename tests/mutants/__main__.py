"""`make mutants`: each line that guards something is taken out in turn, and its test must turn red."""

import sys
import time

from tests.mutants.copy import copied, turns_red
from tests.mutants.table import MUTANTS


def main(wanted: str = "") -> int:
    """All, or those whose file or guard has `wanted` in it; answers how many stay green."""
    chosen = [mutant for mutant in MUTANTS if wanted in f"{mutant.file} {mutant.guards}"]
    green = 0
    with copied() as place:
        for mutant in chosen:
            began = time.monotonic()
            is_red = turns_red(place, mutant)
            green += not is_red
            seconds = time.monotonic() - began
            print(f"{'red  ' if is_red else 'GREEN'} {seconds:5.1f} s  {mutant.file}: {mutant.guards}", flush=True)
    print(f"{len(chosen) - green} of {len(chosen)} are noticed")
    return green


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
