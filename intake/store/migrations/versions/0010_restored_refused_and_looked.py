"""When a consultation was restored from a backup, as what was due before may have gone out already; why the account
that sends is refused; and when a worker last looked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("consultation", sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sending_account", sa.Column("refusal", sa.String(), nullable=True))
    op.create_table(
        "last_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_last_look")),
    )
