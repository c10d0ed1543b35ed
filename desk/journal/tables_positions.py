"""The tables of the position sync: what was uploaded, what holds now, who may upload and read."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table

from desk.journal.columns import BIG, metadata, numbered, whole, words

position_uploads = Table(
    "position_uploads",
    metadata,
    numbered(),
    whole("at"),
    words("strategy"),
    words("client_id"),
    words("auth_type"),
    Column("digest", LargeBinary, nullable=False),
    words("positions", nullable=True),  # NULL: the same as the strategy's target already was
    Index(None, "strategy", "at"),
)

position_targets = Table(
    "position_targets",
    metadata,
    words("strategy", primary_key=True),
    Column("upload", BIG, ForeignKey("position_uploads.id"), nullable=False),  # the one that holds the positions
    whole("updated_at"),
)

# Every saved list is kept whole; the last one holds.
position_adjustments = Table(
    "position_adjustments", metadata, numbered(), whole("at"), words("by_whom"), words("adjustments")
)

position_tokens = Table(
    "position_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    whole("seen_at"),
    Index(None, "seen_at"),
)

# By the client's own clock: a client's upload that arrives after a later one of the same client is old.
position_newest = Table(
    "position_newest",
    metadata,
    words("client_id", primary_key=True),
    words("strategy", primary_key=True),
    whole("made_ms"),
)

position_clients = Table(
    "position_clients",
    metadata,
    words("client_id", primary_key=True),
    words("public_key", nullable=True),
    Column("key_digest", LargeBinary, nullable=True),
    words("strategy"),  # the only one that it may upload; '': any
    whole("may_read"),
    whole("created_at"),
    whole("revoked_at", nullable=True),
    CheckConstraint("(public_key IS NULL) <> (key_digest IS NULL)", name="one_kind"),
)

position_password = Table(
    "position_password",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    words("hash"),
    whole("created_at"),
    whole("updated_at"),
    CheckConstraint("id = 1", name="only_one"),
)
