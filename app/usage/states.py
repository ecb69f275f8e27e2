"""The state of a meter, which its badge says in words and its bar in colour."""

from decimal import Decimal

from flask_babel import gettext as _

from app.catalog.models import Behaviour
from app.core import i18n

from .standing import Standing

NEAR, VERY_NEAR = 80, 90
"""Percent of the limit from which there is something to say, and from which it is a warning."""


def state(standing: Standing) -> tuple[str, str] | None:
    """Words and tone of its badge; the bar has the same tone. None while there is nothing to say."""
    percent = standing.percent
    is_stopped = standing.is_hard and not standing.remaining
    if standing.budget is not None and standing.is_budget_reached and not is_stopped:
        return str(_("Budget reached")), "danger" if standing.budget.stops else "warning"
    if not standing.limit or percent is None or percent < NEAR:
        return None
    if percent < 100:
        said = str(_("%(percent)s used", percent=i18n.percent(Decimal(percent))))
        return said, "warning" if percent >= VERY_NEAR else "info"
    if standing.behaviour is Behaviour.HARD:
        return str(_("Limit reached")), "danger"
    if not standing.beyond:
        return str(_("All included used")), "warning"
    return str(_("Beyond what is included")), "warning"
