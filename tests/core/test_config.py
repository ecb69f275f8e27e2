"""The environment is refused at the door, with one clear line for each problem."""

from pathlib import Path

import pytest

from app.core.config import ConfigurationError, load

SANDBOX = {
    "DATABASE_URL": "postgresql+psycopg://user:secret@127.0.0.1/portal",
    "REDIS_URL": "redis://127.0.0.1:6379",
    "SECRET_KEY": "k" * 32,
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "STRIPE_MODE": "sandbox",
    "STRIPE_SECRET_KEY": "sk_test_sandbox",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_sandbox",
    "STRIPE_WEBHOOK_SECRET": "whsec_sandbox",
    "STRIPE_API_BASE": "http://127.0.0.1:12111",
    "STRIPE_JS_URL": "http://127.0.0.1:12111/stripe.js",
    "CLOCK_URL": "http://127.0.0.1:12111/_sandbox/clock",
}
LIVE = {
    **SANDBOX,
    "PUBLIC_URL": "https://billing.example.com",
    "STRIPE_MODE": "live",
    "STRIPE_SECRET_KEY": "rk_live_51NqF3kAbCdEfGhIjKlMn",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_51NqF3kAbCdEfGhIjKlMn",
    "STRIPE_WEBHOOK_SECRET": "whsec_9f8e7d6c5b4a39281706",
}
for only_in_sandbox in ("STRIPE_API_BASE", "STRIPE_JS_URL", "CLOCK_URL"):
    del LIVE[only_in_sandbox]


def problems(environment: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load(environment)
    return refused.value.problems


def test_a_complete_sandbox_environment_is_accepted():
    assert load(SANDBOX).stripe_mode == "sandbox"


def test_a_complete_live_environment_is_accepted():
    assert load(LIVE).stripe_api_base == "https://api.stripe.com"


def test_the_public_address_is_kept_as_browsers_write_it():
    assert load(LIVE | {"PUBLIC_URL": "https://Billing.Example.com:443/"}).public_url == "https://billing.example.com"
    assert load(SANDBOX | {"PUBLIC_URL": "http://LOCALHOST:8000"}).public_url == "http://localhost:8000"


def test_every_missing_setting_is_named_at_once():
    assert {"DATABASE_URL: is not set", "SECRET_KEY: is not set", "STRIPE_MODE: is not set"} <= set(problems({}))


def test_what_is_wrong_is_named_beside_what_is_missing():
    found = problems({"SECRET_KEY": "short", "PUBLIC_URL": "nowhere"})
    assert "SECRET_KEY: must have at least 32 characters" in found
    assert "DATABASE_URL: is not set" in found


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY: must have at least 32 characters"),
        ({"DATABASE_URL": "postgresql://user@db/portal"}, "DATABASE_URL: must begin with postgresql+psycopg://"),
        ({"REDIS_URL": "127.0.0.1:6379"}, "REDIS_URL: must begin with redis:// or rediss:// or unix://"),
        ({"SMTP_URL": "mail"}, "SMTP_URL: must begin with smtp:// or smtp+starttls:// or smtps://"),
        (
            {"PUBLIC_URL": "https://example.com/billing"},
            "PUBLIC_URL: must be scheme and host alone, such as https://billing.example.com",
        ),
        ({"STRIPE_WEBHOOK_SECRET": " , "}, "STRIPE_WEBHOOK_SECRET: is empty, so no event could be verified"),
        (
            {"STRIPE_SECRET_KEY": "sk_test_51NqF3kAbCdEfGh"},
            "STRIPE_SECRET_KEY: is not a live key, but STRIPE_MODE is live",
        ),
        ({"STRIPE_SECRET_KEY": "sk_live_your_key_goes_here"}, "STRIPE_SECRET_KEY: looks like a placeholder"),
        ({"STRIPE_WEBHOOK_SECRET": "whsec_changeme_changeme"}, "STRIPE_WEBHOOK_SECRET: looks like a placeholder"),
        ({"PUBLIC_URL": "http://billing.example.com"}, "PUBLIC_URL: must be https outside sandbox mode"),
        (
            {"PUBLIC_URL": "billing.example.com"},
            "PUBLIC_URL: must be an http(s) address such as https://billing.example.com",
        ),
        ({"STRIPE_API_BASE": "http://127.0.0.1:12111"}, "STRIPE_API_BASE: only sandbox mode may name another address"),
        (
            {"CLOCK_URL": "http://127.0.0.1:1/c"},
            "CLOCK_URL: is refused outside sandbox mode; business runs on real time",
        ),
        (
            {"FAILPOINTS_DIR": "/tmp/switches"},
            "FAILPOINTS_DIR: is refused outside sandbox mode; nothing fails on purpose",
        ),
    ],
)
def test_a_live_portal_refuses(change: dict[str, str], expected: str):
    assert problems({**LIVE, **change}) == [expected]


