"""What staff may see of a payload: the shape, and of the values only what names nobody and opens nothing.

A list of what is shown, not of what is hidden, so that a field nobody has thought of is withheld. A value that is listed
must also look like what it is called: one word without an `@`, a number.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

WITHHELD = "[withheld]"

KEYS = Path(__file__).parent / "shown_keys.txt"
METADATA = "metadata"
"""Here keys are free text as well."""
OURS = frozenset({"organization", "intent", "counterfoil_plan", "counterfoil_meter"})
"""What we write there ourselves."""

_WORD = re.compile(r"[A-Za-z0-9_.:+-]{1,100}")
_SECRET = re.compile(r"_secret_|^(sk|rk|whsec|ek)_")


def shown(payload: Any) -> str:
    """The payload as indented JSON, redacted."""
    return json.dumps(redacted(payload), indent=2, ensure_ascii=False)


def redacted(value: Any, key: str = "") -> Any:
    """`value`, which stands under `key`, without what is not listed. Nothing and yes or no are always shown."""
    if isinstance(value, dict):
        return _object(value, is_metadata=key == METADATA)
    if isinstance(value, list):
        return [redacted(one, key) for one in value]
    if value is None or isinstance(value, bool):
        return value
    return value if key in _shown_keys() and _is_plain(value) else WITHHELD


def _object(value: dict[str, Any], *, is_metadata: bool) -> dict[str, Any]:
    """Of metadata what is not ours is counted only."""
    if not is_metadata:
        return {key: redacted(one, key) for key, one in value.items()}
    ours = {key: one if _is_plain(one) else WITHHELD for key, one in value.items() if key in OURS}
    others = len(value) - len(ours)
    return ours | ({WITHHELD: others} if others else {})


def _is_plain(value: Any) -> bool:
    return not isinstance(value, str) or bool(_WORD.fullmatch(value) and not _SECRET.search(value))


@cache
def _shown_keys() -> frozenset[str]:
    lines = KEYS.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))
