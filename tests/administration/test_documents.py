"""A consultation's documents: pages elsewhere and files kept here, in their order, and who may fetch them when."""

from datetime import timedelta

import pytest

from intake.administration.documents import (
    NotPublishedYet,
    add_document,
    change_document,
    move_document,
    published_document,
    remove_document,
)
from intake.documents.kinds import LONGEST_FILE, GivenFile
from intake.errors import Mistakes, NotFound
from intake.inbound.reconciliation import Kind
from intake.outbound.documents import documents_for
from intake.store.consultations import consultation_by_slug
from intake.store.mailings import ConsultationDocument
from tests.administration.administrators import SLUG, editing
from tests.databases import both_databases
from tests.inbound.reconciled import named, reconcile
from tests.office import OPENS_AT, Office

PDF = GivenFile("C:\\drafts\\The draft.pdf", b"%PDF-1.4 the draft")
PAGE = "https://www.county.example/review"


def _add(office: Office, name: str = "The draft", url: str = "", file: GivenFile | None = None) -> ConsultationDocument:
    with editing(office) as (session, consultation, edit):
        return add_document(session, office.files, consultation, {"name": name, "url": url}, file, edit)


def _named(office: Office) -> list[tuple[str, str]]:
    with office.database.reading() as session:
        return documents_for(session, consultation_by_slug(session, SLUG), base_url="https://intake.county.example")


@both_databases
def test_documents_are_named_in_their_order_with_the_address_of_each(office: Office) -> None:
    row = _add(office, file=PDF)
    assert (row.filename, row.content_type, row.size) == ("The draft.pdf", "application/pdf", 18)
    assert office.files.read(row.sha256 or "") == PDF.content
    _add(office, "The website", PAGE)
    stored = ("The draft", f"https://intake.county.example/documents/{row.id}")
    assert _named(office) == [stored, ("The website", PAGE)]
    with editing(office) as (session, consultation, edit):
        move_document(session, consultation, session.get_one(ConsultationDocument, row.id), edit, places=1)
    assert _named(office) == [("The website", PAGE), stored]


@pytest.mark.parametrize(
    ("name", "url", "file", "field", "words"),
    [
        ("", PAGE, None, "name", "Enter the name."),
        ("The draft", "", None, "file", "Choose a file, or give the address of a page."),
        ("The draft", PAGE, PDF, "file", "not both"),
        ("The draft", "", GivenFile("a.pdf", b""), "file", "There is nothing in this file"),
        ("The draft", "", GivenFile("a.pdf", b"a" * (LONGEST_FILE + 1)), "file", "larger than 25 MB"),
        ("The draft", "http://county.example", None, "url", "must begin with https://"),
        ("The draft", "https://", None, "url", "must begin with https://"),
        ("The draft", "javascript:alert(1)", None, "url", "must begin with https://"),
        ("The draft", "https://ben:secret@county.example", None, "url", "must begin with https://"),
        ("The draft", "https://[county.example", None, "url", "must begin with https://"),
    ],
)
def test_mistake_is_told_beside_its_field_and_nothing_is_stored(
    office: Office, name: str, url: str, file: GivenFile | None, field: str, words: str
) -> None:
    with pytest.raises(Mistakes) as raised:
        _add(office, name, url, file)
    assert words in raised.value.by_field[field]
    assert office.rows(ConsultationDocument) == []


@both_databases
def test_another_file_takes_the_place_of_the_first_under_its_address(office: Office) -> None:
    row = _add(office, file=PDF)
    [before] = _named(office)
    with editing(office) as (session, consultation, edit):
        stored, newer = session.get_one(ConsultationDocument, row.id), GivenFile("Second.docx", b"PK second")
        given = {"name": "The draft", "url": ""}
        assert change_document(session, office.files, consultation, stored, given, None, edit) == []
        assert change_document(session, office.files, consultation, stored, given, newer, edit)
        assert office.files.read(stored.sha256 or "") == newer.content
    assert _named(office) == [before]


def test_page_takes_the_place_of_a_file(office: Office) -> None:
    row = _add(office, file=PDF)
    with editing(office) as (session, consultation, edit):
        stored = session.get_one(ConsultationDocument, row.id)
        change_document(session, office.files, consultation, stored, {"name": "It", "url": PAGE}, None, edit)
        assert (stored.sha256, stored.filename, stored.url) == (None, None, PAGE)
        with pytest.raises(NotFound):
            published_document(session, row.id, now=office.now)


def test_file_is_published_with_the_opening(office: Office) -> None:
    row = _add(office, file=PDF)
    with office.database.reading() as session:
        assert published_document(session, row.id, now=OPENS_AT).id == row.id
        with pytest.raises(NotPublishedYet):
            published_document(session, row.id, now=OPENS_AT - timedelta(seconds=1))
        with pytest.raises(NotFound):
            published_document(session, 99, now=OPENS_AT)


def test_removed_document_leaves_no_gap_and_its_history(office: Office) -> None:
    first, second = _add(office, file=PDF), _add(office, "The website", PAGE)
    with editing(office) as (session, consultation, edit):
        remove_document(session, consultation, session.get_one(ConsultationDocument, first.id), edit)
    [left] = office.rows(ConsultationDocument)
    assert (left.id, left.position) == (second.id, 1)
    assert [entry.action for entry in office.history("document-removed")] == ["document-removed"]


def test_stored_file_that_went_missing_is_found_out(office: Office) -> None:
    row = _add(office, file=PDF)
    office.files.path(row.sha256 or "").unlink()
    assert named(reconcile(office)) == [(Kind.file_missing, f"document {row.id}", False)]
