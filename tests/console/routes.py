"""Every route of the console, and who may use it. A route that is not in here fails `test_rights.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from desk.access import Scope

OPEN = None  # to whoever reaches the port


@dataclass(frozen=True, kw_only=True)
class Route:
    """`path`: as it is asked, with made-up parts. `form`: what a right form of it holds.

    `passes`: what it answers to somebody who may, when nothing else is wrong; also 404 for a part that is made up.
    """

    rule: str
    path: str
    scope: Scope | None
    method: str = "GET"
    form: Mapping[str, str] = field(default_factory=dict)
    passes: tuple[int, ...] = (200,)
    trading_password: bool = False


ROUTES = (
    Route(rule="/healthz", path="/healthz", scope=OPEN),
    Route(rule="/static/<path:filename>", path="/static/console.css", scope=OPEN),
    Route(rule="/login", path="/login", scope=OPEN, passes=(200, 302)),
    Route(rule="/login", path="/login", scope=OPEN, method="POST", passes=(403,)),
    Route(rule="/setup/<token>", path="/setup/nonsense", scope=OPEN, passes=(404,)),
    Route(rule="/setup/<token>", path="/setup/nonsense", scope=OPEN, method="POST", passes=(404,)),
    Route(rule="/look", path="/look", scope=OPEN, method="POST", passes=(302,)),
    Route(rule="/logout", path="/logout", scope=Scope.READ, method="POST", passes=(302,)),
    Route(rule="/", path="/", scope=Scope.READ),
)

# Blueprints that let in by themselves whom they know, and have their own tests.
BY_THEMSELVES = {"positions", "api_v2", "health"}
