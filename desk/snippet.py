"""Make the paste-ready JoinQuant files: those in joinquant/ with a strategy's address and secret filled in.

A result holds the secret: it goes to a file or a screen the user asked for, never to a log.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from desk.core.config import Config
from desk.core.wire import derive_keys
from desk.settings.loader import LOOPBACK

_FOLDER = Path(__file__).resolve().parent.parent / "joinquant"
TEMPLATE = _FOLDER / "gendan_header.py"
POSITIONS_TEMPLATE = _FOLDER / "gendan_positions.py"
_SIGNING = re.compile(r"    # --- 加密与签名 -+\n\n(.*?)    # --- 网络", re.DOTALL)
_SIGNING_PLACE = "    # @@SIGNING@@\n"
_PLACE = re.compile(r'"@@([A-Z]+)@@"')
_UNFIT = re.compile(r"[^\x21-\x7e]")


def local_address(config: Config) -> str:
    """The receiver's address as this PC reaches it."""
    host = config.listen_host if config.listen_host in LOOPBACK else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{config.listen_port}"


def fill(template: str, address: str, kid: str, secret: str, strategy_name: str) -> str:
    """Put the values into the template as Python literals, all in one pass; a value cannot become code or a place.

    Raises ValueError for an address, kid or secret that could not work.
    """
    derive_keys(kid, secret)
    parts = urlsplit(address if "://" in address else "http://" + address)
    if parts.scheme not in ("http", "https") or not parts.hostname or _UNFIT.search(address):
        raise ValueError("an address is like http://1.2.3.4:8888")
    if parts.port == 0 or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("an address is scheme, host, port and nothing secret")
    values = {"ADDRESS": address, "KID": kid, "SECRET": secret, "STRATEGY": strategy_name}
    if sorted(_PLACE.findall(template)) != sorted(values):
        raise ValueError("the template does not have each place once")
    return _PLACE.sub(lambda place: repr(values[place[1]]), template)


def render_positions(address: str, kid: str, secret: str, strategy_name: str) -> str:
    """Give the whole text of the position uploader: its own code with the header's way of signing.

    Raises ValueError for an address, kid or secret that could not work.
    """
    signing = _SIGNING.search(TEMPLATE.read_text(encoding="utf-8"))
    template = POSITIONS_TEMPLATE.read_text(encoding="utf-8")
    if signing is None or template.count(_SIGNING_PLACE) != 1:
        raise ValueError("the templates do not fit together")
    return fill(template.replace(_SIGNING_PLACE, signing[1].rstrip() + "\n"), address, kid, secret, strategy_name)


def render(address: str, kid: str, secret: str, strategy_name: str) -> str:
    """Give the whole text to paste on top of a strategy."""
    return fill(TEMPLATE.read_text(encoding="utf-8"), address, kid, secret, strategy_name)
