"""The processes that are measured: `python -m benchmarks.child ROLE FOLDER`, asked by lines on stdin (roles: below).

Each prints one JSON line when it is ready ({"port": n}) and one for every line it reads; at the end of stdin it stops.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.signals import KID, SECRET, config
from desk.clock import SystemClock

if TYPE_CHECKING:
    from desk.cli.daemon import Daemon

Answer = Callable[[list[str]], Any]


def _converse(answers: dict[str, Answer], port: int) -> None:
    """Answer lines until there are no more."""
    print(json.dumps({"port": port}), flush=True)
    for line in sys.stdin:
        verb, *words = line.split()
        print(json.dumps(answers[verb](words)), flush=True)


def _memory(_: list[str]) -> float:
    """Resident, in MB."""
    return psutil.Process().memory_info().rss / 1e6


def ours(folder: Path) -> None:
    """The receiver as the daemon runs it, without a trader."""
    from desk.journal import Journal
    from desk.senders import Keyring
    from Receiver import Receiver, make_app, open_door

    clock, settings, stop, told = SystemClock(), config(folder), threading.Event(), []
    sys.setswitchinterval(0.001)  # as desk.cli.daemon does
    with Journal.open(folder, clock=clock) as journal:
        receiver = Receiver(
            journal=journal,
            keyring=Keyring(lambda: settings),
            clock=clock,
            alarm=lambda title, text, key: told.append(f"{title}: {text}"),
        )
        door = open_door(make_app(receiver), "127.0.0.1", 0, clock=clock)
        thread = threading.Thread(target=door.run, args=(stop,))
        thread.start()

        def stored(_: list[str]) -> dict[str, Any]:
            with journal.look() as session:
                rows = session.rows("SELECT COUNT(*) FROM events")
            return {"rows": rows[0][0], "told": told}

        _converse({"stored": stored, "memory": _memory}, door.port)
        stop.set()
        thread.join()


def positions(folder: Path) -> None:
    """The receiver's port with the position upload switched on, for one API key and the public key in the folder."""
    from dataclasses import replace

    from benchmarks.uploads import CLIENT_ID
    from desk.journal import Journal, PositionBook, PositionClient
    from desk.positions import keys, routes
    from desk.positions.service import PositionService
    from desk.senders import Keyring
    from Receiver import Receiver, make_app, open_door

    clock, settings, stop = SystemClock(), replace(config(folder), position_upload=True), threading.Event()
    sys.setswitchinterval(0.001)  # as desk.cli.daemon does
    api_key, public = keys.new_api_key(), (folder / "public.pem").read_text(encoding="ascii")
    with Journal.open(folder, clock=clock) as journal:
        book = PositionBook(journal)
        for client_id, pem, digest in ((CLIENT_ID, public, None), ("key", None, keys.key_digest(api_key))):
            book.add_client(
                PositionClient(
                    client_id=client_id, public_key=pem, key_digest=digest,
                    strategy="", may_read=False, created_at=clock.now(),
                )
            )  # fmt: skip
        service = PositionService(book=book, config=lambda: settings, clock=clock)
        receiver = Receiver(journal=journal, keyring=Keyring(lambda: settings), clock=clock, alarm=lambda *_: None)
        door = open_door(make_app(receiver, routes.tunnelled(service)), "127.0.0.1", 0, clock=clock)
        thread = threading.Thread(target=door.run, args=(stop,))
        thread.start()

        def stored(_: list[str]) -> int:
            with journal.look() as session:
                return int(session.rows("SELECT COUNT(*) FROM position_uploads")[0][0])

        def shares(_: list[str]) -> int:
            """Of the first stock, in the target that stands."""
            target = book.target(settings.strategies[0].name)
            assert target is not None
            return target.positions[0].shares

        _converse({"key": lambda _: api_key, "stored": stored, "shares": shares}, door.port)
        stop.set()
        thread.join()


def floor(folder: Path) -> None:
    """The least that a durable receiver on the same libraries does: parse JSON, one row, group commit, answer."""
    from flask import Flask, request
    from waitress import create_server  # type: ignore[import-untyped]

    from benchmarks.floor import RowWriter

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    writer = RowWriter(folder / "floor.sqlite3")
    app = Flask("floor")

    @app.post("/api/order")
    def order() -> dict[str, bool]:
        body = request.get_data()
        writer.add(json.loads(body)["i"], body)
        return {"ok": True}

    server = create_server(
        app, host="127.0.0.1", port=0, threads=16, connection_limit=1000, backlog=1024, asyncore_use_poll=True
    )
    threading.Thread(target=server.run, daemon=True).start()
    _converse({"stored": lambda _: {"rows": writer.rows(), "told": []}, "memory": _memory}, server.effective_port)
    writer.close()


