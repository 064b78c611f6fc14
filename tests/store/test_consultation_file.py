"""A consultation's file is checked to the key, added once, and comes out of the database as it went in."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, SQLModel, select

from intake.errors import NotFound, WrongConfiguration
from intake.store.consultation_file import (
    Added,
    ConsultationFile,
    add_consultation,
    export_consultation,
    list_consultations,
    read_consultation_file,
)
from intake.store.consultations import Consultation, PublishedAddress, Question
from intake.store.database import Database
from intake.store.history import HistoryEntry
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.responses import Channel, Nature, Response

SAMPLES = Path(__file__).parents[2] / "config" / "consultations"
NOW = datetime(2020, 1, 8, 12, 0, tzinfo=UTC)
SLUG = "improving-education-outcomes"
TOP = """
slug = "schools"
title = "The Future of Schools"
reference_prefix = "FUT"
opens_at = 2020-01-09T09:00:00
closes_at = 2020-02-28T23:59:00
next_steps = "We read every response."
privacy_notice = "We use it for this only."
"""
TABLES = """
[contact]
name = "Asha Rahman"
address = "asha@county.example"

[[addresses]]
address = "Schools@County.example"
kind = "dedicated"
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/t.sqlite3")
    database.upgrade()
    yield database
    database.close()


def read(folder: Path, text: str) -> ConsultationFile:
    path = folder / "schools.toml"
    path.write_text(text, encoding="utf-8")
    return read_consultation_file(path)


def sample(slug: str = SLUG) -> ConsultationFile:
    return read_consultation_file(SAMPLES / f"{slug}.toml")


def add(database: Database, file: ConsultationFile) -> Added:
    with database.transaction() as session:
        return add_consultation(session, file, now=NOW, actor="command line")


def received(number: int, nature: Nature = Nature.response, withdrawn_at: datetime | None = None) -> Response:
    return Response(
        consultation_id=1,
        reference=f"IEO-{number:04d}",
        channel=Channel.email,
        nature=nature,
        withdrawn_at=withdrawn_at,
        recorded_at=NOW,
        text="We agree.",
        own_words="We agree.",
    )


def counted(session: Session, *tables: type[SQLModel]) -> list[int]:
    return [len(session.exec(select(table)).all()) for table in tables]


def test_times_are_local_times_of_the_consultation(tmp_path: Path) -> None:
    file = read(tmp_path, TOP.replace("2020-02-28T23:59:00", "2020-06-30T23:59:00") + TABLES)
    assert file.opens_at == datetime(2020, 1, 9, 9, 0, tzinfo=UTC)
    assert file.closes_at == datetime(2020, 6, 30, 22, 59, tzinfo=UTC)


def test_what_is_left_out_has_a_sensible_value(tmp_path: Path) -> None:
    file = read(tmp_path, TOP + TABLES)
    assert (file.timezone, file.late_policy, file.questions, file.consultees) == ("Europe/London", "accept", [], [])
    assert file.subject_words == ["the future of schools"]


def test_addresses_are_kept_in_lower_case(tmp_path: Path) -> None:
    assert read(tmp_path, TOP + TABLES).addresses[0].address == "schools@county.example"


def test_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeff" + TOP + TABLES).slug == "schools"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('title = "The', 'titel = "The', 'there is no key titel; did you mean "title"?'),
        ('kind = "dedicated"', 'knd = "dedicated"', 'there is no key knd in addresses number 1; did you mean "kind"?'),
        ('name = "Asha', 'colour = "Asha', "there is no key colour in contact; remove it."),
        ('slug = "schools"', "", "slug is missing; add it."),
        ('title = "The Future of Schools"', "", "title is missing; add it."),
        ('address = "asha@county.example"', "", "address in contact is missing; add it."),
        ('slug = "schools"', 'slug = "The schools"', "slug must be lower-case letters, digits and single hyphens."),
        ('"FUT"', '"F2"', "reference_prefix must be 2 to 8 capital letters."),
        ('title = "The', 'title = "The\\n', "title must be one line of plain text."),
        ('title = "The', f'title = "{"x" * 200}', "title should have at most 200 characters."),
        ('next_steps = "We', 'timezone = "London"\nnext_steps = "We', 'timezone is not a timezone, such as "Europe/Lo'),
        ('next_steps = "We', 'late_policy = "no"\nnext_steps = "We', "late_policy should be 'accept', 'discretion' or"),
        ('next_steps = "We', 'subject_words = [""]\nnext_steps = "We', "subject_words number 1 should have at least 1"),
        ("2020-02-28T23:59:00", "2020-02-28", "closes_at is a day without a time"),
        ("2020-02-28T23:59:00", "2020-02-28T00:00:00", "closes_at is at midnight"),
        ("2020-02-28T23:59:00", '"soon"', "closes_at is not a date and time"),
        ("2020-02-28T23:59:00", "2020-01-09T09:00:00", "closes_at must be later than opens_at."),
        ("asha@county.example", "Asha Rahman", "address in contact is not an email address."),
        ('"Schools@County.example"', "5", "address in addresses number 1 should be a valid string."),
        ("[contact]", "[[contact]]", "contact should be a table with keys of its own."),
        ("slug =", "slug", "is not valid TOML"),
    ],
)
def test_file_with_a_mistake_is_refused_by_its_key(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    text = TOP + TABLES
    assert old in text
    with pytest.raises(WrongConfiguration) as raised:
        read(tmp_path, text.replace(old, new, 1))
    assert str(tmp_path / "schools.toml") in str(raised.value)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('[[addresses]]\naddress = "schools@county.example"\nkind = "personal"', "addresses says the same twice, in n"),
        ('[[questions]]\nkey = "a"\ntext = "A?"\n' * 2, "questions says the same twice, in number 1 and number 2."),
        ('[[consultees]]\norganisation = "A"\nstakeholder_group = "b"\n' * 2, "consultees says the same twice"),
        (
            '[[consultees]]\norganisation = "A"\nstakeholder_group = "b"\naddresses = ["a@b.example", "A@b.example"]',
            "addresses in consultees number 1 says the same twice, in number 1 and number 2.",
        ),
    ],
)
def test_same_thing_twice_is_refused(tmp_path: Path, added: str, sentence: str) -> None:
    with pytest.raises(WrongConfiguration, match=sentence):
        read(tmp_path, TOP + TABLES + added)


