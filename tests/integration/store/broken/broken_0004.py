"""A step with a defect: it lets references lead nowhere.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Lose a goal that issues are linked to."""
    op.execute("DELETE FROM goal WHERE key = 'G-1'")
