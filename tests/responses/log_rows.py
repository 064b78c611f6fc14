"""Rows for the log without an email behind each: a test says what matters, the rest is ordinary."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from intake.accounts.access import Access, access_of
from intake.responses.filters import Filters
from intake.responses.finding import find_page, visible_consultations
from intake.store.consultations import Consultation, next_references
from intake.store.database import Database
from intake.store.emails import InboundEmail
from intake.store.responses import Channel, RespondentWish, Response, Wish
from intake.store.users import User
from tests.office import DURING


def add_response(database: Database, prefix: str = "IEO", **values: Any) -> Response:
    """A response to the consultation with this prefix; its text is its own words."""
    return add_responses(database, [values], prefix)[0]


def add_responses(database: Database, each: Sequence[dict[str, Any]], prefix: str = "IEO") -> list[Response]:
    with database.transaction() as session:
        consultation = session.exec(select(Consultation).where(Consultation.reference_prefix == prefix)).one()
        references = next_references(session, consultation, len(each))
        rows = [
            Response(consultation_id=consultation.id, reference=reference, **_ordinary(values))
            for reference, values in zip(references, each, strict=True)
        ]
        session.add_all(rows)
        session.flush()
    return rows


def _ordinary(values: dict[str, Any]) -> dict[str, Any]:
    words = values.get("own_words", "We support the proposals.")
    given = {"channel": Channel.email, "received_at": DURING, "recorded_at": DURING, "text": words, "own_words": words}
    return {**given, **values}


def access(database: Database, user: User) -> Access:
    with database.reading() as session:
        return access_of(session, user)


def filters_of(database: Database, user: User, query: Iterable[tuple[str, str]]) -> Filters:
    with database.reading() as session:
        return Filters.from_query(query, visible_consultations(session, access_of(session, user)))[0]


def found(database: Database, user: User, **query: str | list[str]) -> list[str]:
    """The references on the first page. A name that Python reserves has a line after it: from_."""
    pairs = [(name.rstrip("_"), one) for name, v in query.items() for one in ([v] if isinstance(v, str) else v)]
    filters = filters_of(database, user, pairs)
    with database.reading() as session:
        return [entry.reference for entry in find_page(session, access_of(session, user), filters).entries]


def add_wish(
    database: Database, reference: str, wish: Wish = Wish.withdrawal, sentence: str = "Please withdraw my response."
) -> int:
    """What the email that a response was made of asks for beside; the wish's id."""
    with database.transaction() as session:
        response = session.exec(select(Response).where(Response.reference == reference)).one()
        assert response.email_id
        row = RespondentWish(
            response_id=response.id, email_id=response.email_id, wish=wish, sentence=sentence, asked_at=DURING
        )
        session.add(row)
        session.flush()
        return row.id


def set_on_email(database: Database, email_id: int | None, **values: Any) -> None:
    with database.transaction() as session:
        session.execute(sa.update(InboundEmail).where(col(InboundEmail.id) == email_id).values(**values))


def set_on(database: Database, reference: str, /, **values: Any) -> None:
    """As somebody else's program would: past everything but the database."""
    with database.transaction() as session:
        session.execute(sa.update(Response).where(col(Response.reference) == reference).values(**values))
