"""Make the paste-ready JoinQuant header: the one file in joinquant/ with a strategy's address and secret filled in.

The result holds the secret: it goes to a file or a screen the user asked for, never to a log.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from desk.core.wire import derive_keys

TEMPLATE = Path(__file__).resolve().parent.parent / "joinquant" / "gendan_header.py"
_PLACE = re.compile(r'"@@([A-Z]+)@@"')
_UNFIT = re.compile(r"[^\x21-\x7e]")


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


def render(address: str, kid: str, secret: str, strategy_name: str) -> str:
    """Give the whole text to paste on top of a strategy."""
    return fill(TEMPLATE.read_text(encoding="utf-8"), address, kid, secret, strategy_name)
