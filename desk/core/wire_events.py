"""Read the plaintext of a body: one event or a batch, every field checked, and keep one event as canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

from base_func import BEIJING
from desk.core.values import (
    CancelSignal,
    EventKind,
    JqStatus,
    OrderSignal,
    Side,
    SnapshotOrder,
    SnapshotPosition,
    SnapshotSignal,
    Style,
    WireEvent,
)
from desk.core.wire_text import Malformed, is_plain, strict_json

MAX_EVENTS = 50
MAX_SHARES = 10**9
_MAX_SEQ = 2**53
_MAX_MONEY = Decimal(10**13)
_MAX_EPOCH_S = 253_402_185_600
_FOUR_PLACES = Decimal("0.0001")
_EPOCH = datetime(1970, 1, 1, 8, tzinfo=BEIJING)

_KINDS = {
    "o": EventKind.ORDER,
    "c": EventKind.CANCEL,
    "s": EventKind.SNAPSHOT,
    "h": EventKind.HEARTBEAT,
    "t": EventKind.TEST,
}
_STATUS_LETTERS = {
    "n": JqStatus.NEW,
    "o": JqStatus.OPEN,
    "f": JqStatus.FILLED,
    "c": JqStatus.CANCELED,
    "r": JqStatus.REJECTED,
    "h": JqStatus.HELD,
}
# JoinQuant's own numbers and names; 9 pending_cancel is still live there.
_STATUS_NUMBERS = {
    0: JqStatus.OPEN,
    1: JqStatus.FILLED,
    2: JqStatus.CANCELED,
    3: JqStatus.REJECTED,
    4: JqStatus.HELD,
    8: JqStatus.NEW,
    9: JqStatus.OPEN,
}
_STATUS_NAMES = {status.value: status for status in JqStatus} | {
    "cancelled": JqStatus.CANCELED,
    "pending_cancel": JqStatus.OPEN,
}
_STYLES = {"m": Style.MARKET, "l": Style.LIMIT, "s": Style.STOP, "S": Style.STOP_LIMIT}

_KIND_KEYS = {kind: key for key, kind in _KINDS.items()}
_STATUS_KEYS = {status: key for key, status in _STATUS_LETTERS.items()}
_STYLE_KEYS = {style: key for key, style in _STYLES.items()}


def _bad(key: str, why: str) -> Malformed:
    return Malformed("unusable", f"{key}: {why}")


# --- single values --------------------------------------------------------------------------------------------------


def _whole(value: object, key: str, highest: int = MAX_SHARES) -> int:
    if type(value) is not int:
        raise _bad(key, "not an integer")
    if not 0 <= value <= highest:
        raise _bad(key, "out of range")
    return value


def _money(value: object, key: str, *, lowest: Decimal = Decimal(0)) -> Decimal:
    if type(value) is int:
        # Compared as int first: Decimal arithmetic on an int of thousands of digits is slow.
        number = Decimal(value) if abs(value) <= 10**13 else _MAX_MONEY + 1
    elif isinstance(value, Decimal) and value.is_finite():
        number = value
    else:
        raise _bad(key, "not a number")
    if not lowest <= number <= _MAX_MONEY:
        raise _bad(key, "out of range")
    return round_money(number)


def round_money(number: Decimal) -> Decimal:
    """Keep at most 4 decimals and no exponent; the number must lie within ±10**13."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -4 <= exponent <= 0:
        return number
    return number.quantize(_FOUR_PLACES if exponent < 0 else Decimal(1))


def _text(value: object, key: str, longest: int) -> str:
    if not isinstance(value, str):
        raise _bad(key, "not a string")
    if not is_plain(value, longest):
        raise _bad(key, "empty, too long or with control characters")
    return value


def _side(value: object, key: str) -> Side:
    return Side.BUY if _whole(value, key, 1) else Side.SELL


