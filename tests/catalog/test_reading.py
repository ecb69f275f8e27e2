from collections.abc import Callable
from pathlib import Path

import pytest

from app.catalog.reading import BadCatalog, presets, read

from .conftest import SMALL

Written = Callable[[str], Path]


def problems(source: str | Path) -> list[str]:
    with pytest.raises(BadCatalog) as refused:
        read(source)
    return refused.value.problems


def plan(lines: str) -> str:
    return SMALL + '\n[[plans]]\nkey = "team"\nname = "Team"\n' + lines


def test_the_presets_are_the_four_of_the_product() -> None:
    assert presets() == ["agents", "chat", "nexus", "uxflow"]


@pytest.mark.parametrize("preset", presets())
def test_every_preset_reads_and_has_one_free_plan(preset: str) -> None:
    file = read(preset)
    assert sum(plan.kind == "free" for plan in file.plans) == 1
    assert all(set(plan.limits) == {meter.key for meter in file.meters} for plan in file.plans)


def test_a_year_of_nexus_costs_ten_months_in_dollars_and_euros() -> None:
    paid = [plan for plan in read("nexus").plans if plan.kind == "paid"]
    assert [plan.prices["usd"].month for plan in paid] == [2900, 9900, 29900]
    for plan in paid:
        assert plan.prices["usd"] == plan.prices["eur"]
        assert plan.prices["usd"].year == 10 * (plan.prices["usd"].month or 0)


def test_only_starter_has_a_trial() -> None:
    assert {plan.key: plan.trial_days for plan in read("nexus").plans if plan.trial_days} == {"starter": 14}


