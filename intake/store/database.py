"""The one door to the database: engine, transactions, the column type for instants, the upgrade to the newest schema.

Never holds a table and never a rule about consultations.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlmodel import Session, SQLModel

from intake.errors import DatabaseUnavailable, WrongConfiguration

MIGRATIONS = Path(__file__).parent / "migrations"
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
# Set before any table is defined (store/__init__ imports nothing): SQLite can only alter constraints that have names.
SQLModel.metadata.naming_convention = NAMING


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC instant. SQLite forgets the zone of a DateTime(timezone=True), so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Control characters but tabs and line breaks, half characters, and line separators.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def storable(text: str) -> str:
    """Without what nobody sees and not every database keeps; line breaks as \\n."""
    return _UNSTORABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def name_type(names: type[StrEnum]) -> sa.Enum:
    """The column type of a fixed list of names: text that must be one of them, without a database type of its own."""
    return sa.Enum(names, native_enum=False, length=20, values_callable=lambda members: [m.value for m in members])


class Database:
    """Connections to one database. Safe to share between threads; a session is not."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self.file = _sqlite_file(self.engine.url)  # None on PostgreSQL

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session that writes: committed when the block ends, rolled back when it raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads: on SQLite it takes no write lock."""
        engine = self.engine.execution_options(reads_only=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session

    def upgrade(self) -> bool:
        """Create or upgrade the schema; says whether anything changed."""
        before = self.revision()
        if self.file:
            _make_folder(self.file.parent)
        config = _alembic_config()
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        return self.revision() != before

    def revision(self) -> str | None:
        """The schema's revision as it stands; None where there is none. Raises DatabaseUnavailable."""
        if self.file and not self.file.exists():
            return None  # to connect would make it
        try:
            with self.engine.connect() as connection:
                return MigrationContext.configure(connection).get_current_revision()
        except sa.exc.DBAPIError:
            raise DatabaseUnavailable from None

    def require_newest_schema(self) -> None:
        """Refuse to work on a database that `intake setup` has not brought up to date."""
        newest = ScriptDirectory.from_config(_alembic_config()).get_current_head()
        if self.revision() != newest:
            raise WrongConfiguration("The database has not been set up for this version; run: intake setup")

    def close(self) -> None:
        self.engine.dispose()


def add_if_new(session: Session, table: type[SQLModel], **values: Any) -> None:
    """Insert a row unless one with its key is there: two workers that both see none make one."""
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _sqlite_file(url: sa.URL) -> Path | None:
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(url.database or "") if is_file else None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(f"The folder of database.url cannot be made ({error.strerror}).") from None


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    try:
        # hide_parameters: SQLAlchemy otherwise prints the bound values, people's words and addresses, in its errors.
        engine = sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=not is_sqlite)
    except ModuleNotFoundError:
        raise WrongConfiguration(
            f"database.url names {parsed.get_backend_name()}, but its driver is not installed; "
            "for PostgreSQL install consultation-intake[postgresql] and write postgresql+psycopg://…"
        ) from None
    if is_sqlite:
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    else:
        sa.event.listen(engine, "connect", _prepare_postgresql)
    sa.event.listen(engine, "handle_error", _forget_values)
    return engine


def _forget_values(context: sa.engine.ExceptionContext) -> None:
    """PostgreSQL quotes the values of a broken rule in a second line ("Key (address)=(…) already exists")."""
    about = getattr(context.original_exception, "diag", None)
    if about is None or about.message_primary is None:
        return
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None:
            error.args = (about.message_primary, *error.args[1:])


def _prepare_sqlite(connection: DBAPIConnection, _record: Any) -> None:
    # The driver's own BEGIN comes too late for BEGIN IMMEDIATE, so it is switched off and sent by _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _prepare_postgresql(connection: DBAPIConnection, _record: Any) -> None:
    # What is committed must survive a power cut, whatever the server's own setting: mail is moved and sent upon it.
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    # With a plain BEGIN two sessions each saw no row and both inserted.
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
