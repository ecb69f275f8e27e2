"""Stripe's error envelope, and the errors the sandbox raises to fill it."""

from typing import Any


class ApiError(Exception):
    """An answer other than 200; every field that is not None lands in ``{"error": {...}}``.

    ``keep`` tells the transaction around the request to commit what was written before the error: a declined card
    leaves a failed charge behind, a refused parameter leaves nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep = keep
        fields = {"type": type, "message": message, "code": code, "param": param, **extra}
        self.error = {name: value for name, value in fields.items() if value is not None}
        if code:
            self.error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"

    @property
    def body(self) -> dict[str, Any]:
        return {"error": self.error}


def unrecognized_url(method: str, path: str, reason: str | None = None) -> ApiError:
    """The answer to a URL which the API does not have, or which this sandbox does not play for a ``reason``."""
    left_out = f" This sandbox does not play it: {reason}." if reason else ""
    return ApiError(f"Unrecognized request URL ({method}: {path}).{left_out}", status=404)


def missing_resource(object_type: str, id: str, param: str = "id") -> ApiError:
    """No object of that type has that id. A wrong id in the path is a 404, in a parameter a 400."""
    name = object_type.rsplit(".", 1)[-1]
    return ApiError(
        f"No such {name}: '{id}'", status=404 if param == "id" else 400, code="resource_missing", param=param
    )


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """A request that is well formed but cannot be done."""
    return ApiError(message, param=param, code=code)


def unsupported(param: str) -> ApiError:
    """The contract knows this parameter, the sandbox does not play it yet; better loud than silently ignored."""
    return ApiError(
        f"This sandbox does not support the parameter {param} here.", param=param, code="parameter_unsupported"
    )


def card_error(message: str, code: str, *, keep: bool = False, **extra: Any) -> ApiError:
    """A refused card: 402, which the SDK raises as CardError."""
    return ApiError(message, status=402, type="card_error", code=code, keep=keep, **extra)
