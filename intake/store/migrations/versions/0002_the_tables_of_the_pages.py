"""The tables of the pages: users and their sessions, officers' decisions and notes, what administrators change.

Columns are added one by one, never by writing a table anew: SQLite would have to drop it, and other rows point at it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _users_and_settings()
    _decisions_and_notes()
    _columns()
    _known_groups()


def _users_and_settings() -> None:
    op.create_table(
        "day_off",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_day_off")),
    )
    op.create_table(
        "external_sign_in",
        sa.Column("state_sha256", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=100), nullable=False),
        sa.Column("verifier", sa.String(length=128), nullable=False),
        sa.Column("wanted", sa.String(length=2000), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_sha256", name=op.f("pk_external_sign_in")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    with op.batch_alter_table("sign_in_attempt", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_attempt_key_at", ["key", "at"], unique=False)

    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("totp_secret", sa.String(length=64), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("address", name=op.f("uq_user_account_address")),
        sa.UniqueConstraint("identity", name=op.f("uq_user_account_identity")),
    )
    op.create_table(
        "consultation_access",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_access_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_consultation_access_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "consultation_id", name=op.f("pk_consultation_access")),
    )
    with op.batch_alter_table("consultation_access", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_access_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "deadline_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_deadline_change_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_deadline_change_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_change")),
    )
    with op.batch_alter_table("deadline_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deadline_change_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "one_time_link",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_one_time_link_user_id_user_account")),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_one_time_link")),
    )
    with op.batch_alter_table("one_time_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_one_time_link_user_id"), ["user_id"], unique=False)

    op.create_table(
        "reply_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_reply_template_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
        sa.UniqueConstraint("consultation_id", "name", name=op.f("uq_reply_template_consultation_id_name")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_view_user_id_name")),
    )
    op.create_table(
        "stakeholder_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_stakeholder_group_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stakeholder_group")),
        sa.UniqueConstraint("consultation_id", "name", name=op.f("uq_stakeholder_group_consultation_id_name")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("form_token", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("browser", sa.String(length=200), nullable=False),
        sa.Column("notice", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_session_token_sha256")),
    )
    with op.batch_alter_table("user_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_session_user_id"), ["user_id"], unique=False)


def _decisions_and_notes() -> None:
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=True),
        sa.Column("response_id", sa.Integer(), nullable=True),
        sa.Column("nature", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("respondent_name", sa.String(length=200), nullable=True),
        sa.Column("respondent_address", sa.String(length=320), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_acknowledged", sa.Boolean(), nullable=False),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_decision_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(["email_id"], ["inbound_email.id"], name=op.f("fk_decision_email_id_inbound_email")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_decision_response_id_response")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_decision_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_at"), ["at"], unique=False)
        batch_op.create_index("ix_decision_email_id_carried_out_at", ["email_id", "carried_out_at"], unique=False)

    op.create_table(
        "former_reference",
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_former_reference_response_id_response")
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_former_reference")),
    )
    with op.batch_alter_table("former_reference", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_former_reference_response_id"), ["response_id"], unique=False)

    op.create_table(
        "response_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_response_note_response_id_response")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_response_note_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_note")),
    )
    with op.batch_alter_table("response_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_note_response_id"), ["response_id"], unique=False)

    op.create_table(
        "response_tag",
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_response_tag_response_id_response")),
        sa.PrimaryKeyConstraint("response_id", "tag", name=op.f("pk_response_tag")),
    )
    with op.batch_alter_table("response_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_response_tag_tag"), ["tag"], unique=False)

    op.create_table(
        "response_viewing",
        sa.Column("response_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"], ["response.id"], name=op.f("fk_response_viewing_response_id_response")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_response_viewing_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("response_id", "user_id", name=op.f("pk_response_viewing")),
    )


def _columns() -> None:
    user = "user_account.id"
    _add(
        "consultation",
        sa.Column("archived_at", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
    )
    _add(
        "mailbox",
        sa.Column("test_requested_at", sa.DateTime(timezone=True)),
        sa.Column("tested_at", sa.DateTime(timezone=True)),
        sa.Column("test_passed", sa.Boolean()),
        sa.Column("test_sentence", sa.String()),
        sa.Column("reconciled_at", sa.DateTime(timezone=True)),
        sa.Column("messages_on_server", sa.Integer()),
        sa.Column("messages_missing", sa.Integer()),
    )
    _add(
        "outgoing_email",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey(user, name="fk_outgoing_email_user_id_user_account")),
        sa.Column("given_subject", sa.String()),
        sa.Column("given_text", sa.String()),
    )
    late_decided_by = sa.ForeignKey(user, name="fk_response_late_decided_by_id_user_account")
    _add(
        "response",
        sa.Column("added_words", sa.String(), nullable=False, server_default=""),
        sa.Column("version", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("officer_id", sa.Integer(), sa.ForeignKey(user, name="fk_response_officer_id_user_account")),
        sa.Column("is_confidential", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("is_abusive", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("needs_reply", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("late_decision", sa.String(length=20)),
        sa.Column("late_decision_reason", sa.String()),
        sa.Column("late_decided_by_id", sa.Integer(), late_decided_by),
        sa.Column("late_decided_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_response_officer_id", "response", ["officer_id"])


def _add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column, inline_references=True)


def _known_groups() -> None:
    """The stakeholder groups that consultations already use."""
    op.execute(
        """
        INSERT INTO stakeholder_group (consultation_id, position, name)
        SELECT consultation_id, row_number() OVER (PARTITION BY consultation_id ORDER BY first), stakeholder_group
        FROM (
            SELECT consultation_id, stakeholder_group, min(id) AS first
            FROM consultee GROUP BY consultation_id, stakeholder_group
        ) AS used
        """
    )
