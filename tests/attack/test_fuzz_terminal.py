"""What a terminal and WeCom say, made up: copied or called unreadable, never believed, never a broken thread."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from base_func import BEIJING, FeeRule
from desk.broker.xt import Timing, rows
from desk.broker.xt.callbacks import Callbacks
from desk.broker.xt.quotes import Quotes
from desk.broker.xt.reading import Reader
from desk.broker.xt.tables import Unreadable
from desk.broker.xt.translate import Fees, Remarks, asset_of, order_of, position_of, trade_of
from desk.core.telling import Answer, read_answer
from tests.attack.fuzz import MARKS, VALUES, damaged, examples, object_text
from tests.stand_in.clock import StandInClock

pytestmark = MARKS

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=BEIJING)
FIELDS = {
    rows.order_row: {
        "order_id": 7, "order_sysid": "S7", "order_remark": "r", "stock_code": "600000.SH", "order_type": 23,
        "order_volume": 100, "price": 10.5, "traded_volume": 0, "traded_price": 0.0, "order_status": 50,
        "status_msg": "", "order_time": 1795140000,
    },
    rows.trade_row: {
        "traded_id": "T1", "order_id": 7, "order_sysid": "S7", "order_remark": "r", "stock_code": "600000.SH",
        "order_type": 24, "traded_volume": 100, "traded_price": 10.5, "commission": 5.0, "traded_time": 1795140000,
    },
    rows.position_row: {
        "stock_code": "600000.SH", "instrument_name": "浦发银行", "volume": 100, "can_use_volume": 100,
        "avg_price": 10.5, "open_price": 10.5, "last_price": 10.6,
    },
    rows.asset_row: {"cash": 1.0, "frozen_cash": 0.0, "market_value": 2.0, "total_asset": 3.0},
    rows.status_row: {"account_id": "88001234", "status": 0},
    rows.placed_row: {"seq": 1, "order_id": 7, "order_remark": "r", "error_msg": ""},
    rows.cancelled_row: {"seq": 1, "cancel_result": 0, "order_id": 7, "order_sysid": "S7", "error_msg": ""},
    rows.order_error_row: {"order_id": 7, "order_remark": "r", "error_msg": "x"},
    rows.cancel_error_row: {"order_id": 7, "order_sysid": "S7", "error_msg": "x"},
}  # fmt: skip
GONE = object()  # a field whose native getter fails
ODD = st.sampled_from(
    (None, "", "x", "nan", "-1", float("nan"), float("inf"), float("-inf"), 1e300, -1e300, 5e-324, 10**400, -(10**400),
     2**63, -1, 0, True, b"\xff\xfe", b"12", [], {}, (1,), object(), Decimal("sNaN"), Decimal("1e400"), "９", GONE)
) | st.integers() | st.floats() | st.text(max_size=5)  # fmt: skip


class Native:
    """Like the vendor's objects: attributes by getters, some of which fail."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def __getattr__(self, name: str) -> Any:
        value = self._fields.get(name, GONE)
        if value is GONE:
            raise RuntimeError(f"no {name}: the native object is gone")
        return value


@st.composite
def odd(draw: st.DrawFn, honest: dict[str, Any]) -> Native:
    changes = draw(st.dictionaries(st.sampled_from([*honest]), ODD, max_size=3))
    return Native({**honest, **changes})


def finite(record: object) -> bool:
    """No figure of a record is a NaN or an infinity."""
    figures = [getattr(record, name) for name in record.__slots__]  # type: ignore[attr-defined]
    return all(value.is_finite() for value in figures if isinstance(value, Decimal))


@given(data=st.data())
@examples(300)
def test_every_record_of_the_terminal_is_copied_into_plain_values(data: st.DataObject) -> None:
    read = data.draw(st.sampled_from([*FIELDS]))
    row = read(data.draw(odd(FIELDS[read])))
    for name in row.__slots__:
        assert type(getattr(row, name)).__name__ == type(row).__annotations__[name]


@given(data=st.data())
@examples(400)
def test_a_copied_record_is_translated_or_called_unreadable(data: st.DataObject) -> None:
    fees = Fees(FeeRule(commission_rate=Decimal("0.0003"), min_commission=Decimal(5)))
    translate = {
        rows.order_row: lambda row: order_of(row, Remarks(), NOW),
        rows.trade_row: lambda row: trade_of(row, Remarks(), fees, NOW),
        rows.position_row: position_of,
        rows.asset_row: asset_of,
    }
    read = data.draw(st.sampled_from([*translate]))
    try:
        record = translate[read](read(data.draw(odd(FIELDS[read]))))
    except Unreadable:
        return
    assert finite(record)


