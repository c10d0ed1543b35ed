"""The receiver's port under made-up requests: a declared answer or a closed connection, and the next event is taken."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import Receiver as door
from tests.attack.fuzz import BODIES, HEADERS, MARKS, METHODS, VERSIONS, changed, examples, scratch
from tests.stand_in.post import Post
from tests.stand_in.programs import Postman

pytestmark = MARKS

DECLARED = {200, 400, 401, 403, 404, 405, 409, 413, 429}
PATHS = st.sampled_from(
    (
        b"/api/order",
        b"/healthz",
        b"/",
        b"//",
        b"*",
        b"http://[",
        b"/%00",
        b"/%ff",
        b"/../x",
        b"/\xff",
        b"http://h/api/order",
        b"/api/order?x",
        b"/" + b"a" * 20_000,
    )
)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Post, int]]:
    stop = threading.Event()
    with scratch() as folder:
        post = Post(Path(folder))
        server = door.open_door(door.make_app(post.receiver), "127.0.0.1", 0, clock=post.clock)
        serving = threading.Thread(target=server.run, args=(stop,))
        serving.start()
        yield post, server.port
        stop.set()
        serving.join(30)
        post.journal.close()


sequence = itertools.count(1)


@given(data=st.data())
@examples(80)
def test_any_request_is_answered_as_declared_and_the_next_event_is_taken(
    served: tuple[Post, int], data: st.DataObject
) -> None:
    post, port = served
    start = b" ".join((data.draw(METHODS), data.draw(PATHS), data.draw(VERSIONS)))
    headers = data.draw(st.lists(HEADERS, max_size=4))
    request = b"\r\n".join((start, *headers, b"", b"")) + data.draw(BODIES)
    request = data.draw(st.just(request) | changed(request))
    said = b""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sock:
        with suppress(OSError):  # refused midway, and closed: a reset, a broken pipe, or no longer connected
            sock.sendall(request)
            sock.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            while piece := sock.recv(65536):
                said += piece
    statuses = [int(line[9:12]) for line in said.split(b"\r\n") if line.startswith(b"HTTP/1.")]
    assert {status for status in statuses if status != 100} <= DECLARED, said
    number = next(sequence)
    postman, body = Postman(port, post.sender), post.order(number)
    status, answer, _ = postman.post(body)
    postman.close()
    assert status == 200
    assert post.sender.read_ack(body, answer) == ("accepted", number + 1)
