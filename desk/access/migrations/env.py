"""Alembic's environment: the connection comes from the caller, who also owns the transaction."""

from __future__ import annotations

from alembic import context

from desk.access.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
