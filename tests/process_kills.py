"""The real program, killed again and again while strategies send over real TCP, at random and at named points.

In the end three things are compared: the acknowledgements that the senders hold, the journal, and the exchange's own
store, which no kill reaches. `python -m tests.process_kills` kills it 200 times and prints what it counted.
"""

from __future__ import annotations

import argparse
import random
import signal
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from base_func import symbol_of
from desk.broker.paper.client import RemotePaperBroker
from desk.journal import history
from tests.stand_in.dying import STARTING, WORKING
from tests.stand_in.programs import ACCOUNT, Program, exchange_of_its_own, make_home, until
from tests.stand_in.writers import Pen, Writer

RATIOS = ("1", "0.3", "0.5")
TROUBLES = (
    ("place", "unanswered"),
    ("place", "blank_id"),
    ("cancel", "refused_done"),
    ("cancel", "unanswered_done"),
    ("report", "late"),
    ("report", "twice"),
    ("report", "lost"),
    ("report", "overtaken"),
    ("snapshot", "none"),
)
SLOW_TROUBLES = (("place", "lost"), ("cancel", "unanswered"))  # whose end is a deadline of 5 s and of 30 s
ANYWHERE = "anywhere"
KILLS, HOMES, LANES = 200, 5, 2
_REACH_S = 12.0  # a point that is not passed for so long is given up: the kill falls anywhere
_QUIET_S = 120.0  # a cancel without an answer is asked again after 30 s, and its symbol waits so long


