"""What the database itself keeps of each response so that the log is found, searched and sorted quickly.

Columns, indexes and search tables of migration 0003. They are no fields of `Response`, so nobody loads them with one;
the database derives them at every change, whoever makes it. Never asks for anything (`intake/responses` does).
"""

from typing import Any

import sqlalchemy as sa

from intake.store.database import UtcDateTime

LISTED_AT: sa.ColumnClause[object] = sa.column("listed_at", UtcDateTime)
"""When it was received; where that is not known, when it was recorded."""
REFERENCE_KEY: sa.ColumnClause[object] = sa.column("reference_key", sa.String)
"""The reference with as many zeros as sort IEO-10000 after IEO-9999."""
RESPONDENT_KEY: sa.ColumnClause[object] = sa.column("respondent_key", sa.String)
ORGANISATION_KEY: sa.ColumnClause[object] = sa.column("organisation_key", sa.String)
"""Responses without an organisation come last."""

RESPONSE_WORDS = sa.table("response_words", sa.column("rowid", sa.Integer), sa.column("response_words", sa.String))
"""SQLite: FTS5, stemmed."""
RESPONSE_PHRASES = sa.table(
    "response_phrases", sa.column("rowid", sa.Integer), sa.column("response_phrases", sa.String)
)
"""SQLite: FTS5, as written."""
RESPONSE_SEARCH = sa.table(
    "response_search",
    sa.column("response_id", sa.Integer),
    sa.column("words", sa.Text),
    sa.column("phrases", sa.Text),
    sa.column("folded", sa.Text),
)
"""PostgreSQL: two tsvectors, `words` stemmed and `phrases` as written; `folded` is the text itself where it is too long
for a tsvector to know every position."""

_DERIVED = frozenset(
    {"listed_at", "reference_key", "respondent_key", "organisation_key", "response_search"}
    | {f"ix_response_by_{order}" for order in ("received", "reference", "respondent", "organisation", "status")}
    | {"ix_response_respondent_address", "ix_response_tag_tag_response_id"}
)


def is_of_a_table(name: str | None, kind: str, _parents: Any) -> bool:
    """alembic's `include_name`: whether something found in the database is to be compared with the tables' classes."""
    return name is None or not (name in _DERIVED or name.startswith(("response_words", "response_phrases")))
