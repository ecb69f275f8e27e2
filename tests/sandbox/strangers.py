"""Requests nobody would think of, drawn from the contract: any operation with any of its parameters and any value that fits."""

import random
import re
from collections.abc import Iterator
from typing import Any

from sandbox.contract import Schema
from sandbox.core import Sandbox
from sandbox.routing import HANDLERS

DAY = 86400
YEAR_2999 = 32_472_144_000
TEXTS = ["x", "Ada", "", "é漢", "a" * 600, "0", "null", "pm_card_visa", "2027"]
DECIMALS = ["1", "0.5", "25", "-3", "1e5", "x", "1e400", "1e-400", "999999999999999"]
CURRENCIES = ["usd", "usd", "eur", "jpy", "xxx"]
COUNTRIES = ["DE", "US", "FR", "XX"]
INTEGERS = [0, 1, 2, 5, 100, 2500, -1, 10**12, 10**18, -(10**18)]
NUMBERS = [0, 0.5, 10, 19.6, 100, -1, 1e14, 1e-300]
SINGULARS = {
    "entitlement_feature": "feature",
    "from_subscription": "subscription",
    "default_payment_method": "payment_method",
}


class Stranger:
    """Somebody with a secret key and no plan."""

    def __init__(self, box: Sandbox, seed: int) -> None:
        self._box, self._contract = box, box.contract
        self._dice = random.Random(seed)
        self._operations = sorted(HANDLERS)

    def request(self) -> tuple[str, str, dict[str, str]]:
        """Method, path and flat parameters of the next request."""
        method, pattern = self._dice.choice(self._operations)
        match = self._contract.match(method, pattern)
        assert match is not None
        path = re.sub(r"(\w+)/\{(\w+)\}", lambda found: f"{found[1]}/{self._id(found[1])}", pattern)
        name = match[0].params
        params = self._hash(self._contract.params(name), 0) if name else {}
        params.pop("expand", None)
        return method, path, dict(_flat(params))

    def _id(self, noun: str) -> str:
        """Mostly the id of something that exists; ``noun`` is how a path or a parameter calls it."""
        singular = SINGULARS.get(noun, noun.removesuffix("s"))
        kinds = [kind for kind in self._box.store.types() if kind.split(".")[-1] == singular]
        records = self._box.store.list(kinds[0]) if kinds and self._dice.random() < 0.9 else []
        return str(self._dice.choice(records)["id"]) if records else "nobody_1"

    def _value(self, schema: Schema, name: str, depth: int) -> Any:
        schema = self._contract.resolve(schema)
        if schema.get("x-clearable") and self._dice.random() < 0.1:
            return ""
        if "anyOf" in schema:
            return self._value(self._dice.choice(schema["anyOf"]), name, depth)
        kind = schema.get("type")
        if kind == "object":
            return self._hash(schema, depth + 1)
        if kind == "array":
            return [self._value(schema["items"], name, depth + 1) for _ in range(self._dice.choice((1, 1, 2)))]
        return self._scalar(schema, name, kind)

    def _hash(self, schema: Schema, depth: int) -> dict[str, Any]:
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            return {"key": self._value(extra, "key", depth)}
        properties, required = schema.get("properties", {}), set(schema.get("required", ()))
        most = 4 if depth < 3 else 1
        chosen = required | set(
            self._dice.sample(sorted(properties), min(self._dice.randint(0, most), len(properties)))
        )
        return {name: self._value(properties[name], name, depth) for name in sorted(chosen)}

    def _scalar(self, schema: Schema, name: str, kind: str | None) -> Any:
        if kind == "boolean":
            return self._dice.choice(("true", "false"))
        if kind == "integer":
            now = self._box.clock.now()
            return self._dice.choice([*INTEGERS, now, now + DAY, now - DAY, now + 40 * DAY, YEAR_2999])
        if kind == "number":
            return self._dice.choice(NUMBERS)
        known = schema.get("enum") or schema.get("x-open-enum")
        return self._dice.choice(known) if known else self._text(name)

    def _text(self, name: str) -> str:
        for part, texts in (
            ("currency", CURRENCIES),
            ("country", COUNTRIES),
            ("decimal", DECIMALS),
            ("value", DECIMALS),
        ):
            if part in name:
                return self._dice.choice(texts)
        found = self._id(name)
        return found if found != "nobody_1" else self._dice.choice(TEXTS)


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """As a form writes it: ``items[0][price]``."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}[{key}]" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{index}]")
    else:
        yield path, str(value)
