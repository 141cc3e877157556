"""Alembic's door: runs the revisions on the write connection it is handed, each in a transaction of its own."""

from alembic import context

from sync.replica import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
