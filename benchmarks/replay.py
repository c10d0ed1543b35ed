"""Replaying an export: a year of a busy strategy through the real Trader, journal and paper exchange."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from decimal import Decimal
from pathlib import Path

from base_func import BEIJING
from benchmarks.figures import Figure
from desk.calendar import TradingCalendar
from desk.cli.replay import Replayed, play
from desk.cli.transactions import read_deals
from desk.clock import SystemClock
from desk.core.config import AccountConfig, AccountShare, Config, StrategyConfig
from tests.exports import COLUMNS

_A_DAY = 40
_STOCKS = 200

Say = Callable[[str], None]


def measure(folder: Path, *, runs: int, count: int, say: Say) -> list[Figure]:
    file = folder / "transaction.csv"
    export(file, count)
    clock, seconds, busy, followed = SystemClock(), [], [], 0
    for run in range(runs):
        begun, worked = clock.monotonic(), time.process_time()
        followed = once(file, folder).followed
        seconds.append(clock.monotonic() - begun)
        busy.append(time.process_time() - worked)
        say(f"replay {run + 1} of {count:,} transactions: {seconds[-1]:.2f} s, {followed:,} followed")
    return [
        Figure(name=f"replay, {count:,} transactions", unit="s", ours=tuple(seconds), at_most=20),
        Figure(name="  of it processor time", unit="s", ours=tuple(busy)),
        Figure(name="  of them followed", unit="", ours=(float(followed),) * runs),
    ]


def once(file: Path, home: Path) -> Replayed:
    strategy = StrategyConfig(
        name="小市值",
        kid="xsz",
        secret="",
        accounts=(AccountShare(account="模拟账户", ratio=Decimal("0.3")),),
    )
    account = AccountConfig(name="模拟账户", initial_cash=Decimal(10_000_000))
    config = Config(home=home, strategies=(strategy,), accounts=(account,))
    return play(read_deals(file), config=config, strategy=strategy, recording=None)


def export(file: Path, count: int) -> None:
    """Write an export of so many orders, forty a day: at the open, before the close, and scattered; a tenth limited."""
    chance, calendar = random.Random(7), TradingCalendar.load()
    prices = {f"{600000 + n}.XSHG": 500 + chance.randrange(4500) for n in range(_STOCKS)}
    held: dict[str, int] = {}
    day, rows = date(2025, 1, 2), [",".join(COLUMNS)]
    while len(rows) <= count:
        today: dict[str, int] = {}
        for number, at in enumerate(_moments(day, chance)[: count + 1 - len(rows)]):
            sells = [code for code in held if code not in today]
            sell = bool(sells) and number % 2 == 0 and len(held) > 20
            code = chance.choice(sells) if sell else chance.choice([c for c in prices if c not in today])
            prices[code] = max(200, prices[code] + chance.randrange(-prices[code] // 80, prices[code] // 80 + 2))
            shares = held.pop(code) if sell else chance.randrange(1, 40) * 100
            if not sell:
                held[code] = held.get(code, 0) + shares
            today[code] = shares
            rows.append(_row(at, code, "卖" if sell else "买", shares, Decimal(prices[code]) / 100, number % 10 == 9))
        day = calendar.next_trading_day(day)
    file.write_text("\n".join(rows) + "\n", encoding="gbk")


def _moments(day: date, chance: random.Random) -> list[datetime]:
    open_, late = (datetime.combine(day, at, BEIJING) for at in (time_of_day(9, 30), time_of_day(14, 50)))
    scattered = [open_ + timedelta(seconds=chance.randrange(10, 7000)) for _ in range(_A_DAY // 2)]
    return sorted([open_] * (_A_DAY // 4) + scattered + [late] * (_A_DAY // 4))


def _row(at: datetime, code: str, side: str, shares: int, price: Decimal, limited: bool) -> str:
    sign = "-" if side == "卖" else ""
    value = shares * price
    fee = max(Decimal(5), value * Decimal("0.0003"))
    end = at + timedelta(minutes=3) if limited else at
    return ",".join(
        [
            f"{at:%Y-%m-%d}", f"{at:%H:%M:%S}", "股票", f"股票({code})", side, "限价单" if limited else "市价单",
            f"{sign}{shares}股", f"{price:.2f}", f"{sign}{value:.2f}", f"{sign}{shares}股",
            f"{price:.2f}" if limited else "-", "0", f"{fee:.2f}", "全部成交", f"{end:%Y-%m-%d %H:%M:%S}",
        ]
    )  # fmt: skip
