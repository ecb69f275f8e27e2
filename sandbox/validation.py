"""Requests against the contract: unknown, missing and ill-typed parameters are refused, the rest is typed.

Strings from the wire become what the contract says (integers, booleans, lists); decimals stay strings. A parameter that
an empty string unsets arrives as None, so ``"x" in params and params["x"] is None`` reads "clear x".
Assumptions: values outside an open enum are refused, as Stripe refuses them; an empty string unsets any optional string.
"""

from typing import Any

from sandbox import scalars
from sandbox.contract import Contract, Operation, Schema
from sandbox.currencies import currency
from sandbox.encoding import INDEX, Appended, join
from sandbox.errors import ApiError, invalid

RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}
"""Parameters with an error code of their own since the API version dropped them."""


class RequestValidator:
    """Checks and types the parameters of one operation at a time."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def check(self, operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
        """The typed parameters; raises ApiError (400) that names the first wrong one."""
        if operation.params is None:
            # Operations without parameters of their own still take `expand`.
            _refuse_unknown(given, {"expand"}, "")
            return {"expand": _array(given["expand"], "expand")} if "expand" in given else {}
        for name in given:
            if given[name] == "" and (operation.method == "GET" or self._is_always_shown(operation, name)):
                raise _cannot_be_unset(name)
        typed: dict[str, Any] = self._object(self._contract.params(operation.params), given, "")
        return typed

    def _is_always_shown(self, operation: Operation, name: str) -> bool:
        """Whether the object this is about always has such a string, so that there is nothing to unset."""
        shown = self._contract.resolve(operation.answer).get("properties", {}).get(name, {})
        return shown.get("type") == "string" and not shown.get("nullable")

    def _value(self, schema: Schema, value: Any, path: str) -> Any:
        schema = self._contract.resolve(schema)
        if value == "" and schema.get("x-clearable"):
            return None
        if "anyOf" in schema:
            return self._any(schema["anyOf"], value, path)
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, _hash(value, path), path)
        if kind == "array":
            entries = _array(value, path)
            return [self._entry(schema["items"], entry, f"{path}[{index}]") for index, entry in enumerate(entries)]
        return _scalar(schema, value, path)

    def _entry(self, schema: Schema, value: Any, path: str) -> Any:
        if value == "":
            raise _cannot_be_unset(path)
        return self._value(schema, value, path)

    def _object(self, schema: Schema, given: dict[str, Any], path: str) -> dict[str, Any]:
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            return self._free(extra, given, path)
        properties = schema.get("properties", {})
        _refuse_unknown(given, properties.keys(), path)
        for name in schema.get("required", ()):
            full = join(path, name)
            if name not in given:
                raise invalid(f"Missing required param: {full}.", full, "parameter_missing")
            if given[name] == "" and not self._contract.resolve(properties[name]).get("x-clearable"):
                raise _cannot_be_unset(full)
        return {name: self._value(properties[name], value, join(path, name)) for name, value in given.items()}

    def _free(self, schema: Schema, given: dict[str, Any], path: str) -> dict[str, Any]:
        """A hash whose names are the caller's choice: texts, such as metadata, or hashes by currency."""
        if any(isinstance(name, Appended) for name in given):
            raise invalid("Invalid object", path)
        if self._contract.resolve(schema).get("type") != "string":
            currencies = ((currency(name, path), name) for name in given)
            return {code: self._value(schema, given[name], join(path, name)) for code, name in currencies}
        for name, value in given.items():
            if isinstance(value, dict):
                raise invalid(f"Invalid string: {join(path, name)} must not be a hash", join(path, name))
        if scalars.leaf(path).endswith("metadata"):
            scalars.check_metadata(given, path)
        return {name: value or None for name, value in given.items()}

    def _any(self, choices: list[Schema], value: Any, path: str) -> Any:
        error: ApiError | None = None
        for choice in choices:
            try:
                return self._value(choice, value, path)
            except ApiError as problem:
                error = problem
        raise error or invalid(f"Invalid value: {value}", path)


def _refuse_unknown(given: dict[str, Any], known: Any, path: str) -> None:
    for name in given:
        if name not in known:
            full = join(path, name)
            code = RETIRED.get(full, "parameter_unknown")
            raise invalid(f"Received unknown parameter: {full}", full, code)


def _hash(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid("Invalid object", path)
    return value


def _array(value: Any, path: str) -> list[Any]:
    if not isinstance(value, dict) or not all(INDEX.fullmatch(key) for key in value):
        raise invalid("Invalid array", path)
    return [value[key] for key in sorted(value, key=int)]


def _scalar(schema: Schema, value: Any, path: str) -> Any:
    kind = schema.get("type")
    if isinstance(value, dict):
        raise invalid(f"Invalid {kind or 'value'}: {path} must not be a hash", path)
    if kind == "boolean":
        return scalars.boolean(value, path)
    if kind == "integer":
        return scalars.integer(value, path)
    if kind == "number":
        return float(scalars.decimal(value, path))
    return _string(schema, value, path)


def _string(schema: Schema, value: str, path: str) -> str | None:
    known = schema.get("enum") or schema.get("x-open-enum")
    if known and value not in known:
        raise invalid(f"Invalid {path}: must be one of {', '.join(map(str, known))}", path)
    if schema.get("format") == "decimal":
        scalars.decimal(value, path)
    if not value:
        _refuse_empty(path)
    return scalars.text(value, path) or None


def _refuse_empty(path: str) -> None:
    if scalars.leaf(path) in ("id", "price", "customer", "product", "currency"):
        raise _cannot_be_unset(path)


def _cannot_be_unset(path: str) -> ApiError:
    return invalid(
        f"You passed an empty string for '{path}'. We assume empty values are an attempt to unset a parameter; "
        f"however '{path}' cannot be unset.",
        path,
        "parameter_invalid_empty",
    )
