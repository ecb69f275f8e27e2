"""Settings: every setting of the portal, typed, read once, refused with one clear line each.

The only module that reads the environment. A value may also come from a file: `STRIPE_SECRET_KEY_FILE=/run/secrets/stripe`
sets `STRIPE_SECRET_KEY`, the convention of container secrets.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from .setting_kinds import Address, DaysOfEvents, Hours, Listed, Origin, Signing

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}
LIVE_API_BASE = "https://api.stripe.com"
SCHEMES = {
    "database_url": ("postgresql+psycopg",),
    "redis_url": ("redis", "rediss", "unix"),
    "smtp_url": ("smtp", "smtp+starttls", "smtps"),
}
PLACEHOLDERS = ("changeme", "change-me", "placeholder", "your_", "xxx", "...")


class ConfigurationError(Exception):
    """The environment does not make a working portal; `problems` has one sentence per line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """One field per setting; the description becomes the row of the configuration table in the README."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", enable_decoding=False)

    database_url: SecretStr = Field(description="PostgreSQL 16 or newer, `postgresql+psycopg://user:password@host/db`")
    redis_url: SecretStr = Field(description="Redis, the wake-up bell of the workers and the memory of rate limits")
    secret_key: Signing = Field(description="Signs cookies and mailed links; at least 32 characters")
    secret_key_fallbacks: Listed = Field(
        default=[], description="Former keys still accepted while rotating, comma-separated"
    )
    public_url: Origin = Field(description="Address customers use; https outside sandbox mode")
    product_name: str = Field(default="Counterfoil", description="Name shown on pages, mails and invoices")
    support_email: str = Field(
        default="support@example.com", description="Where customers write to; also receives sales requests"
    )

    stripe_mode: Literal["live", "test", "sandbox"] = Field(
        description="`live`, `test` or `sandbox`; never guessed from a key"
    )
    stripe_secret_key: SecretStr = Field(description="Secret or restricted key")
    stripe_publishable_key: str = Field(description="Publishable key, used by the card form")
    stripe_webhook_secret: Listed = Field(
        description="Signing secret of the endpoint; two, comma-separated, while rolling it"
    )
    stripe_api_base: Address = Field(default=LIVE_API_BASE, description="Only sandbox mode may name another address")
    stripe_js_url: Address = Field(
        default="https://js.stripe.com/endive/stripe.js", description="Stripe.js; other only in sandbox mode"
    )
    stripe_calls_per_second: int | None = Field(
        default=None,
        ge=1,
        le=9999,
        description="Most calls to Stripe by all processes; 100, or 25 in test mode, if empty",
    )
    clock_url: Address | None = Field(default=None, description='Address answering `{"now"}`; only in sandbox mode')
    failpoints_dir: Path | None = Field(
        default=None, description="Where the fault suite says which process is to fail; only in sandbox mode"
    )

    grace_period_days: int = Field(default=7, ge=0, le=60, description="Days of access after a failed renewal")
    dunning_mode: Literal["app", "stripe"] = Field(
        default="app", description="Who charges a failed renewal again: `app`, by the hours below, or `stripe`"
    )
    dunning_retry_hours: Hours = Field(
        default=(0, 72, 144), description="Hours after a failed renewal of each charge; 0 is the renewal's own"
    )
    dunning_final_action: Literal["past_due", "cancel"] = Field(
        default="past_due",
        description="What follows the last charge and the days of grace: stay `past_due`, restricted until paid, or `cancel`",
    )

    usage_events_days: DaysOfEvents = Field(
        default=400, description="Days after which an event of use is forgotten; what it adds up to stays"
    )

    retention_coupon: str = Field(
        default="",
        description="Id of a Stripe coupon offered, once a year, to who finds it too expensive; none if empty",
    )

    smtp_url: SecretStr = Field(
        default=SecretStr("smtp://127.0.0.1:25"),
        description="`smtp://`, `smtp+starttls://` or `smtps://` with user, password, host and port",
    )
    mail_from: str = Field(default="Counterfoil <billing@example.com>", description="Sender of all mail")

    seller_name: str = Field(default="Counterfoil", description="Issuer printed on invoices")
    seller_address: str = Field(default="", description="Issuer's postal address; `\\n` separates lines")
    seller_tax_id: str = Field(default="", description="Issuer's tax number")
    documents_dir: Path = Field(default=Path("documents"), description="Directory of rendered invoice PDFs")

    trusted_proxies: int = Field(default=0, ge=0, le=5, description="Reverse proxies in front that set X-Forwarded-*")
    log_format: Literal["json", "console"] = Field(
        default="json", description="`json` for machines, `console` for people"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe line written"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)  # `load` gathers the values, so that every problem is named at once

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """Host with port, as a browser sends it in `Host`."""
        return urlsplit(self.public_url).netloc

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        problems = [
            *self._scheme_problems(),
            *self._key_problems(),
            *self._address_problems(),
            *self._dunning_problems(),
        ]
        if problems:
            raise ConfigurationError(problems)
        return self

    def _scheme_problems(self) -> list[str]:
        return [
            f"{name.upper()}: must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            for name, schemes in SCHEMES.items()
            if not getattr(self, name).get_secret_value().startswith(tuple(f"{scheme}://" for scheme in schemes))
        ]

    def _key_problems(self) -> list[str]:
        problems = []
        if not self.stripe_webhook_secret:
            problems.append("STRIPE_WEBHOOK_SECRET: is empty, so no event could be verified")
        keys = {
            "STRIPE_SECRET_KEY": self.stripe_secret_key.get_secret_value(),
            "STRIPE_PUBLISHABLE_KEY": self.stripe_publishable_key,
        }
        prefixes = {"STRIPE_SECRET_KEY": ("sk", "rk"), "STRIPE_PUBLISHABLE_KEY": ("pk",)}
        kind = "live" if self.stripe_mode == "live" else "test"
        for name, key in keys.items():
            if not key.startswith(tuple(f"{prefix}_{kind}_" for prefix in prefixes[name])):
                problems.append(f"{name}: is not a {kind} key, but STRIPE_MODE is {self.stripe_mode}")
        if self.stripe_mode != "sandbox":
            keys["STRIPE_WEBHOOK_SECRET"] = ",".join(s.get_secret_value() for s in self.stripe_webhook_secret)
            problems += [f"{n}: looks like a placeholder" for n, k in keys.items() if k and _looks_like_placeholder(k)]
        return problems

    def _dunning_problems(self) -> list[str]:
        grace, last = self.grace_period_days * 24, self.dunning_retry_hours[-1]
        if self.dunning_mode == "stripe" or grace >= last:
            return []
        return [
            f"GRACE_PERIOD_DAYS: access would end {grace} hours after a failed renewal, "
            f"before its last charge at {last} hours (DUNNING_RETRY_HOURS)"
        ]

    def _address_problems(self) -> list[str]:
        return self._sandbox_addresses() if self.stripe_mode == "sandbox" else self._stripe_addresses()

    def _sandbox_addresses(self) -> list[str]:
        problems = []
        if not self.is_https and urlsplit(self.public_url).hostname not in LOOPBACK_HOSTS:
            problems.append("PUBLIC_URL: http is accepted only on this machine (127.0.0.1 or localhost)")
        if self.stripe_api_base == LIVE_API_BASE:
            problems.append("STRIPE_API_BASE: must name the sandbox, because STRIPE_MODE is sandbox")
        return problems

    def _stripe_addresses(self) -> list[str]:
        problems = []
        if not self.is_https:
            problems.append("PUBLIC_URL: must be https outside sandbox mode")
        if self.stripe_api_base != LIVE_API_BASE:
            problems.append("STRIPE_API_BASE: only sandbox mode may name another address")
        if not self.stripe_js_url.startswith("https://js.stripe.com/"):
            problems.append("STRIPE_JS_URL: must come from https://js.stripe.com outside sandbox mode")
        if self.clock_url is not None:
            problems.append("CLOCK_URL: is refused outside sandbox mode; business runs on real time")
        if self.failpoints_dir is not None:
            problems.append("FAILPOINTS_DIR: is refused outside sandbox mode; nothing fails on purpose")
        return problems


def _looks_like_placeholder(key: str) -> bool:
    secret = key.lower()
    return len(secret) < 20 or "sandbox" in secret or any(word in secret for word in PLACEHOLDERS)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from `environ` (default: the process environment).

    Raises ConfigurationError with every problem found, one sentence each, never naming a secret's value.
    """
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name in Settings.model_fields:
        variable = name.upper()
        if path := env.get(f"{variable}_FILE"):
            try:
                values[name] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                problems.append(f"{variable}_FILE: cannot be read ({error.strerror})")
        elif env.get(variable):
            values[name] = env[variable]
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems += [f"{str(e['loc'][0]).upper()}: {_sentence(e)}" for e in error.errors(include_input=False)]
        raise ConfigurationError(problems) from None
    except ConfigurationError as error:
        raise ConfigurationError(problems + error.problems) from None
    if problems:
        raise ConfigurationError(problems)
    return settings


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "missing":
        return "is not set"
    return str(error["msg"]).removeprefix("Value error, ")
