"""The probe against what may stand at a public address: only the proof of this very nonce counts, and nothing hangs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest

from desk.cli import probing
from desk.cli.probing import MAX_ANSWER_BYTES, Heard, probe
from desk.clock import SystemClock
from desk.core.probe import probe_key, prove, proves
from tests.stand_in.clock import StandInClock
from tests.stand_in.relay import HALF_OPEN, LOST_ANSWER, REFUSED, Relay

KEY = probe_key(["gd2_one", "gd2_two"]) or b""
OTHER = probe_key(["gd2_three"]) or b""
NONCE = "0123456789abcdef" * 2


@contextmanager
def server(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """A port at which each request's head is answered with these bytes, then closed."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            with closing(connection):
                head = b""
                while b"\r\n\r\n" not in head:
                    got = connection.recv(4096)
                    if not got:
                        break
                    head += got
                if not head:
                    return
                try:
                    connection.sendall(answer(head))
                except OSError:
                    continue  # it had heard enough

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield port
    finally:
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join(10)
        listener.close()


def said(body: bytes, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), more, body)


def nonce_of(head: bytes) -> str:
    return head.split(b"nonce=")[1].split(b" ")[0].decode()


def honest(head: bytes, key: bytes = KEY) -> bytes:
    return said(b'{"ok":true,"proof":"%s"}' % (prove(key, nonce_of(head)) or "").encode())


def ask(port: int, path: str = "") -> Heard:
    return probe(f"http://127.0.0.1:{port}{path}", KEY, SystemClock())


def test_the_proof_of_the_nonce_is_ours() -> None:
    with server(honest) as port:
        assert ask(port) is Heard.OURS


def test_each_probe_asks_for_another_nonce() -> None:
    heads: list[bytes] = []

    def note(head: bytes) -> bytes:
        heads.append(head)
        return honest(head)

    with server(note) as port:
        assert [ask(port), ask(port)] == [Heard.OURS] * 2
    assert nonce_of(heads[0]) != nonce_of(heads[1])


def test_an_answer_of_an_earlier_probe_does_not_count_again() -> None:
    old: list[bytes] = []

    def replay(head: bytes) -> bytes:
        old.append(honest(head))
        return old[0]

    with server(replay) as port:
        assert [ask(port), ask(port)] == [Heard.OURS, Heard.STRANGER]


@pytest.mark.parametrize(
    "answer",
    [
        lambda head: honest(head, OTHER),
        lambda head: said(b'{"ok":true}'),
        lambda head: said(b"<html>please sign in</html>"),
        lambda head: said(b'{"ok":true,"proof":"' + nonce_of(head).encode() + b'"}'),  # echoes
        lambda head: honest(head).replace(b"200 OK", b"503 Service Unavailable"),
        lambda head: said(b"", b"302 Found", b"Location: http://127.0.0.1:1/\r\n"),
        lambda head: b"SSH-2.0-OpenSSH_9.6\r\n",
        lambda head: said(b"[" * 7000),
        lambda head: said(b'{"ok":true,"proof":"\\ud800"}'),
        lambda head: said(b"[]"),
        lambda head: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n{}",
        lambda head: b"HTTP/1.1 100 Continue\r\n\r\n" * 100,
        lambda head: said(b" " * 3_000_000),
    ],
    ids=[
        *("other_key", "plain_health", "captive_portal", "echo", "error", "redirect", "ssh", "nested", "surrogate"),
        *("array", "many_headers", "endless_continue", "large"),
    ],
)
def test_whatever_else_answers_is_a_stranger(answer: Callable[[bytes], bytes]) -> None:
    with server(answer) as port:
        assert ask(port) is Heard.STRANGER


def test_no_more_is_read_than_an_answer_needs() -> None:
    with server(lambda head: b"x" * 3_000_000) as port:
        assert ask(port) is Heard.STRANGER
        clock = SystemClock()
        raw = probing._get(urlsplit(f"http://127.0.0.1:{port}"), NONCE, clock, clock.monotonic() + 60)
    assert len(raw) < MAX_ANSWER_BYTES + 4096


@pytest.mark.parametrize("trouble", [REFUSED, LOST_ANSWER])
def test_a_connection_that_ends_without_a_word_is_nobody(trouble: object) -> None:
    with server(honest) as port, Relay(port, [trouble]) as relay:  # type: ignore[list-item]
        assert [ask(relay.port), ask(relay.port)] == [Heard.NOBODY, Heard.OURS]


def test_a_half_open_line_is_nobody_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "ANSWER_S", 0.2)
    with server(honest) as port, Relay(port, [HALF_OPEN]) as relay:
        assert ask(relay.port) is Heard.NOBODY


def test_an_answer_that_drips_gets_no_more_than_the_whole_deadline() -> None:
    clock = StandInClock()

    def drip(head: bytes) -> bytes:
        clock.advance(probing.ANSWER_S)
        return b"HTTP/1.1 200 OK\r\n"

    with server(drip) as port:
        assert probe(f"http://127.0.0.1:{port}", KEY, clock) is Heard.NOBODY


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "http://", "http://名字..:80", "http://[::1"])
def test_an_address_that_leads_nowhere_is_nobody(address: str) -> None:
    assert probe(address, KEY, SystemClock()) is Heard.NOBODY


def test_the_health_page_stands_beside_the_path_that_signals_go_to() -> None:
    heads: list[bytes] = []

    def note(head: bytes) -> bytes:
        heads.append(head)
        return honest(head)

    with server(note) as port:
        assert ask(port, "/api/order") is ask(port, "/gendan/api/order") is Heard.OURS
    assert [head.split(b"?")[0] for head in heads] == [b"GET /healthz", b"GET /gendan/healthz"]


def test_the_key_is_of_all_secrets_in_any_order_and_of_nothing_else() -> None:
    assert probe_key(["b", "a", "b", ""]) == probe_key(["a", "b"])
    assert len({probe_key(some) for some in (["a"], ["ab"], ["a", "b"], ["b"])}) == 4
    assert probe_key([]) is probe_key([""]) is None


@pytest.mark.parametrize(
    "nonce", ["", NONCE[:-1], NONCE + "0", NONCE.upper(), NONCE[:-1] + "g", NONCE[:-1] + "\n", "０" * 32]
)
def test_only_nonces_are_signed(nonce: str) -> None:
    assert prove(KEY, nonce) is None
    assert not proves(KEY, nonce, "")
