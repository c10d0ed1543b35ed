"""When each client's newest upload of a strategy was made: what it has overtaken counts no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "position_newest",
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("made_ms", BIG, nullable=False),
        sa.PrimaryKeyConstraint("client_id", "strategy", name=op.f("pk_position_newest")),
    )
