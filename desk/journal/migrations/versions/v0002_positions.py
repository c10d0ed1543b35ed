"""The position sync: uploads, targets, adjustments, used tokens, clients, the internal password."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from desk.journal import guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDS = (
    "guard_position_uploads_update",
    "guard_position_uploads_delete",
    "guard_position_adjustments_update",
    "guard_position_adjustments_delete",
)


def upgrade() -> None:
    op.create_table(
        "position_uploads",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("auth_type", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("positions", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position_uploads")),
    )
    op.create_index(op.f("ix_position_uploads_strategy_at"), "position_uploads", ["strategy", "at"], unique=False)
    op.create_table(
        "position_targets",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("upload", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.ForeignKeyConstraint(["upload"], ["position_uploads.id"], name=op.f("fk_position_targets_upload")),
        sa.PrimaryKeyConstraint("strategy", name=op.f("pk_position_targets")),
    )
    op.create_table(
        "position_adjustments",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.Column("adjustments", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position_adjustments")),
    )
    op.create_table(
        "position_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("seen_at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_position_tokens")),
    )
    op.create_index(op.f("ix_position_tokens_seen_at"), "position_tokens", ["seen_at"], unique=False)
    op.create_table(
        "position_clients",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("key_digest", sa.LargeBinary(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("may_read", BIG, nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("revoked_at", BIG, nullable=True),
        sa.CheckConstraint("(public_key IS NULL) <> (key_digest IS NULL)", name=op.f("ck_position_clients_one_kind")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_position_clients")),
    )
    op.create_table(
        "position_password",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_position_password_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_position_password")),
    )
    for statement in guards.statements(op.get_bind().dialect.name, GUARDS):
        op.execute(statement)
