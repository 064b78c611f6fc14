"""What comes beside email: the online form, receipts, meetings; and the answers."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("officers", sa.String(length=500), nullable=False),
        sa.Column("attendance", sa.Integer(), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_meeting_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["user_account.id"], name=op.f("fk_meeting_created_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
    )
    op.create_index(op.f("ix_meeting_consultation_id"), "meeting", ["consultation_id"], unique=False)

    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_answer_question_id_question")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_answer_response_id_response")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index(op.f("ix_answer_question_id"), "answer", ["question_id"], unique=False)
    op.create_index("ix_answer_response_id_position", "answer", ["response_id", "position"], unique=False)

    op.create_table(
        "form_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_form_draft_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_form_draft_response_id_response")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_draft")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_form_draft_token_sha256")),
    )
    op.create_index(op.f("ix_form_draft_changed_at"), "form_draft", ["changed_at"], unique=False)

    op.create_table(
        "receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_receipt_response_id_response")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_receipt_token_sha256")),
    )
    op.create_index(op.f("ix_receipt_response_id"), "receipt", ["response_id"], unique=False)

    op.create_table(
        "draft_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["draft_id"], ["form_draft.id"], name=op.f("fk_draft_file_draft_id_form_draft")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_draft_file_question_id_question")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_file")),
    )
    op.create_index(op.f("ix_draft_file_draft_id"), "draft_file", ["draft_id"], unique=False)

    op.add_column("addition", sa.Column("channel", sa.String(length=20), nullable=False, server_default="email"))
    _add_pointer("attachment", "question_id", "question")
    op.add_column("consultation", sa.Column("about", sa.String(), nullable=False, server_default=""))
    op.add_column("consultation", sa.Column("online_form", sa.String(length=20), nullable=False, server_default="off"))
    op.add_column("consultation", sa.Column("grace_minutes", sa.Integer(), nullable=False, server_default="30"))
    op.add_column("question", sa.Column("kind", sa.String(length=20), nullable=False, server_default="text"))
    op.add_column("question", sa.Column("hint", sa.String(), nullable=True))
    op.add_column("question", sa.Column("is_required", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("question", sa.Column("options", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("response", sa.Column("may_publish", sa.Boolean(), nullable=True))
    op.add_column("response", sa.Column("is_for_organisation", sa.Boolean(), nullable=True))
    op.add_column("response", sa.Column("is_in_grace", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_response_in_grace",
        "response",
        ["consultation_id"],
        unique=False,
        sqlite_where=sa.text("is_in_grace = 1"),
        postgresql_where=sa.text("is_in_grace"),
    )
    _add_pointer("response", "meeting_id", "meeting")
    op.create_index(op.f("ix_response_meeting_id"), "response", ["meeting_id"], unique=False)
    _add_pointer("outgoing_email", "addition_id", "addition")
    op.add_column("outgoing_email", sa.Column("secret", sa.String(length=64), nullable=True))
    # Those that acknowledge an addition, which until now was found by its email.
    op.execute(
        "UPDATE outgoing_email SET addition_id = (SELECT addition.id FROM addition WHERE addition.email_id = "
        "outgoing_email.email_id AND addition.response_id = outgoing_email.response_id) "
        "WHERE kind = 'acknowledgement'"
    )


def _add_pointer(table: str, name: str, to: str) -> None:
    points = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}_{to}"))
    op.add_column(table, sa.Column(name, sa.Integer(), points, nullable=True), inline_references=True)