def status_of(value: object) -> JqStatus:
    """Read a status: the wire's letter, JoinQuant's number (also as text) or name in any case, with or without class.

    Raises Malformed.
    """
    if type(value) is int:
        status = _STATUS_NUMBERS.get(value)
    elif isinstance(value, str):
        name = value.strip().lower().rpartition(".")[2]
        status = _STATUS_LETTERS.get(name) or _STATUS_NAMES.get(name)
        if status is None and name.isascii() and name.isdigit() and len(name) == 1:
            status = _STATUS_NUMBERS.get(int(name))
    else:
        status = None
    if status is None:
        raise _bad("u", "unknown status")
    return status


# --- one event ------------------------------------------------------------------------------------------------------


def _filled_of(data: Mapping[str, Any]) -> tuple[int, int]:
    amount, filled = _whole(data.get("a"), "a"), _whole(data.get("f"), "f")
    if filled > amount:
        raise _bad("f", "more than a")
    return amount, filled


def _optional_money(data: Mapping[str, Any], key: str) -> Decimal | None:
    return None if data.get(key) is None else _money(data[key], key, lowest=-_MAX_MONEY)


def _limit(value: object) -> Decimal | None:
    if value is None:
        return None
    limit = _money(value, "l")
    if not limit:
        raise _bad("l", "a limit is above 0")
    return limit


def _order(data: Mapping[str, Any]) -> OrderSignal:
    amount, filled = _filled_of(data)
    style = data.get("k")
    if style is not None and (not isinstance(style, str) or style not in _STYLES):
        raise _bad("k", "unknown style")
    short = data.get("z")
    if short not in (None, "s", "l"):
        raise _bad("z", "unknown position side")
    return OrderSignal(
        jq_order_id=_text(data.get("o"), "o", 64),
        security=_text(data.get("x"), "x", 20),
        side=_side(data.get("b"), "b"),
        amount=amount,
        filled=filled,
        avg_price=Decimal(0) if data.get("p") is None else _money(data["p"], "p"),
        status=status_of(data.get("u")),
        style=Style.MARKET if style is None else _STYLES[style],
        limit=_limit(data.get("l")),
        short=short == "s",
        equity=_optional_money(data, "e"),
        commission=_optional_money(data, "m"),
        avg_cost=_optional_money(data, "g"),
        holding_after=None if data.get("n") is None else _whole(data["n"], "n"),
    )


def _cancel(data: Mapping[str, Any]) -> CancelSignal:
    amount = None if data.get("a") is None else _whole(data["a"], "a")
    filled = None if data.get("f") is None else _whole(data["f"], "f")
    if amount is not None and filled is not None and filled > amount:
        raise _bad("f", "more than a")
    return CancelSignal(
        jq_order_id=_text(data.get("o"), "o", 64),
        security=_text(data.get("x"), "x", 20),
        amount=amount,
        filled=filled,
        status=None if data.get("u") is None else status_of(data["u"]),
    )


def _rows(data: Mapping[str, Any], key: str, width: int) -> list[list[Any]]:
    rows = data.get(key)
    # Required even when empty: an absent list read as "holds nothing" could sell a whole account.
    if not isinstance(rows, list):
        raise _bad(key, "not a list")
    if any(not isinstance(row, list) or len(row) < width for row in rows):
        raise _bad(key, f"a row has fewer than {width} values")
    return rows


def _snapshot(data: Mapping[str, Any]) -> SnapshotSignal:
    positions = tuple(
        SnapshotPosition(
            security=_text(row[0], "P", 20),
            shares=_whole(row[1], "P"),
            sellable=_whole(row[2], "P"),
            avg_cost=_money(row[3], "P", lowest=-_MAX_MONEY),
            price=_money(row[4], "P"),
        )
        for row in _rows(data, "P", 5)
    )
    if len({position.security for position in positions}) != len(positions):
        raise _bad("P", "one security twice")
    orders = tuple(
        SnapshotOrder(
            jq_order_id=_text(row[0], "O", 64),
            security=_text(row[1], "O", 20),
            side=_side(row[2], "O"),
            amount=_whole(row[3], "O"),
            filled=_whole(row[4], "O"),
            status=status_of(row[5]),
            limit=_limit(row[6]),
        )
        for row in _rows(data, "O", 7)
    )
    return SnapshotSignal(
        positions=positions, cash=_optional_money(data, "C"), equity=_optional_money(data, "E"), orders=orders
    )


