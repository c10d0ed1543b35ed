"""Every byte costs about a millisecond on JoinQuant's uplink: the budget of WIRE.md, counted on a socket."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from desk.core import wire
from tests.joinquant.jq_stub import LimitOrderStyle, Position
from tests.joinquant.pasted import KID, SECRET, Receiver, Strategy, http_receiver

LONGEST_ADDRESS = "123.123.123.123:12345"


@contextmanager
def counted() -> Iterator[tuple[str, list[bytes], list[int]]]:
    """A socket that keeps each request's raw bytes, answers signed, and says how many connections it took."""
    keys, requests, connections = wire.derive_keys(KID, SECRET), [], []  # type: ignore[var-annotated]
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(1)
            with closing(connection):
                connection.settimeout(10)
                rest = b""
                while True:
                    while b"\r\n\r\n" not in rest:
                        got = connection.recv(65536)
                        if not got:
                            break
                        rest += got
                    if not rest:
                        break
                    head, _, body = rest.partition(b"\r\n\r\n")
                    size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                    while len(body) < size:
                        body += connection.recv(65536)
                    requests.append(head + b"\r\n\r\n" + body[:size])
                    rest = body[size:]
                    ack = wire.make_ack(wire.parse_envelope(body[:size]), keys, "accepted", 2)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ack), ack))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests, connections
    finally:
        # Closing does not wake a blocked accept on every system: a last connection does.
        with closing(socket.create_connection(listener.getsockname())):
            listener.close()
        thread.join(10)


@contextmanager
def over(address: str) -> Iterator[Strategy]:
    """A strategy whose own connection speaks to the address; closed at the end, which lets the other side go."""
    strategy = Strategy(address=address)
    strategy.gendan.line = strategy.real_line
    with closing(strategy.real_line):
        yield strategy


def on_the_wire(request: bytes, address: str) -> int:
    """Bytes of the request if the address were the longest one an IPv4 user can have."""
    return len(request) + len(LONGEST_ADDRESS) - len(address.removeprefix("http://"))


def test_the_first_vectors_order_takes_at_most_420_bytes() -> None:
    with counted() as (address, requests, _), over(address) as strategy:
        strategy.names["order"]("000001.XSHE", 9400)  # without a context: the vector's fields and nothing more
        assert strategy.spool == []
    assert on_the_wire(requests[0], address) <= 420


def test_an_order_with_limit_and_equity_takes_at_most_460_bytes() -> None:
    with counted() as (address, requests, connections), over(address) as strategy:
        strategy.jq.context.portfolio.positions["000001.XSHE"] = Position(9400)
        strategy.call("order", "000001.XSHE", 9400, LimitOrderStyle(10.51))
        strategy.call("order", "000001.XSHE", 9400)
        assert strategy.spool == [] and len(connections) == 1  # kept alive
    event = wire.parse_events(
        wire.open_envelope(
            wire.parse_envelope(requests[0].partition(b"\r\n\r\n")[2]), wire.derive_keys(KID, SECRET)
        )
    )[0].content
    assert event is not None and "limit=Decimal('10.51')" in repr(event) and "equity=Decimal" in repr(event)
    first, second = (on_the_wire(request, address) for request in requests)
    assert first <= 460 and second <= 420


def test_the_connection_is_opened_again_when_the_other_side_closed_it() -> None:
    receiver = Receiver()
    with http_receiver(receiver) as address, over(address) as strategy:
        strategy.call("order", "000001.XSHE", 100)
        strategy.gendan.line.sock.shutdown(socket.SHUT_RDWR)
        strategy.call("order", "000001.XSHE", 200)
    assert strategy.spool == [] and [event["a"] for event in receiver.events()] == [100, 200]


def test_an_answer_that_drips_ends_with_the_budget() -> None:
    """The far end sends a byte whenever it is asked for one; only the deadline ends it."""
    post_once = type(Strategy().real_line).post_once
    reader_class = dict(zip(post_once.__code__.co_freevars, post_once.__closure__, strict=True))["DeadlineReader"]
    moments = iter(range(100))

    class Dripping:
        def settimeout(self, seconds: float) -> None:
            assert seconds > 0

        def recv_into(self, into: memoryview) -> int:
            into[:1] = b"H"
            return 1

    reader = reader_class.cell_contents(Dripping(), 3, lambda: next(moments))
    with pytest.raises(OSError, match="timed out"):
        reader.makefile("rb").readline()


def test_nobody_at_the_address_is_no_more_than_a_spooled_signal() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with over(f"http://127.0.0.1:{port}") as strategy:
        assert strategy.call("order", "000001.XSHE", 100).filled == 100
    assert len(strategy.spool) == 1 and "ConnectionRefusedError" in strategy.said("error")
