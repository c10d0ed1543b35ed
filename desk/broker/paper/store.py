"""The exchange's own store: one SQLite file with its own commits.

It knows nothing of the journal: the exchange plays the broker, whose memory must not depend on ours.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from desk.broker import BrokerUnavailable
from desk.broker.paper.account import Position
from desk.broker.paper.feed import Anchor
from desk.broker.paper.orders import PaperOrder
from desk.broker.paper.scenes import Scene
from desk.core.market import BrokerTrade
from desk.core.values import BrokerStatus, Side
from desk.texts import paper as words

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (
    number INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
    shares INTEGER NOT NULL, price TEXT NOT NULL, day TEXT NOT NULL, at TEXT NOT NULL, status TEXT NOT NULL,
    text TEXT NOT NULL, filled INTEGER NOT NULL, turnover TEXT NOT NULL, fees TEXT NOT NULL,
    CHECK (filled = 0 OR filled BETWEEN 0 AND shares)
);
CREATE UNIQUE INDEX IF NOT EXISTS orders_remark ON orders (client_order_id) WHERE client_order_id != '';
CREATE INDEX IF NOT EXISTS orders_day ON orders (day);
CREATE TABLE IF NOT EXISTS trades (
    trade_id INTEGER PRIMARY KEY, number INTEGER NOT NULL REFERENCES orders, shares INTEGER NOT NULL CHECK (shares > 0),
    price TEXT NOT NULL, fee TEXT NOT NULL, day TEXT NOT NULL, at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS trades_day ON trades (day);
CREATE TABLE IF NOT EXISTS positions (
    symbol TEXT PRIMARY KEY, shares INTEGER NOT NULL CHECK (shares > 0), bought_today INTEGER NOT NULL,
    cost TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS anchors (symbol TEXT PRIMARY KEY, price TEXT NOT NULL, basis TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rights (
    symbol TEXT NOT NULL, day TEXT NOT NULL, factor TEXT NOT NULL, cash_per_share TEXT NOT NULL,
    PRIMARY KEY (symbol, day)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS scenes (symbol TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(slots=True)
class Changes:
    """What one turn of the exchange wants written; committed as one transaction."""

    meta: dict[str, str] = field(default_factory=dict)
    orders: dict[int, PaperOrder] = field(default_factory=dict)
    trades: list[BrokerTrade] = field(default_factory=list)
    positions: dict[str, Position | None] = field(default_factory=dict)  # None: sold out
    anchors: dict[str, Anchor] = field(default_factory=dict)
    rights: list[Rights] = field(default_factory=list)
    scenes: dict[str, Scene | None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        # Asked at every turn of the exchange: a loop over the names costs five times as much.
        written = self.meta or self.orders or self.trades or self.positions
        return bool(written or self.anchors or self.rights or self.scenes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """An ex-day (除权除息日): from this day on one share is `factor` shares, after a dividend in yuan per old share."""

    symbol: str
    day: date
    factor: Decimal
    cash_per_share: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    meta: dict[str, str]
    positions: list[Position]
    anchors: dict[str, Anchor]
    rights: list[Rights]
    scenes: dict[str, Scene]


class StoreFailed(BrokerUnavailable):
    """The exchange's store cannot be opened or written: the exchange stands still until it is opened anew.

    Nothing of what was being written exists.
    """


class PaperStore:
    """`path` None keeps everything in memory. Used under the exchange's lock, from any thread."""

    def __init__(self, path: Path | None) -> None:
        name = ":memory:" if path is None else str(path)
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StoreFailed(words.store_unusable(name, str(error))) from error
        weakref.finalize(self, self._db.close)  # an exchange that is thrown away leaves no open file behind
        try:
            # FULL: what the exchange has answered survives a loss of power as well, as a broker's memory would.
            self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000;")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreFailed(words.store_unusable(name, str(error))) from error

    def close(self) -> None:
        self._db.close()

    def commit(self, changes: Changes) -> None:
        """Write everything or nothing; raise StoreFailed."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._write(changes)
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreFailed(words.STORE_FAILED) from error

    def _write(self, changes: Changes) -> None:
        many = self._db.executemany
        if changes.meta:
            many("REPLACE INTO meta VALUES (?, ?)", changes.meta.items())
        if changes.orders:
            many("REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)", map(_order_row, changes.orders.values()))
        if changes.trades:
            many("INSERT INTO trades VALUES (?,?,?,?,?,?,?)", map(_trade_row, changes.trades))
        for symbol, position in changes.positions.items():
            if position is None:
                self._db.execute("DELETE FROM positions WHERE symbol = ?", (symbol,))
            else:
                row = (symbol, position.shares, position.bought_today, str(position.cost))
                self._db.execute("REPLACE INTO positions VALUES (?,?,?,?)", row)
        if changes.anchors:
            rows = [(symbol, str(a.price), str(a.basis)) for symbol, a in changes.anchors.items()]
            many("REPLACE INTO anchors VALUES (?,?,?)", rows)
        if changes.rights:
            facts = [(r.symbol, r.day.isoformat(), str(r.factor), str(r.cash_per_share)) for r in changes.rights]
            many("REPLACE INTO rights VALUES (?,?,?,?)", facts)
        for symbol, scene in changes.scenes.items():
            if scene is None:
                self._db.execute("DELETE FROM scenes WHERE symbol = ?", (symbol,))
            else:
                self._db.execute("REPLACE INTO scenes VALUES (?,?)", (symbol, _scene_text(scene)))

    def load(self) -> Loaded:
        rows = self._db.execute
        return Loaded(
            meta=dict(rows("SELECT key, value FROM meta").fetchall()),
            positions=[
                Position(symbol=symbol, shares=shares, bought_today=bought, cost=Decimal(cost))
                for symbol, shares, bought, cost in rows("SELECT * FROM positions ORDER BY symbol")
            ],
            anchors={
                symbol: Anchor(price=Decimal(price), basis=Decimal(basis))
                for symbol, price, basis in rows("SELECT * FROM anchors")
            },
            rights=[
                Rights(symbol=s, day=date.fromisoformat(d), factor=Decimal(f), cash_per_share=Decimal(c))
                for s, d, f, c in rows("SELECT * FROM rights ORDER BY day, symbol")
            ],
            scenes={symbol: _scene(body) for symbol, body in rows("SELECT * FROM scenes")},
        )

    def orders_of(self, day: date) -> list[PaperOrder]:
        rows = self._db.execute("SELECT * FROM orders WHERE day = ? ORDER BY number", (day.isoformat(),))
        return [_order(row) for row in rows]

    def trades_of(self, day: date) -> list[BrokerTrade]:
        rows = self._db.execute(
            "SELECT t.trade_id, o.number, o.client_order_id, o.symbol, o.side, t.shares, t.price, t.fee, t.at"
            " FROM trades t JOIN orders o USING (number) WHERE t.day = ? ORDER BY t.trade_id",
            (day.isoformat(),),
        )
        return [
            BrokerTrade(
                trade_id=str(trade_id),
                broker_order_id=str(number),
                client_order_id=remark,
                symbol=symbol,
                side=Side(side),
                shares=shares,
                price=Decimal(price),
                fee=Decimal(fee),
                at=datetime.fromisoformat(at),
            )
            for trade_id, number, remark, symbol, side, shares, price, fee, at in rows
        ]

    def remark_used(self, client_order_id: str) -> bool:
        """Tell whether any order, of any day, carries this remark."""
        found = self._db.execute(
            "SELECT 1 FROM orders WHERE client_order_id = ? AND client_order_id != ''", (client_order_id,)
        )
        return found.fetchone() is not None

    def next_numbers(self) -> tuple[int, int]:
        """Tell the numbers that the next order and the next trade get."""
        row = self._db.execute(
            "SELECT (SELECT coalesce(max(number), 0) + 1 FROM orders),"
            " (SELECT coalesce(max(trade_id), 0) + 1 FROM trades)"
        ).fetchone()
        return int(row[0]), int(row[1])


def _order_row(order: PaperOrder) -> tuple[object, ...]:
    return (
        order.number,
        order.client_order_id,
        order.symbol,
        order.side.value,
        order.shares,
        str(order.price),
        order.day.isoformat(),
        order.at.isoformat(),
        order.status.value,
        order.text,
        order.filled,
        str(order.turnover),
        str(order.fees),
    )


def _order(row: tuple[object, ...]) -> PaperOrder:
    number, remark, symbol, side, shares, price, day, at, status, text, filled, turnover, fees = map(str, row)
    return PaperOrder(
        number=int(number),
        client_order_id=remark,
        symbol=symbol,
        side=Side(side),
        shares=int(shares),
        price=Decimal(price),
        day=date.fromisoformat(day),
        at=datetime.fromisoformat(at),
        status=BrokerStatus(status),
        text=text,
        filled=int(filled),
        turnover=Decimal(turnover),
        fees=Decimal(fees),
    )


def _trade_row(trade: BrokerTrade) -> tuple[object, ...]:
    day = trade.at.date().isoformat()
    number = int(trade.broker_order_id)
    return (int(trade.trade_id), number, trade.shares, str(trade.price), str(trade.fee), day, trade.at.isoformat())


def _scene_text(scene: Scene) -> str:
    body = {
        "limit_up": scene.limit_up,
        "limit_down": scene.limit_down,
        "suspended": scene.suspended,
        "thin": scene.thin,
        "price": None if scene.price is None else str(scene.price),
    }
    return json.dumps(body)


def _scene(body: str) -> Scene:
    facts = json.loads(body)
    price = facts.pop("price")
    return Scene(price=None if price is None else Decimal(price), **facts)
