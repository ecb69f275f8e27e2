"""Keeps programs running: starts them in order, brings each back when it dies, stops them in reverse order.

Nothing started here outlives this process, even when it is killed: see leash.py.
"""

import threading
import time
from pathlib import Path
from signal import SIGKILL, Signals
from types import TracebackType
from typing import Self

from portal.services.child import Child, Run, ServiceError

STEADY = 2.0  # seconds after which a run's end no longer counts as an instant death
DELAYS = (0.0, 0.0, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds before the next start, by instant deaths in a row
HOPELESS = 3  # instant deaths in a row after which waiting for readiness is given up


class Keeper:
    """Keeps one child running, from a thread of its own."""

    def __init__(self, child: Child, log: Path) -> None:
        self.child = child
        self.log = log
        self.deaths = 0  # instant ones, in a row
        self._run: Run | None = None
        self._asked_to_end = False
        self._starting = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper-{child.name}", daemon=True)

    def start(self) -> None:
        """Start the child and go on keeping it running. ServiceError when its program cannot be started at all."""
        self._run = Run(self.child, self.log)
        self._thread.start()

    @property
    def run(self) -> Run:
        """The present run. ServiceError between two runs."""
        if self._run is None:
            raise ServiceError(f"{self.child.name} is not running.")
        return self._run

    def await_ready(self) -> None:
        """Wait until the child's own check says yes. ServiceError, with its last words, when that takes too long."""
        deadline = time.monotonic() + self.child.ready_within
        while self._run is None or not self.child.ready():
            if self.deaths >= HOPELESS or time.monotonic() > deadline:
                raise ServiceError(f"{self.child.name} did not get ready. {self._last_words()}")
            time.sleep(0.02)

    def restart(self) -> None:
        """End the present run in good order; the thread starts the next one."""
        run, self._asked_to_end = self.run, True
        run.end(self.child.stop_signal, self.child.grace)
        deadline = time.monotonic() + self.child.ready_within
        while self._run in (None, run) and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        """End the child for good."""
        self._stopping.set()
        with self._starting:
            run = self._run
        if run is not None:
            run.end(self.child.stop_signal, self.child.grace)
        if self._thread.is_alive():
            self._thread.join()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            code = self._run.wait() if self._run else None
            self._run = None
            expected = self._asked_to_end or time.monotonic() - began > STEADY
            self.deaths, self._asked_to_end = (0 if expected else self.deaths + 1), False
            self._note(f"ended with code {code}")
            self._stopping.wait(DELAYS[min(self.deaths, len(DELAYS) - 1)])
            self._start_again()

    def _start_again(self) -> None:
        with self._starting:
            if self._stopping.is_set():
                return
            try:
                self._run = Run(self.child, self.log)
            except (ServiceError, OSError) as error:
                self._note(str(error))

    def _note(self, what: str) -> None:
        with self.log.open("a") as log:
            log.write(f"[supervisor] {self.child.name}: {what}\n")

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-8:]
        return "\n".join([f"The end of {self.log}:", *(f"  {line}" for line in lines)])


class Supervisor:
    """The programs of one demo or test run. A context manager: leaving it stops them all."""

    def __init__(self, logs: Path) -> None:
        """Each child's output is appended to `logs`/<name>.log."""
        self._logs = logs
        self._keepers: dict[str, Keeper] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, *children: Child) -> None:
        """Start children side by side and wait until all are ready. On ServiceError those started go on until `stop`."""
        keepers = [Keeper(child, self._logs / f"{child.name}.log") for child in children]
        for keeper in keepers:
            keeper.start()
            self._keepers[keeper.child.name] = keeper
        for keeper in keepers:
            keeper.await_ready()

    def stop(self) -> None:
        """Stop every child, the last one started first."""
        while self._keepers:
            self._keepers.popitem()[1].stop()

    def end(self, name: str) -> Child:
        """Stop one child in good order and answer what it was, so that it can be started again."""
        keeper = self._keepers.pop(name)
        keeper.stop()
        return keeper.child

    def pid(self, name: str) -> int:
        """The child's own process (not its leash). ServiceError in the moment between its death and its return."""
        return self._keepers[name].run.pid

    def kill(self, name: str, number: Signals = SIGKILL) -> None:
        """Send the child a signal; should it die of it, it comes back like after any death."""
        self._keepers[name].run.send(number)

    def restart(self, name: str) -> None:
        """Stop the child in good order and wait until its next run is ready."""
        self._keepers[name].restart()
        self._keepers[name].await_ready()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
