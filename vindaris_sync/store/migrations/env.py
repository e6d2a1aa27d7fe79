"""Alembic's entry: it is given a connection that is in a transaction already."""

from alembic import context

from vindaris_sync.store.tables import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema,
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
