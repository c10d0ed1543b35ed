"""A-share arithmetic: codes, boards, lots, ticks, price bands, the price cage, sessions and fees.

The ground floor: standard library only, no I/O, no clock, no randomness. Prices and money are yuan (`Decimal`), shares
are whole shares (`int`; of bonds and repos whole bonds, 张), ratios are fractions of 1 (0.10 is 10 %), `symbol` is
always `600000.SH`. What the broker says of an instrument goes before the tables here. Rules as of 2026-11: trading
rules (交易规则) of SSE and SZSE, in force since 2026-07-06, and of BSE; special rules (特别规定) of STAR and ChiNext.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

BEIJING = timezone(timedelta(hours=8), "CST")

# --- codes and boards -----------------------------------------------------------------------------------------------


class Board(StrEnum):
    MAIN = "main"  # 沪深主板
    STAR = "star"  # 科创板
    CHINEXT = "chinext"  # 创业板
    BSE = "bse"  # 北交所
    FUND = "fund"  # ETF, LOF, REIT
    BOND = "bond"  # 可转债
    REPO = "repo"  # 逆回购


class UnsupportedSymbol(ValueError):
    """The code names nothing that is followed here; asking again with the same code will not help."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"unsupported security {code!r}: {why}")
        self.code = code
        self.why = why


_SUFFIXES = {"XSHG": "SH", "SH": "SH", "XSHE": "SZ", "SZ": "SZ", "BJ": "BJ"}
_SECURITY_SUFFIXES = {"SH": "XSHG", "SZ": "XSHE", "BJ": "BJ"}

# The suffix gives the exchange and the prefix the board: 000001 is a bank in Shenzhen and an index in Shanghai, so a
# prefix means nothing without its exchange. B shares (900, 200) and indices are absent on purpose: unknown is refused.
_PREFIXES: dict[str, dict[Board, tuple[str, ...]]] = {
    "SH": {
        Board.MAIN: ("600", "601", "603", "605"),
        Board.STAR: ("688", "689"),
        Board.FUND: ("50", "51", "52", "53", "56", "58"),
        Board.BOND: ("110", "111", "113", "118"),
        Board.REPO: ("204",),
    },
    "SZ": {
        Board.MAIN: ("000", "001", "002", "003"),
        Board.CHINEXT: ("300", "301", "302"),
        Board.FUND: ("15", "16", "180"),
        Board.BOND: ("123", "127", "128"),
        Board.REPO: ("1318",),
    },
    "BJ": {Board.BSE: ("920", "43", "83", "87", "88")},
}
_BOARDS = {
    (exchange, prefix): board
    for exchange, boards in _PREFIXES.items()
    for board, prefixes in boards.items()
    for prefix in prefixes
}
_B_SHARES = (("SH", "900"), ("SZ", "200"))
_KNOWN: dict[str, Board] = {}  # what has been asked for before: there are fewer codes than a megabyte holds


def _board(digits: str, exchange: str, code: str) -> Board:
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        raise UnsupportedSymbol(code, "the code is not six digits")
    for length in (2, 3, 4):
        board = _BOARDS.get((exchange, digits[:length]))
        if board is not None:
            return board
    if (exchange, digits[:3]) in _B_SHARES:
        raise UnsupportedSymbol(code, "B shares are not followed")
    raise UnsupportedSymbol(code, f"no known prefix of exchange {exchange}")


def symbol_of(security: str) -> str:
    """Translate JoinQuant's or QMT's spelling, in any case, to `600000.SH`; raise UnsupportedSymbol for all else."""
    digits, dot, suffix = security.partition(".")
    exchange = _SUFFIXES.get(suffix.upper())
    if not dot or exchange is None or not security.isascii():
        raise UnsupportedSymbol(security, "no known exchange suffix")
    _board(digits, exchange, security)
    return f"{digits}.{exchange}"


def board_of(symbol: str) -> Board:
    """Tell the board of a canonical symbol; raise UnsupportedSymbol for any other spelling."""
    known = _KNOWN.get(symbol)
    if known is not None:
        return known
    digits, _, exchange = symbol.partition(".")
    if exchange not in _PREFIXES:
        raise UnsupportedSymbol(symbol, "not of the form 600000.SH")
    board = _KNOWN[symbol] = _board(digits, exchange, symbol)
    return board


