"""The tables of telling, asking and keeping: messages, commands, switches, the look of the accounts."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from desk.journal.columns import BIG, metadata, numbered, whole, words

_keyed = text("key <> ''")
messages = Table(
    "messages",
    metadata,
    numbered(),
    whole("at"),
    words("kind"),
    words("title"),
    words("text"),
    whole("urgent"),
    words("key"),
    Index(None, "at"),
    Index("uq_messages_key", "key", unique=True, sqlite_where=_keyed, postgresql_where=_keyed),
)

robots = Table("robots", metadata, words("robot", primary_key=True), whole("since"))

_pending = text("state = 'pending'")
deliveries = Table(
    "deliveries",
    metadata,
    numbered(),
    Column("message", BIG, ForeignKey("messages.id"), nullable=False),
    words("robot"),
    words("state"),
    whole("attempts"),
    whole("next_at"),
    words("error"),
    whole("done_at", nullable=True),
    CheckConstraint("state IN ('pending', 'sent', 'dead')", name="state_known"),
    UniqueConstraint("message", "robot"),
    Index("ix_deliveries_pending", "robot", "next_at", sqlite_where=_pending, postgresql_where=_pending),
)

commands = Table("commands", metadata, numbered(), whole("at"), words("verb"), words("args"), words("by_whom"))

command_results = Table(
    "command_results",
    metadata,
    Column("command", BIG, ForeignKey("commands.id"), primary_key=True, autoincrement=False),
    whole("at"),
    whole("ok"),
    words("text"),
)

flags = Table("flags", metadata, words("key", primary_key=True), words("value"))

lease = Table(
    "lease",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("instance"),
    whole("pid"),
    words("host"),
    whole("started_at"),
    CheckConstraint("id = 1", name="only_one"),
)

settings_changes = Table(
    "settings_changes",
    metadata,
    numbered(),
    whole("at"),
    words("who"),
    words("key"),
    words("old", nullable=True),
    words("new", nullable=True),
    Index(None, "at"),
)

accounts = Table(
    "accounts",
    metadata,
    words("name", primary_key=True),
    words("channel"),
    whole("connected"),
    words("cash"),
    words("market_value"),
    words("total_asset"),
    whole("at"),
)

# The last look of each day; `first_asset` is the day's first total.
account_days = Table(
    "account_days",
    metadata,
    words("account", primary_key=True),
    words("day", primary_key=True),
    words("first_asset"),
    words("total_asset"),
    words("cash"),
    words("market_value"),
    whole("at"),
)

positions = Table(
    "positions",
    metadata,
    words("account", primary_key=True),
    words("symbol", primary_key=True),
    words("name"),
    whole("shares"),
    whole("sellable"),
    words("cost_price"),
    words("price"),
    words("first_held_day"),
    whole("at"),
)

schema_version = Table("alembic_version", metadata, Column("version_num", Text, primary_key=True))