def test_consultation_needs_a_published_address(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="addresses is empty; add at least one published address"):
        read(tmp_path, TOP + TABLES.partition("[[addresses]]")[0])


def test_mistake_in_an_address_is_reported_without_it(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration) as raised:
        read(tmp_path, (TOP + TABLES).replace("asha@county.example", "asha at county"))
    assert "asha" not in str(raised.value).replace(str(tmp_path), "")
    assert raised.value.__context__ is None


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "schools.toml"
    if content:
        path.write_bytes(content)
    with pytest.raises(WrongConfiguration, match=r"cannot be read|not UTF-8 text"):
        read_consultation_file(path)


def test_consultation_is_added_with_all_that_belongs_to_it(database: Database) -> None:
    assert add(database, sample()) is Added.added
    with database.reading() as session:
        assert counted(session, Consultation, PublishedAddress, Question) == [1, 3, 7]
        assert counted(session, Consultee, ConsulteeAddress) == [15, 18]
        entry = session.exec(select(HistoryEntry)).one()
    assert (entry.subject_kind, entry.subject_id, entry.action) == ("consultation", 1, "added")
    assert (entry.actor, entry.at) == ("command line", NOW)


def test_same_file_twice_changes_nothing(database: Database) -> None:
    add(database, sample())
    assert add(database, sample()) is Added.unchanged
    with database.reading() as session:
        assert counted(session, Consultation, PublishedAddress, Consultee, HistoryEntry) == [1, 3, 15, 1]


def test_changed_file_is_refused_naming_what_differs(database: Database) -> None:
    add(database, sample())
    changed = sample().model_copy(update={"title": "Another title", "questions": []})
    with pytest.raises(WrongConfiguration, match=f"“{SLUG}” .* differs in title, questions; .*database is the truth"):
        add(database, changed)
    with database.reading() as session:
        assert session.exec(select(Consultation.title)).one() == "Improving education outcomes"


def test_dedicated_address_belongs_to_one_consultation(database: Database, tmp_path: Path) -> None:
    add(database, sample())
    taken = read(tmp_path, (TOP + TABLES).replace("Schools@County.example", "education.review@county.example"))
    with pytest.raises(WrongConfiguration, match=f"addresses number 1 of consultation “schools” .* “{SLUG}”"):
        add(database, taken)


def test_officers_own_address_can_serve_two_consultations_but_not_become_dedicated(
    database: Database, tmp_path: Path
) -> None:
    add(database, sample())
    text = (TOP + TABLES).replace("Schools@County.example", "asha.rahman@county.example")
    with pytest.raises(WrongConfiguration, match="a dedicated address belongs to one consultation only"):
        add(database, read(tmp_path, text))
    assert add(database, read(tmp_path, text.replace("dedicated", "personal"))) is Added.added


def test_reference_prefix_belongs_to_one_consultation(database: Database, tmp_path: Path) -> None:
    add(database, sample())
    with pytest.raises(WrongConfiguration, match=f"reference_prefix IEO of .*“schools”.* “{SLUG}”"):
        add(database, read(tmp_path, (TOP + TABLES).replace("FUT", "IEO")))