def test_a_limit_may_be_written_short(written: Written) -> None:
    file = read(written(plan('prices.usd = { month = 2000 }\nlimits.renders = "unlimited"')))
    assert file.plans[0].limits["renders"].amount == 1
    assert file.plans[2].limits["renders"].amount is None


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ("colour = 1", 'plans[3] "team": colour: is not a setting of a catalogue'),
        ("", 'plans[3] "team": prices: a paid plan needs at least one, such as prices.usd = { month = 2900 }'),
        ("prices.usd = {}", 'plans[3] "team": prices.usd: needs month, year or both'),
        (
            "prices.usd = { month = -1 }",
            'plans[3] "team": prices.usd.month: must be more than 0; a plan that costs nothing has kind = "free" and no prices',
        ),
        (
            "prices.usd = { month = 29.50 }",
            'plans[3] "team": prices.usd.month: must be a whole number of minor units, such as 2900 for $29.00',
        ),
        (
            "prices.usd = { month = true }",
            'plans[3] "team": prices.usd.month: must be a whole number of minor units, such as 2900 for $29.00',
        ),
        (
            "prices.usd = { month = 100_000_000 }",
            'plans[3] "team": prices.usd.month: is too large; the most one price can be is 99,999,999 minor units',
        ),
        (
            "prices.xyz = { month = 1 }",
            'plans[3] "team": prices.xyz: is not a currency; write its three letters in lower case, such as usd',
        ),
        ("prices.usd = { week = 1 }", 'plans[3] "team": prices.usd.week: is not a setting of a catalogue'),
        (
            "prices.kwd = { month = 1234 }",
            'plans[3] "team": prices.kwd.month: must be a multiple of 10 in this currency',
        ),
        ('kind = "gift"', 'plans[3] "team": kind: must be one of: free, paid, contact'),
        ('kind = "contact"\ntrial_days = 3', 'plans[3] "team": trial_days: a plan of kind contact has no trial'),
        (
            'kind = "contact"\nprices.usd = { month = 1 }',
            'plans[3] "team": prices: a plan of kind contact has none',
        ),
        (
            "prices.usd = { month = 1 }\ntrial_days = 731",
            'plans[3] "team": trial_days: must not be more than 730',
        ),
        ("prices.usd = { month = 1 }\nlimits.views = 3", 'plans[3] "team": limits.views: there is no such meter'),
        (
            "prices.usd = { month = 1 }\nlimits.renders = -3",
            'plans[3] "team": limits.renders.amount: must be between 0 and 1,000,000,000,000,000',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = "many"',
            'plans[3] "team": limits.renders.amount: must be a whole number or "unlimited"',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = { behaviour = "soft" }',
            'plans[3] "team": limits.renders.amount: is missing',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = { amount = 3, behaviour = "polite" }',
            'plans[3] "team": limits.renders.behaviour: must be one of: hard, soft, billable',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = { amount = 3, behaviour = "billable" }',
            'plans[3] "team": limits.renders: is billable, so it needs an overage price, such as overage = { usd = 2 }',
        ),
        (
            "prices.usd = { month = 1 }\nlimits.renders = { amount = 3, overage = { usd = 1 } }",
            'plans[3] "team": limits.renders: has an overage price, but is hard; write behaviour = "billable"',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = { amount = 3, behaviour = "billable", overage = { eur = 1 } }',
            'plans[3] "team": limits.renders.overage: has no price in usd, but the plan is sold in it',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.renders = { amount = 3, behaviour = "billable", overage = { usd = 0 } }',
            'plans[3] "team": limits.renders.overage.usd: must be more than 0',
        ),
        (
            'kind = "contact"\nlimits.renders = { amount = 3, behaviour = "billable", overage = { usd = 1 } }',
            'plans[3] "team": limits.renders: a plan of kind contact has nobody to bill; use hard or soft',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.disk = { amount = 3, behaviour = "billable", overage = { usd = 1 } }'
            '\n[[meters]]\nkey = "disk"\nname = "disk"\nkind = "gauge"',
            'plans[3] "team": limits.disk: a level cannot be billable; use hard or soft',
        ),
        (
            'prices.usd = { month = 1 }\nlimits.calls = { amount = 3, behaviour = "billable", overage = { usd = 1 } }'
            '\n[[meters]]\nkey = "calls"\nname = "calls"\nwindow = "calendar_month"',
            'plans[3] "team": limits.calls: a meter with window = calendar_month cannot be billable, because bills are by '
            "the billing period; use hard or soft",
        ),
        (
            "prices.usd = { month = 1 }\nfeatures.sso = true",
            'plans[3] "team": features.sso: is not named in [features]',
        ),
        (
            'prices.usd = { month = 1 }\nsupport = "a\\u0000b"',
            'plans[3] "team": support: must be one line of plain text',
        ),
    ],
)
def test_what_is_wrong_with_a_plan_is_said_with_its_place(written: Written, lines: str, problem: str) -> None:
    assert problem in problems(written(plan(lines)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "plans: there are none; a catalogue sells something"),
        ("plans = 3", "plans: must be a list of tables, written [[plans]]"),
        ("colour = 3" + SMALL, "colour: is not a setting of a catalogue"),
        ("[features]\nSSO = 'x'" + SMALL, "features.SSO: a key is lower-case letters, digits and _"),
        ("[features]\nsso = ''" + SMALL, "features.sso: must be words in quotes"),
        (SMALL + '[[plans]]\nkey = "solo"\nname = "S"\nkind = "contact"', 'plans: the key "solo" is used 2 times'),
        (
            SMALL + '[[plans]]\nkey = "gratis"\nname = "G"\nkind = "free"',
            "plans: free and gratis are both free, but only one plan can be what holds without a subscription",
        ),
        (
            SMALL + '[[meters]]\nkey = "seats"\nname = "seats"\nkind = "gauge"\naggregation = "sum"',
            'meters[2] "seats": a counter is aggregated by sum, a gauge by last or max',
        ),
        (
            SMALL + '[[meters]]\nkey = "Seats"\nname = "seats"',
            'meters[2] "Seats": key: must be lower-case letters, digits and _, beginning with a letter (up to 40)',
        ),
        (
            SMALL + '[[meters]]\nkey = "seats"\nname = "seats"\nwindow = "weekly"',
            'meters[2] "seats": window: must be one of: billing_period, calendar_month, never',
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(written: Written, text: str, problem: str) -> None:
    assert problem in problems(written(text))


def test_all_problems_are_said_at_once(written: Written) -> None:
    text = plan("prices.usd = { month = -1 }\nlimits.views = 1\nsize = 1") + '\n[[plans]]\nkey = "x"\nname = ""'
    assert len(problems(written(text))) == 4


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, written: Written) -> None:
    assert problems(tmp_path / "none.toml") == [
        f"{tmp_path / 'none.toml'}: no such file; the presets are agents, chat, nexus, uxflow"
    ]
    assert "is not TOML" in problems(written("plans = ["))[0]
    assert "cannot be read" in problems(tmp_path)[0]
    (tmp_path / "latin").write_bytes(b"name = '\xe9'")
    assert "is not UTF-8 text" in problems(tmp_path / "latin")[0]
