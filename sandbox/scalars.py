"""Single values from the wire: how each kind is written, and how large it may be.

Stripe's own limits: 64 bits for an integer, 5,000 characters for a text, 512 for an email address, and for metadata 50
keys of 40 characters with values of 500. Assumptions: a decimal is below 10^15, as in meter events; a moment lies between
1970 and the year 3000; a span is of at most 5,000 days, months or years.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.currencies import currency
from sandbox.errors import invalid

INTEGER = re.compile(r"-?[0-9]{1,30}")
DECIMAL = re.compile(r"-?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")
LARGEST_INTEGER = 2**63 - 1
LARGEST_DECIMAL = 10**15
LATEST = 32_503_680_000
"""The beginning of the year 3000; whatever is reckoned from a moment still has a date."""
MOMENT = re.compile(r"(?:.*_)?(?:at|date|time|timestamp|start|end)|redeem_by|billing_cycle_anchor")
"""The parameters that are unix seconds."""
LONGEST_SPAN = 5000
SPANS = frozenset(["days_until_due", "duration_in_months", "expires_after_days", "interval_count", "trial_period_days"])
"""The parameters that count days, months or the like."""
LONGEST = 5000
LONGEST_OF = {"email": 512}
LONGEST_EVIDENCE = 20_000
MOST_KEYS, LONGEST_KEY, LONGEST_VALUE = 50, 40, 500
CURRENCIES = frozenset(["currency", "minimum_amount_currency"])
"""The parameters that name a currency."""


def leaf(path: str) -> str:
    """``items[0][price]`` → ``price``."""
    return path.rsplit("[", 1)[-1].rstrip("]")


def boolean(value: str, path: str) -> bool:
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", path)
    return value == "true"


def integer(value: str, path: str) -> int:
    number = int(value) if INTEGER.fullmatch(value) else None
    if number is None or abs(number) > LARGEST_INTEGER:
        raise invalid(f"Invalid integer: {_shortened(value)}", path, "parameter_invalid_integer")
    if not 0 <= number <= LATEST and MOMENT.fullmatch(leaf(path)):
        raise invalid(f"Invalid timestamp: {value}", path)
    if not 0 <= number <= LONGEST_SPAN and leaf(path) in SPANS:
        raise invalid(f"Invalid integer: {value}", path, "parameter_invalid_integer")
    return number


def decimal(value: str, path: str) -> Decimal:
    number = Decimal(value) if DECIMAL.fullmatch(value) else None
    if number is None or abs(number) >= LARGEST_DECIMAL:
        raise invalid(f"Invalid decimal: {_shortened(value)}", path)
    return number


def text(value: str, path: str) -> str:
    """A parameter that is a text: a currency in small letters, anything else as it came."""
    if len(value) > LONGEST_OF.get(leaf(path), LONGEST):
        longest = LONGEST_EVIDENCE if path.startswith("evidence[") else LONGEST_OF.get(leaf(path), LONGEST)
        if len(value) > longest:
            raise invalid(f"Invalid string: {_shortened(value)}; must be at most {longest} characters", path)
    return currency(value, path) if value and leaf(path) in CURRENCIES else value


def check_metadata(given: Mapping[str, Any], path: str) -> None:
    """Refuse keys and values that are too long, and too many of them; an empty value counts for nothing."""
    for key, value in given.items():
        if len(key) > LONGEST_KEY:
            raise invalid(_too_long("key", key, LONGEST_KEY), path)
        if value and len(value) > LONGEST_VALUE:
            raise invalid(_too_long("value", value, LONGEST_VALUE), path)
    check_count(given, path)


def check_count(given: Mapping[str, Any], path: str) -> None:
    count = sum(1 for value in given.values() if value) if len(given) > MOST_KEYS else 0
    if count > MOST_KEYS:
        raise invalid(f"Metadata can have up to {MOST_KEYS} keys, but you've set {count}.", path)


def _too_long(what: str, given: str, most: int) -> str:
    return (
        f"Metadata {what}s can have up to {most} characters, but you passed in a {what} that is {len(given)} characters. "
        f"Invalid {what}: {_shortened(given)}"
    )


def _shortened(value: str) -> str:
    """A value that fits in a message: both its ends."""
    return value if len(value) <= 60 else f"{value[:24]}...{value[-24:]}"
