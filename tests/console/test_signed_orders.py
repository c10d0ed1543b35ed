"""Orders that a program of the QMT web trading server signs; the program here is written from its description alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests import checks
from tests.console.desk_room import BANK_HERE
from tests.console.lived_in import LivedIn
from tests.console.room import PASSWORD, TRADING

BUY, SELL = "/qmt/trade/api/outer/trade/buy", "/qmt/trade/api/outer/trade/sell"
ORDER = {"symbol": "000001", "trade_price": 10.5, "position_pct": 0.1, "strategy_name": "外部策略"}
SMALL = {"symbol": "000001", "trade_price": 10.5, "order_num": 100, "strategy_name": "外部策略"}
OTHER_HERE = "600000.SH"
SECRET = re.compile(r"gds_[A-Za-z0-9_-]{43}")


@dataclass
class Program:
    """Signs METHOD, PATH, QUERY, the compact body with sorted keys, the time and its id, joined by newlines."""

    client: FlaskClient
    client_id: str
    secret: str
    ascii_only: bool = True

    def headers(self, path: str, body: Any, at: float, *, method: str = "POST", query: str = "") -> dict[str, str]:
        compact = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=self.ascii_only)
        text = f"{method}\n{path}\n{query}\n{compact}\n{int(at)}\n{self.client_id}"
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {"X-Client-ID": self.client_id, "X-Timestamp": str(int(at)), "X-Signature": signature}

    def send(self, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        answer = self.client.post(path, data=json.dumps(body), headers=headers, content_type="application/json")
        return answer.status_code, answer.get_json()


@dataclass
class Office:
    """A console over a whole desk, and a program that has been given a secret by the administrator."""

    room: LivedIn
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        self.program = Program(self.room.app.test_client(), "outer_client_002", self.made("outer_client_002"))

    def made(self, client_id: str) -> str:
        form = {"client_id": client_id, "password": PASSWORD, "trading_password": TRADING}
        answer = self.room.browser("店主").post("/keys/signed", form)
        found = SECRET.search(answer.text)
        assert answer.status_code == 200 and found, answer.text
        return found[0]

    @property
    def now(self) -> float:
        return self.room.clock.now().timestamp()

    def signed(self, path: str = BUY, body: Any = None) -> tuple[int, Any]:
        """A request that is signed now."""
        said = ORDER if body is None else body
        return self.program.send(path, said, self.program.headers(path, said, self.now))

    def ordered(self) -> int:
        """How many orders were put before the trading loop."""
        return len([verb for verb, _, _ in self.room.wished if verb == "order"])

    def own(self, symbol: str = BANK_HERE) -> int:
        self.room.world.pass_time(10)
        return self.room.world.own(symbol, "手动")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    room = LivedIn(tmp_path_factory.mktemp("office"))
    yield Office(room)
    room.close()


@pytest.fixture
def office(house: Office) -> Office:
    """The same house for all; a second later than for the test before, or its signatures would be the same."""
    house.room.world.pass_time(1)
    return house


def test_a_signed_order_is_one_manual_order(office: Office) -> None:
    before = office.own()
    status, body = office.signed()
    (result,) = body["results"]
    assert (status, result["trader_index"], result["status"]) == (200, 0, "success")
    assert office.own() - before == 9400  # a tenth of 995,985.96 in cash, less room for fees, at 10.50
    verb, args, by = office.room.wished[-1]
    assert (verb, args["side"], args["price"], by) == ("order", "buy", "10.5", "signed:outer_client_002 外部策略")
    row = office.room.guard.trail.rows(limit=1)[0]
    assert (row.who, row.via, row.action) == ("店主", "signed:outer_client_002", "api.order")
    checks.assert_books_agree(office.room.world)


def test_other_platforms_sign_their_text_unescaped(office: Office) -> None:
    other = replace(office.program, ascii_only=False)
    assert other.send(BUY, SMALL, other.headers(BUY, SMALL, office.now))[0] == 200


def test_a_part_is_sold_as_far_as_whole_lots_go_and_never_all(office: Office) -> None:
    assert office.signed(BUY, {**ORDER, "symbol": "600000", "position_pct": 0.004})[0] == 200
    assert office.own(OTHER_HERE) == 300
    office.room.desk.next_day()
    small = {"symbol": "600000", "trade_price": 9.9, "position_pct": 0.1}
    status, body = office.signed(SELL, small)
    assert (status, "不足一手" in body["error"]) == (409, True)
    for part in (0, -1, 1.5, "all", None):
        assert office.signed(SELL, {**small, "position_pct": part})[0] == 400
    assert office.own(OTHER_HERE) == 300
    assert office.signed(SELL, {**small, "position_pct": 0.5})[0] == 200
    assert office.own(OTHER_HERE) == 200


def test_a_signature_counts_once_also_after_a_restart(office: Office) -> None:
    before, headers = office.ordered(), office.program.headers(BUY, SMALL, office.now)
    assert office.program.send(BUY, SMALL, headers)[0] == 200
    for _ in range(2):
        spelt = {**headers, "X-Signature": headers["X-Signature"].upper()}
        assert office.program.send(BUY, SMALL, headers)[0] == office.program.send(BUY, SMALL, spelt)[0] == 401
        office.room.restart()
        office.program.client = office.room.app.test_client()
    assert office.ordered() == before + 1


def test_the_same_request_at_once_orders_once(office: Office) -> None:
    before, headers = office.own(), office.program.headers(BUY, SMALL, office.now)
    app = office.room.app

    def send(_: int) -> int:
        return Program(app.test_client(), "", "").send(BUY, SMALL, headers)[0]

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, range(8))) == [200] + [401] * 7
    assert office.own() == before + 100


def test_the_journal_orders_nothing_twice_even_where_used_signatures_are_lost(office: Office) -> None:
    before, headers = office.own(), office.program.headers(BUY, SMALL, office.now)
    office.program.send(BUY, SMALL, headers)
    with office.room.book.database.change() as change:
        change.exec_driver_sql("DELETE FROM used_signatures")
    assert office.program.send(BUY, SMALL, headers)[0] == 200
    assert office.own() == before + 100


def test_who_got_no_answer_signs_anew_under_the_same_key(office: Office) -> None:
    before = office.own()
    for _ in range(2):
        headers = office.program.headers(BUY, SMALL, office.now)
        assert office.program.send(BUY, SMALL, {**headers, "Idempotency-Key": "mine-1"})[0] == 200
        office.room.world.pass_time(1)
    assert office.own() == before + 100


def test_a_stale_a_future_and_a_forged_request_order_nothing(office: Office) -> None:
    before = office.ordered()
    program, now = office.program, office.now
    for at in (now - 301, now + 301, now - 10**6, 0):
        status, body = program.send(BUY, ORDER, program.headers(BUY, ORDER, at))
        assert (status, "300 秒" in body["error"]) == (401, True), at
    good = program.headers(BUY, ORDER, now)
    for forged in (
        {"X-Signature": "0" * 64},
        {"X-Signature": ""},
        {"X-Signature": good["X-Signature"][:-1]},
        {"X-Signature": "ü" * 64},
        {"X-Timestamp": str(int(now) + 1)},
        {"X-Timestamp": f"{int(now)}.0"},
        {"X-Timestamp": "-1"},
        {"X-Timestamp": ""},
        {"X-Client-ID": "somebody"},
        {"X-Client-ID": ""},
        {"X-Client-ID": "x" * 5000},
    ):
        status, body = program.send(BUY, ORDER, {**good, **forged})
        assert (status, set(body)) == (401, {"error"}), forged
    assert program.send(BUY, ORDER, {})[0] == 401
    assert office.ordered() == before


def test_a_signature_holds_for_one_method_path_query_and_body(office: Office) -> None:
    before = office.ordered()
    program, good = office.program, office.program.headers(BUY, ORDER, office.now)
    assert program.send(SELL, ORDER, good)[0] == 401
    assert program.send(f"{BUY}?a=1", ORDER, good)[0] == 401
    for changed in ({"symbol": "600000"}, {"position_pct": 1}, {"trade_price": None}, {"more": 1}):
        assert program.send(BUY, {**ORDER, **changed}, good)[0] == 401, changed
    for body in ([], "x", None):
        assert program.send(BUY, body, good)[0] == 401
    for raw in (b"", b"{", b"\xff", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 10_000, b'{"a":1e999}'):
        assert program.client.post(BUY, data=raw, headers=good).status_code == 401, raw
    other = program.headers(BUY, ORDER, office.now, method="GET")
    assert program.send(BUY, ORDER, other)[0] == 401
    assert program.client.get(BUY, headers=other).status_code == 405
    assert office.ordered() == before


def test_a_query_is_signed_as_it_stands(office: Office) -> None:
    headers = office.program.headers(BUY, ORDER, office.now, query="from=a%20b&x=1")
    assert office.program.send(f"{BUY}?from=a%20b&x=1", ORDER, headers)[0] == 200


def test_what_was_signed_must_still_be_an_order(office: Office) -> None:
    before = office.ordered()
    for body in ([1], {}, {**ORDER, "symbol": "x"}, {**ORDER, "strategy_name": "a\nb"}, {**ORDER, "trader_index": 7}):
        status, said = office.signed(BUY, body)
        assert (status, set(said)) == (400, {"error"}), body
    assert office.signed("/qmt/trade/api/outer/trade/hold", ORDER)[0] == 400
    large = {**ORDER, "strategy_name": "x" * 20_000}
    assert office.signed(BUY, large)[0] == 413
    assert office.ordered() == before


def test_other_secrets_and_keys_sign_nothing(office: Office) -> None:
    before = office.ordered()
    other = Program(office.program.client, "outer_client_002", office.made("another"))
    assert other.send(BUY, ORDER, other.headers(BUY, ORDER, office.now))[0] == 401
    unsigned = {**office.room.key("店主", office.room.user("店主").scope), "Idempotency-Key": "k"}
    assert office.program.send(BUY, ORDER, unsigned)[0] == 401
    assert office.room.browser("店主").client.post(BUY, json=ORDER).status_code == 401
    assert office.ordered() == before


def test_a_signature_opens_no_other_route(office: Office) -> None:
    before = office.ordered()
    for path in ("/qmt/trade/api/trade", "/qmt/trade/api/sell", "/api/v1/trading/order", "/api/v2/orders"):
        assert office.program.send(path, ORDER, office.program.headers(path, ORDER, office.now))[0] == 401
    assert office.ordered() == before


def test_it_is_off_until_an_administrator_makes_a_client(tmp_path: Path) -> None:
    room = LivedIn(tmp_path)
    program = Program(room.app.test_client(), "outer_client_002", "")
    now = room.clock.now().timestamp()
    status, body = program.send(BUY, ORDER, program.headers(BUY, ORDER, now))
    assert (status, "还没有" in body["error"]) == (401, True)
    assert room.wished == []
    room.close()


def test_a_secret_is_shown_once_and_wants_both_passwords(office: Office) -> None:
    boss, page = office.room.browser("店主"), "/keys/signed"
    for wrong in (
        {"password": "x"},
        {"trading_password": "x"},
        {"client_id": "a b"},
        {"client_id": "outer_client_002"},
    ):
        form = {"client_id": "fresh", "password": PASSWORD, "trading_password": TRADING, **wrong}
        assert boss.post(page, form).status_code == 302
    assert [client.client_id for client in office.room.guard.signed.all()].count("fresh") == 0
    text = boss.get(page).text
    assert "outer_client_002" in text and SECRET.search(text) is None
    assert office.program.secret not in str(office.room.noted())


def test_a_revoked_client_and_one_whose_owner_may_not_trade_order_nothing(office: Office) -> None:
    before = office.ordered()
    owner = office.room.user("店主")
    ended = replace(office.program, client_id="ended", secret=office.made("ended"))
    headers = ended.headers(BUY, ORDER, office.now)
    for change in ({"role": "viewer"}, {"enabled": 0}):
        office.room.book.change_user(owner.user_id, **change)
        assert ended.send(BUY, ORDER, headers)[0] == 401
        office.room.book.change_user(owner.user_id, role="admin", enabled=1)
    boss = office.room.browser("店主")
    assert boss.post("/keys/signed/ended/revoke", {}).status_code == 302
    assert ended.send(BUY, ORDER, headers)[0] == 401
    assert boss.post("/keys/signed/ended/revoke", {}).status_code == 404
    assert office.ordered() == before
    assert ("店主", "signed_client.revoked", "ended", None, None) in office.room.noted()


def test_without_a_trading_loop_a_signed_order_is_refused(office: Office) -> None:
    before = office.ordered()
    office.room.running = False
    assert office.signed()[0] == 409
    office.room.running = True
    assert office.ordered() == before
