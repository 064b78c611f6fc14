"""Mailings: reminder rules and what was sent by them, texts and documents, opt-outs and dead addresses."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _texts_and_documents()
    _rules_and_mailings()
    _wishes_and_bounces()
    _columns()


def _texts_and_documents() -> None:
    op.create_table(
        "consultation_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("filename", sa.String(length=200), nullable=True),
        sa.Column("content_type", sa.String(length=200), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_consultation_document_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_document")),
    )
    with op.batch_alter_table("consultation_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consultation_document_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "email_template",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_email_template_consultation_id_consultation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_template")),
    )
    with op.batch_alter_table("email_template", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_template_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "email_template_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["email_template.id"], name=op.f("fk_email_template_version_template_id_email_template")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_email_template_version_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_template_version")),
        sa.UniqueConstraint(
            "template_id", "language", "number", name=op.f("uq_email_template_version_template_id_language_number")
        ),
    )


def _rules_and_mailings() -> None:
    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("audience", sa.String(length=20), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("anchor", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("clock", sa.Time(), nullable=False),
        sa.Column("off_days", sa.String(length=20), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_reminder_rule_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["email_template.id"], name=op.f("fk_reminder_rule_template_id_email_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_rule")),
    )
    with op.batch_alter_table("reminder_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reminder_rule_consultation_id"), ["consultation_id"], unique=False)

    op.create_table(
        "mailing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_change_id", sa.Integer(), nullable=True),
        sa.Column("template_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_mailing_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["deadline_change_id"], ["deadline_change.id"], name=op.f("fk_mailing_deadline_change_id_deadline_change")
        ),
        sa.ForeignKeyConstraint(["rule_id"], ["reminder_rule.id"], name=op.f("fk_mailing_rule_id_reminder_rule")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["email_template.id"], name=op.f("fk_mailing_template_id_email_template")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mailing_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailing")),
        sa.UniqueConstraint("rule_id", "due_on", name=op.f("uq_mailing_rule_id_due_on")),
    )
    with op.batch_alter_table("mailing", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mailing_consultation_id"), ["consultation_id"], unique=False)


def _wishes_and_bounces() -> None:
    op.create_table(
        "opt_out",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["consultation_id"], ["consultation.id"], name=op.f("fk_opt_out_consultation_id_consultation")
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["user_account.id"], name=op.f("fk_opt_out_undone_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_opt_out_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_out")),
        sa.UniqueConstraint("consultation_id", "address", name=op.f("uq_opt_out_consultation_id_address")),
    )

    op.create_table(
        "dead_address",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outgoing_id", sa.Integer(), nullable=False),
        sa.Column("revived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revived_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["outgoing_id"], ["outgoing_email.id"], name=op.f("fk_dead_address_outgoing_id_outgoing_email")
        ),
        sa.ForeignKeyConstraint(
            ["revived_by_id"], ["user_account.id"], name=op.f("fk_dead_address_revived_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_address")),
        sa.UniqueConstraint("address", name=op.f("uq_dead_address_address")),
    )


def _columns() -> None:
    """Without writing a table anew: SQLite would have to drop it, and other rows point at it."""
    _add("consultation", _time("quiet_from", "20:00:00.000000"), _time("quiet_until", "08:00:00.000000"))
    _add("mailbox", sa.Column("last_poll_began_at", sa.DateTime(timezone=True)))
    _add("day_off", sa.Column("added_at", sa.DateTime(timezone=True)))
    _add("consultation", sa.Column("outcome_url", sa.String(length=2000)))
    _add("consultation", sa.Column("outcome_note", sa.String()))
    _add("consultation", sa.Column("outcome_published_at", sa.DateTime(timezone=True)))
    _add("consultee", sa.Column("key", sa.String(length=80)), sa.Column("domain", sa.String(length=255)))
    _add("consultee", sa.Column("language", sa.String(length=8), nullable=False, server_default="en"))
    _add("consultee", sa.Column("removed_at", sa.DateTime(timezone=True)))
    _add("consultee", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("uq_consultee_consultation_id_key", "consultee", ["consultation_id", "key"], unique=True)
    _add("consultee_address", sa.Column("name", sa.String(length=200), nullable=False, server_default=""))
    _add("consultee_address", sa.Column("is_mailed", sa.Boolean(), nullable=False, server_default=sa.true()))
    _add("response", sa.Column("is_uninvited", sa.Boolean(), nullable=False, server_default=sa.false()))
    for column, table in (("mailing_id", "mailing"), ("consultee_id", "consultee")):
        points_at = sa.ForeignKey(f"{table}.id", name=f"fk_outgoing_email_{column}_{table}")
        _add("outgoing_email", sa.Column(column, sa.Integer(), points_at))
        op.create_index(f"ix_outgoing_email_{column}", "outgoing_email", [column])
    for column, length in (("opt_out_token", 64), ("day_key", 340)):
        _add("outgoing_email", sa.Column(column, sa.String(length=length)))
        op.create_index(f"uq_outgoing_email_{column}", "outgoing_email", [column], unique=True)
    op.create_index("ix_outgoing_email_turn", "outgoing_email", ["status", "priority", "due_at", "id"])


def _time(name: str, default: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.Time(), nullable=False, server_default=default)


def _add(table: str, *columns: "sa.Column[Any]") -> None:
    for column in columns:
        op.add_column(table, column, inline_references=True)
