"""The first book."""

# ruff: noqa: E501  # written by Alembic, frozen

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from desk.journal import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# The guards that this version brings: later ones come with later versions.
GUARDS = (
    "guard_bodies_update",
    "guard_bodies_delete",
    "guard_events_update",
    "guard_events_delete",
    "guard_book_changes_update",
    "guard_book_changes_delete",
    "guard_order_facts_update",
    "guard_order_facts_delete",
    "guard_fills_update",
    "guard_fills_delete",
    "guard_reports_update",
    "guard_reports_delete",
    "guard_commands_update",
    "guard_commands_delete",
    "guard_settings_changes_update",
    "guard_settings_changes_delete",
    "guard_orders_update",
    "guard_intents_update",
    "guard_orders_delete",
)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("connected", BIG, nullable=False),
        sa.Column("cash", sa.Text(), nullable=False),
        sa.Column("market_value", sa.Text(), nullable=False),
        sa.Column("total_asset", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )
    op.create_table(
        "bodies",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("body_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("wire", BIG, nullable=False),
        sa.Column("sent_at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("clock_ahead", BIG, nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bodies")),
        sa.UniqueConstraint("kid", "body_id", name=op.f("uq_bodies_kid_body_id")),
    )
    op.create_table(
        "book_changes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("strategy_shares", BIG, nullable=False),
        sa.Column("counted_shares", BIG, nullable=False),
        sa.Column("entitled", sa.Text(), nullable=False),
        sa.Column("own", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_changes")),
    )
    op.create_index(op.f("ix_book_changes_at"), "book_changes", ["at"], unique=False)
    op.create_index(op.f("ix_book_changes_ref"), "book_changes", ["ref"], unique=False)
    op.create_index(op.f("ix_book_changes_strategy_symbol"), "book_changes", ["strategy", "symbol"], unique=False)
    op.create_table(
        "books",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("entitled", sa.Text(), nullable=False),
        sa.Column("own", BIG, nullable=False),
        sa.Column("bought_today", BIG, nullable=False),
        sa.Column("bought_day", sa.Text(), nullable=True),
        sa.Column("frozen", sa.Text(), nullable=True),
        sa.CheckConstraint("substr(entitled, 1, 1) <> '-'", name=op.f("ck_books_entitled_natural")),
        sa.PrimaryKeyConstraint("strategy", "account", "symbol", name=op.f("pk_books")),
    )
    op.create_table(
        "commands",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("by_whom", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    op.create_table(
        "conflicts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("body_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
        sa.UniqueConstraint("kid", "body_id", "digest", name=op.f("uq_conflicts_kid_body_id_digest")),
    )
    op.create_table(
        "flags",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_flags")),
    )
    op.create_table(
        "gaps",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("closed_at", BIG, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_gaps")),
    )
    op.create_index(
        "ix_gaps_open",
        "gaps",
        ["strategy"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "holdings",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("strategy_shares", BIG, nullable=False),
        sa.Column("counted_shares", BIG, nullable=False),
        sa.PrimaryKeyConstraint("strategy", "symbol", name=op.f("pk_holdings")),
    )
    op.create_table(
        "intents",
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("decided", BIG, nullable=False),
        sa.Column("filled", BIG, nullable=False),
        sa.Column("given_up", BIG, nullable=False),
        sa.Column("limit_price", sa.Text(), nullable=True),
        sa.Column("anchor", sa.Text(), nullable=True),
        sa.Column("resting", BIG, nullable=False),
        sa.Column("jq_day", sa.Text(), nullable=True),
        sa.Column("jq_order_id", sa.Text(), nullable=True),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("tries", BIG, nullable=False),
        sa.Column("approved", BIG, nullable=False),
        sa.Column("waiting", sa.Text(), nullable=True),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.Column("ended", BIG, nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.CheckConstraint(
            "origin IN ('signal', 'debt', 'plan', 'liquidate', 'manual')", name=op.f("ck_intents_origin_known")
        ),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_intents_side_known")),
        sa.CheckConstraint("decided >= 0 AND filled >= 0 AND given_up >= 0", name=op.f("ck_intents_natural")),
        sa.PrimaryKeyConstraint("intent_id", name=op.f("pk_intents")),
    )
    op.create_index(op.f("ix_intents_day"), "intents", ["day"], unique=False)
    op.create_index(op.f("ix_intents_event_id"), "intents", ["event_id"], unique=False)
    op.create_index(
        "ix_intents_running",
        "intents",
        ["intent_id"],
        unique=False,
        sqlite_where=sa.text("ended = 0"),
        postgresql_where=sa.text("ended = 0"),
    )
    op.create_table(
        "jq_orders",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("jq_order_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount", BIG, nullable=False),
        sa.Column("filled", BIG, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("style", sa.Text(), nullable=False),
        sa.Column("limit_price", sa.Text(), nullable=True),
        sa.Column("counted", BIG, nullable=False),
        sa.Column("closed", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=True),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_jq_orders_side_known")),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'filled', 'canceled', 'rejected', 'held')",
            name=op.f("ck_jq_orders_status_known"),
        ),
        sa.CheckConstraint("style IN ('market', 'limit', 'stop', 'stop_limit')", name=op.f("ck_jq_orders_style_known")),
        sa.CheckConstraint("amount >= 0 AND filled >= 0 AND counted >= 0", name=op.f("ck_jq_orders_natural")),
        sa.PrimaryKeyConstraint("strategy", "day", "jq_order_id", name=op.f("pk_jq_orders")),
    )
    op.create_index(op.f("ix_jq_orders_day"), "jq_orders", ["day"], unique=False)
    op.create_index(
        "ix_jq_orders_open",
        "jq_orders",
        ["strategy", "symbol"],
        unique=False,
        sqlite_where=sa.text("status IN ('new', 'open', 'filled')"),
        postgresql_where=sa.text("status IN ('new', 'open', 'filled')"),
    )
    op.create_table(
        "jq_rates",
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("jq_order_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("numerator", sa.Text(), nullable=False),
        sa.Column("denominator", sa.Text(), nullable=False),
        sa.Column("given_up", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("strategy", "day", "jq_order_id", "account", name=op.f("pk_jq_rates")),
    )
    op.create_index(op.f("ix_jq_rates_day"), "jq_rates", ["day"], unique=False)
    op.create_table(
        "lease",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instance", sa.Text(), nullable=False),
        sa.Column("pid", BIG, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("started_at", BIG, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_lease_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lease")),
    )
    op.create_table(
        "messages",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("urgent", BIG, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_at"), "messages", ["at"], unique=False)
    op.create_index(
        "uq_messages_key",
        "messages",
        ["key"],
        unique=True,
        sqlite_where=sa.text("key <> ''"),
        postgresql_where=sa.text("key <> ''"),
    )
    op.create_table(
        "positions",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shares", BIG, nullable=False),
        sa.Column("sellable", BIG, nullable=False),
        sa.Column("cost_price", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("first_held_day", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.PrimaryKeyConstraint("account", "symbol", name=op.f("pk_positions")),
    )
    op.create_table(
        "reports",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_at"), "reports", ["at"], unique=False)
    op.create_table(
        "robots",
        sa.Column("robot", sa.Text(), nullable=False),
        sa.Column("since", BIG, nullable=False),
        sa.PrimaryKeyConstraint("robot", name=op.f("pk_robots")),
    )
    op.create_table(
        "senders",
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("top_seq", BIG, nullable=False),
        sa.Column("has_v2", BIG, nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_senders")),
    )
    op.create_table(
        "settings_changes",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings_changes")),
    )
    op.create_index(op.f("ix_settings_changes_at"), "settings_changes", ["at"], unique=False)
    op.create_table(
        "command_results",
        sa.Column("command", BIG, autoincrement=False, nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("ok", BIG, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["command"], ["commands.id"], name=op.f("fk_command_results_command")),
        sa.PrimaryKeyConstraint("command", name=op.f("pk_command_results")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("message", BIG, nullable=False),
        sa.Column("robot", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", BIG, nullable=False),
        sa.Column("next_at", BIG, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("done_at", BIG, nullable=True),
        sa.CheckConstraint("state IN ('pending', 'sent', 'dead')", name=op.f("ck_deliveries_state_known")),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_deliveries_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message", "robot", name=op.f("uq_deliveries_message_robot")),
    )
    op.create_index(
        "ix_deliveries_pending",
        "deliveries",
        ["robot", "next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "events",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("body", BIG, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("seq", BIG, nullable=False),
        sa.Column("received_at", BIG, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('order', 'cancel', 'snapshot', 'heartbeat', 'test')", name=op.f("ck_events_kind_known")
        ),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_events_seq_natural")),
        sa.ForeignKeyConstraint(["body"], ["bodies.id"], name=op.f("fk_events_body")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
    )
    op.create_index(op.f("ix_events_received_at"), "events", ["received_at"], unique=False)
    op.create_index(op.f("ix_events_strategy_received_at"), "events", ["strategy", "received_at"], unique=False)
    op.create_index(op.f("ix_events_strategy_seq"), "events", ["strategy", "seq"], unique=False)
    op.create_table(
        "orders",
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("intent_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=True),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("shares", BIG, nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("attempt", BIG, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("filled", BIG, nullable=False),
        sa.Column("fills_sum", BIG, nullable=False),
        sa.Column("turnover", sa.Text(), nullable=False),
        sa.Column("broker_order_id", sa.Text(), nullable=False),
        sa.Column("broker_text", sa.Text(), nullable=False),
        sa.Column("cancel_wished", BIG, nullable=False),
        sa.Column("settled", BIG, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("created_at", BIG, nullable=False),
        sa.Column("updated_at", BIG, nullable=False),
        sa.Column("final_at", BIG, nullable=True),
        sa.CheckConstraint(
            "origin IN ('signal', 'debt', 'plan', 'liquidate', 'manual')", name=op.f("ck_orders_origin_known")
        ),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_orders_side_known")),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'in_doubt', 'working', 'cancelling', 'filled', 'cancelled', 'rejected', 'withdrawn')",
            name=op.f("ck_orders_state_known"),
        ),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_orders_attempt_positive")),
        sa.CheckConstraint("filled >= 0 AND fills_sum >= 0", name=op.f("ck_orders_filled_natural")),
        sa.CheckConstraint("shares > 0", name=op.f("ck_orders_shares_positive")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_orders_intent_id")),
        sa.PrimaryKeyConstraint("client_order_id", name=op.f("pk_orders")),
    )
    op.create_index(op.f("ix_orders_created_at"), "orders", ["created_at"], unique=False)
    op.create_index(op.f("ix_orders_day"), "orders", ["day"], unique=False)
    op.create_index(op.f("ix_orders_event_id"), "orders", ["event_id"], unique=False)
    op.create_index(op.f("ix_orders_intent_id"), "orders", ["intent_id"], unique=False)
    op.create_index(
        "ix_orders_not_final",
        "orders",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('sending', 'in_doubt', 'working', 'cancelling', 'planned')"),
        postgresql_where=sa.text("state IN ('sending', 'in_doubt', 'working', 'cancelling', 'planned')"),
    )
    op.create_index(
        "ix_orders_unsettled",
        "orders",
        ["client_order_id"],
        unique=False,
        sqlite_where=sa.text("settled = 0"),
        postgresql_where=sa.text("settled = 0"),
    )
    op.create_index(
        "uq_orders_broker_order",
        "orders",
        ["account", "day", "broker_order_id"],
        unique=True,
        sqlite_where=sa.text("broker_order_id <> ''"),
        postgresql_where=sa.text("broker_order_id <> ''"),
    )
    op.create_index(
        "uq_orders_one_open",
        "orders",
        ["account", "symbol", "side"],
        unique=True,
        sqlite_where=sa.text("state IN ('sending', 'in_doubt', 'working', 'cancelling')"),
        postgresql_where=sa.text("state IN ('sending', 'in_doubt', 'working', 'cancelling')"),
    )
    op.create_table(
        "fills",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("fill_id", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("shares", BIG, nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.CheckConstraint("side IN ('buy', 'sell')", name=op.f("ck_fills_side_known")),
        sa.CheckConstraint("shares > 0", name=op.f("ck_fills_shares_positive")),
        sa.ForeignKeyConstraint(["client_order_id"], ["orders.client_order_id"], name=op.f("fk_fills_client_order_id")),
        sa.PrimaryKeyConstraint("account", "day", "fill_id", name=op.f("pk_fills")),
    )
    op.create_index(op.f("ix_fills_at"), "fills", ["at"], unique=False)
    op.create_index(op.f("ix_fills_client_order_id"), "fills", ["client_order_id"], unique=False)
    op.create_index(op.f("ix_fills_day"), "fills", ["day"], unique=False)
    op.create_table(
        "order_facts",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("at", BIG, nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("filled", BIG, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "to_state IN ('planned', 'sending', 'in_doubt', 'working', 'cancelling', 'filled', 'cancelled', 'rejected', 'withdrawn')",
            name=op.f("ck_order_facts_to_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["client_order_id"], ["orders.client_order_id"], name=op.f("fk_order_facts_client_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_facts")),
    )
    op.create_index(op.f("ix_order_facts_client_order_id"), "order_facts", ["client_order_id"], unique=False)
    op.create_table(
        "outcomes",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_text", sa.Text(), nullable=False),
        sa.Column("parts", sa.Text(), nullable=False),
        sa.Column("decided_at", BIG, nullable=True),
        sa.Column("done_at", BIG, nullable=True),
        sa.CheckConstraint(
            "verdict IN ('working', 'done', 'partial', 'refused', 'ignored')", name=op.f("ck_outcomes_verdict_known")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"], name=op.f("fk_outcomes_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_outcomes")),
    )
    op.create_index(
        "ix_outcomes_open",
        "outcomes",
        ["event_id"],
        unique=False,
        sqlite_where=sa.text("verdict = 'working'"),
        postgresql_where=sa.text("verdict = 'working'"),
    )
    op.create_table(
        "undecided",
        sa.Column("event", BIG, nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"], name=op.f("fk_undecided_event")),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_undecided")),
    )
    for statement in guards.statements(op.get_bind().dialect.name, GUARDS):
        op.execute(statement)
