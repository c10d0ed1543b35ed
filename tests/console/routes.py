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
    by_login: bool = False  # not with a key
    asks: str = ""  # which password the form holds: trading | login


ROUTES = (
    Route(rule="/healthz", path="/healthz", scope=OPEN),
    Route(rule="/static/<path:filename>", path="/static/console.css", scope=OPEN),
    Route(rule="/login", path="/login", scope=OPEN, passes=(200, 302)),
    Route(rule="/login", path="/login", scope=OPEN, method="POST", passes=(403,)),
    Route(rule="/setup/<token>", path="/setup/nonsense", scope=OPEN, passes=(404,)),
    Route(rule="/setup/<token>", path="/setup/nonsense", scope=OPEN, method="POST", passes=(404,)),
    Route(rule="/look", path="/look", scope=OPEN, method="POST", passes=(302,)),
    Route(rule="/logout", path="/logout", scope=Scope.READ, method="POST", passes=(302,), by_login=True),
    Route(rule="/", path="/", scope=Scope.READ),
    Route(
        rule="/watch", path="/watch", scope=Scope.READ, method="POST", form={"symbol": "000001"}, passes=(302,),
        by_login=True,
    ),
    Route(rule="/signals", path="/signals", scope=Scope.READ),
    Route(rule="/signals/<signal>", path="/signals/nonsense", scope=Scope.READ, passes=(302,)),
    Route(rule="/orders", path="/orders", scope=Scope.READ),
    Route(rule="/orders/fills", path="/orders/fills", scope=Scope.READ),
    Route(rule="/orders/cancel-all", path="/orders/cancel-all", scope=Scope.TRADE, method="POST", passes=(302,)),
    Route(rule="/orders/<order>/cancel", path="/orders/o1/cancel", scope=Scope.TRADE, method="POST", passes=(302,)),
    Route(
        rule="/orders/<order>/resolve", path="/orders/o1/resolve",
        scope=Scope.TRADE, method="POST", form={"how": "absent"}, passes=(302,), asks="trading",
    ),
    Route(rule="/events", path="/events", scope=Scope.READ),
    Route(rule="/messages", path="/messages", scope=Scope.READ),
    Route(
        rule="/messages/<int(max=9007199254740991):number>/again", path="/messages/999999/again",
        scope=Scope.TRADE, method="POST", passes=(302,),
    ),
    Route(rule="/links", path="/links", scope=Scope.READ),
    Route(
        rule="/links/<account>/connect", path="/links/主账户/connect",
        scope=Scope.TRADE, method="POST", form={"back": "overview"}, passes=(302,),
    ),
    Route(rule="/returns", path="/returns", scope=Scope.READ),
    Route(rule="/log", path="/log", scope=Scope.ADMIN),
    Route(rule="/adjustments", path="/adjustments", scope=Scope.READ),
    *(
        Route(
            rule=f"/adjustments{what}", path=f"/adjustments{what}", scope=Scope.TRADE, method="POST",
            form=form, passes=(302,), asks="trading",
        )
        for what, form in (("", {"code": "x"}), ("/remove", {"symbol": "x"}))
    ),
    Route(
        rule="/adjustments/password", path="/adjustments/password", scope=Scope.ADMIN, method="POST",
        form={"fresh": "kurz", "again": "kurz"}, passes=(302,), by_login=True, asks="login",
    ),
    Route(rule="/settings", path="/settings", scope=Scope.ADMIN),
    Route(
        rule="/settings/<name>", path="/settings/follow", scope=Scope.ADMIN, method="POST",
        form={"委托等待秒数": "6"}, passes=(302,), asks="trading",
    ),
    Route(
        rule="/settings/back/<int(max=9007199254740991):number>", path="/settings/back/1",
        scope=Scope.ADMIN, method="POST", passes=(302,), asks="trading",
    ),
    Route(
        rule="/messages/silenced", path="/messages/silenced", scope=Scope.ADMIN, method="POST",
        form={"kind": "fill"}, passes=(302,), asks="trading",
    ),
    Route(rule="/messages/test", path="/messages/test", scope=Scope.TRADE, method="POST", passes=(302,)),
    Route(rule="/audit", path="/audit", scope=Scope.ADMIN),
    Route(rule="/halt", path="/halt", scope=Scope.TRADE),
    Route(
        rule="/halt", path="/halt", scope=Scope.TRADE, method="POST",
        form={"grade": "stop", "reason": "试"}, passes=(302,), asks="trading",
    ),
    Route(
        rule="/halt/lift", path="/halt/lift", scope=Scope.TRADE, method="POST",
        form={"reason": "试"}, passes=(302,), asks="trading",
    ),
    Route(rule="/account", path="/account", scope=Scope.READ, by_login=True),
    *(
        Route(
            rule=f"/account/{what}", path=f"/account/{what}", scope=scope, method="POST",
            form=form, passes=(302,), by_login=True, asks="login",
        )
        for what, scope, form in (
            ("password", Scope.READ, {"fresh": "kurz", "again": "kurz"}),
            ("trading-password", Scope.TRADE, {"fresh": "kurz", "again": "kurz"}),
            ("second-factor", Scope.READ, {"code": "000000"}),
            ("second-factor/off", Scope.READ, {}),
        )
    ),
    Route(rule="/account/second-factor", path="/account/second-factor", scope=Scope.READ, by_login=True),
    Route(
        rule="/account/logins/<int:login_id>/end", path="/account/logins/999999/end",
        scope=Scope.READ, method="POST", passes=(404,), by_login=True,
    ),
    Route(
        rule="/account/logins/end-others", path="/account/logins/end-others",
        scope=Scope.READ, method="POST", passes=(302,), by_login=True,
    ),
    Route(rule="/keys", path="/keys", scope=Scope.READ, by_login=True),
    Route(
        rule="/keys", path="/keys", scope=Scope.READ, method="POST",
        form={"name": "试", "scope": "read"}, by_login=True, asks="login",
    ),
    Route(
        rule="/keys/<int:key_id>/revoke", path="/keys/999999/revoke",
        scope=Scope.READ, method="POST", passes=(404,), by_login=True,
    ),
    Route(rule="/keys/signed", path="/keys/signed", scope=Scope.ADMIN, by_login=True),
    Route(
        rule="/keys/signed", path="/keys/signed", scope=Scope.ADMIN, method="POST",
        form={"client_id": "<b>"}, passes=(302,), by_login=True, asks="login",
    ),
    Route(
        rule="/keys/signed/<client_id>/revoke", path="/keys/signed/nobody/revoke",
        scope=Scope.ADMIN, method="POST", passes=(404,), by_login=True,
    ),
    *(
        Route(rule=path, path=path, scope=OPEN, passes=(302,))
        for path in ("/trading", "/config", "/adjustment", "/password")
    ),
    Route(rule="/logout", path="/logout", scope=OPEN, passes=(302,)),
    Route(rule="/users", path="/users", scope=Scope.ADMIN, by_login=True),
    Route(
        rule="/users", path="/users", scope=Scope.ADMIN, method="POST",
        form={"name": "<b>", "role": "viewer", "fresh": "kurz"}, passes=(302,), by_login=True, asks="login",
    ),
    *(
        Route(
            rule=f"/users/<int(max=9007199254740991):user_id>/{what}", path=f"/users/999999/{what}",
            scope=Scope.ADMIN, method="POST", passes=(404,), by_login=True, asks="login",
        )
        for what in ("role", "enabled", "reset")
    ),
    Route(
        rule="/users/logins/<int(max=9007199254740991):login_id>/end", path="/users/logins/999999/end",
        scope=Scope.ADMIN, method="POST", passes=(404,), by_login=True,
    ),
    Route(rule="/holdings", path="/holdings", scope=Scope.READ),
    Route(rule="/holdings/book", path="/holdings/book?strategy=小市值&symbol=000001.SZ", scope=Scope.READ),
    Route(rule="/trade", path="/trade", scope=Scope.TRADE),
    Route(
        rule="/trade", path="/trade", scope=Scope.TRADE, method="POST",
        form={"key": "k", "account": "甲", "symbol": "000001.SZ", "side": "buy", "shares": "100"},
        passes=(302,), asks="trading",
    ),
    Route(rule="/strategies", path="/strategies", scope=Scope.READ),
    *(
        Route(
            rule=f"/strategies/<kid>/{what}", path=f"/strategies/xsz/{what}", scope=scope, method="POST",
            form=form, passes=(302,), asks=asks,
        )
        for what, scope, form, asks in (
            ("pause", Scope.TRADE, {}, ""),
            ("resume", Scope.TRADE, {}, "trading"),
            ("sell-only", Scope.TRADE, {"on": "1"}, "trading"),
            ("ratio", Scope.TRADE, {"ratio": "0.5"}, "trading"),
            ("plan", Scope.TRADE, {}, "trading"),
            ("mode", Scope.TRADE, {"mode": "确认"}, "trading"),
            ("snippet", Scope.ADMIN, {}, "trading"),
        )
    ),
    Route(rule="/risk", path="/risk", scope=Scope.READ),
    Route(
        rule="/risk/limits", path="/risk/limits", scope=Scope.ADMIN, method="POST",
        form={"account": "", "order_value": "1000"}, passes=(302,), asks="trading",
    ),
    Route(
        rule="/holdings/adjust", path="/holdings/adjust", scope=Scope.TRADE, method="POST",
        form={"strategy": "小市值", "symbol": "000001.SZ", "account": "甲", "shares": "-100"},
        passes=(302,), asks="trading",
    ),
    Route(rule="/waiting", path="/waiting", scope=Scope.READ),
    *(
        Route(
            rule=f"/waiting/<wanted>/{what}", path=f"/waiting/p0/{what}",
            scope=Scope.TRADE, method="POST", passes=(302,), asks="trading",
        )
        for what in ("approve", "reject")
    ),
)  # fmt: skip

# Blueprints that let in by themselves whom they know, and have their own tests.
BY_THEMSELVES = {"positions", "api_v2", "qmt_web", "mini_qmt", "health"}
