"""What a fault does to a call: an error before or after the work, or an answer that does not arrive as it should.

The header ``Stripe-Should-Retry`` follows the remarks in Stripe's own clients: ``true`` for lock timeouts, and ``false``
for a 500 that a key would only replay. Assumptions: ``false`` for rate limits, ``true`` for conflicts and for a 500 that
came before the work.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Response

from sandbox.chaos import transport
from sandbox.errors import ApiError

if TYPE_CHECKING:
    from sandbox.chaos.plan import Fault
    from sandbox.chaos.transport import Spoil

BUSY = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
LOCKED = (
    "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. "
    "If you see this error intermittently, retry the request."
)
IN_USE = "There is currently another in-progress request using this Idempotency Key."
UNKNOWN = "An unknown error occurred"
GATEWAY = """<html>
<head><title>502 Bad Gateway</title></head>
<body>
<center><h1>502 Bad Gateway</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""


@dataclass(frozen=True)
class Strike:
    """A fault that strikes one call."""

    fault: Fault

    @property
    def error(self) -> ApiError | None:
        """The error that is answered instead of the true answer; None when the fault is in the transport."""
        return {
            "rate_limit": ApiError(BUSY, status=429, code="rate_limit"),
            "lock_timeout": ApiError(LOCKED, status=429, code="lock_timeout"),
            "conflict": ApiError(IN_USE, status=409, type="idempotency_error", code="idempotency_key_in_use"),
            "error": ApiError(UNKNOWN, status=500, type="api_error"),
        }.get(self.fault.kind)

    def forestall(self) -> None:
        """Raise what is answered without carrying out the call, if it is not to be carried out."""
        if not self.fault.executes:
            raise self.error or ApiError(UNKNOWN, status=502, type="api_error")

    @property
    def loss(self) -> ApiError | None:
        """The error that takes the place of the true answer after the work is done."""
        return self.error if self.fault.executes else None

    @property
    def should_retry(self) -> bool | None:
        """What the answer advises the client; None for no advice."""
        if self.fault.kind == "error":
            return not self.fault.executes
        return {"rate_limit": False, "lock_timeout": True, "conflict": True}.get(self.fault.kind)

    def status(self, answered: int) -> int:
        """The status the client sees; 0 when it sees none."""
        return {"html": 502, "reset": 0}.get(self.fault.kind, answered)

    def spoil(self, response: Response) -> Response:
        """The answer as the client gets it; may take a while."""
        if self.should_retry is not None:
            response.headers["Stripe-Should-Retry"] = str(self.should_retry).lower()
        if self.fault.kind == "timeout":
            time.sleep(self.fault.settings["seconds"])
        if self.fault.kind == "html":
            return Response(GATEWAY, status=502, content_type="text/html")
        return response

    @property
    def manner(self) -> Spoil | None:
        """How the bytes of the answer go wrong; None when they do not."""
        if self.fault.kind == "drip":
            return transport.dripping(self.fault.settings["seconds"])
        return {"reset": transport.reset, "truncated": transport.truncated}.get(self.fault.kind)
