"""What pages show is read by programs too: days, returns, quotes, adjustments, who changed what, the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from desk import logs
from desk.access import Trail
from desk.console.frame import NAVIGATION
from desk.core.targets import Adjustment
from desk.journal import PositionBook
from tests.console.desk_room import BANK_HERE, DeskRoom

# Where a program finds what a page shows. Users, logins and keys are a matter of logins alone.
SHOWN_BY = {
    "overview": ("/status", "/day", "/funnel", "/equity", "/links", "/positions", "/quotes/{account}/{symbol}"),
    "signals": ("/signals", "/signals/{signal}"),
    "orders": ("/orders", "/fills"),
    "holdings": ("/positions", "/books", "/books/changes", "/waiting"),
    "strategies": ("/strategies",),
    "waiting": ("/waiting",),
    "trade": ("/positions/manual", "/quotes/{account}/{symbol}", "/orders/manual/{key}"),
    "risk": ("/limits",),
    "halt": ("/status",),
    "messages": ("/messages", "/messages/kinds"),
    "links": ("/links", "/latency"),
    "returns": ("/returns", "/equity"),
    "adjustments": ("/adjustments", "/adjustments/history"),
    "log": ("/log",),
    "audit": ("/audit",),
    "users": (),
    "settings": ("/settings", "/settings/changes"),
}
LINE = "2026-11-20 09:35:00,000 INFO desk: 用 geheim 连接"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskRoom]:
    made = DeskRoom(tmp_path_factory.mktemp("shown"))
    yield made
    made.close()


def test_every_page_is_read_by_programs_too(shown: DeskRoom) -> None:
    served = {one.path for one in shown.operations if one.method == "GET"}
    assert set(SHOWN_BY) == set(NAVIGATION)
    assert {path for paths in SHOWN_BY.values() for path in paths} <= served


def test_who_changed_what_the_settings_and_the_log_are_for_administrators(shown: DeskRoom) -> None:
    for path in ("/audit", "/settings", "/log"):
        assert [shown.get(path, who)[0] for who in ("nobody", "reader", "trader", "admin")] == [401, 403, 403, 200]


def test_a_day_is_told_in_its_figures(shown: DeskRoom) -> None:
    _, day = shown.get("/day")
    _, counted = shown.get("/funnel")
    assert [day[name] for name in ("received", "followed", "ordered", "filled", "bought", "fees")] == [
        counted[name] for name in ("received", "followed", "ordered", "filled", "bought", "fees")
    ]
    assert (day["day"], day["total_asset"], day["profit"]) == ("2026-11-20", "999985.96", "-14.04")
    assert day["verdicts"]["done"] == 2 and day["holdings"][0]["value"] == "3000"
    status, long_ago = shown.get("/day?day=2026-01-05")
    assert (status, long_ago["total_asset"], long_ago["holdings"]) == (200, None, None)


def test_returns_are_put_together_by_span(shown: DeskRoom) -> None:
    names = {span: shown.get(f"/returns?span={span}")[1]["periods"][0]["name"] for span in ("day", "week", "month")}
    assert names == {"day": "2026-11-20", "week": "2026-11-16 – 11-22", "month": "2026-11"}
    _, told = shown.get("/returns")
    assert {row["strategy"]: row["delay"] for row in told["causes"]}["小市值"] == "-3"
    assert shown.get("/returns?span=year")[0] == 400


def test_a_quote_has_its_levels_and_limits(shown: DeskRoom) -> None:
    _, quote = shown.get(f"/quotes/主账户/{BANK_HERE}")
    assert (quote["prev_close"], quote["up_limit"], quote["suspended"]) == ("10", "11", False)
    assert Decimal(quote["asks"][0]["price"]) > Decimal(quote["bids"][0]["price"])
    assert shown.get(f"/quotes/别人/{BANK_HERE}")[0] == 404
    assert shown.get("/quotes/主账户/600036.SH")[0] in (200, 404)


def test_lists_are_narrowed_as_the_pages_narrow_them(shown: DeskRoom) -> None:
    _, refused = shown.get("/signals?verdict=refused")
    assert [row["verdict"] for row in refused["items"]] == ["refused"]
    _, asked = shown.get("/signals?asked_only=true")
    assert "snapshot" not in {row["kind"] for row in asked["items"]}
    for path in ("/orders", "/fills"):
        _, of_bank = shown.get(f"{path}?symbol={BANK_HERE}")
        assert {row["symbol"] for row in of_bank["items"]} == {BANK_HERE}
    _, filled = shown.get("/orders?state=filled")
    assert len(filled["items"]) == 2 and filled["items"][1]["slippage"]["expected"] == "10"
    assert shown.get("/orders?state=filled&day=2026-11-19")[1]["items"] == []
    for wrong in ("/signals?verdict=x", "/orders?state=x", "/signals?asked_only=x"):
        assert shown.get(wrong)[0] == 400


def test_limits_are_told_with_their_use_by_account_and_strategy(shown: DeskRoom) -> None:
    _, limits = shown.get("/limits")
    used = {row["name"]: row["used"] for row in limits["items"]}
    assert (used["单日委托数"], used["单笔金额"]) == ("2", None)
    assert Decimal(used["单票仓位"]) == Decimal("0.00300004")
    assert {row["strategy"]: row["value"] for row in limits["strategies"]} == {
        "小市值": "3000",
        "白马": "0",
        "轮动": "1000",
    }


def test_every_light_says_how_old_it_is(shown: DeskRoom) -> None:
    _, links = shown.get("/links")
    kinds = [row["kind"] for row in links["items"]]
    assert kinds == ["joinquant", "tunnel", "receiver", "trader", "account", "messenger"]
    account = links["items"][4]
    assert (account["name"], account["age_s"] is not None) == ("主账户", True)


def test_adjustments_are_told_with_their_history(shown: DeskRoom) -> None:
    book, at = PositionBook(shown.world.journal), shown.world.clock.now()
    for shares in (100, 200, 300):
        row = Adjustment(symbol=BANK_HERE, shares=shares, cost=Decimal("10.5"), remark="送股")
        book.save_adjustments([row], by="console:店主", at=at)
    _, now = shown.get("/adjustments")
    assert now["adjustments"] == [
        {"symbol": BANK_HERE, "name": "", "shares": 300, "cost": "10.5", "remark": "送股"},
    ]
    assert (now["total"][0]["shares"], now["has_password"]) == (300, False)
    _, first = shown.get("/adjustments/history?limit=2")
    _, rest = shown.get(f"/adjustments/history?limit=2&mark={first['next']}")
    told = [row["adjustments"][0]["shares"] for row in first["items"] + rest["items"]]
    assert (told, rest["next"]) == ([300, 200, 100], None)
    assert shown.get("/adjustments/history?mark=x")[0] == 400


def test_messages_are_counted_by_kind_and_robot(shown: DeskRoom) -> None:
    _, told = shown.get("/messages/kinds")
    _, listed = shown.get("/messages?limit=500")
    assert sum(row["count"] for row in told["kinds"]) == len(listed["items"]) > 0


def test_the_audit_log_is_paged_and_narrowed(shown: DeskRoom) -> None:
    trail, at = Trail(shown.access.database), datetime.fromisoformat("2026-11-20T09:35:00+08:00")
    for number in range(5):
        who = "店主" if number % 2 else "操盘"
        trail.note("halt", at=at, who=who, via="key:1", address="::1", target=str(number), old=None, new="1")
    _, first = shown.get("/audit?limit=3", "admin")
    _, rest = shown.get(f"/audit?limit=3&mark={first['next']}", "admin")
    assert [row["target"] for row in first["items"] + rest["items"]] == ["4", "3", "2", "1", "0"]
    assert (rest["next"], first["items"][0]["at"]) == (None, "2026-11-20T09:35:00+08:00")
    _, own = shown.get("/audit?who=店主", "admin")
    assert [row["target"] for row in own["items"]] == ["3", "1"]
    assert shown.get("/audit?action=login", "admin")[1]["items"] == []


def test_settings_say_where_each_value_comes_from_and_no_secret(shown: DeskRoom) -> None:
    status, told = shown.get("/settings", "admin")
    assert status == 200
    of_strategy = {row["key"]: row for row in told["items"] if row["of"] == "小市值"}
    assert of_strategy["密钥"]["value"] in ("", "******")
    assert {row["origin"] for row in told["items"]} <= {"default", "file"}


def test_the_log_is_read_from_its_end_and_masked(shown: DeskRoom) -> None:
    folder: Path = shown.world.config.home / logs.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2026-11-20.log").write_text("".join(f"{LINE} {n}\n" for n in range(300)), encoding="utf-8")
    _, last = shown.get("/log", "admin")
    _, older = shown.get(f"/log?mark={last['next']}", "admin")
    assert (last["file"], len(last["lines"]), len(older["lines"]), older["next"]) == ("2026-11-20.log", 200, 100, None)
    assert older["lines"][0].endswith(" 0") and last["lines"][-1].endswith(" 299")
    for name in ("../journal.db", "2026-11-21.log", "/etc/passwd"):
        assert shown.get(f"/log?file={name}", "admin")[0] == 404
