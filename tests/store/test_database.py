"""The database as it is made: by its migrations, with instants that keep their zone and writers that take turns."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel, select

from intake.errors import WrongConfiguration
from intake.store.consultations import Consultation, next_references
from intake.store.database import Database
from intake.store.emails import Mailbox
from intake.store.log_index import is_of_a_table
from tests import databases
from tests.databases import both_databases

pytestmark = both_databases


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(databases.new_url(tmp_path, databases.set_up))
    made.upgrade()
    yield made
    made.close()


def add_consultation(database: Database) -> None:
    instant = datetime(2020, 1, 9, 9, tzinfo=UTC)
    with database.transaction() as session:
        session.add(
            Consultation(
                slug="review",
                title="Review",
                reference_prefix="IEO",
                opens_at=instant,
                closes_at=instant,
                contact_name="Team",
                contact_address="team@county.example",
                next_steps="",
                privacy_notice="",
                created_at=instant,
            )
        )


def test_the_migrations_make_the_tables_the_code_works_with(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": _compare_type, "include_name": is_of_a_table}
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    assert database.upgrade() is False


def test_a_database_that_was_not_set_up_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="intake setup"):
        Database(f"sqlite:///{tmp_path}/empty.sqlite3").require_newest_schema()


def test_an_instant_comes_back_aware_and_in_utc(database: Database) -> None:
    summer = datetime(2020, 6, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    with database.transaction() as session:
        session.add(Mailbox(name="review", last_polled_at=summer))
    with database.reading() as session:
        stored = session.exec(select(Mailbox.last_polled_at)).one()
    assert (stored, stored.tzinfo if stored else None) == (summer, UTC)


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(sa.exc.StatementError), database.transaction() as session:
        session.add(Mailbox(name="review", last_polled_at=datetime(2020, 6, 1)))  # noqa: DTZ001


def test_errors_of_the_database_do_not_quote_what_was_written(database: Database) -> None:
    with database.transaction() as session:
        session.add(Mailbox(name="asha.rahman@county.example"))
    with pytest.raises(sa.exc.IntegrityError) as caught, database.transaction() as session:
        session.add(Mailbox(name="asha.rahman@county.example"))
    assert "asha" not in str(caught.value)


def test_references_are_never_given_out_twice_by_writers_at_once(database: Database) -> None:
    add_consultation(database)
    taken: list[str] = []

    def take() -> None:
        for _ in range(20):
            with database.transaction() as session:
                consultation = session.exec(select(Consultation)).one()
                taken.extend(next_references(session, consultation, 1))

    writers = [threading.Thread(target=take) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(taken) == [f"IEO-{number:04d}" for number in range(1, 81)]


def _compare_type(_context: object, _inspected: object, _column: object, _found: object, ours: object) -> bool | None:
    """As the migrations do: a list of names is text."""
    return False if isinstance(ours, sa.Enum) else None
