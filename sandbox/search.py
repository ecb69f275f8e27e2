"""Search: Stripe's query language over the fields its index knows, and the ``search_result`` envelope.

``field:"value"`` (exact, whatever the case), ``field~"part"`` (three characters or more), ``>``, ``>=``, ``<``, ``<=`` and
``:`` with numbers, ``metadata["key"]:"value"``, ``:null``, ``-`` in front for the opposite; up to ten clauses, joined by
``AND`` (which may be left out) or by ``OR``, never both. Source: docs.stripe.com/search.
Assumption: results come newest first, and a page is a position after the last one shown.
Simplification: Stripe's index lags up to a minute behind, here a search sees everything at once.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.errors import ApiError, invalid
from sandbox.expansion import of_entries
from sandbox.listing import cut
from sandbox.routing import Call, Handler, Plain, operation
from sandbox.search_fields import ELSEWHERE, FIELDS, FLAG, NUMBER, TEXT
from sandbox.store import Record

MOST_CLAUSES = 10
SHORTEST_PART = 3
CLAUSE = re.compile(
    r"""(?P<negated>-)?(?P<field>[a-z][a-z0-9_.]*)(?:\[(?P<quote>["'])(?P<key>(?:\\.|(?!(?P=quote)).)*)(?P=quote)\])?
        \s*(?P<operator>:|~|>=|<=|>|<)\s*
        (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>(?:\\.|[^'\\])*)'|(?P<bare>[^\s"']+))(?=\s|$)""",
    re.VERBOSE | re.IGNORECASE,
)
BARE = re.compile(r"-?\d+(\.\d+)?|true|false|null", re.IGNORECASE)
"""What may stand without quotation marks."""
JOINT = re.compile(r"\s+(?:(AND|OR)\s+)?", re.IGNORECASE)
COMPARISONS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    ":": lambda actual, wanted: actual == wanted,
    ">": lambda actual, wanted: actual > wanted,
    ">=": lambda actual, wanted: actual >= wanted,
    "<": lambda actual, wanted: actual < wanted,
    "<=": lambda actual, wanted: actual <= wanted,
}


@dataclass(frozen=True)
class Clause:
    """One condition of a query. ``value`` is None for ``null``."""

    negated: bool
    field: str
    key: str | None
    operator: str
    value: str | None

    @property
    def path(self) -> str:
        return f'{self.field}["{self.key}"]' if self.key is not None else self.field


def serve_search(line: str, object_type: str) -> Handler:
    """Register ``GET /v1/things/search``."""

    def handler(call: Call) -> Plain:
        wanted = matcher(call.params["query"], object_type)
        found = [one for one in call.store.list(object_type) if not one.get("_deleted") and wanted(one)]
        return _answer(call, found)

    return operation(line)(handler)


def matcher(query: str, object_type: str) -> Callable[[Record], bool]:
    """The test a query makes of a record; raises ApiError (400) that names what is not understood."""
    clauses, joint = parse(query)
    tests = [_test(clause, object_type) for clause in clauses]
    together = any if joint == "OR" else all
    return lambda record: together(test(record) for test in tests)


def parse(query: str) -> tuple[list[Clause], str]:
    """The clauses of a query and what joins them, ``AND`` or ``OR``."""
    clauses: list[Clause] = []
    joints: set[str] = set()
    text, place = query.strip(), 0
    while True:
        match = CLAUSE.match(text, place)
        if match is None:
            raise _unreadable(text[place:])
        clauses.append(_clause(match))
        if match.end() == len(text):
            break
        joint = JOINT.match(text, match.end())
        joints.add(((joint and joint[1]) or "AND").upper())
        place = joint.end() if joint else match.end()
    if len(joints) > 1:
        raise invalid("You cannot combine AND and OR in one search query.", "query")
    if len(clauses) > MOST_CLAUSES:
        raise invalid(f"A search query has at most {MOST_CLAUSES} clauses.", "query")
    return clauses, joints.pop() if joints else "AND"


def _clause(match: re.Match[str]) -> Clause:
    key, bare = match["key"], match["bare"]
    if bare is None:
        quoted = match["double"] if match["double"] is not None else match["single"]
        value: str | None = _unescaped(quoted)
    elif not BARE.fullmatch(bare):
        raise invalid(f"A value that is a text goes into quotation marks: `{bare}`.", "query")
    else:
        value = None if bare.lower() == "null" else bare
    if value is None and match["operator"] != ":":
        raise invalid(f"`null` goes with the operator `:`, not with `{match['operator']}`.", "query")
    return Clause(bool(match["negated"]), match["field"], key and _unescaped(key), match["operator"], value)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _unreadable(rest: str) -> ApiError:
    return invalid(
        f"We were unable to parse your search query at `{rest}`. Try using the format "
        '`metadata["key"]:"value"` to query for metadata or key:"value" to query for other fields.',
        "query",
    )


def _test(clause: Clause, object_type: str) -> Callable[[Record], bool]:
    kind = _kind(clause, object_type)
    path = ELSEWHERE.get((object_type, clause.field), clause.field)
    compare = _comparison(clause, kind) if clause.value is not None else None

    def test(record: Record) -> bool:
        actual = (record.get("metadata") or {}).get(clause.key) if clause.key is not None else _reach(record, path)
        fits = actual is None if compare is None else actual is not None and compare(actual)
        return fits != clause.negated

    return test


def _kind(clause: Clause, object_type: str) -> str:
    if clause.field == "metadata" and clause.key is not None:
        return TEXT
    canonical = ELSEWHERE.get((object_type, clause.field), clause.field)
    kind = FIELDS[object_type].get(clause.field) or FIELDS[object_type].get(canonical)
    if kind is None or clause.key is not None:
        plural = f"{object_type}s"
        raise invalid(
            f"Field `{clause.path}` is an unsupported search field for resource `{plural}`. See "
            f"https://docs.stripe.com/search#query-fields-for-{plural.replace('_', '-')} for a list of supported fields.",
            "query",
        )
    return kind


def _comparison(clause: Clause, kind: str) -> Callable[[Any], bool]:
    """How to compare a value that is there; refuses operators and values that do not go with the field."""
    wanted, operator = clause.value or "", clause.operator
    if operator == "~":
        return _part(clause, wanted, kind)
    if kind == NUMBER:
        number = _number(clause, wanted)
        return lambda actual: COMPARISONS[operator](Decimal(actual), number)
    if operator != ":":
        raise _wrong_operator(clause)
    if kind == FLAG and wanted.lower() not in ("true", "false"):
        raise invalid(f"Field `{clause.path}` is either true or false, not `{wanted}`.", "query")
    return lambda actual: str(actual).casefold() == wanted.casefold()


def _part(clause: Clause, wanted: str, kind: str) -> Callable[[Any], bool]:
    if kind != TEXT:
        raise _wrong_operator(clause)
    if len(wanted) < SHORTEST_PART:
        raise invalid(f"A part to search for with ~ has at least {SHORTEST_PART} characters: `{wanted}`.", "query")
    return lambda actual: wanted.casefold() in str(actual).casefold()


def _number(clause: Clause, wanted: str) -> Decimal:
    if not re.fullmatch(r"-?\d+(\.\d+)?", wanted):
        raise invalid(f"Field `{clause.path}` is a number and cannot be compared with `{wanted}`.", "query")
    return Decimal(wanted)


def _wrong_operator(clause: Clause) -> ApiError:
    return invalid(f"The operator `{clause.operator}` is not supported for the field `{clause.path}`.", "query")


def _reach(record: Record, path: str) -> Any:
    value: Any = record
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _answer(call: Call, found: list[Record]) -> Plain:
    after = call.get("page")
    for name in set(call.params) - {"limit"}:
        call.params.pop(name)
    if after:
        call.params["starting_after"] = _last_shown(after, found)
    page = cut(call, found)
    inner = of_entries(call.expand, "total_count")
    token = urlsafe_b64encode(page.records[-1]["id"].encode()).decode() if page.has_more else None
    counted = {"total_count": len(found)} if "total_count" in call.expand else {}
    return Plain(
        {
            "object": "search_result",
            "data": [call.box.render(one, inner) for one in page.records],
            "has_more": page.has_more,
            "next_page": token,
            "url": call.path,
            **counted,
        }
    )


def _last_shown(token: str, found: list[Record]) -> str:
    try:
        id = urlsafe_b64decode(token.encode()).decode()
    except ValueError:
        id = ""
    if not any(one["id"] == id for one in found):
        raise invalid(f"Invalid page token: {token}", "page")
    return id
