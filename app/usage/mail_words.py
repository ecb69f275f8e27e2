"""What a mail about a meter says of it: plain values, since the mail is composed later, when the catalogue may say something else."""

from collections.abc import Mapping
from decimal import Decimal

from flask_babel import gettext as _

from app.core import i18n

from . import outlook, wording
from .standing import Standing


def facts(standing: Standing) -> Mapping[str, str | None]:
    """`things` is what was used with its name, `percent` how much of the limit that is; what does not apply is None."""
    meter, cost = standing.meter, outlook.overage(standing)
    return {
        "meter": meter.name,
        "things": _things(standing),
        "used": wording.amount(meter, standing.used),
        "percent": i18n.percent(Decimal(standing.percent)) if standing.limit and standing.percent is not None else None,
        "beyond": wording.amount(meter, standing.beyond) if standing.beyond else None,
        "cost": i18n.money(cost) if cost else None,
        "resets_at": i18n.day(standing.resets_at) if standing.resets_at else None,
    }


def _things(standing: Standing) -> str:
    """41 AI generations, or 0.85 GB of storage."""
    meter, used = standing.meter, wording.amount(standing.meter, standing.used)
    if meter.unit:
        return str(_("%(used)s of %(meter)s", used=used, meter=meter.name))
    return f"{used} {meter.singular if standing.used == 1 else meter.name}"