def security_of(symbol: str) -> str:
    """Spell a symbol as JoinQuant does: 600000.SH -> 600000.XSHG; BSE codes keep .BJ (JoinQuant documents none)."""
    board_of(symbol)
    digits, _, exchange = symbol.partition(".")
    return f"{digits}.{_SECURITY_SUFFIXES[exchange]}"


# --- lots -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LotRule:
    first: int  # the smallest buy, shares
    step: int  # buys beyond it go in these steps, shares
    max_shares: int  # per limit order
    rest_below: int  # when fewer shares than this are left, they are sold whole or not at all


_LOT_RULES = {
    Board.MAIN: LotRule(100, 100, 1_000_000, 100),
    Board.STAR: LotRule(200, 1, 100_000, 200),
    Board.CHINEXT: LotRule(100, 100, 300_000, 100),
    Board.BSE: LotRule(100, 1, 1_000_000, 100),
    Board.FUND: LotRule(100, 100, 1_000_000, 100),
    Board.BOND: LotRule(10, 10, 1_000_000, 10),
    Board.REPO: LotRule(10, 10, 1_000_000, 10),
}

# A millionth of a share. Entitled shares are decimals quantised on their way through the journal: 299.9999999 means 300
# and must not cost a lot; no ratio that a person would set comes this close to a whole share from below by intent.
_SHARE_TOLERANCE = Decimal("0.000001")


def lot_rule(symbol: str) -> LotRule:
    return _LOT_RULES[board_of(symbol)]


def _whole_shares(shares: Decimal | int) -> int:
    """Round down to whole shares, forgiving a millionth of a share; negative gives 0."""
    if isinstance(shares, int):
        return max(0, shares)
    return max(0, int((shares + _SHARE_TOLERANCE).to_integral_value(ROUND_FLOOR)))


def smallest_buy(symbol: str) -> int:
    """Tell the smallest legal buy in shares; raise UnsupportedSymbol for a repo, which is only ever sold."""
    if board_of(symbol) is Board.REPO:
        raise UnsupportedSymbol(symbol, "repos are not bought")
    return lot_rule(symbol).first


def legal_buy(symbol: str, shares: Decimal | int) -> int:
    """Tell the largest legal buy of at most `shares`, 0 if there is none; a repo has none.

    A total that may need several orders (`split_order`): not capped at the maximum of one order. `shares` at most a
    millionth of a share below a whole number count as that number: 99.9999995 -> 100.
    """
    rule = lot_rule(symbol)
    whole = _whole_shares(shares)
    if whole < rule.first or board_of(symbol) is Board.REPO:
        return 0
    return whole - (whole - rule.first) % rule.step


def legal_sell(symbol: str, shares: Decimal | int, sellable: int) -> int:
    """Tell the largest sale of at most `shares` that the exchange takes from an account that can sell `sellable`.

    0 if there is none. The tolerance of `legal_buy` applies; not capped at the maximum of one order. Odd lots (零股):
    what is no whole lot goes in one order, 250 held: 50, 100, 150, 200, 250 are legal, 30 is not.
    """
    board = board_of(symbol)
    rule = _LOT_RULES[board]
    most = min(_whole_shares(shares), max(0, sellable))
    if board is Board.REPO:
        return most - most % rule.step
    if rule.step == 1:
        if sellable < rule.rest_below:
            return most if most == sellable else 0
        return most if most >= rule.first else 0
    even = most - most % rule.step
    odd = most - (most - sellable) % rule.step  # the largest q <= most with the remainder of `sellable`; may be < 0
    return max(even, odd)


def smallest_sell(symbol: str, sellable: int) -> int:
    """Tell the smallest legal sale in shares from an account that can sell `sellable`, 0 if nothing can be sold."""
    board = board_of(symbol)
    rule = _LOT_RULES[board]
    if sellable <= 0:
        return 0
    if board is Board.REPO:
        return rule.step if sellable >= rule.step else 0
    if rule.step == 1:
        return min(sellable, rule.first)
    return sellable % rule.step or rule.step


