"""What an event, a look and a start cost while the journal grows from a thousand events to a million.

A thousand events are accepted, decided, ordered and filled by the real desk; the longer journals are made of them by
SQL, block by block into the past, four blocks a day, every number, time and day shifted, books and holdings multiplied:
the journal's own proof of history holds in all of them.
"""

from __future__ import annotations

import math
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import psutil

from benchmarks import plain
from benchmarks.crowd import STRATEGIES, Crowd
from benchmarks.figures import Figure
from benchmarks.plain import timed
from benchmarks.process import free_port
from benchmarks.signals import ACCOUNT, write_home
from benchmarks.standing import start_daemon, stop_daemon
from desk.clock import SystemClock
from desk.journal import Journal, tables, views
from desk.journal.columns import listing
from desk.journal.database import FILE_NAME
from desk.journal.history import check_history
from desk.journal.view_counts import status_counts

Say = Callable[[str], None]

_BLOCKS_A_DAY = 4
_BLOCK_TICKS = 24 * 3600 * 1000 // 65536 // _BLOCKS_A_DAY  # an id begins with its time, in units of 65.536 s
_MEASURED = 50  # events at a time, so that all sizes meet the same moments of a shared machine
_TURNS = 4  # of them in a run
_ROWS, _COMMITS = 9, 6  # what such an event writes on average, and the turns that deal with so many
_GROWN = (
    *(tables.bodies, tables.events, tables.outcomes, tables.jq_orders, tables.jq_rates, tables.intents, tables.orders),
    *(tables.order_facts, tables.fills, tables.book_changes, tables.messages),
)
_TIMES = ("at", "sent_at", "received_at", "created_at", "updated_at", "decided_at", "done_at", "final_at")
_DAYS = ("day", "jq_day")
_EVENT = "b.moment || substr({0}, 9, 20) || b.mark"  # rising with time, as the pasted file makes them
_ORDER = "'g' || b.rising || substr({0}, 7, 6) || b.mark || substr({0}, 17)"  # rising with time: view.intent_id_for
_SHIFTED = {
    **dict.fromkeys(_TIMES, "{0} - b.days * 86400000000"),
    **dict.fromkeys(_DAYS, "date({0}, '-' || b.days || ' days')"),
    **dict.fromkeys(("jq_order_id", "fill_id", "broker_order_id", "key"), "{0} || b.mark"),
    **dict.fromkeys(("event_id", "body_id"), _EVENT),
    **dict.fromkeys(("intent_id", "client_order_id"), _ORDER),
    "ref": f"CASE WHEN length({{0}}) = 32 THEN {_EVENT} ELSE {_ORDER} END",
}