@pytest.mark.parametrize("slug", [SLUG, "school-admissions"])
def test_exported_consultation_reads_back_as_it_was(database: Database, tmp_path: Path, slug: str) -> None:
    add(database, sample(slug))
    with database.reading() as session:
        assert read(tmp_path, export_consultation(session, slug)) == sample(slug)


def test_whether_forwarded_letters_are_acknowledged_is_read_and_exported(database: Database, tmp_path: Path) -> None:
    assert not read(tmp_path, TOP + TABLES).acknowledges_forwards
    add(database, read(tmp_path, TOP + "acknowledges_forwards = true\n" + TABLES))
    with database.reading() as session:
        assert session.exec(select(Consultation.acknowledges_forwards)).one()
        assert "acknowledges_forwards = true\n" in export_consultation(session, "schools")


def test_exported_consultees_read_back_with_all_that_is_known_of_them(database: Database, tmp_path: Path) -> None:
    text = """
    [[consultees]]
    organisation = "Ysgol Bryn"
    stakeholder_group = "school"
    key = "137204"
    domain = "Bryn.example"
    language = "cy"
    addresses = ["Ben Hughes <BEN@bryn.example>", "office@bryn.example"]
    not_mailed = ["office@bryn.example"]
    [[consultees]]
    organisation = "Larkmead Trust"
    stakeholder_group = "trust"
    """
    file = read(tmp_path, TOP + TABLES + text)
    add(database, file)
    with database.reading() as session:
        contacts = [(row.address, row.name, row.is_mailed) for row in session.exec(select(ConsulteeAddress))]
        assert read(tmp_path, export_consultation(session, "schools")) == file
    assert contacts == [("ben@bryn.example", "Ben Hughes", True), ("office@bryn.example", "", False)]
    assert add(database, file) is Added.unchanged


def test_export_leaves_out_those_who_are_no_longer_invited(database: Database, tmp_path: Path) -> None:
    add(database, sample())
    with database.transaction() as session:
        session.get_one(Consultee, 1).removed_at = NOW
    with database.reading() as session:
        assert len(read(tmp_path, export_consultation(session, SLUG)).consultees) == 14


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('domain = "bryn"', "domain in consultees number 1 is not the domain of email addresses"),
        ('language = "fr"', "language in consultees number 1 should be 'en' or 'cy'"),
        ('addresses = ["Ben <nobody>"]', "addresses number 1 in consultees number 1 is not an email address"),
        ('addresses = ["a@b.example"]\nnot_mailed = ["c@b.example"]', "names an address that is not in addresses"),
        ('key = "7"\n[[consultees]]\norganisation = "B"\nstakeholder_group = "b"\nkey = "7"', "says the same twice"),
    ],
)
def test_consultee_with_a_mistake_is_refused_by_its_key(tmp_path: Path, keys: str, sentence: str) -> None:
    consultee = f'[[consultees]]\norganisation = "A"\nstakeholder_group = "b"\n{keys}'
    with pytest.raises(WrongConfiguration, match=sentence):
        read(tmp_path, TOP + TABLES + consultee)


@pytest.mark.parametrize("text", ['"quoted" \\ and\n\n\'more\'\n"""', "tab\tand NBSP\u00a0é 🙂", "a\\nb\nc\\"])
def test_exported_text_reads_back_to_the_letter(database: Database, tmp_path: Path, text: str) -> None:
    file = read(tmp_path, TOP + TABLES).model_copy(update={"next_steps": text, "subject_words": []})
    add(database, file)
    with database.reading() as session:
        assert read(tmp_path, export_consultation(session, "schools")) == file


@pytest.mark.parametrize("hour", [0, 1])
def test_exported_hour_that_comes_twice_reads_back_to_the_same_instant(
    database: Database, tmp_path: Path, hour: int
) -> None:
    closes_at = datetime(2020, 10, 25, hour, 30, tzinfo=UTC)
    add(database, read(tmp_path, TOP + TABLES).model_copy(update={"closes_at": closes_at}))
    with database.reading() as session:
        assert read(tmp_path, export_consultation(session, "schools")).closes_at == closes_at


def test_consultation_that_is_not_there_cannot_be_exported(database: Database) -> None:
    with database.reading() as session, pytest.raises(NotFound, match="“schools”"):
        export_consultation(session, "schools")


def test_list_counts_only_the_responses_that_count(database: Database) -> None:
    add(database, sample())
    add(database, sample("school-admissions"))
    with database.transaction() as session:
        session.add_all([received(1), received(2, Nature.question), received(3, Nature.neither)])
        session.add(received(4, withdrawn_at=NOW))
    with database.reading() as session:
        outcomes, admissions = list_consultations(session)
    assert (outcomes.slug, outcomes.responses, admissions.responses) == (SLUG, 1, 0)
    assert admissions.addresses == ("admissions.review@county.example",)
    assert len(outcomes.addresses) == 3