@dataclass
class Count:
    """What was seen, over all homes."""

    kills: Counter[str] = field(default_factory=Counter)
    again: int = 0  # kills of a program that had not come up since the kill before
    acked: int = 0
    lost: int = 0
    doubled: int = 0
    orders: int = 0
    trades: int = 0

    def add(self, other: Count) -> None:
        self.kills += other.kills
        for name in ("again", "acked", "lost", "doubled", "orders", "trades"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def __str__(self) -> str:
        points = ", ".join(f"{count} {point}" for point, count in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({points}; {self.again} of them twice in a row): "
            f"{self.acked} events acknowledged, {self.lost} lost, {self.doubled} doubled; "
            f"{self.orders} orders and {self.trades} trades, books equal to the exchange's"
        )


# --- what is compared ------------------------------------------------------------------------------------------------


@dataclass
class Book:
    """The exchange's own store, as it stands on the disk."""

    orders: dict[str, tuple[str, int, int, bool]]  # remark -> side, shares, filled, final
    trades: Counter[str]  # trade ids
    held: dict[str, int]

    @classmethod
    def read(cls, folder: Path) -> Book:
        with closing(sqlite3.connect(f"file:{folder / 'exchange.db'}?mode=ro", uri=True, timeout=30)) as store:
            store.execute("BEGIN")
            final = "status IN ('cancelled', 'filled', 'rejected')"
            orders = store.execute(f"SELECT client_order_id, side, shares, filled, {final} FROM orders").fetchall()
            trades = store.execute("SELECT trade_id FROM trades").fetchall()
            held = store.execute("SELECT symbol, shares FROM positions").fetchall()
        assert len({remark for remark, *_ in orders}) == len(orders), "a remark was used twice"
        return cls(
            orders={remark: (side, shares, filled, bool(final)) for remark, side, shares, filled, final in orders},
            trades=Counter(str(trade_id) for (trade_id,) in trades),
            held=dict(held),
        )


def rows(program: Program, query: str) -> list[tuple[Any, ...]]:
    with program.journal() as journal, journal.look() as look:
        return look.rows(query)


def assert_never_more_than_meant(program: Program, exchange: Path) -> None:
    """I4, I5: at the exchange nothing stands that was not decided and written before, and no more of it."""
    book = Book.read(exchange)  # first: what is decided can only grow
    decided = {i: (shares, side) for i, shares, side in rows(program, "SELECT intent_id, decided, side FROM intents")}
    written = {i for (i,) in rows(program, "SELECT client_order_id FROM orders")}
    exposed: Counter[str] = Counter()
    for remark, (side, shares, filled, final) in book.orders.items():
        intent_id = remark.rsplit("-", 1)[0]
        assert remark in written, f"{remark} was sent before it was written"
        assert side == decided[intent_id][1]
        exposed[intent_id] += filled if final else shares
    for intent_id, shares in exposed.items():
        assert shares <= decided[intent_id][0], f"{intent_id}: {shares} at the exchange, decided {decided[intent_id]}"


def assert_acknowledged_is_stored(program: Program, pens: Sequence[Pen]) -> None:
    stored = {i for (i,) in rows(program, "SELECT event_id FROM events")}
    lost = [i for pen in pens for i in list(pen.postman.acked) if i not in stored]
    assert not lost, f"acknowledged and not in the journal: {lost}"


def assert_quiet(program: Program, patience_s: float) -> None:
    """Everything stored has been decided, has ended, and nothing is open or unknown."""

    def open_ends() -> list[tuple[Any, ...]]:
        return rows(
            program,
            "SELECT (SELECT COUNT(*) FROM undecided), (SELECT COUNT(*) FROM outcomes WHERE verdict = 'working'), "
            "(SELECT COUNT(*) FROM orders WHERE state IN ('planned', 'sending', 'in_doubt', 'working', 'cancelling')), "
            "(SELECT COUNT(*) FROM intents WHERE ended = 0)",
        )

    until(lambda: open_ends() == [(0, 0, 0, 0)], lambda: (open_ends(), program.text()), patience_s=patience_s)


def compare(program: Program, exchange: Path, pens: Sequence[Pen]) -> Count:
    """Acknowledgements, journal and exchange, once everything is over; raises where they differ."""
    count = Count()
    # Every body that was sent was acknowledged, and stands in the journal as one event.
    stored = Counter(i for (i,) in rows(program, "SELECT event_id FROM events"))
    acked = {event_id: words for pen in pens for event_id, words in pen.postman.acked.items()}
    sent = Counter(event_id for pen in pens for event_id in pen.writer.sent)
    count.acked = len(acked)
    count.lost = len(acked.keys() - stored.keys())
    count.doubled = sum(n - 1 for n in stored.values())
    assert (count.lost, count.doubled) == (0, 0), count
    assert stored == sent, "each once"
    assert acked.keys() == sent.keys()
    assert {word for words in acked.values() for word in words} <= {"accepted", "duplicate"}
    assert Counter(i for (i,) in rows(program, "SELECT event_id FROM outcomes")) == stored
    assert_nothing_stopped(program)
    # What the strategies hold by what they said is what the journal says they hold.
    strategies = {f"策略{pen.writer.number}": pen.writer.held for pen in pens}
    said = {(name, symbol_of(s)): n for name, held in strategies.items() for s, n in held.items() if n}
    booked = {
        (name, s): n for name, s, n in rows(program, "SELECT strategy, symbol, strategy_shares FROM holdings") if n
    }
    assert booked == said
    # The books are what the exchange holds, and what it holds is what it traded.
    book = Book.read(exchange)
    own: Counter[str] = Counter()
    for symbol, shares in rows(program, f"SELECT symbol, own FROM books WHERE account = '{ACCOUNT}'"):
        own[symbol] += shares
    assert {symbol: shares for symbol, shares in own.items() if shares} == book.held
    traded = {remark: (shares, filled) for remark, (_, shares, filled, _) in book.orders.items() if filled}
    ours = {i: (n, f) for i, n, f in rows(program, "SELECT client_order_id, shares, filled FROM orders") if f}
    assert ours == traded
    fills = Counter(i for (i,) in rows(program, "SELECT fill_id FROM fills"))
    assert fills == book.trades, "each trade is booked once"
    with program.journal() as journal:
        assert list(history.check_history(journal)) == [], "the history adds up (I20)"
    count.orders, count.trades = len(book.orders), len(book.trades)
    return count


def assert_nothing_stopped(program: Program) -> None:
    stops = rows(program, "SELECT key, value FROM flags WHERE key LIKE 'stopped:%' OR key = 'halted'")
    strangers = rows(program, "SELECT key FROM flags WHERE key LIKE 'stranger:%'")
    frozen = rows(program, "SELECT symbol, frozen FROM books WHERE frozen IS NOT NULL")
    assert (stops, strangers, frozen) == ([], [], []), "nothing happened that must not happen"


# --- how it is killed ------------------------------------------------------------------------------------------------


@dataclass
class Killer:
    program: Program
    chance: random.Random
    news: threading.Semaphore  # released with every acknowledgement
    count: Count = field(default_factory=Count)

    def kill(self, point: str) -> None:
        """Start the program, let it die at a point, leave it dead."""
        if point == ANYWHERE:
            self.program.start()
            self._anywhere()
            return
        nth = 1 if point in STARTING else self.chance.randint(1, 4)
        process = self.program.launch(strike=(point, nth, "SIGKILL"))
        end = monotonic() + _REACH_S
        while process.poll() is None and monotonic() < end:
            threading.Event().wait(0.01)
        if process.poll() is None:
            self._anywhere()
            return
        assert process.returncode == -signal.SIGKILL, (point, process.returncode, self.program.text())
        self.count.kills[point] += 1

    def kill_again(self) -> None:
        """Kill it a second time before it has come up."""
        self.count.again += 1
        if self.chance.random() < 0.8:
            self.kill(self.chance.choice(STARTING))
            return
        self.program.launch()
        threading.Event().wait(self.chance.uniform(0.2, 0.6))
        self.program.kill()
        self.count.kills["while starting"] += 1

    def _anywhere(self) -> None:
        for _ in range(self.chance.randint(1, 15)):
            assert self.news.acquire(timeout=60), self.program.text()
        threading.Event().wait(self.chance.choice([0, self.chance.uniform(0, 0.02), self.chance.uniform(0, 0.5)]))
        self.program.kill()
        self.count.kills[ANYWHERE] += 1


def deck(chance: random.Random, most: int) -> Iterator[str]:
    """Every named point in turn and as many kills anywhere beside them, shuffled anew each time round."""
    while True:
        cards = [*WORKING, *STARTING, *[ANYWHERE] * most]
        chance.shuffle(cards)
        yield from cards


def one_home(
    folder: Path,
    seed: int,
    kills: Sequence[str],
    *,
    twice: float = 0.2,
    pause_s: float = 0.03,
    troubles: Sequence[tuple[str, str]] = TROUBLES,
    quiet_s: float = _QUIET_S,
    only: str = "receiver,trader",
) -> Count:
    """Kill a home's program at these points; `twice`: the probability of a second kill at once, counted among them.

    `only`: what is run, '' for all.
    """
    chance, left = random.Random(seed), list(kills)
    port = make_home(folder / "home", ratios=RATIOS, 委托等待秒数="0.5", 最大重新下单次数=2)
    exchange = folder / "exchange"
    with (
        exchange_of_its_own(exchange, seed=seed) as (env, line),
        Program(folder / "home", port=port, env=env, only=only) as program,
    ):
        brew(line, chance, troubles)
        news = threading.Semaphore(0)
        writers = [Writer(n, random.Random(seed * 10 + n)) for n in range(1, len(RATIOS) + 1)]
        pens = [Pen(writer, port, news, pause_s=pause_s) for writer in writers]
        killer = Killer(program, chance, news)
        try:
            while left:
                killer.kill(left.pop())
                if left and chance.random() < twice:
                    left.pop()
                    killer.kill_again()
                assert_never_more_than_meant(program, exchange)
                assert_acknowledged_is_stored(program, pens)
            program.start()
        finally:
            for pen in pens:
                pen.enough.set()
        for pen in pens:
            pen.finish()
        for kind, trouble in (*troubles, ("place", "answered_late")):
            line.order_exchange("fault", kind=kind, trouble=trouble, rate=0)
        assert_quiet(program, quiet_s)
        assert_never_more_than_meant(program, exchange)
        killer.count.add(compare(program, exchange, pens))
        assert program.stop() == 0, program.text()
    return killer.count


def brew(line: RemotePaperBroker, chance: random.Random, troubles: Sequence[tuple[str, str]]) -> None:
    for kind, trouble in troubles:
        if chance.random() < 0.4:
            line.order_exchange("fault", kind=kind, trouble=trouble, rate=chance.choice([0.05, 0.2]))
    # So that many a kill finds an order between its sending and its answer.
    line.order_exchange("fault", kind="place", trouble="answered_late", rate=0.3)


def many_homes(folder: Path, seed: int, kills: int = KILLS, homes: int = HOMES) -> Count:
    """Kill `kills` times, dealt out to homes of which two live at a time."""
    chance = random.Random(seed)
    cards = deck(chance, 8)
    points = [next(cards) for _ in range(kills)]
    total = Count()
    with ThreadPoolExecutor(LANES) as lanes:
        jobs = []
        for n in range(homes):
            place = folder / f"{n}"
            place.mkdir()
            slow = SLOW_TROUBLES if n == 0 else ()
            jobs.append(
                lanes.submit(
                    one_home, place, seed * 100 + n, points[n::homes], pause_s=0.1, troubles=(*TROUBLES, *slow),
                    quiet_s=600, only="",
                )
            )  # fmt: skip
        for job in jobs:
            total.add(job.result())
    return total


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.process_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--homes", type=int, default=HOMES)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = monotonic()
    with tempfile.TemporaryDirectory() as folder:
        count = many_homes(Path(folder), options.seed, options.kills, options.homes)
    print(f"{count}; {monotonic() - begun:.0f} s, seed {options.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
