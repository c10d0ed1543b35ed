"""WeCom's group robots as they answer: 20 messages in any minute, 2,048 bytes a text, errors as HTTP 200 + errcode.

`Robots` is the behaviour on an injected clock; `serve` puts it behind a real HTTP port of this machine.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
PER_MINUTE = 20
PICTURE_BYTES = 2 * 1024 * 1024

HANG = "hang"  # take the request, never answer
LOST = "lost"  # deliver, then cut the connection before the answer
CUT = "cut"  # cut the connection, deliver nothing
PAGE = "page"  # HTTP 200 with a proxy's page


class Hung(Exception):
    """No answer will come."""


class Cut(Exception):
    """The connection ends without an answer."""


class Robots:
    """Robots by token. `script(token, …)` queues what the next requests meet: an errcode, 'http 502', HANG, LOST …"""

    def __init__(self, monotonic: Callable[[], float], tokens: tuple[str, ...] = ("T1",)) -> None:
        self._monotonic = monotonic
        self.texts: dict[str, list[str]] = {token: [] for token in tokens}  # what the group has seen
        self.pictures: dict[str, list[bytes]] = {token: [] for token in tokens}
        self.requests: dict[str, int] = {}
        self.too_fast = 0  # how often the limit was exceeded
        self.too_long = 0
        self.text_bytes = TEXT_BYTES
        self.down = False  # an outage: every connection is cut
        self.refuses = ""  # a text that holds this is refused as content
        self._times: dict[str, deque[float]] = {token: deque() for token in tokens}
        self._scripts: dict[str, deque[int | str]] = {token: deque() for token in tokens}
        self._lock = threading.Lock()

    def script(self, token: str, *meets: int | str) -> None:
        self._scripts[token].extend(meets)

    def answer(self, target: str, body: bytes) -> tuple[int, bytes]:
        """Answer a POST to `target` (path and query); raises Hung or Cut where no answer comes."""
        with self._lock:
            return self._answer(target, body)

    def _answer(self, target: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        token = parse_qs(parts.query).get("key", [""])[0]
        self.requests[token] = self.requests.get(token, 0) + 1
        if self.down:
            raise Cut
        if parts.path != "/cgi-bin/webhook/send":
            return 404, b"not found"
        if token not in self.texts:
            return _says(93000, f"invalid webhook url, hint: key={token}")
        meets = self._scripts[token].popleft() if self._scripts[token] else 0
        if meets == HANG:
            raise Hung
        if meets == CUT:
            raise Cut
        if meets == PAGE:
            return 200, b"<html>please sign in</html>"
        if isinstance(meets, str) and meets.startswith("http "):
            return int(meets[5:]), b"upstream trouble"
        if isinstance(meets, int) and meets != 0:
            return _says(meets, "scripted")
        code = self._take(token, json.loads(body))
        if meets == LOST and code == 0:
            raise Cut
        return _says(code, "ok" if code == 0 else "refused")

    def _take(self, token: str, document: Mapping[str, object]) -> int:
        kind = document.get("msgtype")
        inner = document.get(str(kind))
        if kind not in ("text", "markdown", "image") or not isinstance(inner, dict):
            return 40008
        picture = base64.b64decode(inner["base64"], validate=True) if kind == "image" else b""
        text = "" if kind == "image" else inner["content"]
        if kind == "image" and not _right(picture, inner["md5"]):
            return 40009
        if kind != "image" and not text.strip():
            return 44004
        if len(text.encode()) > (self.text_bytes if kind == "text" else MARKDOWN_BYTES):
            self.too_long += 1
            return 40058
        mono, times = self._monotonic(), self._times[token]
        while times and mono - times[0] >= 60:
            times.popleft()
        if len(times) >= PER_MINUTE:
            self.too_fast += 1
            return 45009
        times.append(mono)
        if self.refuses and self.refuses in text:
            return 40035
        if kind == "image":
            self.pictures[token].append(picture)
        else:
            self.texts[token].append(text)
        return 0


def _right(picture: bytes, md5: str) -> bool:
    """A PNG of a size that is taken, with its digest."""
    known = picture.startswith(b"\x89PNG") and len(picture) <= PICTURE_BYTES
    return known and hashlib.md5(picture, usedforsecurity=False).hexdigest() == md5


def _says(code: int, text: str) -> tuple[int, bytes]:
    return 200, json.dumps({"errcode": code, "errmsg": text}).encode()


@contextmanager
def serve(robots: Robots) -> Iterator[str]:
    """Serve the robots on a free port; yields the base URL. Requests that hang are let go at the end."""
    let_go = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            try:
                status, answer = robots.answer(self.path, body)
            except Hung:
                let_go.wait(30)
                self.close_connection = True
                return
            except Cut:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()
