"""What a setting may be: addresses, secrets, lists; each refuses nonsense with a sentence that follows its variable's name."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

LATE_USAGE_DAYS = 35
"""How long after it happened usage still counts into a window that is over: as long as Stripe's meters take it."""
LONGEST_WINDOW_DAYS = 31


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an http(s) address such as https://billing.example.com")
    return value.rstrip("/")


def _origin(value: str) -> str:
    """As a browser writes it in `Origin`, which is compared with it: lower case, no port that goes without saying."""
    parts = urlsplit(_address(value))
    if parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("must be scheme and host alone, such as https://billing.example.com")
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    is_usual = parts.port in {None, 443 if parts.scheme == "https" else 80}
    return f"{parts.scheme}://{host}" if is_usual else f"{parts.scheme}://{host}:{parts.port}"


def _long_enough(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < 32:
        raise ValueError("must have at least 32 characters")
    return key


def _listed(value: object) -> object:
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def _ascending(hours: tuple[int, ...]) -> tuple[int, ...]:
    if not hours or list(hours) != sorted(set(hours)):
        raise ValueError("must be whole hours, each later than the one before, such as 0,72,144")
    return hours


def _settled(days: int) -> int:
    """An event may go once nothing more can come into its window."""
    least = LATE_USAGE_DAYS + LONGEST_WINDOW_DAYS
    if days < least:
        raise ValueError(
            f"{days} is too short; keep events for at least {least} days, because a window lasts up to "
            f"{LONGEST_WINDOW_DAYS} and takes late events for {LATE_USAGE_DAYS} more"
        )
    return days


HourOfRetry = Annotated[int, Field(ge=0, le=60 * 24)]
Address = Annotated[str, BeforeValidator(_address)]
Origin = Annotated[str, BeforeValidator(_origin)]
Signing = Annotated[SecretStr, AfterValidator(_long_enough)]
Listed = Annotated[list[SecretStr], BeforeValidator(_listed)]
DaysOfEvents = Annotated[int, Field(le=36_500), AfterValidator(_settled)]
Hours = Annotated[tuple[HourOfRetry, ...], BeforeValidator(_listed), AfterValidator(_ascending)]
