"""WeCom group robots (企业微信群机器人) on the wire: their names, their address, the post and who may see the token.

A robot is named by a hash of its token; the token appears in the request's address only.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

import requests

BODY_BYTES = 65536  # more of an answer is not read
PICTURE_BYTES = 2 * 1024 * 1024  # a larger one is refused; counted before it is encoded

Post = Callable[[str, Mapping[str, object], float], tuple[int, bytes]]  # address, document, seconds -> status, body
Spawn = Callable[[Callable[[], None]], None]  # runs a job beside the caller


def token_of(text: str) -> str:
    """Take the token out of what a user configured: the token itself or the robot's whole address."""
    found = re.search(r"[?&]key=([^&#\s]+)", text)
    return found.group(1) if found else text.strip()


def robot_of(token: str) -> str:
    """Name a robot for outbox, logs and people, without telling its token."""
    return hashlib.sha256(f"gendan robot {token_of(token)}".encode()).hexdigest()[:10]


def address(base_url: str, token: str) -> str:
    """Make the address that a robot is posted to; it holds the token and is never shown."""
    return f"{base_url.rstrip('/')}/cgi-bin/webhook/send?key={quote(token_of(token), safe='')}"


def text_message(text: str) -> dict[str, object]:
    return {"msgtype": "text", "text": {"content": text}}


def picture_message(content: bytes) -> dict[str, object]:
    """The message that is a picture, PNG or JPEG."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return {"msgtype": "image", "image": {"base64": b64encode(content).decode(), "md5": digest}}


def post_json(url: str, document: Mapping[str, object], timeout: float) -> tuple[int, bytes]:
    """POST a JSON document, return status and body; redirects are not followed, `timeout` is seconds per socket wait.

    Errors of requests quote the address: the caller shows their kind only.
    """
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1")  # no proxy to ourselves
        with session.post(url, json=document, timeout=timeout, allow_redirects=False, stream=True) as response:
            return response.status_code, response.raw.read(BODY_BYTES, decode_content=True)


def in_thread(job: Callable[[], None]) -> None:
    """Run a post beside the messenger; a daemon thread, so that a hanging peer keeps no process alive."""
    threading.Thread(target=job, name="messenger-post", daemon=True).start()


def hide(text: str) -> str:
    """Blot out the token of every address in a text."""
    return re.sub(r"key=[^\s&\"')]+", "key=***", text)


class _HideKey(logging.Filter):
    """Keep tokens out of urllib3's own log lines, which quote the request's path."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hide(record.getMessage()), ()
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_HideKey())
