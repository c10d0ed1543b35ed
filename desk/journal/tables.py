"""The tables of the one book, as SQLAlchemy metadata; what must never be broken stands here as a constraint.

Times are integers, microseconds of UTC since 1970; days are ISO text; decimals are exact text; enums are their values;
yes/no are 0/1. A column bears the name of the record's field (`limit` is `limit_price`: a reserved word).
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, UniqueConstraint, text

from desk.core.values import EventKind, JqStatus, OrderState, Origin, Side, Style, Verdict
from desk.journal.columns import BIG, listing, metadata, numbered, one_of, whole, words
from desk.journal.tables_positions import position_adjustments as position_adjustments
from desk.journal.tables_positions import position_clients as position_clients
from desk.journal.tables_positions import position_newest as position_newest
from desk.journal.tables_positions import position_password as position_password
from desk.journal.tables_positions import position_targets as position_targets
from desk.journal.tables_positions import position_tokens as position_tokens
from desk.journal.tables_positions import position_uploads as position_uploads
from desk.journal.tables_telling import accounts as accounts
from desk.journal.tables_telling import command_results as command_results
from desk.journal.tables_telling import commands as commands
from desk.journal.tables_telling import deliveries as deliveries
from desk.journal.tables_telling import flags as flags
from desk.journal.tables_telling import lease as lease
from desk.journal.tables_telling import messages as messages
from desk.journal.tables_telling import positions as positions
from desk.journal.tables_telling import robots as robots
from desk.journal.tables_telling import schema_version as schema_version
from desk.journal.tables_telling import settings_changes as settings_changes

LIVE_STATES = tuple(state.value for state in OrderState if state.live)
# A partial index serves only a query with the very words of its condition.
NOT_FINAL = (*LIVE_STATES, OrderState.PLANNED.value)
OPEN_JQ = tuple(status.value for status in JqStatus if not status.final)

# --- what came in ---------------------------------------------------------------------------------------------------

bodies = Table(
    "bodies",
    metadata,
    numbered(),
    words("kid"),
    words("body_id"),
    Column("digest", LargeBinary, nullable=False),
    words("strategy"),
    whole("wire"),
    whole("sent_at"),
    whole("received_at"),
    whole("clock_ahead"),
    Column("raw", LargeBinary, nullable=True),  # kept for diagnosis when the plaintext was unusable
    UniqueConstraint("kid", "body_id"),
)

events = Table(
    "events",
    metadata,
    numbered(),  # the order of acceptance
    Column("body", BIG, ForeignKey("bodies.id"), nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    words("strategy"),
    words("kind"),
    whole("seq"),
    whole("received_at"),
    words("payload"),
    one_of("kind", EventKind),
    CheckConstraint("seq >= 0", name="seq_natural"),
    Index(None, "received_at"),
    Index(None, "strategy", "received_at"),
    Index(None, "strategy", "seq"),
)

# The queue of events without an outcome: filled by the acceptance, emptied by the first outcome.
undecided = Table("undecided", metadata, Column("event", BIG, ForeignKey("events.id"), primary_key=True))

senders = Table("senders", metadata, words("kid", primary_key=True), whole("top_seq"), whole("has_v2"))

conflicts = Table(
    "conflicts",
    metadata,
    numbered(),
    words("kid"),
    words("body_id"),
    Column("digest", LargeBinary, nullable=False),
    whole("at"),
    UniqueConstraint("kid", "body_id", "digest"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("event_id", Text, ForeignKey("events.event_id"), primary_key=True),
    words("verdict"),
    words("reason", nullable=True),
    words("reason_text"),
    words("parts"),
    whole("decided_at", nullable=True),
    whole("done_at", nullable=True),
    one_of("verdict", Verdict),
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
    words("strategy", primary_key=True),
    words("day", primary_key=True),
    words("jq_order_id", primary_key=True),
    words("symbol"),
    words("side"),
    whole("amount"),
    whole("filled"),
    words("status"),
    words("style"),
    words("limit_price", nullable=True),
    whole("counted"),
    whole("closed"),
    whole("updated_at", nullable=True),
    one_of("side", Side),
    one_of("status", JqStatus),
    one_of("style", Style),
    CheckConstraint("amount >= 0 AND filled >= 0 AND counted >= 0", name="natural"),
    Index(None, "day"),
    Index("ix_jq_orders_open", "strategy", "symbol", sqlite_where=_jq_open, postgresql_where=_jq_open),
)

jq_rates = Table(
    "jq_rates",
    metadata,
    words("strategy", primary_key=True),
    words("day", primary_key=True),
    words("jq_order_id", primary_key=True),
    words("account", primary_key=True),
    words("numerator"),
    words("denominator"),
    words("given_up"),
    Index(None, "day"),
)

holdings = Table(
    "holdings",
    metadata,
    words("strategy", primary_key=True),
    words("symbol", primary_key=True),
    whole("strategy_shares"),
    whole("counted_shares"),
)

books = Table(
    "books",
    metadata,
    words("strategy", primary_key=True),
    words("account", primary_key=True),
    words("symbol", primary_key=True),
    words("entitled"),
    whole("own"),
    whole("bought_today"),
    words("bought_day", nullable=True),
    words("frozen", nullable=True),
    # `own` has no lower bound on purpose: a sale beyond it must be recordable (I11).
    CheckConstraint("substr(entitled, 1, 1) <> '-'", name="entitled_natural"),
)

book_changes = Table(
    "book_changes",
    metadata,
    numbered(),
    whole("at"),
    words("strategy"),
    words("account", nullable=True),
    words("symbol"),
    words("cause"),
    words("ref"),
    whole("strategy_shares"),
    whole("counted_shares"),
    words("entitled"),
    whole("own"),
    Index(None, "at"),
    Index(None, "ref"),
    Index(None, "strategy", "symbol"),
)

_open_gap = text("closed_at IS NULL")
gaps = Table(
    "gaps",
    metadata,
    words("key", primary_key=True),
    whole("at"),
    words("strategy"),
    words("symbol", nullable=True),
    words("cause"),
    words("text"),
    whole("closed_at", nullable=True),
    Index("ix_gaps_open", "strategy", sqlite_where=_open_gap, postgresql_where=_open_gap),
)

# --- our orders -----------------------------------------------------------------------------------------------------

_running = text("ended = 0")
intents = Table(
    "intents",
    metadata,
    words("intent_id", primary_key=True),
    words("origin"),
    words("event_id", nullable=True),
    words("strategy"),
    words("account"),
    words("symbol"),
    words("side"),
    whole("decided"),
    whole("filled"),
    whole("given_up"),
    words("limit_price", nullable=True),
    words("anchor", nullable=True),
    whole("resting"),
    words("jq_day", nullable=True),
    words("jq_order_id", nullable=True),
    whole("attempts"),
    whole("tries"),
    whole("approved"),
    words("waiting", nullable=True),
    words("stopped", nullable=True),
    whole("ended"),
    words("parts"),
    words("inputs"),
    words("day"),
    whole("created_at"),
    whole("received_at"),
    whole("updated_at"),
    one_of("origin", Origin),
    one_of("side", Side),
    CheckConstraint("decided >= 0 AND filled >= 0 AND given_up >= 0", name="natural"),
    Index(None, "event_id"),
    Index(None, "day"),
    Index("ix_intents_running", "intent_id", sqlite_where=_running, postgresql_where=_running),
)

_live = text(f"state IN ({listing(LIVE_STATES)})")
_not_final = text(f"state IN ({listing(NOT_FINAL)})")
_unsettled = text("settled = 0")
_known_to_broker = text("broker_order_id <> ''")
orders = Table(
    "orders",
    metadata,
    words("client_order_id", primary_key=True),
    Column("intent_id", Text, ForeignKey("intents.intent_id"), nullable=False),
    words("event_id", nullable=True),
    words("origin"),
    words("strategy"),
    words("account"),
    words("symbol"),
    words("side"),
    whole("shares"),
    words("price"),
    whole("attempt"),
    words("state"),
    whole("filled"),
    whole("fills_sum"),
    words("turnover"),
    words("broker_order_id"),
    words("broker_text"),
    whole("cancel_wished"),
    whole("settled"),
    words("day"),
    whole("created_at"),
    whole("updated_at"),
    whole("final_at", nullable=True),
    one_of("origin", Origin),
    one_of("side", Side),
    one_of("state", OrderState),
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
    numbered(),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False),
    whole("at"),
    words("fact"),
    words("source"),
    words("from_state", nullable=True),
    words("to_state"),
    whole("filled", nullable=True),
    words("text"),
    one_of("to_state", OrderState),
    Index(None, "client_order_id"),
)

fills = Table(
    "fills",
    metadata,
    words("account", primary_key=True),
    words("day", primary_key=True),
    words("fill_id", primary_key=True),
    Column("client_order_id", Text, ForeignKey("orders.client_order_id"), nullable=False),
    words("strategy"),
    words("symbol"),
    words("side"),
    whole("shares"),
    words("price"),
    words("fee"),
    whole("at"),
    one_of("side", Side),
    CheckConstraint("shares > 0", name="shares_positive"),
    Index(None, "client_order_id"),
    Index(None, "at"),
    Index(None, "day"),
)

reports = Table(
    "reports",
    metadata,
    numbered(),
    words("account"),
    whole("at"),
    words("kind"),
    words("payload"),
    Index(None, "at"),
)
