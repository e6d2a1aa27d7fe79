"""An invented step: a table that others refer to is made anew with its rows, and its triggers come back with it.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Give goals a colour that must be one of two, which takes a new table; count what happened to each issue."""
    with op.batch_alter_table("goal", recreate="always") as goal:
        goal.add_column(sa.Column("colour", sa.Text(), server_default="red", nullable=False))
        goal.create_check_constraint("colour_known", "colour IN ('red', 'green')")
    op.execute("UPDATE goal SET colour = 'green' WHERE status = 'achieved'")
    op.add_column("issue", sa.Column("happened", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE issue SET happened = (SELECT count(*) FROM history WHERE issue_id = issue.id)")
