"""An index of the emails that wait for a person: every page counts them, and there are few among many."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_WAITING = sa.text("status || '' IN ('held', 'failed')")


def upgrade() -> None:
    op.create_index(
        "ix_inbound_email_waiting",
        "inbound_email",
        ["id", "consultation_id", "reason", "status"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    op.drop_index("ix_inbound_email_waiting", "inbound_email")
