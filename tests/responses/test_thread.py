"""One response with what belongs to it, who may see it, and who has it open."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from intake.accounts.access import Access, access_of
from intake.errors import NotFound
from intake.inbound.choices import Choice
from intake.responses.handling import add_tag
from intake.responses.handling_moves import move_to
from intake.responses.handling_notes import add_note
from intake.responses.thread import (
    Incoming,
    Thread,
    file_kind,
    find_attachment,
    find_email,
    find_response,
    recorded_as,
    thread_of,
)
from intake.responses.viewing import FORGOTTEN_AFTER, open_response
from intake.store.emails import EmailStatus
from intake.store.responses import Response, ResponseViewing
from intake.store.users import User
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import carried_out
from tests.inbound.forwarded import attaching, letter
from tests.people import ADAM, ADMISSIONS, ASHA, BEN, CAROL, REVIEW
from tests.responses.officers import Officers, open_officers

PDF = ("answer.pdf", "application/pdf", b"%PDF-1.7 our answer")


@both_databases
def test_correspondence_is_one_thread_in_order(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        _correspond(officers)
        thread = _thread(officers)
    assert [_told(entry) for entry in thread.entries] == [
        "We support it.",
        "Acknowledgement: Sent",
        "Later: And transport.",
        "Acknowledgement: Sent",
    ]
    own, later = thread.incoming
    assert [file.filename for file in own.attachments] == []
    assert [file.filename for file in later.attachments] == ["answer.pdf"]
    assert thread.own is own


def test_whole_text_is_offered_only_where_it_says_more(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN, text="We support it.\n")
        officers.receive(CAROL, text="We do not.\n\n-- \nCarol Lewis\n", message_id="<2@x.example>")
        own = [_thread(officers, reference).own for reference in ("IEO-0001", "IEO-0002")]
    assert [one.says_more for one in own] == [False, True]


def test_notes_and_tags_stand_beside_the_thread(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        with officers.work() as session:
            row = session.get_one(Response, 1)
            add_note(session, row, "Ask him in.", user=officers.asha, now=officers.office.now)
            for tag in ("transport", "funding"):
                add_tag(session, [row], tag, user=officers.asha, now=officers.office.now)
        thread = _thread(officers)
    assert [(note.text, name) for note, name in thread.notes] == [("Ask him in.", officers.asha.name)]
    assert thread.tags == ["funding", "transport"]


def test_reference_finds_its_response_in_any_case_and_after_a_move(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _move(officers)
        assert [_found(officers, officers.adam, reference) for reference in ("ADM-0001", "adm-0001 ", "IEO-0001")] == [
            "ADM-0001"
        ] * 3
        assert _thread(officers, "ADM-0001", officers.adam).former_references == ["IEO-0001"]


@both_databases
@pytest.mark.parametrize("reference", ["IEO-0001", "IEO-9999", "", "\x00", "'; DROP TABLE response; --", "é" * 500])
def test_what_an_officer_was_not_given_is_not_found(tmp_path: Path, reference: str) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        with pytest.raises(NotFound):
            _found(officers, officers.olga, reference)


@both_databases
def test_email_and_file_are_seen_through_a_response_only(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        _correspond(officers)
        for email_id in (1, 2):
            assert _sees(officers, email_id) == [True, False, True]
        assert _sees(officers, 1, is_file=True) == [True, False, True]
        _move(officers)
        for email_id in (1, 2):
            assert _sees(officers, email_id) == [False, True, True]
        assert _sees(officers, 1, is_file=True) == [False, True, True]


def test_held_email_is_seen_where_it_seems_meant_for_and_else_by_administrators(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        office = officers.office
        office.receive(raw_email(to=ASHA), mailbox="asha")
        office.receive(raw_email(to="nobody@county.example", message_id="<2@x.example>"))
        office.cycle()
        assert [email.status for email in office.emails()] == [EmailStatus.held, EmailStatus.held]
        meant, unknown = sorted(office.emails(), key=lambda email: email.consultation_id is None)
        assert (meant.consultation_id, unknown.consultation_id) == (1, None)
        assert _sees(officers, meant.id) == [True, False, True]
        assert _sees(officers, unknown.id) == [False, False, True]


def test_letter_to_two_consultations_is_seen_in_each_under_its_own_reference(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN, to=f"{REVIEW}, {ADMISSIONS}")
        assert _sees(officers, 1) == [True, True, True]
        with officers.office.database.reading() as session:
            email = find_email(session, access_of(session, officers.adam), 1)
            seen = [recorded_as(session, _access(officers, user), email) for user in _all(officers)]
    assert seen == [["IEO-0001"], ["ADM-0001"], ["IEO-0001", "ADM-0001"]]


def test_a_forward_is_seen_only_by_those_who_may_see_every_letter_in_it(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        office = officers.office
        office.receive(attaching(letter(), letter(2, sender=f"Carol Lewis <{CAROL}>")))
        office.cycle()
        forward, bens, carols = sorted(office.emails(), key=lambda email: email.sender_address or "")
        writer = {"respondent_name": "Carol Lewis", "respondent_address": CAROL}
        carried_out(office, carols.id, Choice.response, by=ADAM, consultation_id=2, **writer)
        seen = [_sees(officers, email.id) for email in (forward, bens, carols)]
    assert seen == [[True, False, True], [True, False, True], [False, True, True]]


@pytest.mark.parametrize(
    ("filename", "content_type", "kind"),
    [
        ("a.pdf", "application/pdf", "PDF"),
        ("a.jpg", "image/jpeg", "picture"),
        ("a.dwg", "application/octet-stream", "DWG file"),
        ("a", "application/octet-stream", "file"),
        ("a.not an ending", "application/octet-stream", "file"),
    ],
)
def test_file_is_called_what_people_call_it(filename: str, content_type: str, kind: str) -> None:
    assert file_kind(filename, content_type) == kind


@both_databases
def test_others_who_have_it_open_are_seen_for_minutes_only(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        assert _open(officers, officers.asha) == []
        officers.office.now += timedelta(minutes=2)
        assert _open(officers, officers.adam) == [(officers.asha.name, 2)]
        assert _open(officers, officers.asha) == [(officers.adam.name, 0)]
        officers.office.now += FORGOTTEN_AFTER
        assert _open(officers, officers.adam) == []
        # What is older is gone from the database too.
        assert [row.user_id for row in officers.office.rows(ResponseViewing)] == [officers.adam.id]


def test_opening_it_again_at_once_writes_nothing(tmp_path: Path) -> None:
    with open_officers(tmp_path) as officers:
        officers.receive(BEN)
        _open(officers, officers.asha)
        [first] = officers.office.rows(ResponseViewing)
        officers.office.now += timedelta(seconds=10)
        _open(officers, officers.asha)
        assert [row.at for row in officers.office.rows(ResponseViewing)] == [first.at]


def _correspond(officers: Officers) -> None:
    officers.receive(BEN, text="We support it.\n")
    officers.office.now += timedelta(hours=1)
    answered = {"In-Reply-To": officers.office.outgoing()[0].message_id}
    later = raw_email(
        sender=BEN, to=REVIEW, text="And transport.\n", headers=answered, message_id="<9@x.example>", attachments=[PDF]
    )
    officers.office.receive(later, received_at=officers.office.now)
    officers.office.cycle()


def _told(entry: object) -> str:
    if isinstance(entry, Incoming):
        return ("Later: " if entry.is_addition else "") + entry.row.own_words
    return f"{entry.kind}: {entry.standing}"  # type: ignore[attr-defined]


def _access(officers: Officers, user: User) -> Access:
    with officers.office.database.reading() as session:
        return access_of(session, user)


def _all(officers: Officers) -> Sequence[User]:
    return officers.asha, officers.olga, officers.adam


def _thread(officers: Officers, reference: str = "IEO-0001", user: User | None = None) -> Thread:
    access = _access(officers, user or officers.asha)
    with officers.office.database.reading() as session:
        return thread_of(session, find_response(session, access, reference), access)


def _found(officers: Officers, user: User, reference: str) -> str:
    with officers.office.database.reading() as session:
        return find_response(session, access_of(session, user), reference).reference


def _sees(officers: Officers, row_id: int, *, is_file: bool = False) -> list[bool]:
    """Whether Asha, Olga and Adam see an email, or a file."""
    seen = []
    with officers.office.database.reading() as session:
        for user in _all(officers):
            try:
                (find_attachment if is_file else find_email)(session, access_of(session, user), row_id)
                seen.append(True)
            except NotFound:
                seen.append(False)
    return seen


def _move(officers: Officers) -> None:
    target = officers.consultation("ADM")
    with officers.work() as session:
        move_to(session, [session.get_one(Response, 1)], target, user=officers.adam, now=officers.office.now)


def _open(officers: Officers, user: User) -> list[tuple[str, int]]:
    return open_response(officers.office.database, 1, user, now=officers.office.now)
