"""The engine without a network: books of many strategies, events decided a second, a large snapshot absorbed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks import plain
from benchmarks.crowd import Crowd
from benchmarks.figures import Figure
from benchmarks.plain import timed

Say = Callable[[str], None]
_LOADED = ("books", "holdings", "jq_orders", "jq_rates", "orders", "fills", "intents")


def books(folder: Path, *, runs: int, strategies: int, stocks: int, say: Say) -> list[Figure]:
    """A desk on which every strategy owns every stock: a turn, a book's change, the ledger made anew."""
    crowd = Crowd(folder, strategies=strategies)
    crowd.settle()
    crowd.accept(crowd.heard(number, stock) for number in range(strategies) for stock in range(stocks))
    say(f"{strategies * stocks:,} books bought in {timed(crowd.settle):.1f} s")
    trader = crowd.trader
    bought = [book for book in trader.ledger.books.values() if book.own == 200]
    if len(bought) != strategies * stocks:
        raise RuntimeError("not every strategy owns every stock")
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        found["turn"].append(timed(lambda: [trader.step() for _ in range(100)]) / 100 * 1e6)
        crowd.clock.turn(4)
        found["look"].append(timed(trader.step) * 1e3)
        found["look floor"].append(timed(lambda: _pass_over(crowd)) * 1e3)
        changed, replaced = _change(crowd)
        found["change"].append(changed * 1e6)
        found["change floor"].append(replaced * 1e6)
        found["load"].append(timed(lambda: trader._load(crowd.clock.now())) * 1e3)  # and forgets the changes
        found["load floor"].append(plain.fetch(crowd.file, *_LOADED) * 1e3)
        crowd.settle()
    crowd.close()
    many = f"{strategies} x {stocks}"

    def figure(name: str, unit: str, key: str) -> Figure:
        return Figure(name=name, unit=unit, ours=tuple(found[key]), floor=tuple(found[f"{key} floor"]))

    return [
        figure(f"books, {many}: a turn, nothing new", "us", "turn"),
        figure("  a turn that looks at the account", "ms", "look"),
        figure("  one book changes", "us", "change"),
        figure("  the ledger made from the journal", "ms", "load"),
    ]


def _pass_over(crowd: Crowd) -> tuple[dict[str, int], int]:
    """The least that such a look must do: add the books up by symbol, find every order and trade by its number."""
    owned: dict[str, int] = {}
    for (_, _, symbol), book in crowd.trader.ledger.books.items():
        owned[symbol] = owned.get(symbol, 0) + book.own
    snapshot = crowd.counter.snapshot()
    orders = crowd.trader.ledger.orders
    agree = sum(orders[said.client_order_id].filled == said.filled for said in snapshot.orders)
    return owned, agree + sum(trade.client_order_id in orders for trade in snapshot.trades)


def _change(crowd: Crowd) -> tuple[float, float]:
    """Seconds to put one book into the ledger and its batch, and to make the record alone."""
    ledger, now = crowd.trader.ledger, crowd.clock.now()
    some = list(ledger.books.values())[:1000]
    made = timed(lambda: [replace(book, own=0) for book in some])
    put = timed(lambda: [ledger.put_book(replace(book, own=0), "benchmark", "", now) for book in some])
    return put / len(some), made / len(some)


def decide(folder: Path, *, runs: int, count: int, say: Say) -> list[Figure]:
    """A prepared inbox, decided and traded to its end; then one that asks for nothing."""
    names = ("decide, ordered and filled", "decide, nothing to order")
    ours: dict[str, list[float]] = {name: [] for name in names}
    floors: dict[str, list[float]] = {name: [] for name in names}
    worked: dict[str, list[float]] = {name: [] for name in names}
    for run in range(runs):
        crowd = Crowd(folder / str(run))
        crowd.settle()
        for name, filled in zip(names, (True, False), strict=True):
            crowd.accept(crowd.heard(n // 200 % 50, n % 200, filled=filled) for n in range(count))
            before = plain.rows_in(crowd.file)
            begun, busy = time.perf_counter(), time.process_time()
            turns = crowd.settle()
            seconds, busy = time.perf_counter() - begun, time.process_time() - busy
            if crowd.journal.undecided_events(1) or crowd.trader.ledger.intents:
                raise RuntimeError("the inbox is not done")
            rows = plain.rows_in(crowd.file) - before + 2 * count  # each leaves the queue as well
            floor = plain.insert(folder, rows, 2 * turns)
            ours[name].append(count / seconds)
            worked[name].append(busy / count * 1e3)
            floors[name].append(count / floor)
            say(f"{name}, run {run + 1}: {count / seconds:,.0f} events/s; {rows / count:.1f} rows each, {turns} turns")
        crowd.close()
    figures = []
    for name in names:
        figures += [
            Figure(name=name, unit="1/s", ours=tuple(ours[name]), floor=tuple(floors[name])),
            Figure(name="  processor time of one", unit="ms", ours=tuple(worked[name])),
        ]
    return figures


def reconcile(folder: Path, *, runs: int, orders: int, say: Say) -> list[Figure]:
    """One snapshot that shows as many orders filled, of which nothing was heard; then the same picture again."""
    crowd = Crowd(folder, strategies=1)
    crowd.settle()
    crowd.counter.fills = False
    crowd.accept(crowd.heard(0, stock) for stock in range(orders))
    crowd.settle()
    if len(crowd.trader.ledger.live_orders()) != orders:
        raise RuntimeError("not every order stands at the counter")
    before = plain.rows_in(crowd.file)
    crowd.counter.fill_all()
    crowd.clock.turn(4)
    busy = time.process_time()
    first = timed(crowd.trader.step)
    busy = time.process_time() - busy
    if crowd.trader.ledger.live_orders() or sum(b.own for b in crowd.trader.ledger.books.values()) != 200 * orders:
        raise RuntimeError("not every fill was booked")
    rows = plain.rows_in(crowd.file) - before + 4 * orders  # order, intent, book and outcome are rewritten
    floor = timed(lambda: _pass_over(crowd)) + plain.insert(folder, rows, 2)
    say(f"{orders:,} fills learnt from one snapshot in {first:.2f} s")
    crowd.settle()
    again, again_floor = [], []
    for _ in range(runs):
        crowd.clock.turn(4)
        again.append(timed(crowd.trader.step) * 1e3)
        again_floor.append(timed(lambda: _pass_over(crowd)) * 1e3)
    crowd.close()
    return [
        Figure(
            name=f"reconcile, {orders:,} orders: all filled unheard",
            unit="ms",
            ours=(first * 1e3,),
            floor=(floor * 1e3,),
        ),
        Figure(name="  processor time of it", unit="ms", ours=(busy * 1e3,)),
        Figure(name="  the same picture again", unit="ms", ours=tuple(again), floor=tuple(again_floor)),
    ]
