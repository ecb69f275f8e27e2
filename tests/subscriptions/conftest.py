"""A shop of its own for what the demo's catalogue does not sell: seats, features, yen and dinar."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from app.catalog import load
from app.catalog.models import Plan, Price
from app.core.extensions import db

from .on_trial import Terms, load_terms

SHOP = """
[features]
sso = "Single sign-on"
history = "History"

[[meters]]
key = "projects"
name = "projects"
singular = "project"
kind = "gauge"

[[plans]]
key = "free"
name = "Free"
kind = "free"
limits.projects = 1

[[plans]]
key = "team"
name = "Team"
seats = { min = 2, max = 50 }
prices.usd = { month = 1000, year = 10000 }
prices.jpy = { month = 1500, year = 15000 }
prices.kwd = { month = 3120 }
limits.projects = 10

[[plans]]
key = "company"
name = "Company"
seats = { min = 5, max = 500 }
prices.usd = { month = 2500, year = 25000 }
prices.jpy = { month = 3700, year = 37000 }
prices.kwd = { month = 7750 }
limits.projects = "unlimited"

features = { sso = true, history = "ten years" }

[[plans]]
key = "solo"
name = "Solo"
prices.usd = { month = 1200 }
limits.projects = { amount = 10, behaviour = "soft" }
"""


@pytest.fixture
def shop(app: Flask, tmp_path: Path) -> Callable[..., Price]:
    """Load it; answers a price by plan, interval and currency."""
    file = tmp_path / "shop.toml"
    file.write_text(SHOP, encoding="utf-8")
    load.apply(load.read(file))
    db.session.commit()

    def price(plan: str, interval: str = "month", currency: str = "usd") -> Price:
        wanted = (
            db.select(Price).join(Plan).where(Plan.key == plan, Price.interval == interval, Price.currency == currency)
        )
        return db.session.execute(wanted.where(Price.archived_at.is_(None))).scalar_one()

    return price


@pytest.fixture
def sold(app: Flask, tmp_path: Path) -> Terms:
    """`sold(card="optional", end="pause", days=7)`: a plan to try on these terms; answers its price, by public id."""
    return lambda **terms: load_terms(tmp_path / "trial.toml", **terms)