def desk(
    folder: Path,
    put_between: Callable[[Any, list[tuple[float, str]]], None] | None = None,
    beside: Callable[[Daemon], AbstractContextManager[object]] = nullcontext,
) -> None:
    """The whole daemon, its broker's door and the socket's reads noted; the exchange keeps its book in memory.

    `put_between(parts, places)` puts something else between trader and exchange and notes the orders itself; `beside`:
    what runs with the daemon.
    """
    from desk import serving
    from desk.broker.paper import PaperExchange
    from desk.cli import parts, processor
    from desk.cli.daemon import Daemon
    from desk.cli.home import RECEIVER, TRADER, Home
    from desk.core.batch import Batch
    from desk.core.values import OrderState
    from desk.journal import inbox, ledger
    from desk.journal.database import Session

    processor.for_orders(pages_beside=beside is not nullcontext)  # as `run` does
    reads: list[float] = []
    places: list[tuple[float, str]] = []
    synced: list[float] = []  # of each signal: seconds of the COMMIT of its acceptance, then of its intent to send
    coming = 0  # of them in the transaction that is open; in the writer's thread
    accept, write, run = inbox.accept, ledger.write, Session.run

    def noted_accept(session: Any, body: Any) -> Any:
        nonlocal coming
        coming += 1
        return accept(session, body)

    def noted_write(session: Any, batch: Batch) -> None:
        nonlocal coming
        coming += sum(order.state is OrderState.SENDING and order.attempt == 1 for order in batch.orders.values())
        write(session, batch)

    def noted_run(session: Session, sql: str, params: Any = ()) -> Any:
        nonlocal coming
        if sql != "COMMIT":
            return run(session, sql, params)
        begun = time.perf_counter()
        answer = run(session, sql, params)
        synced.extend([time.perf_counter() - begun] * coming)
        coming = 0
        return answer

    inbox.accept, ledger.write, Session.run = noted_accept, noted_write, noted_run  # type: ignore[method-assign]
    received = serving._Channel.received

    def noted_read(channel: Any, data: bytes) -> bool:
        if daemon.door is not None and channel.adj.port == daemon.door.port:
            reads.append(time.perf_counter())
        return received(channel, data)

    def in_memory(*, store: Path, **more: Any) -> PaperExchange:
        return PaperExchange(store=None, **more)

    serving._Channel.received = noted_read  # type: ignore[method-assign]
    parts.PaperExchange = in_memory  # type: ignore[misc, assignment]
    if put_between is not None:
        put_between(parts, places)
    roles = frozenset({RECEIVER, TRADER})
    daemon = Daemon(Home(folder), clock=SystemClock(), roles=roles, env={}, console_level=None)
    daemon.open()

    def note(broker: Any) -> None:
        place = broker.place

        def noted_place(request: Any) -> Any:
            places.append((time.perf_counter(), request.client_order_id))
            return place(request)

        broker.place = noted_place

    if put_between is None:
        for account in daemon.trading.desks.values():
            note(account.broker)
    daemon.start()

    def stamps(_: list[str]) -> dict[str, Any]:
        """What was noted since the last time; only first attempts of an intent."""
        first = [at for at, order in places if order.endswith("-1")]
        said = {"reads": reads[:], "places": first, "synced": synced[:]}
        for notes in (reads, places, synced):
            notes.clear()
        return said

    def commit(words: list[str]) -> float:
        """Median seconds of a commit of one row through the journal's own writer."""
        taken = []
        for number in range(int(words[0])):
            begun = time.perf_counter()
            daemon.journal.commit(Batch(flags={"benchmark": str(number)}))
            taken.append(time.perf_counter() - begun)
        return median(taken)

    def live(_: list[str]) -> int:
        return len(daemon.trader.ledger.live_orders())

    def scene(words: list[str]) -> None:
        """Pin prices: SYMBOL PRICE pairs."""
        from decimal import Decimal

        for symbol, price in zip(words[::2], words[1::2], strict=True):
            for exchange in daemon.trading.exchanges.values():
                exchange.scene(symbol, price=Decimal(price))

    assert daemon.door is not None
    answers: dict[str, Answer] = {"stamps": stamps, "commit": commit, "live": live, "scene": scene, "memory": _memory}
    with beside(daemon):
        _converse(answers, daemon.door.port)
    daemon.close()


def native(folder: Path) -> None:
    """The daemon over the genuine xtquant over a simulated MiniQMT; an order is noted where the native call begins."""
    from desk.broker.xt import XtBroker
    from desk.broker.xt_sim import Terminal, install, terminal
    from desk.broker.xt_sim.client import XtQuantAsyncClient

    # A terminal is a process of its own; this one shares our interpreter, and would take it 200 times a second only to
    # see whether something is due. What it is asked wakes it at once all the same.
    terminal._BEAT_S = 0.05

    def put_between(parts: Any, places: list[tuple[float, str]]) -> None:
        found = XtQuantAsyncClient.__getattr__

        def noted(client: XtQuantAsyncClient, name: str) -> Callable[..., None]:
            call = found(client, name)
            if name != "orderStockWithSeq":
                return call

            def order(seq: int, asked: Any) -> None:
                places.append((time.perf_counter(), asked.m_strOrderRemark))
                call(seq, asked)

            return order

        XtQuantAsyncClient.__getattr__ = noted  # type: ignore[method-assign]

        def at_a_terminal(account: str, exchange: Any, _: Any) -> XtBroker:
            path, clock = str(folder / "userdata_mini"), SystemClock()
            Path(path).mkdir()
            install([Terminal(path, {"88001234": exchange}, clock)])
            return XtBroker(account, path=path, account_id="88001234", clock=clock)

        parts.PaperBroker = at_a_terminal

    desk(folder, put_between)


def watched(folder: Path) -> None:
    """The daemon with its console beside it."""
    from desk.cli import console_process

    desk(folder, beside=console_process.beside)


def browsers(_: Path) -> None:
    """Tabs of browsers on the console: `open PORT`, `close`. They live on a phone, or have cores of their own."""
    from benchmarks.console_browsers import Browsers
    from desk.cli import processor

    processor.for_pages()

    browsers = Browsers()
    _converse({"open": lambda words: browsers.open(int(words[0])), "close": lambda _: browsers.close()}, 0)


if __name__ == "__main__":
    roles: dict[str, Callable[[Path], None]] = {
        "ours": ours,
        "floor": floor,
        "positions": positions,
        "desk": desk,
        "native": native,
        "watched": watched,
        "browsers": browsers,
    }
    roles[sys.argv[1]](Path(sys.argv[2]))

__all__ = ["KID", "SECRET"]