@given(data=st.data())
@examples(150)
def test_no_push_of_the_terminal_breaks_the_thread_that_reads(data: st.DataObject) -> None:
    clock, told, alarms = StandInClock(NOW), [], []
    reader = Reader(
        clock=clock, timing=Timing(), remarks=Remarks(), fees=Fees(None), tell=told.append,
        heard_status=lambda *_: None, look=lambda: None, alarm=lambda *words: alarms.append(words),
    )  # fmt: skip
    callbacks = Callbacks(1, reader.take)
    pushes = {
        "on_account_status": rows.status_row, "on_stock_order": rows.order_row, "on_stock_trade": rows.trade_row,
        "on_order_error": rows.order_error_row, "on_cancel_error": rows.cancel_error_row,
        "on_order_stock_async_response": rows.placed_row,
        "on_cancel_order_stock_async_response": rows.cancelled_row,
    }  # fmt: skip
    for name in data.draw(st.lists(st.sampled_from([*pushes]), max_size=5)):
        getattr(callbacks, name)(data.draw(odd(FIELDS[pushes[name]]) | st.none() | st.just(object())))
    reader.work()
    assert len(told) + len(alarms) <= 10


HONEST_TICK = {
    "time": int(NOW.timestamp() * 1000), "lastPrice": 10.5, "lastClose": 10.4, "askPrice": [10.51], "askVol": [100],
    "bidPrice": [10.5], "bidVol": [100],
}  # fmt: skip
HONEST_DETAIL = {
    "TradingDay": "20261120", "PriceTick": 0.01, "PreClose": 10.4, "InstrumentName": "浦发银行", "UpStopPrice": 11.44,
    "DownStopPrice": 9.36, "InstrumentStatus": 0,
}  # fmt: skip
SEEN = ODD.filter(lambda value: value is not GONE)


def odd_dict(honest: dict[str, Any]) -> st.SearchStrategy[Any]:
    kept = st.sets(st.sampled_from([*honest])).map(lambda keys: {key: honest[key] for key in honest if key not in keys})
    lists = st.lists(SEEN, max_size=3)
    changed = st.dictionaries(st.sampled_from([*honest]), SEEN | lists, max_size=3)
    return st.tuples(kept | st.just(honest), changed).map(lambda both: {**both[0], **both[1]}) | SEEN


class OddData:
    """xtdata for two symbols: one says anything, the other is honest."""

    def __init__(self, tick: Any, detail: Any) -> None:
        self.ticks = {"600000.SH": tick, "600001.SH": HONEST_TICK}
        self.details = {"600000.SH": detail, "600001.SH": HONEST_DETAIL}

    def get_full_tick(self, symbols: list[str]) -> dict[str, Any]:
        return {symbol: self.ticks[symbol] for symbol in symbols if symbol in self.ticks}

    def get_instrument_detail(self, symbol: str) -> Any:
        return self.details[symbol]


@given(tick=odd_dict(HONEST_TICK), detail=odd_dict(HONEST_DETAIL))
@examples(300)
def test_one_symbols_odd_quotes_do_not_cost_another_symbol_its_own(tick: Any, detail: Any) -> None:
    alarms: list[object] = []
    quotes = Quotes(
        prefix="x", clock=StandInClock(NOW), timing=Timing(), data=lambda: OddData(tick, detail), ring=lambda: None,
        alarm=lambda *words: alarms.append(words), name="甲",
    )  # fmt: skip
    for symbol in ("600000.SH", "600001.SH"):
        assert quotes.quote(symbol) is None and quotes.instrument(symbol) is None
    quotes._fetch(0)
    honest = quotes.quote("600001.SH")
    assert honest is not None and honest.last == Decimal("10.5")
    assert quotes.instrument("600001.SH") is not None
    for record in (quotes.quote("600000.SH"), quotes.instrument("600000.SH")):
        assert record is None or finite(record)
    assert alarms == []


@given(status=st.integers(-1, 999), body=damaged(VALUES | object_text({"errcode": 0, "errmsg": "ok"})))
@examples(300)
def test_any_answer_of_a_robot_is_read(status: int, body: bytes) -> None:
    answer = read_answer(status, body)
    assert isinstance(answer, Answer) and len(answer.text) < 5000
    assert answer.kind != "delivered" or b"errcode" in body or b"\x00" in body