def _event(data: object) -> WireEvent:
    if not isinstance(data, dict):
        raise _bad("event", "not an object")
    letter, run = data.get("y"), data.get("r")
    if not isinstance(letter, str) or letter not in _KINDS:
        raise _bad("y", "unknown type")
    if run not in ("s", "b"):
        raise _bad("r", "unknown run type")
    kind = _KINDS[letter]
    seq = _whole(data.get("q"), "q", _MAX_SEQ)
    content: OrderSignal | CancelSignal | SnapshotSignal | None = None
    if kind in (EventKind.ORDER, EventKind.TEST):
        content = _order(data)
    elif kind is EventKind.CANCEL:
        content = _cancel(data)
    elif kind is EventKind.SNAPSHOT:
        content = _snapshot(data)
    return WireEvent(
        kind=kind,
        # A test stands outside the sequence, whatever it says.
        seq=0 if kind is EventKind.TEST else seq,
        backtest=run == "b",
        strategy_time=_EPOCH + timedelta(seconds=_whole(data.get("d"), "d", _MAX_EPOCH_S)),
        content=content,
        live_test=kind is EventKind.TEST and data.get("w") == 1,
    )


def parse_events(plaintext: bytes) -> list[WireEvent]:
    """Read 1 to 50 events; unknown keys are ignored. Raises Malformed("unusable"): the whole body is `refused`."""
    data = strict_json(plaintext, "unusable")
    if not isinstance(data, list):
        return [_event(data)]
    if not 1 <= len(data) <= MAX_EVENTS:
        raise _bad("events", f"not 1 to {MAX_EVENTS}")
    return [_event(one) for one in data]


# --- the storage form -----------------------------------------------------------------------------------------------


def _written(value: object) -> str:
    """Write JSON with exact decimals as numbers, which json.dumps cannot."""
    if type(value) is int:
        return str(value)
    if type(value) is str:
        return encode_basestring(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return "[" + ",".join(_written(one) for one in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _content(content: OrderSignal | CancelSignal | SnapshotSignal | None) -> dict[str, object]:
    match content:
        case OrderSignal() as order:
            return {
                "o": order.jq_order_id,
                "x": order.security,
                "b": int(order.side is Side.BUY),
                "a": order.amount,
                "f": order.filled,
                "p": order.avg_price,
                "l": order.limit,
                "u": _STATUS_KEYS[order.status],
                "k": None if order.style is Style.MARKET else _STYLE_KEYS[order.style],
                "z": "s" if order.short else None,
                "e": order.equity,
                "m": order.commission,
                "g": order.avg_cost,
                "n": order.holding_after,
            }
        case CancelSignal() as cancel:
            return {
                "o": cancel.jq_order_id,
                "x": cancel.security,
                "a": cancel.amount,
                "f": cancel.filled,
                "u": None if cancel.status is None else _STATUS_KEYS[cancel.status],
            }
        case SnapshotSignal() as snapshot:
            return {
                "P": [[p.security, p.shares, p.sellable, p.avg_cost, p.price] for p in snapshot.positions],
                "C": snapshot.cash,
                "E": snapshot.equity,
                "O": [
                    [
                        o.jq_order_id,
                        o.security,
                        int(o.side is Side.BUY),
                        o.amount,
                        o.filled,
                        _STATUS_KEYS[o.status],
                        o.limit,
                    ]
                    for o in snapshot.orders
                ],
            }
        case None:
            return {}


def events_to_json(event: WireEvent) -> str:
    """Write ONE event in the form the journal keeps: the wire's own keys, compact, `event_from_json` reads it back."""
    fields: dict[str, object] = {
        "y": _KIND_KEYS[event.kind],
        "q": event.seq,
        "r": "b" if event.backtest else "s",
        "d": (event.strategy_time - _EPOCH) // timedelta(seconds=1),
        **_content(event.content),
        "w": 1 if event.live_test else None,
    }
    return "{" + ",".join(f'"{key}":{_written(value)}' for key, value in fields.items() if value is not None) + "}"


def event_from_json(text: str) -> WireEvent:
    """Read what `events_to_json` wrote. Raises Malformed."""
    return _event(strict_json(text, "unusable"))
