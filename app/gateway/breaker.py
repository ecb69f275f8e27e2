"""When Stripe does not answer, stop asking for a moment: pages say so at once, and workers wait.

One breaker per process. It opens after THRESHOLD calls in a row that found nobody there, lets one call through after each
PAUSE_SECONDS to see, and closes with the first answer.
"""

import threading
import time

THRESHOLD = 5
PAUSE_SECONDS = 5.0


class Breaker:
    """Any answer below 500 counts as one, a refusal and a rate limit too: somebody is there."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._guard:
            self._silences = 0
            self._closed_until = 0.0  # machine time; nobody passes before

    @property
    def is_open(self) -> bool:
        """Whether a call would be turned away now."""
        return self._silences >= THRESHOLD and time.monotonic() < self._closed_until

    def passes(self) -> bool:
        """May this call go out? The first one after a pause may, as a probe; the others wait for what it finds."""
        with self._guard:
            if self.is_open:
                return False
            if self._silences >= THRESHOLD:
                self._closed_until = time.monotonic() + PAUSE_SECONDS
            return True

    def note(self, *, answered: bool) -> bool:
        """What came of a call that passed; answers whether that opened or closed the breaker."""
        with self._guard:
            was_open = self._silences >= THRESHOLD
            self._silences = 0 if answered else self._silences + 1
            if self._silences >= THRESHOLD:
                self._closed_until = time.monotonic() + PAUSE_SECONDS
            return was_open != (self._silences >= THRESHOLD)


breaker = Breaker()
