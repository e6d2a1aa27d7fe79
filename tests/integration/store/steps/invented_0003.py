"""Another invented step, so that there is something between two steps.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Remember when a link was looked at last."""
    op.add_column("link", sa.Column("looked_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE link SET looked_at = at")
