"""The log's search and its orders: full-text tables kept by triggers, sort columns, and an index for each order.

Both databases fold words alike: lower case, without accents, ł as l, ß as ss; a word is a run of letters and digits.
Both stem with Porter's rules and know no stop words, so that one search gives one answer. That is why accents are not
left to PostgreSQL's extension `unaccent`: it folds more than SQLite can, and not every owner of a database may add it.
"""
# ruff: noqa: S608  # the statements are made of the names above and nothing else

import sqlalchemy as sa
from alembic import op

from intake.errors import WrongConfiguration

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_SEARCHED = ("subject", "respondent_name", "organisation", "own_words", "added_words")
# Letters that Unicode does not take apart into a letter and its accent.
_SINGLE = {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ı": "i"}
_DOUBLE = {"ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th"}
# Every order carries the columns that filters look at: a page is found by walking one index, whatever the filters.
_FILTERED = (
    "consultation_id, status, nature, channel, officer_id, stakeholder_group, received_at, withdrawn_at, "
    "is_confidential, is_abusive, needs_reply"
)
_ORDERS = {
    "received": "listed_at, id",
    "reference": "reference_key, id",
    "respondent": "respondent_key, id",
    "organisation": "organisation_key, id",
    "status": "status, listed_at, id",
}
_KEYS = {
    "respondent_key": "lower(substr(coalesce(nullif(respondent_name, ''), respondent_address, ''), 1, 200))",
    "organisation_key": "CASE WHEN coalesce(organisation, '') = '' THEN '1' "
    "ELSE '0' || lower(substr(organisation, 1, 200)) END",
}


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        _require_unicode()
        _sort_columns_of_postgresql()
        _search_of_postgresql()
    else:
        _sort_columns_of_sqlite()
        _search_of_sqlite()
    for order, keys in _ORDERS.items():
        filtered = _FILTERED if order != "status" else _FILTERED.replace("status, ", "")
        _run(
            f"CREATE INDEX ix_response_by_{order} ON response ({keys}) INCLUDE ({filtered})"
            if is_postgresql
            else f"CREATE INDEX ix_response_by_{order} ON response ({keys}, {filtered})"
        )
    op.create_index("ix_response_respondent_address", "response", ["respondent_address"])
    op.create_index("ix_response_tag_tag_response_id", "response_tag", ["tag", "response_id"])
    _words_of_earlier_additions(is_postgresql)


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)  # as it stands: to `text()` a colon begins a parameter


def _require_unicode() -> None:
    given = op.get_bind()
    if given.exec_driver_sql("SHOW server_encoding").scalar_one() != "UTF8":
        raise WrongConfiguration("The PostgreSQL database is not in Unicode; make one with ENCODING 'UTF8'.")
    if not given.execute(sa.text("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")).first():
        raise WrongConfiguration("This PostgreSQL was built without ICU, which the search needs; install one with it.")


def _sort_columns_of_postgresql() -> None:
    keys = {
        "reference_key": "split_part(reference, '-', 1) || '-' || lpad(split_part(reference, '-', 2), 10, '0')",
        **_KEYS,
    }
    columns = [f"ADD COLUMN {name} text GENERATED ALWAYS AS ({key}) STORED" for name, key in keys.items()]
    listed = "timestamptz GENERATED ALWAYS AS (coalesce(received_at, recorded_at)) STORED"
    _run(f"ALTER TABLE response ADD COLUMN listed_at {listed}, {', '.join(columns)}")


def _sort_columns_of_sqlite() -> None:
    dash = "instr(reference, '-')"
    padded = f"substr(reference, 1, {dash}) || substr('0000000000' || substr(reference, {dash} + 1), -10)"
    columns = {"reference_key": padded, **_KEYS}
    _run(
        "ALTER TABLE response ADD COLUMN listed_at DATETIME "
        "GENERATED ALWAYS AS (coalesce(received_at, recorded_at)) VIRTUAL"
    )
    for name, key in columns.items():
        _run(f"ALTER TABLE response ADD COLUMN {name} VARCHAR GENERATED ALWAYS AS ({key}) VIRTUAL")


def _search_of_sqlite() -> None:
    # A word is what `categories` says: L* letters, Nd digits. Contentless: the words are kept once, in `response`.
    plain = "unicode61 remove_diacritics 2 categories ''L* Nd''"
    for table, tokenizer in (("response_words", f"porter {plain}"), ("response_phrases", plain)):
        _run(f"CREATE VIRTUAL TABLE {table} USING fts5({', '.join(_SEARCHED)}, content='', tokenize='{tokenizer}')")
        add = f"INSERT INTO {table} (rowid, {', '.join(_SEARCHED)})"
        _run(f"{add} SELECT id, {_folded('response')} FROM response")
        add_new = f"{add} VALUES (new.id, {_folded('new')});"
        take_old = (
            f"INSERT INTO {table} ({table}, rowid, {', '.join(_SEARCHED)}) VALUES ('delete', old.id, {_folded('old')});"
        )
        for event, body in {
            "INSERT": add_new,
            "DELETE": take_old,
            f"UPDATE OF id, {', '.join(_SEARCHED)}": f"{take_old} {add_new}",
        }.items():
            name = f"{table}_{event.split()[0].lower()}"
            _run(f"CREATE TRIGGER {name} AFTER {event} ON response BEGIN {body} END")


