"""Runs the steps on a connection. Given one by `Database.upgrade`; never opens its own."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from intake.store import alarms, consultations, decisions, emails, history, mailings, online, people, responses, users
from intake.store.database import UtcDateTime
from intake.store.log_index import is_of_a_table

TABLES = (
    alarms,
    consultations,
    decisions,
    emails,
    history,
    mailings,
    online,
    people,
    responses,
    users,
)  # importing them fills the metadata


def _plain_type(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as the plain ones they are, so that a step stands by itself."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    render_item=_plain_type,
    include_name=is_of_a_table,
    # A list of names may grow without a step: the column is text either way.
    compare_type=lambda _c, _i, _m, _t, ours: None if not isinstance(ours, sa.Enum) else False,
)
with context.begin_transaction():
    context.run_migrations()
