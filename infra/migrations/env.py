"""Alembic's entry: runs migrations on the connection that `migrate` hands over."""

from alembic import context

from infra.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,  # `migrate` holds the transaction
)
context.run_migrations()
