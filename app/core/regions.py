"""What people choose from lists: countries, time zones, and how amounts and dates are written."""

from functools import cache
from zoneinfo import available_timezones

from babel import Locale

NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
"""Groups, and parts of countries, that CLDR lists among the territories."""

LOCALES = (
    *("en_US", "en_GB", "en_AU", "en_CA", "en_IE", "en_NZ"),
    *("da_DK", "de_AT", "de_CH", "de_DE", "es_ES", "es_MX", "fi_FI", "fr_CA", "fr_CH", "fr_FR"),
    *("it_IT", "ja_JP", "nb_NO", "nl_NL", "pl_PL", "pt_BR", "pt_PT", "sv_SE"),
)
REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


@cache
def countries(locale: str = "en") -> list[tuple[str, str]]:
    """ISO 3166 countries by name, without the territories and groups CLDR also lists."""
    names = Locale.parse(locale).territories
    codes = (code for code in map(str, names) if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES)
    return sorted(((code, str(names[code])) for code in codes), key=lambda item: item[1])


@cache
def timezones() -> dict[str, list[tuple[str, str]]]:
    """The zones of the IANA database by region, each with the name of its place: Europe/Berlin is Berlin in Europe."""
    found: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for zone in sorted(available_timezones()):
        region, _, place = zone.partition("/")
        if region in REGIONS:
            found.setdefault(region, []).append((zone, place.replace("_", " ").replace("/", ", ")))
    return found


@cache
def is_timezone(zone: str) -> bool:
    return any(zone == known for places in timezones().values() for known, _place in places)
