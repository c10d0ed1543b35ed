"""300 peers who hold connections and say little: a signed event is acknowledged beside them, and they do not stay.

The bound of one second is the requirement's own; it is held by the median of five events, for one sync of a shared disk
may take longer than that whoever is connected.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import pytest

import Receiver as door
from desk.clock import SystemClock
from tests.stand_in.post import Post
from tests.stand_in.programs import Postman, Program, bought, make_home, sender

CROWD = 300
BOUND_S = 1.0
PATIENCE_S = 30.0
HEADER = b"POST /api/order HTTP/1.1\r\nHost: x\r\n"

KINDS = {
    "idle": b"",
    "slow headers": HEADER + b"X-A: ",
    "slow bodies": HEADER + b"Content-Length: 400\r\n\r\n{",
    "slow chunks": HEADER + b"Transfer-Encoding: chunked\r\n\r\n190\r\n{",
    "oversized bodies": HEADER + b"Content-Length: 4000000\r\n\r\n" + b"x" * 1000,
    "answers not fetched": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 3,
}


@contextmanager
def crowd(port: int, says: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as open_:
        found = []
        for _ in range(CROWD):
            sock = open_.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
            sock.sendall(says)
            found.append(sock)
        yield found


def drip(peers: list[socket.socket]) -> None:
    for peer in peers:
        peer.sendall(b"a")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    home = tmp_path_factory.mktemp("home")
    with Program(home, port=make_home(home)) as running:
        running.start()
        yield running
        assert running.stop() == 0


@pytest.mark.parametrize(("number", "kind"), list(enumerate(KINDS)), ids=[*KINDS])
def test_beside_300_slow_sockets_a_signed_event_is_acknowledged_in_under_a_second(
    program: Program, number: int, kind: str
) -> None:
    clock, strategy, took = SystemClock(), sender(), []
    strategy._made = 100 * number  # each kind's bodies are others
    with crowd(program.port, KINDS[kind]) as peers:
        for event in range(1, 6):
            if kind.startswith("slow"):
                drip(peers)
            body = bought(strategy, 100 + 10 * number + event)
            postman = Postman(program.port, strategy)
            begun = clock.monotonic()
            status, answer, _ = postman.post(body)
            took.append(clock.monotonic() - begun)
            postman.close()
            assert status == 200
            assert strategy.read_ack(body, answer)[0] == "accepted"
    print(f"{kind}: median {median(took) * 1000:.1f} ms, slowest {max(took) * 1000:.1f} ms")
    assert median(took) < BOUND_S


def ended(sock: socket.socket) -> bool:
    """Wait for the server to close the connection."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    return True


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.journal.close()


@pytest.mark.parametrize("kind", ["idle", "slow headers", "slow bodies", "slow chunks"])
def test_300_slow_sockets_are_let_go_at_their_deadline_however_they_drip(post: Post, kind: str) -> None:
    stop = threading.Event()
    server = door.open_door(door.make_app(post.receiver), "127.0.0.1", 0, clock=post.clock)
    serving = threading.Thread(target=server.run, args=(stop,))
    serving.start()
    try:
        with crowd(server.port, KINDS[kind]) as peers:
            acknowledged(post, server.port, 1)
            post.clock.advance(10)
            if kind != "idle":
                drip(peers)
            acknowledged(post, server.port, 2)
            post.clock.advance(50 if kind == "idle" else 6)
            assert all(ended(peer) for peer in peers)
            acknowledged(post, server.port, 3)
    finally:
        stop.set()
        serving.join(PATIENCE_S)
    assert len(post.journal.undecided_events()) == 3


def acknowledged(post: Post, port: int, seq: int) -> None:
    postman, body = Postman(port, post.sender), post.order(seq)
    status, answer, _ = postman.post(body)
    postman.close()
    assert status == 200
    assert post.sender.read_ack(body, answer) == ("accepted", seq + 1)
