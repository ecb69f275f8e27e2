"""How a call reaches Stripe: written down first if it changes something, tried again where that helps, over in time."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import stripe
from flask import has_request_context

from app.core.failpoints import failpoint
from app.core.logs import log

from . import deadline
from .breaker import breaker
from .bucket import bucket
from .errors import GatewayUnavailable

CONNECT_SECONDS = 3.05
READ_SECONDS = 10  # for one try; the SDK's own default is 80
PAGE_SECONDS = 10  # for a whole call that somebody waits for: the page answers within 12
WORK_SECONDS = 30
RETRIES = 2  # of a call that was not heard, or met an error over there
FIRST_WAIT, LONGEST_WAIT = 0.5, 4.0

LABEL = "intent"
"""The metadata that names the deed on what it made, so that it is found when Stripe has forgotten the key."""

LABELLED = frozenset(
    {
        "/v1/customers",
        "/v1/credit_notes",
        "/v1/payment_intents",
        "/v1/prices",
        "/v1/products",
        "/v1/refunds",
        "/v1/setup_intents",
        "/v1/subscriptions",
    }
)
"""What is created with metadata."""

Answer = tuple[Any, int, Mapping[str, str]]


@dataclass(frozen=True)
class Sent:
    """A call as it goes out: enough to make the same one again. `form` is as it is sent, a NUL in it too."""

    method: str
    path: str
    form: str

    @property
    def params(self) -> dict[str, str]:
        """The fields of the form, nested names flat."""
        return dict(parse_qsl(self.form, keep_blank_values=True))


@dataclass(frozen=True)
class Deed:
    """What changes something: `begin` is called with it before it is sent, and may refuse; `label` names it at Stripe."""

    label: str
    begin: Callable[[Sent], None]


_deed: ContextVar[Deed | None] = ContextVar("the deed whose call comes next", default=None)


@contextmanager
def deed(label: str, begin: Callable[[Sent], None]) -> Iterator[None]:
    """The call in this block is a deed."""
    token = _deed.set(Deed(label, begin))
    try:
        yield
    finally:
        _deed.reset(token)


_again: ContextVar[Sent | None] = ContextVar("the call that is made again", default=None)


@contextmanager
def again(sent: Sent) -> Iterator[None]:
    """The call in this block has the form of `sent` to the letter: the SDK takes some names, as `usage`, for its own."""
    token = _again.set(sent)
    try:
        yield
    finally:
        _again.reset(token)


class Transport(stripe.RequestsClient):
    """The SDK's HTTP client with our own patience.

    It raises GatewayUnavailable without asking while the breaker is open. A rate limit, a lock that somebody holds and
    a key that is still in use are waited for as long as the deadline allows; the SDK would retry none or only some.
    """

    def __init__(self) -> None:
        super().__init__()
        self._local = threading.local()

    def request_with_retries(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        post_data: Any = None,
        max_network_retries: int | None = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        if not breaker.passes():
            raise GatewayUnavailable()
        with deadline.within(PAGE_SECONDS if has_request_context() else WORK_SECONDS):
            _await_turn()
            return self._listened(method, url, headers, _begin(method, url, post_data))

    def _listened(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Answer:
        """Ask, and tell the breaker whether somebody answered."""
        answered = False
        try:
            answer = self._ask(method, url, headers, post_data)
            answered = answer[1] < 500
        finally:
            if breaker.note(answered=answered):
                log.warning("Stripe answers again" if answered else "Stripe does not answer, leaving it alone")
        return answer

    def _ask(self, method: str, url: str, headers: Mapping[str, str], post_data: Any) -> Answer:
        tries = 0
        while True:
            tries += 1
            try:
                answer = self.request(method, url, headers, post_data)
                wait = _wait_after(answer, tries)
                if wait is None:
                    return answer
            except stripe.APIConnectionError as silence:
                wait = _fitting(_back_off(tries)) if silence.should_retry and tries <= RETRIES else None
                if wait is None:
                    raise
            time.sleep(wait + (bucket.take(deadline.left() - wait) or 0.0))

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> Answer:
        if not hasattr(self._local, "session"):
            self._local.session = deadline.session()
        timeout = (min(CONNECT_SECONDS, max(deadline.left(), 0.001)), READ_SECONDS)
        try:
            answer = self._local.session.request(
                method, url, headers=headers, data=post_data, timeout=timeout, verify=stripe.ca_bundle_path
            )
            return answer.content, answer.status_code, answer.headers
        except Exception as error:
            self._handle_request_error(error)


def _await_turn() -> None:
    """Raises GatewayUnavailable when it would come too late; nothing was begun then."""
    wait = bucket.take(deadline.left())
    if wait is None:
        raise GatewayUnavailable()
    time.sleep(wait)


def _begin(method: str, url: str, post_data: Any) -> Any:
    """Let the deed be written down; answers the form to send."""
    if (former := _again.get()) is not None and post_data is not None:
        return former.form
    if (deed := _deed.get()) is None or method.upper() == "GET":
        return post_data
    parts = urlsplit(url)
    form = parse_qsl(post_data or parts.query, keep_blank_values=True)
    if parts.path in LABELLED:
        form.append((f"metadata[{LABEL}]", deed.label))
        post_data = urlencode(form)
    deed.begin(Sent(method.lower(), parts.path, urlencode(form)))
    failpoint("before_stripe")
    return post_data


def _wait_after(answer: Answer, tries: int) -> float | None:
    """How many seconds to wait before asking again; None when the answer stands."""
    _body, status, headers = answer
    if status in (409, 429):
        return _fitting(max(_back_off(tries), _asked_for(headers)))
    if status >= 500 and headers.get("stripe-should-retry") != "false" and tries <= RETRIES:
        return _fitting(_back_off(tries))
    return None


def _back_off(tries: int) -> float:
    """0.5, 1, 2, 4 … seconds, the second half of it by chance, so that those who were turned away do not return together."""
    return min(FIRST_WAIT * float(2 ** (tries - 1)), LONGEST_WAIT) * _spread()


def _spread() -> float:
    return random.uniform(0.5, 1)  # noqa: S311  # not a secret


def _asked_for(headers: Mapping[str, str]) -> float:
    value = headers.get("Retry-After", "")
    return float(value) if value.isdigit() else 0.0


def _fitting(wait: float) -> float | None:
    return wait if wait < deadline.left() else None
