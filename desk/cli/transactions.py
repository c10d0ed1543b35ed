"""Reads a JoinQuant transactions export (transaction.csv) into orders, or names every line that cannot be read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from base_func import BEIJING, UnsupportedSymbol, symbol_of
from desk.core.values import JqStatus, Side, Style
from desk.texts import replay as texts

DAY, TIME, SECURITY, SIDE, STYLE = "日期", "委托时间", "标的", "交易类型", "下单类型"
FILLED, PRICE, VALUE, AMOUNT, LIMIT = "成交数量", "成交价", "成交额", "委托数量", "委托价格"
FEE, STATUS, UPDATED = "手续费", "状态", "最后更新时间"
_NEEDED = (DAY, TIME, SECURITY, SIDE, FILLED, PRICE, STATUS)

_SIDES = {"买": Side.BUY, "买入": Side.BUY, "开多": Side.BUY, "卖": Side.SELL, "卖出": Side.SELL, "平多": Side.SELL}
_STYLES = {"": Style.MARKET, "市价单": Style.MARKET, "市价": Style.MARKET, "限价单": Style.LIMIT, "限价": Style.LIMIT}
_STATUSES = {
    "全部成交": JqStatus.HELD,
    "已成": JqStatus.HELD,
    "部分成交": JqStatus.CANCELED,  # an export is made when the day is over: what is not filled then is cancelled
    "部成": JqStatus.CANCELED,
    "部撤": JqStatus.CANCELED,
    "部成部撤": JqStatus.CANCELED,
    "部分撤单": JqStatus.CANCELED,
    "已撤单": JqStatus.CANCELED,
    "已撤": JqStatus.CANCELED,
    "撤单": JqStatus.CANCELED,
    "全部撤单": JqStatus.CANCELED,
    "未成交": JqStatus.CANCELED,
    "废单": JqStatus.REJECTED,
    "已拒绝": JqStatus.REJECTED,
    "拒单": JqStatus.REJECTED,
}
_CODE = re.compile(r"(?:.*[(（])?\s*(\w+\.[A-Za-z]+)\s*[)）]?")
_NOTHING = ("", "-", "--")
_CLOSE = time(15, 0)
_MOST_SHARES = 10**9

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """One order of the strategy as its export tells it; shares and yuan are positive on both sides."""

    line: int  # of the file, from 1
    at: datetime  # when the strategy ordered
    ended_at: datetime  # when JoinQuant's order had its final status
    security: str  # JoinQuant's spelling
    symbol: str | None  # None: not followed here
    side: Side
    style: Style
    limit: Decimal | None
    amount: int  # 0 where a cancelled order's export does not tell it
    filled: int
    price: Decimal  # average of the fills; 0 if none
    value: Decimal  # yuan, of the fills
    fee: Decimal  # yuan
    status: JqStatus


@dataclass(frozen=True, slots=True)
class BadRow:
    line: int
    why: str


class UnreadableExport(ValueError):
    """The export cannot be played; `rows` are the lines at fault, the text is for the person who has to mend it."""

    def __init__(self, text: str, rows: tuple[BadRow, ...] = ()) -> None:
        super().__init__(text)
        self.rows = rows


def read_deals(file: Path) -> list[Deal]:
    """Read the export in the order of time; GBK or UTF-8. Raises UnreadableExport, OSError."""
    rows = csv.reader(io.StringIO(_decoded(file), newline=""))
    try:
        header = [cell.strip() for cell in next(rows, [])]
        absent = [name for name in _NEEDED if name not in header]
        if absent:
            raise UnreadableExport(texts.columns_missing(file.name, absent))
        deals, bad = [], []
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                if len(cells) != len(header):
                    raise _Bad(texts.cells_counted(len(cells), len(header)))
                deals.append(_deal(rows.line_num, dict(zip(header, map(str.strip, cells), strict=True))))
            except _Bad as why:
                bad.append(BadRow(rows.line_num, str(why)))
    except csv.Error as error:
        raise UnreadableExport(texts.unreadable(file.name, str(error))) from error
    if bad:
        raise UnreadableExport(texts.bad_rows(file.name, [(row.line, row.why) for row in bad]), tuple(bad))
    if not deals:
        raise UnreadableExport(texts.no_rows(file.name))
    if deals[0].at > deals[-1].at:
        deals.reverse()  # newest first: turned, so that what shares a moment keeps its order
    return sorted(deals, key=lambda deal: deal.at)


def _decoded(file: Path) -> str:
    raw = file.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableExport(texts.unreadable(file.name, texts.NO_ENCODING))


class _Bad(Exception):
    """Why a row cannot be read, for a person."""


def _deal(line: int, row: Mapping[str, str]) -> Deal:
    day = _day(row[DAY])
    at = datetime.combine(day, _clock(row[TIME]), BEIJING)
    security = _security(row[SECURITY])
    style = _word(row, STYLE, _STYLES) if row.get(STYLE) not in (None, *_NOTHING) else Style.MARKET
    status = _word(row, STATUS, _STATUSES)
    filled = _shares(row, FILLED)
    amount = max(_shares(row, AMOUNT), filled)
    if status is JqStatus.HELD:
        if not filled:
            raise _Bad(texts.FILLED_WITHOUT_SHARES)
        amount = filled
    price = _money(row, PRICE)
    if filled and not price:
        raise _Bad(texts.FILLED_WITHOUT_PRICE)
    limit = _money(row, LIMIT) or None
    if style is Style.LIMIT and limit is None and amount:
        raise _Bad(texts.LIMIT_WITHOUT_PRICE)
    return Deal(
        line=line,
        at=at,
        ended_at=_ended(row.get(UPDATED, ""), at) if style is Style.LIMIT else at,
        security=security,
        symbol=_symbol(security),
        side=_word(row, SIDE, _SIDES),
        style=style,
        limit=limit if style is Style.LIMIT else None,
        amount=amount,
        filled=filled,
        price=price if filled else Decimal(0),
        value=(_money(row, VALUE) or price * filled) if filled else Decimal(0),
        fee=_money(row, FEE),
        status=status,
    )


def _day(text: str, column: str = DAY) -> date:
    try:
        year, month, day = map(int, re.split(r"[-/]", text))
        return date(year, month, day)
    except ValueError:
        raise _Bad(texts.bad_cell(column, text)) from None


def _clock(text: str, column: str = TIME) -> time:
    parts = text.split(":")
    try:
        hour, minute, second = map(int, [*parts, "0"] if len(parts) == 2 else parts)
        return time(hour, minute, second)
    except ValueError:
        raise _Bad(texts.bad_cell(column, text)) from None


def _ended(text: str, at: datetime) -> datetime:
    """When a limit order ended; at the latest at its day's close, never before it was made."""
    if text in _NOTHING:
        return at
    day, _, clock = text.partition(" ")
    found = datetime.combine(_day(day, UPDATED), _clock(clock, UPDATED), BEIJING)
    return max(at, min(found, datetime.combine(at.date(), _CLOSE, BEIJING)))


