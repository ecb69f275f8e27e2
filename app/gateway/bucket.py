"""How often all processes together call Stripe: a token bucket in Redis, so that a burst of events starves no page.

Stripe's limit is on the account, and what exceeds it is refused with 429, pages' calls as well. Redis counts for everybody
in one short question; while it is away each process counts for itself, and Stripe's own refusals, which are waited for,
do the rest. The bucket holds a tenth of a second's calls: what is saved up in quiet times may go out at once.
"""

import threading
import time

from redis.exceptions import RedisError

from app.core import tasks
from app.core.logs import log

KEY = "stripe:calls"
SILENCE_SECONDS = 5  # how long an unreachable Redis is not asked
RATES = {"live": 100, "test": 25, "sandbox": 100}
"""Stripe's own limits by mode (https://docs.stripe.com/rate-limits); our sandbox has none and is treated like live mode."""
LONGEST = 3000.0  # seconds that anybody waits for a turn
BURST = 0.1  # seconds of the rate

# The instant at which the bucket is empty again ("theoretical arrival time" of the generic cell rate algorithm), moved on by
# one call's share. Answers how long this call has to wait, or -1 when that is longer than it can.
SCRIPT = """
local now = redis.call('TIME')
now = tonumber(now[1]) + tonumber(now[2]) / 1000000
local share, burst, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local at = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = at - burst - now
if wait > patience then return '-1' end
redis.call('SET', KEYS[1], string.format('%.6f', at + share), 'EX', 3600)
return string.format('%.6f', math.max(wait, 0))
"""


class Bucket:
    """`rate` calls per second."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.set_rate(RATES["live"])

    def set_rate(self, rate: float) -> None:
        """Forget what was counted here, and allow `rate` calls per second from now on."""
        self._share = 1 / rate
        self._empty_at = self._silent_until = 0.0

    def take(self, patience: float) -> float | None:
        """How many seconds to wait before calling; None, and nothing taken, when that were more than `patience`."""
        patience = min(patience, LONGEST)
        if time.monotonic() >= self._silent_until and tasks.bell.redis is not None:
            try:
                answer = tasks.bell.redis.eval(SCRIPT, 1, KEY, str(self._share), str(BURST), str(patience))
                wait = float(str(answer, "ascii"))
                return None if wait < 0 else wait
            except (RedisError, OSError) as error:
                self._silent_until = time.monotonic() + SILENCE_SECONDS
                log.warning("calls to Stripe are counted per process", error=type(error).__name__)
        return self._take_here(patience)

    def _take_here(self, patience: float) -> float | None:
        with self._guard:
            now = time.monotonic()
            at = max(self._empty_at, now)
            wait = at - BURST - now
            if wait > patience:
                return None
            self._empty_at = at + self._share
        return max(wait, 0.0)


bucket = Bucket()
