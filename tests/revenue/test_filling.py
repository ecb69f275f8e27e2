"""What was there before the book is written into it when its table is made."""

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from app.catalog.models import Price
from app.core.extensions import db
from app.core.transactions import commit
from app.revenue.models import Kind, Movement
from tests.cast import Browser
from tests.helpers import Sandbox
from tests.revenue.year import Year

MIGRATION = Path("migrations/versions/0032_revenue.py")


def fill() -> None:
    spec = spec_from_file_location("revenue_migration", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    migration = module_from_spec(spec)
    spec.loader.exec_module(migration)
    migration.fill(db.session.connection())
    commit()


def book() -> list[Any]:
    """All that moved, by customer and day."""
    columns = (Movement.organization_id, Movement.at, Movement.kind, Movement.annual_amount, Movement.currency)
    moved = db.session.execute(db.select(*columns).where(Movement.kind != Kind.NONE)).all()
    return sorted((row[0], row[1].date(), *row[2:]) for row in moved)


def test_it_is_the_book_that_would_have_been_kept(
    sandbox: Sandbox, nexus: Callable[..., Price], person: Callable[..., Browser]
):
    Year(sandbox, nexus, person).live(7, 4)
    kept = book()
    assert {kind for _, _, kind, _, _ in kept} == {"new", "expansion", "contraction", "churn"}
    db.session.execute(db.delete(Movement))
    fill()
    assert book() == kept


def test_there_may_be_nothing_before_it(sandbox: Sandbox, nexus: Callable[..., Price]):
    fill()
    assert book() == []