def split_order(symbol: str, side_is_buy: bool, shares: int, sellable: int = 0) -> list[int]:
    """Split a legal total into limit orders, each legal when it is sent after those before it; [] for 0 shares.

    `sellable` is needed for sells. STAR: buy 100,050 -> [99,850, 200], for 50 alone could not be bought. Raise
    ValueError when the total itself is not legal.
    """
    legal = legal_buy(symbol, shares) if side_is_buy else legal_sell(symbol, shares, sellable)
    if legal != shares:
        side = "buy" if side_is_buy else f"sell with {sellable} sellable"
        raise ValueError(f"{shares} shares of {symbol} are no legal {side}")
    rule = lot_rule(symbol)
    chunks: list[int] = []
    left = shares
    while left > rule.max_shares:
        rest = left - rule.max_shares
        after = sellable - sum(chunks) - rule.max_shares
        takes = legal_buy(symbol, rest) if side_is_buy else legal_sell(symbol, rest, after)
        # Too little would be left for an order of its own: hold back a smallest order.
        chunk = rule.max_shares if takes == rest else left - rule.first
        chunks.append(chunk)
        left -= chunk
    if left:
        chunks.append(left)
    return chunks


# --- ticks, price bands, the cage -----------------------------------------------------------------------------------

_CENT = Decimal("0.01")
_TICKS = {
    Board.MAIN: _CENT,
    Board.STAR: _CENT,
    Board.CHINEXT: _CENT,
    Board.BSE: _CENT,
    Board.FUND: Decimal("0.001"),
    Board.BOND: Decimal("0.001"),
    Board.REPO: Decimal("0.005"),
}


def tick_of(symbol: str) -> Decimal:
    """Tell the smallest price step in yuan (repos: percentage points a year)."""
    return _TICKS[board_of(symbol)]


def _to_tick(price: Decimal, tick: Decimal, rounding: str) -> Decimal:
    # quantize, for to_integral_value leaves 250 as 2.5E+2, and 2.50 would be written 2.5
    return (price / tick).quantize(Decimal(1), rounding) * tick


def round_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    """Round half up (四舍五入): 9.735 at 0.01 -> 9.74."""
    return _to_tick(price, tick, ROUND_HALF_UP)


def floor_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    return _to_tick(price, tick, ROUND_FLOOR)


def ceil_to_tick(price: Decimal, tick: Decimal) -> Decimal:
    return _to_tick(price, tick, ROUND_CEILING)


_ST_WIDENED = date(2026, 7, 6)  # main-board ST went from 5 % to 10 % with the 2026 rulebooks
_BANDS = {
    Board.MAIN: Decimal("0.10"),
    Board.STAR: Decimal("0.20"),
    Board.CHINEXT: Decimal("0.20"),
    Board.BSE: Decimal("0.30"),
    Board.FUND: Decimal("0.10"),
    Board.BOND: Decimal("0.20"),
}
_FREE_DAYS = {Board.MAIN: 5, Board.STAR: 5, Board.CHINEXT: 5, Board.BSE: 1}


def band_ratio(
    symbol: str, *, on: date, st: bool = False, days_listed: int | None = None, wide_fund: bool = False
) -> Decimal | None:
    """Tell the price limit (涨跌幅) of a day as a fraction of 1, None when there is none.

    `days_listed` counts trading days and is 1 on the listing day, None when unknown: then the stock is not new.
    `wide_fund`: the fund tracks only stocks with 20 %. New funds and bonds have the band of old ones here, which is
    the narrower reading.
    """
    if days_listed is not None and days_listed < 1:
        raise ValueError(f"days_listed counts from 1, not {days_listed}")
    board = board_of(symbol)
    if board is Board.REPO:
        return None
    if days_listed is not None and days_listed <= _FREE_DAYS.get(board, 0):
        return None
    if board is Board.MAIN and st and on < _ST_WIDENED:
        return Decimal("0.05")
    if board is Board.FUND and wide_fund:
        return Decimal("0.20")
    return _BANDS[board]