def measure(folder: Path, *, runs: int, base: int, decades: int, say: Say) -> list[Figure]:
    """Journals of `base`, 10 x `base`, … events, `decades` times; measured turn by turn."""
    sizes = [base * 10**number for number in range(decades + 1)]
    places = [folder / str(size) for size in sizes]
    last_day = SystemClock().now().replace(hour=9, minute=35, second=0, microsecond=0) - timedelta(days=2)
    _first(places[0], base, blocks=sizes[-1] // base, at=last_day)
    for place, size in zip(places[1:], sizes[1:], strict=True):
        shutil.copytree(places[0], place)
        begun = time.perf_counter()
        _grow(place, base, size // base)
        say(f"a journal of {size:,} events made in {time.perf_counter() - begun:.1f} s")
    today = last_day + timedelta(days=1)
    crowds = [Crowd(place, start=today) for place in places]
    problems = check_history(crowds[1].journal)
    if problems:
        raise RuntimeError(f"a grown journal contradicts itself: {problems[:3]}")
    for crowd in crowds:
        crowd.resume()
    per_event: dict[int, list[float]] = {size: [] for size in sizes}
    cpu: dict[int, list[float]] = {size: [] for size in sizes}
    floors: list[float] = []
    for run in range(runs + 1):  # the first warms up
        taken, worked = dict.fromkeys(sizes, 0.0), dict.fromkeys(sizes, 0.0)
        floor = 0.0
        for _ in range(_TURNS):
            for size, crowd in zip(sizes, crowds, strict=True):
                wall, busy = _events(crowd)
                taken[size] += wall
                worked[size] += busy
            floor += plain.insert(folder, _ROWS * _MEASURED, _MEASURED + _COMMITS)
        if run:
            for size in sizes:
                per_event[size].append(taken[size] / _TURNS / _MEASURED * 1e3)
                cpu[size].append(worked[size] / _TURNS / _MEASURED * 1e3)
            floors.append(floor / _TURNS / _MEASURED * 1e3)
            say(f"run {run}: ms an event " + ", ".join(f"{per_event[size][-1]:.2f} at {size:,}" for size in sizes))
    looks = _looks(crowds[-1], runs)
    for crowd in crowds:
        crowd.close()
    return [
        *(
            Figure(
                name=f"journal, {size:,} events: accept and decide one",
                unit="ms",
                ours=tuple(per_event[size]),
                floor=tuple(floors),
            )
            for size in sizes
        ),
        *_growth(per_event, cpu, sizes),
        *(
            Figure(name=f"  {name} at {sizes[-1]:,}", unit="ms", ours=taken, at_most=None if "today" in name else 100)
            for name, taken in looks.items()
        ),
        *_start(places[-1], sizes[-1], runs, say),
    ]


def _growth(per_event: dict[int, list[float]], cpu: dict[int, list[float]], sizes: list[int]) -> list[Figure]:
    """The last size against the first, run by run, and the slope of all sizes for a decade."""
    first, last = per_event[sizes[0]], per_event[sizes[-1]]
    slopes = []
    for run in range(len(first)):
        values = [per_event[size][run] for size in sizes]
        logs = [math.log10(size) for size in sizes]
        middle = sum(logs) / len(logs)
        rise = sum((x - middle) * y for x, y in zip(logs, values, strict=True)) / sum((x - middle) ** 2 for x in logs)
        slopes.append(100 * rise / median(values))
    return [
        Figure(
            name=f"  an event at {sizes[-1]:,} against {sizes[0]:,}",
            unit="x",
            ours=(median(last) / median(first),),
            at_most=1.2,
        ),
        Figure(
            name="  the same in processor time",
            unit="x",
            ours=(median(cpu[sizes[-1]]) / median(cpu[sizes[0]]),),
            at_most=1.2,
        ),
        Figure(name="  slope, each ten times as many", unit="%", ours=tuple(slopes)),
    ]


def _events(crowd: Crowd) -> tuple[float, float]:
    """Seconds, and the processor's, to accept so many events one by one, and to decide, order, fill and settle them."""
    bodies = [crowd.heard(n % STRATEGIES, n % 200, filled=n % 2 == 0) for n in range(_MEASURED)]
    begun, busy = time.perf_counter(), time.process_time()
    crowd.accept(bodies)
    crowd.settle()
    seconds, busy = time.perf_counter() - begun, time.process_time() - busy
    if crowd.journal.undecided_events(1) or crowd.trader.ledger.intents:
        raise RuntimeError("the events are not done")
    return seconds, busy


def _looks(crowd: Crowd, runs: int) -> dict[str, tuple[float, ...]]:
    journal = crowd.journal
    asked: dict[str, Callable[[], object]] = {
        "status": lambda: status_counts(journal),
        "signals of today": lambda: views.signals(journal),
        "orders of today": lambda: views.orders(journal),
        "signals, the latest 50": lambda: views.signals(journal, limit=50),
        "orders, the latest 50": lambda: views.orders(journal, limit=50),
        "fills, the latest 50": lambda: views.fills(journal, limit=50),
    }
    return {name: tuple(timed(ask) * 1e3 for _ in range(runs)) for name, ask in asked.items()}


def _start(place: Path, size: int, runs: int, say: Say) -> list[Figure]:
    """The program itself, started on the longest journal."""
    home, port = place.with_name("home"), free_port()
    write_home(home, port)
    place.rename(home / "data")
    starts, ready, memory = [], [], []
    for run in range(runs):
        begun = SystemClock().now()
        daemon, seconds = start_daemon(home, port)
        starts.append(seconds)
        while not _looked(home, begun):
            time.sleep(0.05)
        ready.append((SystemClock().now() - begun).total_seconds())
        memory.append(psutil.Process(daemon.pid).memory_info().rss / 1e6)
        stop_daemon(daemon)
        say(f"start {run + 1} with {size:,} events: {seconds:.2f} s, ready to trade {ready[-1]:.2f} s")
    return [
        Figure(name=f"start with {size:,} old events: the port", unit="s", ours=tuple(starts), at_most=3),
        Figure(name="  ready to trade", unit="s", ours=tuple(ready)),
        Figure(name="  memory then", unit="MB", ours=tuple(memory), at_most=200),
    ]


def _looked(home: Path, since: datetime) -> bool:
    """Whether the trader has loaded everything and seen its account since then."""
    with Journal.open(home / "data", clock=SystemClock(), read_only=True) as journal:
        accounts = status_counts(journal)["accounts"]
    return any(row["name"] == ACCOUNT and datetime.fromisoformat(row["at"]) >= since for row in accounts)


# --- making a long past -----------------------------------------------------------------------------------------------


def make_grown(place: Path, base: int, blocks: int, *, at: datetime) -> None:
    """Make a journal of so many blocks of `base` events; the last one really happened, at that moment."""
    _first(place, base, blocks=blocks, at=at)
    if blocks > 1:
        _grow(place, base, blocks)


def _first(place: Path, count: int, *, blocks: int, at: datetime) -> None:
    """The one block that really happened; its sequence numbers leave room for the blocks before it."""
    crowd = Crowd(place, start=at)
    crowd.settle()
    crowd.number_from(count // STRATEGIES * (blocks - 1))
    crowd.accept(crowd.heard(n % STRATEGIES, n % 200, filled=n % 2 == 0) for n in range(count))
    crowd.settle()
    crowd.close()


def _grow(place: Path, base: int, blocks: int) -> None:
    """Put blocks like the first before it, until there are so many."""
    connection = sqlite3.connect(place / FILE_NAME, isolation_level=None)
    for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
        connection.execute(f"PRAGMA {setting}")
    columns = "number INTEGER PRIMARY KEY, mark TEXT, rising TEXT, moment TEXT, days INTEGER"
    connection.execute(f"CREATE TEMP TABLE b ({columns})")
    connection.execute("BEGIN")
    by_time = [(index.name, index.columns[0].name) for table in _GROWN for index in table.indexes]
    by_time = [name for name, first in by_time if first in _TIMES + _DAYS]
    indexes = connection.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND name IN ({listing(by_time)})"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    bodies, first = connection.execute("SELECT MAX(id), MIN(body_id) FROM bodies").fetchone()
    # Oldest first, under marks in no order: what an id has of chance stands in no order here either.
    marks = random.Random(blocks).sample(range(32**4), blocks)
    connection.executemany(
        "INSERT INTO b VALUES (?, ?, ?, ?, ?)",
        [
            (turn, _mark(marks[turn]), f"{turn:05}", _moment(first, blocks - turn), (blocks - turn) // _BLOCKS_A_DAY)
            for turn in range(1, blocks)
        ],
    )
    for table in _GROWN:
        names = [column.name for column in table.columns]
        connection.execute(f"CREATE TEMP TABLE block AS SELECT * FROM {table.name}")
        top = connection.execute("SELECT MAX(id) FROM block").fetchone()[0] if "id" in names else 0
        rules = _SHIFTED | {
            "id": f"{{0}} + b.number * {top}",
            "body": f"{{0}} + b.number * {bodies}",
            "seq": f"{{0}} - ({blocks} - b.number) * {base // STRATEGIES}",
        }
        shown = ", ".join(rules.get(name, "{0}").format(f"t.{name}") for name in names)
        connection.execute(f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {shown} FROM b CROSS JOIN block t")
        connection.execute("DROP TABLE block")
    connection.execute(
        f"UPDATE holdings SET strategy_shares = strategy_shares * {blocks}, counted_shares = counted_shares * {blocks}"
    )
    connection.execute(f"UPDATE books SET own = own * {blocks}, entitled = CAST(entitled AS INTEGER) * {blocks}")
    for _, sql in indexes:  # made at the end, sorted: full pages, as appending leaves them
        connection.execute(sql)
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _moment(first: str, before: int) -> str:
    """The beginning of an id that was made so many blocks before the block whose first id this is."""
    return f"{int(first[:8], 16) - before * _BLOCK_TICKS:08x}"


def _mark(number: int) -> str:
    """Four characters that no real id has together: theirs are small."""
    return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[number >> shift & 31] for shift in (15, 10, 5, 0))