def test_events_that_would_be_forgotten_too_soon_are_refused_with_both_numbers():
    refused = problems({**SANDBOX, "USAGE_EVENTS_DAYS": "65"})
    assert refused == [
        "USAGE_EVENTS_DAYS: 65 is too short; keep events for at least 66 days, because a window lasts up to 31 "
        "and takes late events for 35 more"
    ]
    assert load({**SANDBOX, "USAGE_EVENTS_DAYS": "66"}).usage_events_days == 66


def test_grace_that_ends_before_the_last_charge_is_refused_with_both_numbers():
    refused = problems({**SANDBOX, "GRACE_PERIOD_DAYS": "5"})
    assert refused == [
        "GRACE_PERIOD_DAYS: access would end 120 hours after a failed renewal, "
        "before its last charge at 144 hours (DUNNING_RETRY_HOURS)"
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"GRACE_PERIOD_DAYS": "6"},
        {"GRACE_PERIOD_DAYS": "0", "DUNNING_MODE": "stripe"},
        {"GRACE_PERIOD_DAYS": "0", "DUNNING_RETRY_HOURS": "0"},
        {"DUNNING_RETRY_HOURS": " 24, 48 "},
        {"DUNNING_FINAL_ACTION": "cancel"},
    ],
)
def test_these_terms_of_dunning_fit_together(change: dict[str, str]):
    load({**SANDBOX, **change})


@pytest.mark.parametrize("hours", ["72,24", "0,0", ",", "soon", "-1", "1441", "0.5"])
def test_hours_that_make_no_schedule_are_refused(hours: str):
    (refused,) = problems({**SANDBOX, "DUNNING_RETRY_HOURS": hours})
    assert refused.startswith("DUNNING_RETRY_HOURS: ")


def test_the_sandbox_may_only_be_served_over_http_on_this_machine():
    expected = "PUBLIC_URL: http is accepted only on this machine (127.0.0.1 or localhost)"
    assert problems({**SANDBOX, "PUBLIC_URL": "http://billing.example.com"}) == [expected]


def test_the_sandbox_never_stands_for_stripe_itself():
    refused = problems({**SANDBOX, "STRIPE_API_BASE": "https://api.stripe.com"})
    assert refused == ["STRIPE_API_BASE: must name the sandbox, because STRIPE_MODE is sandbox"]


def test_a_live_key_is_refused_by_the_sandbox():
    refused = problems({**SANDBOX, "STRIPE_SECRET_KEY": "sk_live_51NqF3kAbCdEfGhIjKlMn"})
    assert refused == ["STRIPE_SECRET_KEY: is not a test key, but STRIPE_MODE is sandbox"]


def test_a_problem_never_shows_a_secret():
    secret = "sk_live_51NqF3kAbCdEfGhIjKlMn"
    assert secret not in str(problems({**SANDBOX, "STRIPE_SECRET_KEY": secret}))
    assert secret not in repr(load({**LIVE, "STRIPE_SECRET_KEY": secret}))


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    file = tmp_path / "key"
    file.write_text("f" * 40 + "\n")
    environment = {**SANDBOX, "SECRET_KEY_FILE": str(file)}
    assert load(environment).secret_key.get_secret_value() == "f" * 40


def test_a_file_that_cannot_be_read_is_named():
    environment = {**SANDBOX, "SECRET_KEY_FILE": "/nonexistent/key"}
    assert "SECRET_KEY_FILE: cannot be read (No such file or directory)" in problems(environment)


def test_two_signing_secrets_are_accepted_while_one_is_rolled():
    secrets = load({**SANDBOX, "STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old"}).stripe_webhook_secret
    assert [secret.get_secret_value() for secret in secrets] == ["whsec_new", "whsec_old"]
