"""Read a catalogue file and say everything that is wrong with it, each with its place."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from .file import CatalogFile, Entry, MeterEntry, PlanEntry
from .models import Aggregation, Behaviour, PlanKind, Window
from .values import KEY

PRESETS = Path(__file__).parent / "presets"
MAX_BYTES = 1024 * 1024
SECTIONS = ("features", "meters", "plans")

SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not a setting of a catalogue",
    "string_type": "must be words in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be one line of plain text",
    "string_too_long": "is too long; at most {max_length} characters",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must not be less than {ge}",
    "less_than_equal": "must not be more than {le}",
    "dict_type": "must be a table",
    "model_type": "must be a table",
}

Shape = TypeVar("Shape", bound=Entry)


class BadCatalog(Exception):
    """The file does not make a catalogue; `problems` has one sentence per line, each beginning with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def presets() -> list[str]:
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def read(source: str | Path) -> CatalogFile:
    """The catalogue in `source`, a path or the name of a preset. Raises BadCatalog with every problem found."""
    content = _parsed(source)
    problems = [f"{name}: is not a setting of a catalogue" for name in content if name not in SECTIONS]
    features = _features(content.get("features", {}), problems)
    meters = _entries(content, "meters", MeterEntry, problems)
    plans = _entries(content, "plans", PlanEntry, problems)
    problems += [
        *_dangling(content),
        *_unsellable(content, meters, plans),
        *_doubles(content, "meters"),
        *_doubles(content, "plans"),
        *_plan_problems(content),
    ]
    if problems:
        raise BadCatalog(problems)
    return CatalogFile(features=features, meters=tuple(meters), plans=tuple(plans))


def _parsed(source: str | Path) -> dict[str, Any]:
    """Numbers with a point become Decimal, so that 0.04 stays 0.04."""
    path = PRESETS / f"{source}.toml" if source in presets() else Path(source)
    try:
        body = path.read_bytes()
        if len(body) > MAX_BYTES:
            raise BadCatalog([f"{path}: is larger than a catalogue can be"])
        return tomllib.loads(body.decode("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise BadCatalog([f"{path}: no such file; the presets are {', '.join(presets())}"]) from None
    except OSError as error:
        raise BadCatalog([f"{path}: cannot be read ({error.strerror})"]) from None
    except UnicodeDecodeError:
        raise BadCatalog([f"{path}: is not UTF-8 text"]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadCatalog([f"{path}: is not TOML: {error}"]) from None


def _tables(content: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    listed = content.get(section, [])
    return [raw for raw in listed if isinstance(raw, dict)] if isinstance(listed, list) else []


def _features(raw: Any, problems: list[str]) -> dict[str, str]:
    if not isinstance(raw, dict):
        problems.append("features: must be a table of names")
        return {}
    problems += [f"features.{key}: must be words in quotes" for key, name in raw.items() if not _is_name(name)]
    problems += [f"features.{key}: a key is lower-case letters, digits and _" for key in raw if not KEY.fullmatch(key)]
    return raw


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= 60 and value.isprintable()


def _entries(content: Mapping[str, Any], section: str, shape: type[Shape], problems: list[str]) -> list[Shape]:
    """The well-formed entries; what is wrong with the others is added to `problems`."""
    found = content.get(section, [])
    if not isinstance(found, list):
        problems.append(f"{section}: must be a list of tables, written [[{section}]]")
        return []
    entries = []
    for number, raw in enumerate(found, 1):
        place = _place(section, number, raw)
        try:
            entries.append(shape.model_validate(raw))
        except ValidationError as error:
            problems += [sentence for part in error.errors() for sentence in _sentences(place, part)]
    return entries


def _place(section: str, number: int, raw: object) -> str:
    key = raw.get("key") if isinstance(raw, dict) else None
    return f'{section}[{number}] "{key}"' if isinstance(key, str) else f"{section}[{number}]"


def _sentences(place: str, error: Mapping[str, Any]) -> Iterator[str]:
    where = ".".join(str(part) for part in error["loc"] if part != "[key]")
    template = SENTENCES.get(error["type"])
    said = template.format(**error.get("ctx", {})) if template else str(error["msg"]).removeprefix("Value error, ")
    for sentence in said.split("\n"):
        yield f"{place}: {where}: {sentence}" if where else f"{place}: {sentence}"


def _dangling(content: Mapping[str, Any]) -> Iterator[str]:
    """Limits of meters and features that the file does not name; looked for in the raw text, whatever else is wrong."""
    meters = {str(raw.get("key")) for raw in _tables(content, "meters")}
    features = content.get("features", {})
    for number, raw in enumerate(content["plans"] if _tables(content, "plans") else [], 1):
        for key in sorted(_keys(raw, "limits") - meters):
            yield f"{_place('plans', number, raw)}: limits.{key}: there is no such meter"
        for key in sorted(_keys(raw, "features").difference(features if isinstance(features, dict) else ())):
            yield f"{_place('plans', number, raw)}: features.{key}: is not named in [features]"


def _unsellable(content: Mapping[str, Any], meters: Iterable[MeterEntry], plans: Iterable[PlanEntry]) -> Iterator[str]:
    """More of a level cannot be sold: nothing adds it up. Nor can what is not counted by the period that is billed."""
    places = {
        str(raw.get("key")): _place("plans", number, raw) for number, raw in enumerate(_tables(content, "plans"), 1)
    }
    why = {meter.key: reason for meter in meters if (reason := _why_unsellable(meter))}
    for plan in plans:
        for key, limit in plan.limits.items():
            if key in why and limit.behaviour is Behaviour.BILLABLE:
                yield f"{places[plan.key]}: limits.{key}: {why[key]}; use hard or soft"


def _why_unsellable(meter: MeterEntry) -> str:
    if meter.aggregates is not Aggregation.SUM:
        return "a level cannot be billable"
    if meter.resets is not Window.BILLING_PERIOD:
        return f"a meter with window = {meter.resets} cannot be billable, because bills are by the billing period"
    return ""


def _keys(raw: object, section: str) -> set[str]:
    table = raw.get(section) if isinstance(raw, dict) else None
    return set(table) if isinstance(table, dict) else set()


def _doubles(content: Mapping[str, Any], section: str) -> list[str]:
    counted = Counter(str(raw["key"]) for raw in _tables(content, section) if "key" in raw)
    return [f'{section}: the key "{key}" is used {times} times' for key, times in counted.items() if times > 1]


def _plan_problems(content: Mapping[str, Any]) -> Iterator[str]:
    plans = _tables(content, "plans")
    if "plans" not in content or content["plans"] == []:
        yield "plans: there are none; a catalogue sells something"
    free = [str(raw.get("key")) for raw in plans if raw.get("kind") == PlanKind.FREE]
    if len(free) > 1:
        yield f"plans: {' and '.join(free)} are both free, but only one plan can be what holds without a subscription"
