"""The supervisor: back after a death, gone after the end, whatever kind of end that is."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from portal.services.child import Child, Run, ServiceError
from portal.services.supervisor import Supervisor
from tests.portal.conftest import FAMILY, FAMILY_SIZE
from tests.portal.processes import members, parent, until

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")

Script = Callable[..., Child]

# A parent as a demo would be one, in a process of its own that a test can kill.
PARENT = """
import signal, sys, time
from pathlib import Path
from portal.services.child import Child
from portal.services.supervisor import Supervisor
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts in the background
with Supervisor(Path(sys.argv[1])) as supervisor:
    supervisor.start(Child(name="family", command=[sys.executable, "-c", sys.argv[2]], env={"FAMILY": sys.argv[3]}))
    time.sleep(600)
"""


def pid_or_none(supervisor: Supervisor, name: str) -> int | None:
    try:
        return supervisor.pid(name)
    except ServiceError:
        return None


def test_a_killed_child_is_back_at_once(supervisor: Supervisor, script: Script) -> None:
    supervisor.start(script("sleeper", "exec sleep 600"))
    for _ in range(2):
        killed = supervisor.pid("sleeper")
        supervisor.kill("sleeper")
        assert until(lambda killed=killed: pid_or_none(supervisor, "sleeper") not in (None, killed))


def test_a_child_that_ends_by_itself_is_back_as_well(supervisor: Supervisor, script: Script, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    line = "echo run >> runs; test $(wc -l < runs) -ge 2 && exec sleep 600"
    supervisor.start(script("brief", line, ready=runs.exists))
    assert until(lambda: runs.read_text().count("run") == 2)


def test_the_end_of_a_very_short_run_is_noticed_every_time(script: Script, tmp_path: Path) -> None:
    for _ in range(20):
        assert Run(script("brief", "exit 3"), tmp_path / "brief.log").wait(10) == 3


def test_a_killed_childs_whole_family_makes_room_for_the_next(
    supervisor: Supervisor, family_child: Child, family: str
) -> None:
    supervisor.start(family_child)
    assert until(lambda: len(members(family)) == FAMILY_SIZE)
    old = members(family)
    supervisor.kill("family")
    assert until(lambda: len(members(family)) == FAMILY_SIZE and not members(family) & old)


def test_a_killed_leash_takes_its_program_along_and_both_are_back(
    supervisor: Supervisor, script: Script, family: str
) -> None:
    supervisor.start(script("sleeper", "sleep 600 & exec sleep 600", env={"FAMILY": family}))
    assert until(lambda: len(members(family)) == 3)
    old = members(family)
    os.kill(parent(supervisor.pid("sleeper")), signal.SIGKILL)
    assert until(lambda: len(members(family)) == 3 and not members(family) & old)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_the_parent(end: signal.Signals, family: str, tmp_path: Path) -> None:
    demo = subprocess.Popen([sys.executable, "-c", PARENT, tmp_path, FAMILY, family], stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: len(members(family)) == FAMILY_SIZE)
        demo.send_signal(end)
        demo.wait(10)
        assert until(lambda: not members(family))
    finally:
        demo.kill()
        demo.wait()


def test_stopping_leaves_no_one_of_the_family(supervisor: Supervisor, family_child: Child, family: str) -> None:
    supervisor.start(family_child)
    assert until(lambda: len(members(family)) == FAMILY_SIZE)
    supervisor.stop()
    assert members(family) == set()


def test_children_stop_in_the_reverse_of_their_order(supervisor: Supervisor, script: Script, tmp_path: Path) -> None:
    for name in ("first", "second", "third"):
        line = f"trap 'echo {name} >> stopped; exit' TERM; touch {name}; while :; do sleep 0.02; done"
        supervisor.start(script(name, line, ready=(tmp_path / name).exists))
    supervisor.stop()
    assert (tmp_path / "stopped").read_text().split() == ["third", "second", "first"]


def test_a_child_gets_the_stop_signal_it_asked_for(supervisor: Supervisor, script: Script, tmp_path: Path) -> None:
    line = "trap 'touch interrupted; exit' INT; touch up; while :; do sleep 0.02; done"
    supervisor.start(script("polite", line, ready=(tmp_path / "up").exists, stop_signal=signal.SIGINT))
    supervisor.stop()
    assert (tmp_path / "interrupted").exists()


def test_a_child_that_will_not_stop_is_killed_after_its_grace(
    supervisor: Supervisor, script: Script, tmp_path: Path, family: str
) -> None:
    line = "trap '' TERM; touch up; while :; do sleep 0.05; done"
    stubborn = script("stubborn", line, ready=(tmp_path / "up").exists, grace=0.2, env={"FAMILY": family})
    supervisor.start(stubborn)
    supervisor.stop()
    assert members(family) == set()


def test_restarting_ends_one_run_in_good_order_and_waits_for_the_next(
    supervisor: Supervisor, script: Script, tmp_path: Path
) -> None:
    line = "trap 'rm up; exit' TERM; touch up; while :; do sleep 0.02; done"
    supervisor.start(script("service", line, ready=(tmp_path / "up").exists))
    old = supervisor.pid("service")
    supervisor.restart("service")
    assert supervisor.pid("service") != old
    assert (tmp_path / "up").exists()


def test_an_ended_child_stays_away_until_it_is_started_again(supervisor: Supervisor, script: Script) -> None:
    supervisor.start(script("sleeper", "exec sleep 600"))
    first = supervisor.pid("sleeper")
    ended = supervisor.end("sleeper")
    assert not Path(f"/proc/{first}").exists()
    supervisor.start(ended)
    assert supervisor.pid("sleeper") != first


def test_a_child_that_keeps_dying_is_reported_with_its_last_words(supervisor: Supervisor, script: Script) -> None:
    with pytest.raises(ServiceError, match=r"(?s)web did not get ready.*no such table"):
        supervisor.start(script("web", "echo 'no such table'; exit 1", ready=lambda: False))


def test_a_child_that_does_not_get_ready_in_time_is_reported(supervisor: Supervisor, script: Script) -> None:
    with pytest.raises(ServiceError, match="slow did not get ready"):
        supervisor.start(script("slow", "exec sleep 600", ready=lambda: False, ready_within=0.2))


def test_a_missing_program_is_reported_at_once(supervisor: Supervisor, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"ghost cannot be started: .*No such file"):
        supervisor.start(Child(name="ghost", command=[tmp_path / "nothing-here"]))


def test_what_a_child_prints_is_in_its_log_for_its_owner_only(
    supervisor: Supervisor, script: Script, tmp_path: Path
) -> None:
    supervisor.start(script("talker", "echo out; echo err >&2; exec sleep 600"))
    log = tmp_path / "logs" / "talker.log"
    assert until(lambda: log.read_text() == "out\nerr\n")
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_childs_secrets_are_in_no_argument_list(supervisor: Supervisor, script: Script) -> None:
    supervisor.start(script("discreet", "exec sleep 600", env={"TOKEN": "sk_test_discreet"}))
    for pid in (supervisor.pid("discreet"), parent(supervisor.pid("discreet"))):
        assert b"sk_test_discreet" not in Path(f"/proc/{pid}/cmdline").read_bytes()
