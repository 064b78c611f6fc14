"""A database that was in use before there was a search: what it holds is found after the upgrade."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from intake.store.database import MIGRATIONS, Database
from tests import databases
from tests.databases import both_databases

_CONSULTATION = """
    INSERT INTO consultation (id, slug, title, reference_prefix, timezone, opens_at, closes_at, late_policy,
        subject_words, contact_name, contact_address, next_steps, privacy_notice, last_number, created_at)
    VALUES (1, 'review', 'Review', 'IEO', 'Europe/London', '2020-01-09 09:00:00.000000', '2020-02-28 23:59:00.000000',
        'accept', '[]', 'Team', 'team@county.example', '', '', 2, '2020-01-09 09:00:00.000000')
"""
_RESPONSE = """
    INSERT INTO response (id, consultation_id, reference, nature, channel, status, recorded_at, respondent_name, text,
        own_words)
    VALUES (1, 1, 'IEO-0001', 'response', 'email', 'unread', '2020-02-12 10:30:00.000000', 'Ben', 'whole',
        'Café closures')
"""
_ADDITION = """
    INSERT INTO addition (id, response_id, recorded_at, text, own_words)
    VALUES ({id}, 1, '2020-02-12 10:30:00.000000', 'whole', '{words}')
"""


@both_databases
def test_what_was_recorded_before_is_found_after_the_upgrade(tmp_path: Path) -> None:
    database = Database(databases.new_url(tmp_path, databases.set_up))
    (tmp_path / "intake.sqlite3").unlink(missing_ok=True)
    with database.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for statement in (
            _CONSULTATION,
            _RESPONSE,
            _ADDITION.format(id=1, words="First of all"),
            _ADDITION.format(id=2, words="Lastly"),
        ):
            connection.execute(sa.text(statement))
    assert database.upgrade()
    with database.reading() as session:
        stored = session.execute(sa.text("SELECT added_words, listed_at IS NOT NULL, organisation_key FROM response"))
        assert [tuple(row) for row in stored] == [("First of all\nLastly", 1, "1")]
        if session.get_bind().dialect.name == "postgresql":
            found = "response_search WHERE words @@ to_tsquery('intake_words', 'closure & cafe & lastly')"
        else:
            found = "response_words WHERE response_words MATCH 'closure AND cafe AND lastly'"
        assert session.execute(sa.text(f"SELECT count(*) FROM {found}")).scalar_one() == 1
    database.close()
