"""Answers against the contract: what ``--strict`` checks of every object that leaves the sandbox.

Each object is checked by its own type; where it carries other objects those are checked separately. That keeps the
compiled schemas small (a whole invoice reaches 800 types) and lets them be compiled when first needed.
"""

from typing import Any

import jsonschema_rs

from sandbox.contract import Contract, Schema

REFERENCE = {"type": "object", "required": ["object"]}
ENVELOPES = {
    "list": {"object", "data", "has_more", "url"},
    "search_result": {"object", "data", "has_more", "next_page", "total_count", "url"},
}
"""What carries objects without being a type of its own, and its keys."""


class AnswerValidator:
    """Finds everything in an answer that the contract does not allow."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._compiled: dict[str, jsonschema_rs.Validator | None] = {}

    def violations(self, answer: Any) -> list[str]:
        """What is wrong, one sentence each; a list or an object inside is checked like one outside."""
        if isinstance(answer, list):
            return [problem for one in answer for problem in self.violations(one)]
        if not isinstance(answer, dict):
            return []
        problems = self._own(answer) if isinstance(answer.get("object"), str) else []
        # The payload of an event is an object too, and so is what a plain hash holds.
        return problems + [problem for value in answer.values() for problem in self.violations(value)]

    def _own(self, answer: dict[str, Any]) -> list[str]:
        name = ("deleted_" if answer.get("deleted") else "") + answer["object"]
        if name in ENVELOPES:
            missing = [key for key in ("data", "has_more", "url") if key not in answer]
            unknown = sorted(set(answer) - ENVELOPES[name])
            return [f"{name}: {key} is missing" for key in missing] + [f"{name}: {key} is unknown" for key in unknown]
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        validator = self._compiled[name]
        if validator is None:
            return [f"{name}: the contract has no such type"]
        place = f"{name} {answer.get('id', '')}"
        return [f"{place}: {error.message} at {error.instance_path}" for error in validator.iter_errors(answer)]

    def _compile(self, name: str) -> jsonschema_rs.Validator | None:
        schema = self._contract.schemas.get(name)
        return jsonschema_rs.validator_for(self._object(schema)) if schema else None

    def _translate(self, schema: Schema) -> Schema:
        """One property in the terms of JSON Schema, with resources inside cut off."""
        if "x-expansionResources" in schema:
            return _or_null(schema, {"anyOf": [{"type": "string"}, REFERENCE]})
        resolved = self._contract.resolve(schema)
        if "x-resourceId" in resolved:
            return _or_null(schema, REFERENCE)
        if "anyOf" in resolved:
            return _or_null(resolved, {"anyOf": [self._translate(one) for one in resolved["anyOf"]]})
        kind = resolved.get("type")
        if kind == "object":
            return _or_null(resolved, self._object(resolved))
        if kind == "array":
            return _or_null(resolved, {"type": "array", "items": self._translate(resolved["items"])})
        plain: Schema = {key: resolved[key] for key in ("type", "enum") if key in resolved}
        return _or_null(resolved, plain)

    def _object(self, schema: Schema) -> Schema:
        if "properties" not in schema:
            extra = schema.get("additionalProperties", True)
            return {"type": "object", "additionalProperties": self._translate(extra) if extra is not True else True}
        return {
            "type": "object",
            "properties": {name: self._translate(one) for name, one in schema["properties"].items()},
            "required": schema.get("required", []),
            "additionalProperties": False,
        }


def _or_null(schema: Schema, translated: Schema) -> Schema:
    return {"anyOf": [{"type": "null"}, translated]} if schema.get("nullable") and translated else translated