def price_band(prev_close: Decimal, ratio: Decimal, tick: Decimal) -> tuple[Decimal, Decimal]:
    """Tell the lowest and the highest price of the day: 8.85 at 10 % -> 7.97, 9.74 (half up).

    `prev_close` is the exchange's reference price on ex-days. A limit lies at least one tick away from it; the lower
    one is at least one tick.
    """
    down = round_to_tick(prev_close * (1 - ratio), tick)
    up = round_to_tick(prev_close * (1 + ratio), tick)
    return max(min(down, prev_close - tick), tick), max(up, prev_close + tick)


_CAGES = {  # board: (fraction of the base, smallest width in ticks)
    Board.MAIN: (Decimal("0.02"), 10),
    Board.STAR: (Decimal("0.02"), 0),
    Board.CHINEXT: (Decimal("0.02"), 0),  # sources disagree about the ten ticks; without them is the narrower cage
    Board.BSE: (Decimal("0.05"), 10),
}


def cage_edge(
    symbol: str,
    is_buy: bool,
    *,
    best_ask: Decimal | None,
    best_bid: Decimal | None,
    last: Decimal | None,
    prev_close: Decimal | None,
) -> Decimal | None:
    """Tell the outermost price that the price cage (价格笼子) accepts for a limit order in continuous trading.

    The edge itself is accepted; it is rounded inward to the tick. None where no cage is known (funds, bonds, repos) or
    no base price is; a price of 0 counts as missing. Buy, base 10.00 -> 10.20; main, base 3.00 -> 3.10 (ten ticks).
    """
    cage = _CAGES.get(board_of(symbol))
    if cage is None:
        return None
    book = (best_ask, best_bid) if is_buy else (best_bid, best_ask)
    base = next((price for price in (*book, last, prev_close) if price is not None and price > 0), None)
    if base is None:
        return None
    tick = tick_of(symbol)
    width = max(base * cage[0], tick * cage[1])
    if is_buy:
        return floor_to_tick(base + width, tick)
    return max(ceil_to_tick(base - width, tick), tick)


# --- sessions -------------------------------------------------------------------------------------------------------


class Phase(StrEnum):
    CLOSED = "closed"  # no trading day; `phase_at` never says so
    BEFORE_OPEN = "before_open"
    OPENING_CALL = "opening_call"  # 开盘集合竞价, may be cancelled
    OPENING_CALL_LOCKED = "opening_call_locked"  # no cancel
    IDLE = "idle"  # brokers queue
    CONTINUOUS = "continuous"
    LUNCH = "lunch"
    CLOSING_CALL = "closing_call"  # 收盘集合竞价, no cancel
    AFTER_CLOSE = "after_close"


_PHASE_ENDS = (  # each phase ends just before its time
    (time(9, 15), Phase.BEFORE_OPEN),
    (time(9, 20), Phase.OPENING_CALL),
    (time(9, 25), Phase.OPENING_CALL_LOCKED),
    (time(9, 30), Phase.IDLE),
    (time(11, 30), Phase.CONTINUOUS),
    (time(13, 0), Phase.LUNCH),
    (time(14, 57), Phase.CONTINUOUS),
    (time(15, 0), Phase.CLOSING_CALL),
)
_TRADING_HOURS = ((time(9, 30), time(11, 30)), (time(13, 0), time(15, 0)))


def phase_at(t: time) -> Phase:
    """Tell the phase of a trading day at a Beijing time of day (naive, or aware at UTC+8; else ValueError)."""
    if t.tzinfo is not None:
        if t.utcoffset() != timedelta(hours=8):
            raise ValueError(f"{t} is no Beijing time")
        t = t.replace(tzinfo=None)
    for end, phase in _PHASE_ENDS:
        if t < end:
            return phase
    return Phase.AFTER_CLOSE


