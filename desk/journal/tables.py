"""The tables of the one book, as SQLAlchemy metadata; what must never be broken stands here as a constraint.

Times are integers, microseconds of UTC since 1970; days are ISO text; decimals are exact text; enums are their values;
yes/no are 0/1. A column bears the name of the record's field (`limit` is `limit_price`: a reserved word).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from desk.core.values import EventKind, JqStatus, OrderState, Origin, Side, Style, Verdict

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite's rowid is declared INTEGER; a server needs eight bytes.
_Big = BigInteger().with_variant(Integer, "sqlite")
LIVE_STATES = tuple(state.value for state in OrderState if state.live)
OPEN_JQ = tuple(status.value for status in JqStatus if not status.final)


def listing(values: Iterable[str]) -> str:
    """SQL text of a list of constants; only for words that stand in this code."""
    return ", ".join(f"'{value}'" for value in values)


def _number() -> Column[int]:
    return Column("id", _Big, primary_key=True, autoincrement=True)


def _text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=primary_key, nullable=nullable)


def _int(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, _Big, nullable=nullable)


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({listing(word.value for word in words)})", name=f"{column}_known")


# --- what came in ---------------------------------------------------------------------------------------------------

bodies = Table(
    "bodies",
    metadata,
    _number(),
    _text("kid"),
    _text("body_id"),
    Column("digest", LargeBinary, nullable=False),
    _text("strategy"),
    _int("wire"),
    _int("sent_at"),
    _int("received_at"),
    _int("clock_ahead"),
    Column("raw", LargeBinary, nullable=True),  # kept for diagnosis when the plaintext was unusable
    UniqueConstraint("kid", "body_id"),
)

events = Table(
    "events",
    metadata,
    _number(),  # the order of acceptance
    Column("body", _Big, ForeignKey("bodies.id"), nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    _text("strategy"),
    _text("kind"),
    _int("seq"),
    _int("received_at"),
    _text("payload"),
    _one_of("kind", EventKind),
    CheckConstraint("seq >= 0", name="seq_natural"),
    Index(None, "received_at"),
    Index(None, "strategy", "received_at"),
    Index(None, "strategy", "seq"),
)

# The queue of events without an outcome: filled by the acceptance, emptied by the first outcome.
undecided = Table("undecided", metadata, Column("event", _Big, ForeignKey("events.id"), primary_key=True))

senders = Table("senders", metadata, _text("kid", primary_key=True), _int("top_seq"), _int("has_v2"))

conflicts = Table(
    "conflicts",
    metadata,
    _number(),
    _text("kid"),
    _text("body_id"),
    Column("digest", LargeBinary, nullable=False),
    _int("at"),
    UniqueConstraint("kid", "body_id", "digest"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("event_id", Text, ForeignKey("events.event_id"), primary_key=True),
    _text("verdict"),
    _text("reason", nullable=True),
    _text("reason_text"),
    _text("parts"),
    _int("decided_at", nullable=True),
    _int("done_at", nullable=True),
    _one_of("verdict", Verdict),
    Index(
        "ix_outcomes_open",
        "event_id",
        sqlite_where=text("verdict = 'working'"),
        postgresql_where=text("verdict = 'working'"),
    ),
)

# --- the books ------------------------------------------------------------------------------------------------------

_jq_open = text(f"status IN ({listing(OPEN_JQ)})")
jq_orders = Table(
    "jq_orders",
    metadata,
    _text("strategy", primary_key=True),
    _text("day", primary_key=True),
    _text("jq_order_id", primary_key=True),
    _text("symbol"),
    _text("side"),
    _int("amount"),
    _int("filled"),
    _text("status"),
    _text("style"),
    _text("limit_price", nullable=True),
    _int("counted"),
    _int("closed"),
    _int("updated_at", nullable=True),
    _one_of("side", Side),
    _one_of("status", JqStatus),
    _one_of("style", Style),
    CheckConstraint("amount >= 0 AND filled >= 0 AND counted >= 0", name="natural"),
    Index(None, "day"),
    Index("ix_jq_orders_open", "strategy", "symbol", sqlite_where=_jq_open, postgresql_where=_jq_open),
)

jq_rates = Table(
    "jq_rates",
    metadata,
    _text("strategy", primary_key=True),
    _text("day", primary_key=True),
    _text("jq_order_id", primary_key=True),
    _text("account", primary_key=True),
    _text("numerator"),
    _text("denominator"),
    _text("given_up"),
    Index(None, "day"),
)

holdings = Table(
    "holdings",
    metadata,
    _text("strategy", primary_key=True),
    _text("symbol", primary_key=True),
    _int("strategy_shares"),
    _int("counted_shares"),
)

books = Table(
    "books",
    metadata,
    _text("strategy", primary_key=True),
    _text("account", primary_key=True),
    _text("symbol", primary_key=True),
    _text("entitled"),
    _int("own"),
    _int("bought_today"),
    _text("bought_day", nullable=True),
    _text("frozen", nullable=True),
    CheckConstraint("own >= 0", name="own_natural"),
    CheckConstraint("substr(entitled, 1, 1) <> '-'", name="entitled_natural"),
)

book_changes = Table(
    "book_changes",
    metadata,
    _number(),
    _int("at"),
    _text("strategy"),
    _text("account", nullable=True),
    _text("symbol"),
    _text("cause"),
    _text("ref"),
    _int("strategy_shares"),
    _int("counted_shares"),
    _text("entitled"),
    _int("own"),
    Index(None, "at"),
    Index(None, "ref"),
    Index(None, "strategy", "symbol"),
)

_open_gap = text("closed_at IS NULL")
gaps = Table(
    "gaps",
    metadata,
    _text("key", primary_key=True),
    _int("at"),
    _text("strategy"),
    _text("symbol", nullable=True),
    _text("cause"),
    _text("text"),
    _int("closed_at", nullable=True),
    Index("ix_gaps_open", "strategy", sqlite_where=_open_gap, postgresql_where=_open_gap),
)

# --- our orders -----------------------------------------------------------------------------------------------------

_running = text("ended = 0")
intents = Table(
    "intents",
    metadata,
    _text("intent_id", primary_key=True),
    _text("origin"),
    _text("event_id", nullable=True),
    _text("strategy"),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _int("decided"),
    _int("filled"),
    _int("given_up"),
    _text("limit_price", nullable=True),
    _text("anchor", nullable=True),
    _int("resting"),
    _text("jq_day", nullable=True),
    _text("jq_order_id", nullable=True),
    _int("attempts"),
    _int("tries"),
    _int("approved"),
    _text("waiting", nullable=True),
    _text("stopped", nullable=True),
    _int("ended"),
    _text("parts"),
    _text("inputs"),
    _text("day"),
    _int("created_at"),
    _int("received_at"),
    _int("updated_at"),
    _one_of("origin", Origin),
    _one_of("side", Side),
    CheckConstraint("decided >= 0 AND filled >= 0 AND given_up >= 0", name="natural"),
    Index(None, "event_id"),
    Index(None, "day"),
    Index("ix_intents_running", "intent_id", sqlite_where=_running, postgresql_where=_running),
)

_live = text(f"state IN ({listing(LIVE_STATES)})")
_not_final = text(f"state IN ({listing((*LIVE_STATES, OrderState.PLANNED.value))})")
_unsettled = text("settled = 0")
_known_to_broker = text("broker_order_id <> ''")
orders = Table(
    "orders",
    metadata,
    _text("client_order_id", primary_key=True),
    Column("intent_id", Text, ForeignKey("intents.intent_id"), nullable=False),
    _text("event_id", nullable=True),
    _text("origin"),
    _text("strategy"),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _int("shares"),
    _text("price"),
    _int("attempt"),
    _text("state"),
    _int("filled"),
    _int("fills_sum"),
    _text("turnover"),
    _text("broker_order_id"),
    _text("broker_text"),
    _int("cancel_wished"),
    _int("settled"),
    _text("day"),
    _int("created_at"),
    _int("updated_at"),
    _int("final_at", nullable=True),
    _one_of("origin", Origin),
    _one_of("side", Side),
    _one_of("state", OrderState),
    CheckConstraint("shares > 0", name="shares_positive"),
    # No upper bound on purpose: an overfill must be recordable (I11).
    CheckConstraint("filled >= 0 AND fills_sum >= 0", name="filled_natural"),
    CheckConstraint("attempt >= 1", name="attempt_positive"),
    Index(None, "intent_id"),
    Index(None, "event_id"),
    Index(None, "day"),
    Index(None, "created_at"),
    Index("ix_orders_not_final", "state", sqlite_where=_not_final, postgresql_where=_not_final),
    Index("ix_orders_unsettled", "client_order_id", sqlite_where=_unsettled, postgresql_where=_unsettled),
    # One open order per account, symbol and side (FOLLOWING §3.1, I6): unknown is open.
    Index("uq_orders_one_open", "account", "symbol", "side", unique=True, sqlite_where=_live, postgresql_where=_live),
    Index(
        "uq_orders_broker_order",
        "account",
        "day",
        "broker_order_id",
        unique=True,
        sqlite_where=_known_to_broker,
        postgresql_where=_known_to_broker,
    ),
)

order_facts = Table(
    "order_facts",
    metadata,
    _number(),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False),
    _int("at"),
    _text("fact"),
    _text("source"),
    _text("from_state", nullable=True),
    _text("to_state"),
    _int("filled", nullable=True),
    _text("text"),
    _one_of("to_state", OrderState),
    Index(None, "client_order_id"),
)

fills = Table(
    "fills",
    metadata,
    _text("account", primary_key=True),
    _text("day", primary_key=True),
    _text("fill_id", primary_key=True),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False),
    _text("strategy"),
    _text("symbol"),
    _text("side"),
    _int("shares"),
    _text("price"),
    _text("fee"),
    _int("at"),
    _one_of("side", Side),
    CheckConstraint("shares > 0", name="shares_positive"),
    Index(None, "client_order_id"),
    Index(None, "at"),
    Index(None, "day"),
)

reports = Table(
    "reports",
    metadata,
    _number(),
    _text("account"),
    _int("at"),
    _text("kind"),
    _text("payload"),
    Index(None, "at"),
)

# --- telling, asking, keeping ---------------------------------------------------------------------------------------

_keyed = text("key <> ''")
messages = Table(
    "messages",
    metadata,
    _number(),
    _int("at"),
    _text("kind"),
    _text("title"),
    _text("text"),
    _int("urgent"),
    _text("key"),
    Index(None, "at"),
    Index("uq_messages_key", "key", unique=True, sqlite_where=_keyed, postgresql_where=_keyed),
)

robots = Table("robots", metadata, _text("robot", primary_key=True), _int("since"))

_pending = text("state = 'pending'")
deliveries = Table(
    "deliveries",
    metadata,
    _number(),
    Column("message", _Big, ForeignKey("messages.id"), nullable=False),
    _text("robot"),
    _text("state"),
    _int("attempts"),
    _int("next_at"),
    _text("error"),
    _int("done_at", nullable=True),
    CheckConstraint("state IN ('pending', 'sent', 'dead')", name="state_known"),
    UniqueConstraint("message", "robot"),
    Index("ix_deliveries_pending", "robot", "next_at", sqlite_where=_pending, postgresql_where=_pending),
)

commands = Table("commands", metadata, _number(), _int("at"), _text("verb"), _text("args"), _text("by_whom"))

command_results = Table(
    "command_results",
    metadata,
    Column("command", _Big, ForeignKey("commands.id"), primary_key=True, autoincrement=False),
    _int("at"),
    _int("ok"),
    _text("text"),
)

flags = Table("flags", metadata, _text("key", primary_key=True), _text("value"))

lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    _text("instance"),
    _int("pid"),
    _text("host"),
    _int("started_at"),
    CheckConstraint("id = 1", name="only_one"),
)

settings_changes = Table(
    "settings_changes",
    metadata,
    _number(),
    _int("at"),
    _text("who"),
    _text("key"),
    _text("old", nullable=True),
    _text("new", nullable=True),
    Index(None, "at"),
)

accounts = Table(
    "accounts",
    metadata,
    _text("name", primary_key=True),
    _text("channel"),
    _int("connected"),
    _text("cash"),
    _text("market_value"),
    _text("total_asset"),
    _int("at"),
)

positions = Table(
    "positions",
    metadata,
    _text("account", primary_key=True),
    _text("symbol", primary_key=True),
    _text("name"),
    _int("shares"),
    _int("sellable"),
    _text("cost_price"),
    _text("price"),
    _text("first_held_day"),
    _int("at"),
)

schema_version = Table("alembic_version", metadata, Column("version_num", Text, primary_key=True))
