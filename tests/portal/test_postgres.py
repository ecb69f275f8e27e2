"""The embedded PostgreSQL: keeps its rows through every kind of end, and asks for its password."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from portal.services.child import ServiceError
from portal.services.place import erase, settle
from portal.services.postgres import Postgres
from portal.services.supervisor import Supervisor
from tests.portal.processes import until

# A demo in a process of its own: starts PostgreSQL, writes one row, says so, and waits to be killed.
DEMO = """
import sys, time
from pathlib import Path
import psycopg
from portal.services.postgres import Postgres
from portal.services.supervisor import Supervisor
postgres = Postgres(Path(sys.argv[1]), durable=False)
with Supervisor(Path(sys.argv[2])) as supervisor:
    supervisor.start(postgres.child())
    with psycopg.connect(postgres.url("postgres").replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    print(supervisor.pid("postgres"), flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cluster for this file: making it is the slow part."""
    home = tmp_path_factory.mktemp("postgres") / "home"
    yield home
    erase(home)


def rows(postgres: Postgres, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(postgres.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def answers(postgres: Postgres) -> bool:
    try:
        return rows(postgres, "SELECT 1") == [(1,)]
    except psycopg.OperationalError:
        return False


def test_rows_survive_the_killing_of_parent_and_server(home: Path, tmp_path: Path, supervisor: Supervisor) -> None:
    with subprocess.Popen([sys.executable, "-c", DEMO, home, tmp_path], stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        server = int(demo.stdout.readline())
        demo.kill()
        os.kill(server, signal.SIGKILL)
    postgres = Postgres(home, durable=False)
    supervisor.start(postgres.child())
    assert rows(postgres, "SELECT one FROM kept") == [(1,)]


def test_a_killed_server_is_back_with_its_rows_at_the_same_address(home: Path, supervisor: Supervisor) -> None:
    postgres = Postgres(home, durable=False)
    supervisor.start(postgres.child())
    rows(postgres, "CREATE TABLE also_kept AS SELECT 2 AS two")
    supervisor.kill("postgres")
    assert until(lambda: answers(postgres))
    assert rows(postgres, "SELECT two FROM also_kept") == [(2,)]


def test_a_second_start_keeps_the_port(home: Path) -> None:
    assert Postgres(home, durable=False).port == Postgres(home, durable=False).port


def test_a_server_without_a_parent_is_ended_and_replaced(home: Path, supervisor: Supervisor, tmp_path: Path) -> None:
    postgres = Postgres(home, durable=False)
    child = postgres.child()
    user = {"user": child.account.uid, "group": child.account.gid} if child.account and os.geteuid() == 0 else {}
    with (tmp_path / "left.log").open("w") as log:
        left = subprocess.Popen(child.command, cwd=child.cwd, stderr=log, start_new_session=True, **user)
    assert until(lambda: answers(postgres))
    next_one = Postgres(home, durable=False)
    assert left.wait(5) is not None
    supervisor.start(next_one.child())
    assert answers(next_one)


def test_a_lock_file_whose_number_now_means_another_process_is_no_obstacle(home: Path, supervisor: Supervisor) -> None:
    postgres = Postgres(home, durable=False)
    lock = Path(postgres.child().command[2]) / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n")
    supervisor.start(postgres.child())
    assert answers(postgres)


def test_data_in_use_by_a_running_demo_is_refused(home: Path, supervisor: Supervisor) -> None:
    postgres = Postgres(home, durable=False)
    supervisor.start(postgres.child())
    with pytest.raises(ServiceError, match="in use by process"):
        Postgres(home, durable=False)
    assert answers(postgres)


def test_nobody_gets_in_without_the_password(home: Path, supervisor: Supervisor) -> None:
    postgres = Postgres(home, durable=False)
    supervisor.start(postgres.child())
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(make_conninfo(postgres.url("postgres").replace("+psycopg", ""), password="guess"))


def test_a_database_is_made_once(home: Path, supervisor: Supervisor) -> None:
    postgres = Postgres(home, durable=False)
    supervisor.start(postgres.child())
    for _ in range(2):
        postgres.ensure_database("counter-foil")
    assert rows(postgres, "SELECT datname FROM pg_database WHERE datname LIKE 'counter%'") == [("counter-foil",)]


def test_the_password_is_its_owners_alone(home: Path) -> None:
    data = Path(Postgres(home, durable=False).child().command[2])
    assert (data.parent / "password").stat().st_mode & 0o777 == 0o600


def test_the_data_is_in_its_home_where_the_servers_user_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        monkeypatch.chdir(open_to_all)
        place, _ = settle(Path("home"), lasting=False)
        assert place == Path(open_to_all).resolve() / "home" / "cluster"
        assert settle(Path("home"), lasting=False)[0] == place


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
def test_root_keeps_its_own_directories_closed_and_the_data_elsewhere(tmp_path: Path, supervisor: Supervisor) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = Postgres(closed / "home", durable=False)
    place = Path(postgres.child().command[2]).parent
    try:
        supervisor.start(postgres.child())
        assert answers(postgres)
        assert not place.is_relative_to(closed)
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        supervisor.stop()
        erase(closed / "home")
    assert not place.exists()


def test_data_of_another_major_version_is_refused_with_a_way_out(tmp_path: Path, home: Path) -> None:
    version = Path(Postgres(home, durable=False).child().command[2]) / "PG_VERSION"
    present = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(ServiceError, match=r"belongs to PostgreSQL 9.*RESET=1"):
            Postgres(home, durable=False)
    finally:
        version.write_text(present)
