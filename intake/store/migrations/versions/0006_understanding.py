"""What is known of an email beside its words: who handed it on, whether it is proven, and what it asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "respondent_wish",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("email_id", sa.Integer(), nullable=False),
        sa.Column("wish", sa.String(length=20), nullable=False),
        sa.Column("sentence", sa.String(length=300), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_respondent_wish_response_id_response")),
        sa.ForeignKeyConstraint(
            ["email_id"], ["inbound_email.id"], name=op.f("fk_respondent_wish_email_id_inbound_email")
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["user_account.id"], name=op.f("fk_respondent_wish_settled_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_respondent_wish")),
        sa.UniqueConstraint(
            "response_id", "email_id", "wish", name=op.f("uq_respondent_wish_response_id_email_id_wish")
        ),
    )
    op.create_index(op.f("ix_respondent_wish_email_id"), "respondent_wish", ["email_id"], unique=False)
    op.add_column(
        "inbound_email",
        sa.Column(
            "enclosed_in_id",
            sa.Integer(),
            sa.ForeignKey("inbound_email.id", name=op.f("fk_inbound_email_enclosed_in_id_inbound_email")),
            nullable=True,
        ),
        inline_references=True,
    )
    op.create_index(op.f("ix_inbound_email_enclosed_in_id"), "inbound_email", ["enclosed_in_id"], unique=False)
    op.add_column("inbound_email", sa.Column("dmarc", sa.String(length=4), nullable=True))
    op.add_column("response", sa.Column("forwarded_by", sa.String(length=320), nullable=True))
    op.add_column("response", sa.Column("forwarded_note", sa.String(), nullable=True))
    op.add_column("response", sa.Column("original_sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("response", sa.Column("contains_forward", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "consultation", sa.Column("acknowledges_forwards", sa.Boolean(), nullable=False, server_default=sa.false())
    )
