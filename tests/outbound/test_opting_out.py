"""Opting out: honoured at once, of one consultation, undone without a trace lost."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.errors import Mistakes
from intake.outbound.opting_out import by_token, has_opted_out, opt_out, opted_out, undo, wishes
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import OptOut
from tests.databases import both_databases
from tests.office import DURING, Office, open_office
from tests.outbound.mailed import add_mailed, asha, outgoing, review
from tests.people import BEN, CAROL

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


def _opt_out(office: Office, address: str = CAROL, *, by_officer: bool = False) -> int | None:
    user = asha(office) if by_officer else None
    with office.database.transaction() as session:
        return opt_out(session, review(office).id, address, now=office.now, user=user)


def _undo(office: Office, reason: str = "", *, by_officer: bool = False) -> bool:
    user = asha(office) if by_officer else None
    with office.database.transaction() as session:
        return undo(session, review(office).id, CAROL, now=office.now, user=user, reason=reason)


def _opted_out(office: Office) -> set[str]:
    with office.database.reading() as session:
        return opted_out(session, review(office).id)


def test_what_waits_for_the_address_is_cancelled_in_the_same_moment(office: Office) -> None:
    waiting = [add_mailed(office), add_mailed(office, kind="outcome", status=OutgoingStatus.held)]
    postponed = add_mailed(office, written_at=DURING, attempts=1, day_key=f"2020-02-12 {CAROL}")
    assert _opt_out(office) == 3
    found = [outgoing(office, row) for row in (*waiting, postponed)]
    assert {(row.status, row.reason, row.day_key) for row in found} == {(OutgoingStatus.cancelled, "opted-out", None)}
    assert {entry.actor for entry in office.history("cancelled")} == {"recipient"}


@pytest.mark.parametrize("kind", ["acknowledgement", "reply"])
def test_acknowledgements_and_replies_go_on(office: Office, kind: str) -> None:
    row = add_mailed(office, kind=kind, opt_out_token=None)
    assert _opt_out(office) == 0
    assert outgoing(office, row).status is OutgoingStatus.queued


def test_other_consultations_and_other_people_are_left_as_they_are(office: Office) -> None:
    others = [add_mailed(office, slug="school-admissions"), add_mailed(office, BEN)]
    sending = add_mailed(office, status=OutgoingStatus.sending, claimed_until=DURING)
    assert _opt_out(office) == 0
    assert {outgoing(office, row).status for row in others} == {OutgoingStatus.queued}
    assert outgoing(office, sending).status is OutgoingStatus.sending
    assert _opted_out(office) == {CAROL}
    with office.database.reading() as session:
        assert opted_out(session, review(office, "school-admissions").id) == set()


def test_twice_is_once(office: Office) -> None:
    assert _opt_out(office) == 0
    assert _opt_out(office, CAROL.title()) is None
    assert len(office.rows(OptOut)) == len(office.history("opted-out")) == 1


def test_two_who_press_at_once_opt_out_once(office: Office) -> None:
    add_mailed(office)
    both = [threading.Thread(target=_opt_out, args=(office,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(office.rows(OptOut)) == len(office.history("opted-out")) == len(office.history("cancelled")) == 1


def test_person_takes_it_back_and_may_opt_out_again(office: Office) -> None:
    _opt_out(office)
    assert _undo(office)
    assert _opted_out(office) == set()
    assert not _undo(office)
    assert _opt_out(office) == 0
    assert _opted_out(office) == {CAROL}
    assert len(office.history("opted-out")) == 2


def test_officer_undoes_it_with_a_reason_that_is_kept(office: Office) -> None:
    _opt_out(office, by_officer=True)
    with pytest.raises(Mistakes, match="Enter why"):
        _undo(office, by_officer=True)
    with pytest.raises(Mistakes, match="at most"):
        _undo(office, "x" * 1001, by_officer=True)
    assert _undo(office, "They rang: a colleague had pressed it.", by_officer=True)
    with office.database.reading() as session:
        [wish] = wishes(session, review(office))
    assert (wish.entered_by, wish.undone_by) == ("Asha Rahman", "Asha Rahman")
    assert wish.row.undone_reason == "They rang: a colleague had pressed it."
    assert not any("rang" in str(entry.detail) for entry in office.history("undone"))


def test_wishes_that_stand_come_before_those_that_were_undone(office: Office) -> None:
    _opt_out(office)
    _undo(office)
    _opt_out(office, BEN)
    with office.database.reading() as session:
        found = wishes(session, review(office))
        assert has_opted_out(session, review(office).id, BEN.upper())
    assert [(one.row.address, one.entered_by, one.row.undone_at is None) for one in found] == [
        (BEN, None, True),
        (CAROL, None, False),
    ]


@pytest.mark.parametrize("token", ["", "short", "token-of-email-number-0002", "token-of-email-number\0001", "é" * 30])
def test_token_of_no_email_leads_nowhere(office: Office, token: str) -> None:
    add_mailed(office)
    with office.database.reading() as session:
        assert by_token(session, token) is None


def test_token_leads_to_the_email_that_carries_it(office: Office) -> None:
    row = add_mailed(office)
    with office.database.reading() as session:
        found = by_token(session, "token-of-email-number-0001")
    assert isinstance(found, OutgoingEmail)
    assert found.id == row.id