def trading_seconds(start: datetime, end: datetime, is_trading_day: Callable[[date], bool]) -> float:
    """Count the seconds between two aware times that lie in 09:30-11:30 and 13:00-15:00 of trading days.

    The waiting that ages a signal; 0 when `end` is not after `start`. Raise ValueError for naive times.
    """
    if start.utcoffset() is None or end.utcoffset() is None:
        raise ValueError("trading_seconds needs aware times")
    if end <= start:
        return 0.0
    start, end = start.astimezone(BEIJING), end.astimezone(BEIJING)
    total = timedelta()
    day = start.date()
    while start < end and day <= end.date():
        if is_trading_day(day):
            for opens, closes in _TRADING_HOURS:
                since = max(start, datetime.combine(day, opens, BEIJING))
                until = min(end, datetime.combine(day, closes, BEIJING))
                total += max(until - since, timedelta())
        day += timedelta(days=1)
    return total.total_seconds()


# --- fees -----------------------------------------------------------------------------------------------------------

_STAMP_DUTY = Decimal("0.0005")  # 印花税, sells of stocks
_TRANSFER_FEE = Decimal("0.00001")  # 过户费, both sides of stocks
_STOCKS = (Board.MAIN, Board.STAR, Board.CHINEXT, Board.BSE)


@dataclass(frozen=True, slots=True)
class FeeRule:
    commission_rate: Decimal  # fraction of 1; 0.00025 is 万 2.5
    min_commission: Decimal  # yuan, once per order


def _fen(value: Decimal) -> Decimal:
    return value.quantize(_CENT, ROUND_HALF_UP)


def stamp_duty(symbol: str, is_buy: bool, value: Decimal) -> Decimal:
    """Tell the stamp duty of a trade of `value` yuan, rounded half up to the fen."""
    taxed = not is_buy and board_of(symbol) in _STOCKS
    return _fen(value * _STAMP_DUTY) if taxed else Decimal("0.00")


def transfer_fee(symbol: str, value: Decimal) -> Decimal:
    """Tell the transfer fee of a trade of `value` yuan, either side, rounded half up to the fen."""
    return _fen(value * _TRANSFER_FEE) if board_of(symbol) in _STOCKS else Decimal("0.00")


def trade_taxes(symbol: str, is_buy: bool, value: Decimal) -> Decimal:
    """Tell stamp duty and transfer fee together, each rounded by itself: sell 10,000 yuan of stock -> 5.00 + 0.10."""
    return stamp_duty(symbol, is_buy, value) + transfer_fee(symbol, value)


def commission_due(rule: FeeRule, order_turnover_before: Decimal, value: Decimal) -> Decimal:
    """Tell the commission that a fill of `value` yuan adds to an order that has already traded `order_turnover_before`.

    Over the order's fills it sums to max(minimum, rate x turnover), rounded half up to the fen; the first fill carries
    the minimum. Raise ValueError for negative values.
    """
    if value < 0 or order_turnover_before < 0:
        raise ValueError("turnover is never negative")
    return _commission(rule, order_turnover_before + value) - _commission(rule, order_turnover_before)


def _commission(rule: FeeRule, turnover: Decimal) -> Decimal:
    if turnover == 0:
        return Decimal("0.00")
    return _fen(max(rule.min_commission, rule.commission_rate * turnover))


# --- same-day selling -----------------------------------------------------------------------------------------------

_T0_PREFIXES = {"SH": ("511", "513", "518")}  # bond and money-market, cross-border, gold ETFs
# Shenzhen's 159 mixes all kinds, so only funds known one by one; any other waits a day, which is the safe error.
_T0_SHENZHEN = (
    *("159001.SZ", "159003.SZ"),  # 货币
    *("159920.SZ", "159941.SZ"),  # 恒生, 纳指
    *("159934.SZ", "159937.SZ"),  # 黄金
    *("159980.SZ", "159981.SZ", "159985.SZ"),  # 有色, 能源化工, 豆粕: commodity futures
)


def is_t0(symbol: str) -> bool:
    """Tell whether what is bought today may be sold today (T+0): convertible bonds and the ETFs known to allow it."""
    board = board_of(symbol)
    if board is Board.FUND:
        digits, _, exchange = symbol.partition(".")
        return digits.startswith(_T0_PREFIXES.get(exchange, ())) or symbol in _T0_SHENZHEN
    return board is Board.BOND
