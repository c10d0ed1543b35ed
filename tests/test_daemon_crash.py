"""The real program, killed again and again while strategies send over real TCP; judged at the exchange, which lives on.

`GENDAN_LONG=1 python -m pytest -m long tests/test_daemon_crash.py` kills it 200 times.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from base_func import is_t0, symbol_of
from desk.broker.paper.client import RemotePaperBroker
from desk.clock import SystemClock
from desk.core.market import Snapshot
from desk.journal import history
from tests.stand_in.programs import ACCOUNT, Postman, Program, exchange_of_its_own, id_of, make_home, sender, until

KILLS = 5
RATIOS = ("1", "0.3", "0.5")
PRICES = {
    "000001.XSHE": Decimal("10.00"),
    "600000.XSHG": Decimal("8.50"),
    "000651.XSHE": Decimal("40.00"),
    "300750.XSHE": Decimal("200.00"),
    "688981.XSHG": Decimal("88.00"),
    "510300.XSHG": Decimal("4.000"),
    "113050.XSHG": Decimal("120.000"),  # T+0: may be sold on the day it was bought
    "127045.XSHE": Decimal("110.000"),
}
BELOW, ABOVE = Decimal("0.98"), Decimal("1.02")  # a limit that rests, one that trades at once
TROUBLES = (
    ("place", "unanswered"),
    ("report", "late"),
    ("report", "twice"),
    ("report", "lost"),
    ("snapshot", "none"),
)
SLOW_TROUBLES = (("place", "lost"), ("cancel", "unanswered"))  # whose end is a deadline of 5 s and of 30 s


@dataclass
class Writer:
    """A strategy that says only what fits what it holds; its bodies are made when they are asked for."""

    number: int
    chance: random.Random
    seq: int = 0
    held: dict[str, int] = field(default_factory=dict)
    live: dict[str, tuple[str, int, Decimal]] = field(default_factory=dict)  # order id -> security, shares, limit
    sent: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = sender(self.number)

    def next(self) -> bytes:
        choice = self.chance.random()
        if self.live and choice < 0.3:
            return self.end(self.chance.choice(list(self.live)))
        if choice < 0.4:
            security = self.chance.choice(list(PRICES))
            order = (
                security,
                self.chance.choice([200, 500, 1000]),
                PRICES[security] * self.chance.choice([BELOW, ABOVE]),
            )
            self.live[f"{self.number}-{self.seq + 1}"] = order
            return self.say(security, 1, order[1], 0, "o", limit=order[2])
        sellable = [s for s, shares in self.held.items() if shares and is_t0(symbol_of(s))]
        if sellable and choice < 0.65:
            security = self.chance.choice(sellable)
            shares = self.chance.choice([self.held[security], 100])
            shares = min(shares, self.held[security])
            self.held[security] -= shares
            return self.say(security, 0, shares, shares, "h")
        security = self.chance.choice(list(PRICES))
        shares = self.chance.choice([100, 200, 300, 700, 1000, 2000])
        self.held[security] = self.held.get(security, 0) + shares
        return self.say(security, 1, shares, shares, "h")

    def end(self, order_id: str) -> bytes:
        """The final of a live order: filled whole, in part, or not at all."""
        security, shares, limit = self.live.pop(order_id)
        filled = self.chance.choice([0, 0, 0, 0, shares] if limit < PRICES[security] else [100, shares, shares])
        self.held[security] = self.held.get(security, 0) + filled
        return self.say(security, 1, shares, filled, "h" if filled == shares else "c", limit=limit, order_id=order_id)

    def say(
        self, security: str, buy: int, shares: int, filled: int, state: str, *,
        limit: Decimal | None = None, order_id: str = "",
    ) -> bytes:  # fmt: skip
        self.seq += 1
        now = SystemClock().now()
        price = float(PRICES[security]) if filled else 0
        content: dict[str, Any] = {
            "y": "o", "q": self.seq, "r": "s", "d": int(now.timestamp()), "o": order_id or f"{self.number}-{self.seq}",
            "x": security, "b": buy, "a": shares, "f": filled, "p": price, "u": state,
        }  # fmt: skip
        if limit is not None:
            content |= {"k": "l", "l": float(round(limit, 2))}
        body = self.sender.body(content, at=now)
        self.sent.append(id_of(body))
        return body


class Pen:
    """A strategy at work: one thread that posts one body after the other until it is told to stop."""

    def __init__(self, writer: Writer, port: int, news: threading.Semaphore) -> None:
        self.writer, self.news = writer, news
        self.postman = Postman(port, writer.sender, random.Random(writer.number))
        self.enough = threading.Event()
        self.trouble: BaseException | None = None
        self.thread = threading.Thread(target=self._write, daemon=True)
        self.thread.start()

    def _write(self) -> None:
        try:
            while not self.enough.is_set():
                self.postman.deliver(self.writer.next())
                self.news.release()
                self.enough.wait(self.writer.chance.uniform(0, 0.03))
            for order_id in list(self.writer.live):
                self.postman.deliver(self.writer.end(order_id))
        except BaseException as error:  # noqa: BLE001, it is raised by finish
            self.trouble = error
        finally:
            self.postman.close()

    def finish(self) -> None:
        self.enough.set()
        self.thread.join(120)
        assert not self.thread.is_alive()
        if self.trouble is not None:
            raise self.trouble


def rows(program: Program, query: str) -> list[tuple[Any, ...]]:
    with program.journal() as journal, journal.look() as look:
        return look.rows(query)


def look_at(line: RemotePaperBroker) -> Snapshot:
    seen: list[Snapshot] = []

    def complete() -> bool:
        snapshot = line.snapshot()
        seen.extend([snapshot] if snapshot is not None else [])
        return snapshot is not None

    until(complete)
    return seen[-1]


def assert_never_more_than_meant(program: Program, line: RemotePaperBroker) -> None:
    """I4, I5: at the exchange nothing stands that was not decided and written before, and no more of it."""
    snapshot = look_at(line)  # first: what is decided can only grow
    decided = {i: (shares, side) for i, shares, side in rows(program, "SELECT intent_id, decided, side FROM intents")}
    written = {i for (i,) in rows(program, "SELECT client_order_id FROM orders")}
    exposed: Counter[str] = Counter()
    for order in snapshot.orders:
        intent_id = order.client_order_id.rsplit("-", 1)[0]
        assert order.client_order_id in written
        assert order.side.value == decided[intent_id][1]
        exposed[intent_id] += order.filled if order.status.final else order.shares
    for intent_id, shares in exposed.items():
        assert shares <= decided[intent_id][0], f"{intent_id}: {shares} at the exchange, decided {decided[intent_id]}"


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


def assert_all_is_well(program: Program, line: RemotePaperBroker, pens: list[Pen]) -> None:
    # Every body that was sent was acknowledged, and stands in the journal as one event.
    stored = Counter(i for (i,) in rows(program, "SELECT event_id FROM events"))
    acked = {event_id for pen in pens for event_id in pen.postman.acked}
    sent = [event_id for pen in pens for event_id in pen.writer.sent]
    assert acked <= set(stored)
    assert stored == Counter(sent), "each once"
    assert acked == set(sent)
    words = Counter(word for pen in pens for words in pen.postman.acked.values() for word in words)
    assert set(words) <= {"accepted", "duplicate"}
    outcomes = Counter(i for (i,) in rows(program, "SELECT event_id FROM outcomes"))
    assert outcomes == stored
    stops = rows(program, "SELECT key, value FROM flags WHERE key LIKE 'stopped:%' OR key = 'halted'")
    strangers = rows(program, "SELECT key FROM flags WHERE key LIKE 'stranger:%'")
    frozen = rows(program, "SELECT symbol, frozen FROM books WHERE frozen IS NOT NULL")
    assert (stops, strangers, frozen) == ([], [], []), "nothing happened that must not happen"
    # What the strategies hold by what they said is what the journal says they hold.
    strategies = {f"策略{pen.writer.number}": pen.writer.held for pen in pens}
    said = {(name, symbol_of(s)): n for name, held in strategies.items() for s, n in held.items() if n}
    booked = {
        (name, s): n for name, s, n in rows(program, "SELECT strategy, symbol, strategy_shares FROM holdings") if n
    }
    assert booked == said
    # The books are what the exchange holds, and what it holds is what it traded.
    snapshot = look_at(line)
    held = {p.symbol: p.shares for p in snapshot.positions if p.shares}
    own: Counter[str] = Counter()
    for symbol, shares in rows(program, f"SELECT symbol, own FROM books WHERE account = '{ACCOUNT}'"):
        own[symbol] += shares
    assert {symbol: shares for symbol, shares in own.items() if shares} == held
    traded = {o.client_order_id: (o.shares, o.filled) for o in snapshot.orders if o.filled}
    ours = {i: (n, f) for i, n, f in rows(program, "SELECT client_order_id, shares, filled FROM orders") if f}
    assert ours == traded
    fills = Counter(i for (i,) in rows(program, "SELECT fill_id FROM fills"))
    assert fills == Counter(trade.trade_id for trade in snapshot.trades), "each trade is booked once"
    with program.journal() as journal:
        assert list(history.check_history(journal)) == [], "the history adds up (I20)"


def run(folder: Path, seed: int, kills: int, troubles: tuple[tuple[str, str], ...] = TROUBLES) -> None:
    chance = random.Random(seed)
    port = make_home(folder / "home", ratios=RATIOS, 委托等待秒数="0.5", 最大重新下单次数=2)
    with (
        exchange_of_its_own(folder / "exchange", seed=seed) as (env, line),
        Program(folder / "home", port=port, env=env) as program,
    ):
        for kind, trouble in troubles:
            if chance.random() < 0.4:
                line.order_exchange("fault", kind=kind, trouble=trouble, rate=chance.choice([0.05, 0.2]))
        # So that many a kill finds an order between its sending and its answer.
        line.order_exchange("fault", kind="place", trouble="answered_late", rate=0.3)
        program.start()
        news = threading.Semaphore(0)
        pens = [Pen(Writer(n, random.Random(seed * 10 + n)), port, news) for n in range(1, len(RATIOS) + 1)]
        try:
            for _ in range(kills):
                for _ in range(chance.randint(1, 15)):
                    assert news.acquire(timeout=60)
                threading.Event().wait(chance.choice([0, chance.uniform(0, 0.02), chance.uniform(0, 0.5)]))
                program.kill()
                assert_never_more_than_meant(program, line)
                if chance.random() < 0.3:  # twice in a row, the second time while it is starting
                    program.launch()
                    threading.Event().wait(chance.uniform(0.2, 0.6))
                    program.kill()
                program.start()
        finally:
            for pen in pens:
                pen.enough.set()
        for pen in pens:
            pen.finish()
        for kind, trouble in (*troubles, ("place", "answered_late")):
            line.order_exchange("fault", kind=kind, trouble=trouble, rate=0)
        # A cancel without an answer is asked again after 30 s, and its symbol waits so long.
        assert_quiet(program, 100 if troubles == TROUBLES else 900)
        assert_never_more_than_meant(program, line)
        assert_all_is_well(program, line, pens)
        assert program.stop() == 0, program.text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 5))
def test_killed_five_times_in_a_burst_nothing_is_lost_doubled_or_more_than_meant(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, KILLS)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(101, 111))
def test_killed_two_hundred_times(tmp_path: Path, seed: int) -> None:
    run(tmp_path, seed, 20, (*TROUBLES, *SLOW_TROUBLES))
