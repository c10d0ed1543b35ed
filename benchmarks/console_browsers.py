"""Browsers on the console: tabs that listen to its stream and fetch themselves anew as console.js does; one reloads."""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from benchmarks.figures import percentile

PASSWORD = "ein langes Kennwort"
PEOPLE = ("anna", "bert", "cleo")  # two with two browsers of three tabs each, one who reloads
RELOADED = ("/", "/signals", "/orders")
TABS = (
    *("/", "/signals", "/orders", "/holdings", "/orders/fills", "/strategies"),
    *("/links", "/messages", "/returns", "/waiting", "/risk", "/trade"),
)
_OF_A_LOGIN = 3
_EVERY_TOLD_S, _APART_S = 10.0, 1.0  # as in console.js
_BACKGROUND = {"X-Background": "1"}
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(slots=True)
class Seen:
    """What one tab has come to; lists only grow, so that other threads may read them."""

    streams: int = 0
    told: int = 0
    took: list[float] = field(default_factory=list)  # seconds of each page
    bytes: int = 0
    wrong: list[str] = field(default_factory=list)


class Browser:
    """One login. Used by one thread at a time, except for `headers`."""

    def __init__(self, port: int, name: str) -> None:
        self.port = port
        self._cookie = ""
        line = HTTPConnection("127.0.0.1", port, timeout=30)
        token = _TOKEN.search(self._ask(line, "GET", "/login").decode())
        assert token is not None
        form = urlencode({"name": name, "password": PASSWORD, "csrf_token": token[1]})
        self._ask(line, "POST", "/login", form, {"Content-Type": "application/x-www-form-urlencoded"})
        line.close()

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": self._cookie}

    def _ask(self, line: HTTPConnection, method: str, path: str, body: str = "", more: Any = None) -> bytes:
        line.request(method, path, body or None, {**self.headers, **(more or {})})
        answer = line.getresponse()
        text = answer.read()
        if answer.status not in (200, 302):
            raise RuntimeError(f"{method} {path} was answered {answer.status}")
        if set_ := answer.getheader("Set-Cookie"):
            self._cookie = set_.partition(";")[0]
        return text

    def stream(self) -> socket.socket | None:
        """A new stream of news, its greeting read; None where the console gives none."""
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        sock.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n{head}\r\n".encode())
        got = b""
        while b"retry:" not in got:
            piece = sock.recv(4096)
            got += piece
            if not piece or not got.startswith(b"HTTP/1.1 200"[: len(got)]):
                sock.close()
                return None
        return sock


class _Page(threading.Thread):
    def __init__(self, browser: Browser, seen: Seen, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.browser, self.seen, self.over = browser, seen, over
        self._line = HTTPConnection("127.0.0.1", browser.port, timeout=30)

    def fetch(self, path: str, more: dict[str, str] | None = None) -> None:
        begun = time.perf_counter()
        self._line.request("GET", path, headers={**self.browser.headers, **(more or {})})
        answer = self._line.getresponse()
        text = answer.read()
        self.seen.took.append(time.perf_counter() - begun)
        self.seen.bytes += len(text)
        if answer.status != 200 or b"<main" not in text:
            self.seen.wrong.append(f"{path} was answered {answer.status}")


class Tab(_Page):
    """An open page: told that something has changed, it fetches itself anew, at most once a second."""

    def __init__(self, browser: Browser, path: str, seen: Seen, over: threading.Event) -> None:
        super().__init__(browser, seen, over)
        self._path = path

    def run(self) -> None:
        self.fetch(self._path)
        stream = self.browser.stream()
        if stream is None:
            self.seen.wrong.append(f"no stream for {self._path}")
            return
        self.seen.streams = 1
        not_before, due, rest = 0.0, time.monotonic() + _EVERY_TOLD_S, b""
        while not self.over.is_set():
            readable, _, _ = select.select([stream], [], [], max(0.0, min(0.2, due - time.monotonic())))
            if readable:
                piece = stream.recv(65536)
                if not piece:
                    self.seen.wrong.append(f"the stream of {self._path} ended")
                    break
                *lines, rest = (rest + piece).split(b"\n")
                if changed := lines.count(b"event: changed"):
                    self.seen.told += changed
                    due = max(time.monotonic(), not_before)
            now = time.monotonic()
            if now >= due:
                not_before, due = now + _APART_S, now + _EVERY_TOLD_S
                self.fetch(self._path, _BACKGROUND)
        stream.close()


class Reloader(_Page):
    """A person who reloads one page after the other without a pause; each listens anew."""

    def run(self) -> None:
        paths = deque(RELOADED)
        while not self.over.is_set():
            self.fetch(paths[0])
            paths.rotate(-1)
            stream = self.browser.stream()
            if stream is None:
                self.seen.wrong.append("no stream for a page that was reloaded")
            else:
                stream.close()


def _await_port(port: int) -> None:
    """The console's process starts when the daemon runs already."""
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Browsers:
    """Logs in once, at the first opening."""

    def __init__(self) -> None:
        self._browsers: list[Browser] = []
        self._pages: list[_Page] = []
        self._over = threading.Event()
        self._begun = 0.0

    def open(self, port: int) -> int:
        """Open all tabs and begin to reload; how many streams are open."""
        if not self._browsers:
            _await_port(port)
            self._browsers = [Browser(port, name) for name in (*PEOPLE[:2], *PEOPLE)]
        self._over = threading.Event()
        self._pages = [
            Tab(self._browsers[number // _OF_A_LOGIN], path, Seen(), self._over) for number, path in enumerate(TABS)
        ]
        for page in self._pages:
            page.start()
        until = time.monotonic() + 30
        while sum(page.seen.streams for page in self._pages) < len(TABS) and time.monotonic() < until:
            time.sleep(0.05)
        streams = sum(page.seen.streams for page in self._pages)
        for page in self._pages:
            page.seen.took.clear()
        self._begun = time.monotonic()
        self._pages.append(Reloader(self._browsers[-1], Seen(), self._over))
        self._pages[-1].start()
        return streams

    def close(self) -> dict[str, Any]:
        """Close them all; what came of them since they were open."""
        seconds = time.monotonic() - self._begun
        self._over.set()
        for page in self._pages:
            page.join(60)
        *tabs, reloader = (page.seen for page in self._pages)
        took = [one for seen in tabs for one in seen.took]
        return {
            "told": sum(seen.told for seen in tabs),
            "fetched": len(took) / seconds,
            "fetch_s": percentile(took, 0.5) if took else 0.0,
            "reloaded": len(reloader.took) / seconds,
            "reload_s": percentile(reloader.took, 0.5) if reloader.took else 0.0,
            "wrong": [text for seen in (*tabs, reloader) for text in seen.wrong],
        }