def _folded(row: str) -> str:
    """FTS5 folds the rest."""
    letters = _SINGLE | _DOUBLE
    folded = []
    for name in _SEARCHED:
        replaced = column = f"{row}.{name}"
        for letter, plain in letters.items():
            replaced = f"replace({replaced}, '{letter}', '{plain}')"
        is_ascii = f"length({column}) = length(CAST({column} AS BLOB))"
        folded.append(f"CASE WHEN {is_ascii} THEN {column} ELSE {replaced} END")
    return ", ".join(folded)


def _search_of_postgresql() -> None:
    replaced = r"regexp_replace(normalize(given, NFD), '[\u0300-\u036f]+', '', 'g')"
    replaced = f"translate({replaced}, '{''.join(_SINGLE)}', '{''.join(_SINGLE.values())}')"
    for letter, plain in _DOUBLE.items():
        replaced = f"replace({replaced}, '{letter}', '{plain}')"
    _run(
        f"""
        CREATE FUNCTION intake_folded(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT btrim(lower(regexp_replace({replaced} COLLATE "und-x-icu", '[^[:alnum:]]+', ' ', 'g'))) $$
        """
    )
    _run("CREATE TEXT SEARCH DICTIONARY intake_stem (TEMPLATE = snowball, LANGUAGE = porter)")
    _run("CREATE TEXT SEARCH CONFIGURATION intake_words (COPY = simple)")
    _run("ALTER TEXT SEARCH CONFIGURATION intake_words ALTER MAPPING FOR asciiword, word, numword WITH intake_stem")
    _run(
        """
        CREATE TABLE response_search (
            response_id integer PRIMARY KEY REFERENCES response (id) ON DELETE CASCADE,
            words tsvector NOT NULL,
            phrases tsvector NOT NULL,
            folded text
        )
        """
    )
    _run(_INDEX_RESPONSE)
    for event in ("INSERT", f"UPDATE OF {', '.join(_SEARCHED)}"):
        _run(
            f"CREATE TRIGGER intake_search_{event.split()[0].lower()} AFTER {event} ON response "
            "FOR EACH ROW EXECUTE FUNCTION intake_index_response()"
        )
    _run("UPDATE response SET added_words = added_words")
    _run("CREATE INDEX ix_response_search_words ON response_search USING gin (words)")
    _run("CREATE INDEX ix_response_search_phrases ON response_search USING gin (phrases)")
    _run("CREATE INDEX ix_response_search_folded ON response_search (response_id) WHERE folded IS NOT NULL")


# A tsvector holds 1 MB, positions up to 16,383, and 256 of them for one word. What is larger is taken in by pieces,
# without positions, and its text is kept beside it, where a phrase is looked for itself. Between two fields stands a
# word that no text has, so that no phrase reaches from one into the next.
_INDEX_RESPONSE = """
CREATE FUNCTION intake_index_response() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whole text := concat(' ', concat_ws(' 0.0 ', intake_folded(new.subject), intake_folded(new.respondent_name),
        intake_folded(new.organisation), intake_folded(new.own_words), intake_folded(new.added_words)), ' ');
    rest text := whole;
    piece text;
    stemmed tsvector := '';
    written tsvector := '';
    is_cut boolean := length(whole) > 100000;
BEGIN
    IF NOT is_cut THEN
        stemmed := strip(to_tsvector('intake_words', whole));
        written := to_tsvector('simple', whole);
        is_cut := length(whole) > 500 AND EXISTS (
            SELECT FROM unnest(written) AS known
            WHERE cardinality(known.positions) > 254 OR known.positions[cardinality(known.positions)] > 16382);
    ELSE
        WHILE rest <> '' LOOP
            piece := left(rest, 100000);
            IF length(rest) > 100000 AND strpos(piece, ' ') > 0 THEN
                piece := left(piece, length(piece) - strpos(reverse(piece), ' ') + 1);
            END IF;
            rest := substr(rest, length(piece) + 1);
            BEGIN
                stemmed := stemmed || strip(to_tsvector('intake_words', piece));
                written := written || strip(to_tsvector('simple', piece));
            EXCEPTION WHEN program_limit_exceeded THEN
                EXIT;
            END;
        END LOOP;
    END IF;
    INSERT INTO response_search AS known (response_id, words, phrases, folded)
    VALUES (new.id, stemmed, written, CASE WHEN is_cut THEN whole END)
    ON CONFLICT (response_id) DO UPDATE
    SET words = excluded.words, phrases = excluded.phrases, folded = excluded.folded;
    RETURN NULL;
END $$
"""


def _words_of_earlier_additions(is_postgresql: bool) -> None:
    joined = "string_agg(own_words, chr(10) ORDER BY id)" if is_postgresql else "group_concat(own_words, char(10))"
    _run(
        f"""
        UPDATE response SET added_words = (
            SELECT {joined}
            FROM (SELECT id, own_words FROM addition WHERE response_id = response.id ORDER BY id) AS added
        )
        WHERE added_words = '' AND id IN (SELECT response_id FROM addition)
        """
    )
