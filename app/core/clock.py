"""Two clocks, named apart.

`now()` is business time: periods, trials, dunning, usage windows, dates in mails, the `run_at` of such tasks. In sandbox
mode it follows `CLOCK_URL`, so that a year of billing can be watched in a minute.
`wall()` is machine time: sessions, tokens, leases, back-off, rate limits, signature age, logs. It is never moved, so
turning the sandbox's clock signs nobody out.
"""

import logging
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

import requests

LIMIT_SECONDS = 0.2

_log = logging.getLogger(__name__)


class BusinessClock:
    """Machine time plus the offset last heard from `CLOCK_URL` (zero without one)."""

    def __init__(self) -> None:
        self.url: str | None = None
        self._offset = timedelta()
        self._http = requests.Session()
        self._http.trust_env = False

    def follow(self, url: str | None) -> None:
        self.url = url
        self._offset = timedelta()

    def refresh(self) -> None:
        """Ask `CLOCK_URL` for the time; on any failure the last offset stays in force.

        The answer is in whole seconds. One that was under way when a second ended may be of either, and two processes
        would then be a second apart; it is asked for again.
        """
        if self.url is None:
            return
        try:
            while True:
                asked = wall().replace(microsecond=0)
                answer = self._http.get(self.url, timeout=LIMIT_SECONDS).json()
                if wall() - asked < timedelta(seconds=1):
                    break
            self._offset = datetime.fromtimestamp(int(answer["now"]), UTC) - asked
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            _log.warning("business clock unreachable, keeping the last offset", extra={"error": type(error).__name__})

    def now(self) -> datetime:
        return wall() + self._offset


_business = BusinessClock()
follow = _business.follow
refresh = _business.refresh


_unasked: ContextVar[bool] = ContextVar("this request has not asked for the time yet", default=False)


def begin() -> None:
    """A request begins: the first `now()` in it asks `CLOCK_URL`, and one that needs no business time never does."""
    _unasked.set(True)


def now() -> datetime:
    """Business time, UTC."""
    if _unasked.get():
        _unasked.set(False)
        refresh()
    return _business.now()


def wall() -> datetime:
    """Machine time, UTC."""
    return datetime.now(UTC)
