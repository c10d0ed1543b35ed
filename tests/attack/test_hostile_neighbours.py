"""Who answers at the public address, and who else uses this PC: neither ends the daemon nor steers it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from desk.broker.paper import PaperExchange, SyntheticFeed
from desk.broker.paper.server import PaperServer
from desk.cli.probing import Heard, probe
from desk.clock import SystemClock
from desk.core.config import AccountConfig
from tests.attack.hostile import Hostile
from tests.stand_in.clock import StandInClock


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    made = Hostile()
    yield made
    made.close()


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 4096, id="deep brackets"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n[]", id="a list"),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"ok":true,"proof":"\\ud800"}', id="half a character"),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"ok":true}', id="well, without a proof"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"9" * 4300, id="a long number"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n\xff", id="no text"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", id="no length"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", id="no status"),
        pytest.param(b"\x00" * 70_000, id="no answer"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_no_answer_at_the_public_address_ends_the_thread_that_asks(hostile: Hostile, says: bytes) -> None:
    # A thread that fails ends the daemon: whoever holds the tunnel could stop the trading.
    hostile.says = says
    assert probe(f"http://127.0.0.1:{hostile.port}", bytes(32), SystemClock()) is not Heard.OURS


def test_the_public_address_cannot_send_the_daemon_elsewhere(hostile: Hostile) -> None:
    elsewhere = Hostile()
    elsewhere.says = b'HTTP/1.1 200 OK\r\n\r\n{"ok": true}'
    target = f"http://127.0.0.1:{elsewhere.port}/"
    try:
        for code in (301, 302, 303, 307, 308):
            hostile.says = f"HTTP/1.1 {code} Moved\r\nLocation: {target}\r\n\r\n".encode()
            assert probe(f"http://127.0.0.1:{hostile.port}", bytes(32), SystemClock()) is Heard.STRANGER
        assert elsewhere.asked == 0
    finally:
        elsewhere.close()


@pytest.fixture
def exchange_server() -> Iterator[PaperServer]:
    clock = StandInClock()
    exchange = PaperExchange(
        store=None, clock_now=clock.now(), config=AccountConfig(name="甲"), feed=SyntheticFeed(1),
        is_trading_day=lambda _: True,
    )  # fmt: skip
    with PaperServer(exchange, clock) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()
    exchange.close()


@pytest.mark.parametrize(
    "greeting",
    [b"[" * 5000, b'{"token": "\xc3\xa9"}', b'{"token": null}', b'{"token": ["x"]}', b"", b"\xff", b"x" * 100_000],
)
def test_without_the_token_the_exchange_of_its_own_process_hangs_up_and_stays(
    exchange_server: PaperServer, greeting: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    address = exchange_server.server_address[:2]
    with socket.create_connection(address, timeout=10) as stranger:
        stranger.sendall(greeting + b"\n")
        with suppress(ConnectionError):  # it may have hung up already
            stranger.sendall(b'{"id": 1, "verb": "snapshot"}\n')
            assert stranger.recv(1000) == b""
    with socket.create_connection(address, timeout=10) as known, known.makefile("rwb") as line:
        for said in ({"token": exchange_server.token}, {"id": 2, "verb": "nonsense"}):
            line.write(json.dumps(said).encode() + b"\n")
            line.flush()
        assert json.loads(line.readline())["id"] == 2
    assert "Traceback" not in capfd.readouterr().err


def test_the_token_of_the_exchange_is_for_its_owner_alone(exchange_server: PaperServer, tmp_path: Path) -> None:
    file = tmp_path / "port.json"
    exchange_server.write_port_file(file)
    exchange_server.write_port_file(file)
    assert file.stat().st_mode & 0o077 == 0
