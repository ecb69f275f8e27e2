"""The proxy spoils a conversation as it was told, and only so long."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from faults.doors import Doors
from portal.services.supervisor import Supervisor

WORDS = b"0123456789"
LONG, SHORT = 10.0, 0.3


def echo(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # closed: the test is over
            return
        threading.Thread(target=answer, args=[connection], daemon=True).start()


def answer(connection: socket.socket) -> None:
    with connection, suppress(ConnectionResetError):
        while piece := connection.recv(1024):
            connection.sendall(piece)


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    home: Path = tmp_path_factory.mktemp("doors")
    with socket.create_server(("127.0.0.1", 0)) as listener, Supervisor(home / "logs") as supervisor:
        threading.Thread(target=echo, args=[listener], daemon=True).start()
        doors = Doors(home, {"echo": (None, [listener.getsockname()[1]])})
        supervisor.start(doors.child())
        yield doors


@pytest.fixture
def line(doors: Doors) -> Iterator[socket.socket]:
    """A connection that was open before anything went wrong."""
    with connect(doors) as line:
        assert said(line) == WORDS
        yield line
    doors.tell("echo", kind="pass")


def connect(doors: Doors) -> socket.socket:
    return socket.create_connection(("127.0.0.1", doors.ports["echo"]), LONG)


def said(line: socket.socket, patience: float = LONG) -> bytes:
    """What comes back of what is said, until all of it did or the connection broke."""
    line.sendall(WORDS)
    return heard(line, patience)


def heard(line: socket.socket, patience: float = LONG) -> bytes:
    line.settimeout(patience)
    answer = b""
    try:
        while len(answer) < len(WORDS) and (piece := line.recv(1024)):
            answer += piece
    except (ConnectionResetError, TimeoutError):
        pass
    return answer


def begin(doors: Doors) -> None:
    """The reset may come before the connection is known to be there, or after."""
    with connect(doors) as line:
        line.recv(1)


def test_a_reset_breaks_open_connections_and_new_ones(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="reset")
    with pytest.raises(ConnectionResetError):
        line.recv(1)
    with pytest.raises(ConnectionResetError):
        begin(doors)


def test_what_a_blackhole_swallowed_arrives_when_it_ends(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="blackhole")
    assert said(line, SHORT) == b""
    doors.tell("echo", kind="pass")
    assert heard(line) == WORDS


def test_nobody_listens_at_a_refusing_door(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="refuse")
    with pytest.raises(ConnectionRefusedError):
        connect(doors)
    doors.tell("echo", kind="pass")
    with connect(doors) as other:
        assert said(other) == WORDS


def test_an_answer_is_cut_after_so_many_bytes_and_so_often(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="cut", after=4, count=1)
    assert said(line) == WORDS[:4]
    with connect(doors) as other:
        assert said(other) == WORDS
    assert doors.tell("echo", kind="pass") == 1


def test_a_dripping_answer_comes_whole_once_the_drip_ends(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="drip", rate=0.5)
    assert len(said(line, SHORT)) == 1
    doors.tell("echo", kind="pass")
    assert WORDS.endswith(heard(line, SHORT))


def test_a_delayed_answer_comes_late(doors: Doors, line: socket.socket):
    doors.tell("echo", kind="delay", seconds=60)
    assert said(line, SHORT) == b""