def _security(text: str) -> str:
    found = _CODE.fullmatch(text)
    if found is None:
        raise _Bad(texts.bad_cell(SECURITY, text))
    return found[1].upper()


def _symbol(security: str) -> str | None:
    try:
        return symbol_of(security)
    except UnsupportedSymbol:
        return None


def _word(row: Mapping[str, str], column: str, known: Mapping[str, T]) -> T:
    found = known.get(row[column])
    if found is None:
        raise _Bad(texts.bad_cell(column, row[column]))
    return found


def _shares(row: Mapping[str, str], column: str) -> int:
    """Whole shares without their sign: sells stand as -200股."""
    number = _number(row, column).copy_abs()
    if number != number.to_integral_value() or number > _MOST_SHARES:
        raise _Bad(texts.bad_cell(column, row[column]))
    return int(number)


def _money(row: Mapping[str, str], column: str) -> Decimal:
    return _number(row, column).copy_abs()


def _number(row: Mapping[str, str], column: str) -> Decimal:
    """What a cell says, 0 where it says nothing."""
    text = row.get(column, "").replace(",", "")
    bare = text.rstrip("股张手份元")
    if bare in _NOTHING:
        return Decimal(0)
    try:
        number = Decimal(bare)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**13:
        raise _Bad(texts.bad_cell(column, text))
    return number
