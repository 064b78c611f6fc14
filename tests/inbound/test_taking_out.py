"""Letters attached to an officer's forward become emails of their own, each once, and everything adds up."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col

from intake import jobs
from intake.inbound.choices import Choice, choices_for
from intake.inbound.dropping import drop_files
from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry
from intake.store.responses import Addition, Attachment
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import ADM, IEO, carried_out, officer
from tests.inbound.forwarded import NOTE, attaching, letter
from tests.inbound.reconciled import named, reconcile
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.outlook_files import msg_file
from tests.people import ADAM, ADMISSIONS, ASHA, BEN, CAROL, REVIEW

pytestmark = both_databases
HANDED_ON, RECORDED = ("ignored", "handed-on"), ("recorded", None)
PDF = ("views.pdf", "application/pdf", b"%PDF-1.4 our views")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def take_in(office: Office, *emails: bytes) -> list[tuple[str, str | None]]:
    for raw in emails:
        office.receive(raw)
    office.cycle()
    return office.outcomes()


def test_one_attached_letter_is_its_writers_response(office: Office) -> None:
    raw = letter(attachments=[PDF])
    assert take_in(office, attaching(raw)) == [HANDED_ON, RECORDED]
    forward, child = office.emails()
    assert (child.mailbox_id, child.enclosed_in_id, child.received_at) == (None, forward.id, None)
    assert (child.sender_address, child.message_id, child.dmarc) == (BEN, "<letter-1@heathfield.example>", "none")
    assert office.files.read(child.raw_sha256) == raw
    [response] = office.responses()
    assert (response.email_id, response.respondent_address, response.received_at) == (child.id, BEN, None)
    assert (response.forwarded_by, response.forwarded_note, response.original_sent_at) == (ASHA, NOTE, child.sent_at)
    assert (response.own_words, response.contains_forward) == ("We support the draft, 1.", False)
    assert [row.filename for row in office.rows(Attachment)] == ["views.pdf"]
    assert office.history("taken-out")[0].detail == {"forward": forward.id}


def test_a_long_note_beside_the_letter_is_kept(office: Office) -> None:
    note = "Two things.\n\nFirst, this came on paper too.\n\nSecond, please thank them."
    take_in(office, attaching(letter(), text=note + "\n"))
    assert office.responses()[0].forwarded_note == note


def test_several_attached_letters_are_proposed_each_for_itself(office: Office) -> None:
    carols = letter(2, sender=f"Carol Lewis <{CAROL}>")
    outcomes = take_in(office, attaching(letter(), carols))
    assert outcomes == [HANDED_ON, ("held", "forwarded-by-officer"), ("held", "forwarded-by-officer")]
    assert {email.sender_address: email.consultation_id for email in office.emails()[1:]} == {BEN: IEO, CAROL: IEO}
    writer: dict[str, Any] = {"respondent_name": "Carol Lewis", "respondent_address": CAROL, "received_at": DURING}
    [held] = [email.id for email in office.emails() if email.sender_address == CAROL]
    carried_out(office, held, Choice.response, consultation_id=IEO, **writer)
    [response] = office.responses()
    assert (response.respondent_address, response.received_at, response.forwarded_by) == (CAROL, DURING, ASHA)
    assert named(reconcile(office)) == []


def test_writers_of_attached_letters_are_acknowledged_only_where_that_is_wanted(office: Office) -> None:
    take_in(office, attaching(letter()))
    assert office.outgoing() == []
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "forwarded-letter"
    with office.database.transaction() as session:
        session.execute(sa.update(Consultation).values(acknowledges_forwards=True))
    take_in(office, attaching(letter(2), message_id="<forward-2@county.example>"))
    [outgoing] = office.outgoing()
    assert (outgoing.recipient_address, outgoing.in_reply_to) == (BEN, "<letter-2@heathfield.example>")


def test_the_same_forward_collected_twice_takes_its_letters_out_once(office: Office) -> None:
    forward = attaching(letter(), letter(2))
    outcomes = take_in(office, forward, b"Received: from mx by asha\r\n" + forward)
    held = ("held", "forwarded-by-officer")
    assert sorted(map(str, outcomes)) == sorted(map(str, [HANDED_ON, HANDED_ON, held, held]))


@pytest.mark.parametrize("is_forward_first", [True, False])
def test_a_letter_that_came_by_itself_too_is_recorded_once(office: Office, is_forward_first: bool) -> None:
    direct = b"Received: from mx by review\r\n" + letter(to=REVIEW)
    forward = attaching(letter(to=REVIEW))
    take_in(office, *([forward] if is_forward_first else [direct]))
    take_in(office, *([direct] if is_forward_first else [forward]))
    assert len(office.responses()) == 1
    assert sorted(email.reason or "" for email in office.emails()) == ["", "duplicate", "handed-on"]
    # Whichever came first, our own server knows when the letter came, and its writer is told that it did.
    assert office.responses()[0].received_at == DURING
    assert [sent.recipient for sent in office.sender.sent] == [BEN]
    assert named(reconcile(office)) == []


def test_a_copy_that_waited_at_the_officers_own_address_says_when_the_letter_came(office: Office) -> None:
    office.receive(letter(sender="Dan Morris <dan.morris@somewhere.example>"), mailbox="asha")
    office.cycle()
    assert office.outcomes() == [("held", "possible-question")]
    take_in(office, attaching(letter(sender="Dan Morris <dan.morris@somewhere.example>")))
    assert office.outcomes() == [("ignored", "duplicate"), HANDED_ON, RECORDED]
    assert office.responses()[0].received_at == DURING


def test_a_letter_taken_in_from_a_file_before_is_not_taken_in_again(office: Office, tmp_path: Path) -> None:
    (tmp_path / "letter.eml").write_bytes(letter(to=REVIEW))
    drop_files([tmp_path / "letter.eml"], office.database, office.files, now=office.now, actor="Asha")
    assert take_in(office, attaching(letter(to=REVIEW))) == [RECORDED, HANDED_ON]
    assert office.emails()[0].enclosed_in_id is None


def test_a_letter_handed_on_to_one_consultation_and_then_to_another_waits_for_the_other(office: Office) -> None:
    officer(office, ADAM)
    take_in(office, attaching(letter(), by=ADAM))
    second: dict[str, Any] = {"by": ADAM, "to": ADMISSIONS, "message_id": "<forward-2@county.example>"}
    waits = ("held", "forwarded-by-officer")
    assert take_in(office, attaching(letter(), letter(2), **second)) == [HANDED_ON, RECORDED, waits]
    assert office.emails()[2].consultation_id == ADM
    away = letter(3, headers={"Auto-Submitted": "auto-replied"})
    assert take_in(office, attaching(away, message_id="<forward-3@county.example>"))[3:] == [
        HANDED_ON,
        ("ignored", "auto-reply"),
    ]
    again = attaching(away, by=ADAM, to=ADMISSIONS, message_id="<forward-4@county.example>")
    assert take_in(office, again)[5:] == [HANDED_ON]


def test_a_copy_in_another_name_is_not_answered_with_the_writers_reference(office: Office) -> None:
    take_in(office, attaching(letter()))
    copied = letter(sender=f"Carol Lewis <{CAROL}>", to=REVIEW)
    assert take_in(office, copied) == [HANDED_ON, RECORDED, ("ignored", "duplicate")]
    assert office.outgoing() == []


def test_attached_automatic_mail_is_judged_as_automatic(office: Office) -> None:
    away = letter(headers={"Auto-Submitted": "auto-replied"})
    assert take_in(office, attaching(away)) == [HANDED_ON, ("ignored", "auto-reply")]


def test_our_own_acknowledgement_attached_to_a_forward_is_our_own(office: Office) -> None:
    ours = letter(sender=REVIEW, message_id=f"<intake.acknowledgement.0123456789abcdef@{MAIL_DOMAIN}>")
    assert take_in(office, attaching(ours)) == [HANDED_ON, ("ignored", "own-mail")]


def test_what_an_attached_letter_says_of_its_own_proof_is_not_believed(office: Office) -> None:
    with office.database.transaction() as session:
        session.execute(sa.update(Consultation).values(acknowledges_forwards=True))
    take_in(office, raw_email(sender=BEN, to=REVIEW))
    claims = {"Authentication-Results": "mx.county.example; dmarc=pass header.from=heathfield.example"}
    outcomes = take_in(office, attaching(letter(subject="More on IEO-0001", headers=claims)))
    assert outcomes[2] == ("held", "names-a-reference")


def test_an_attached_reply_to_our_email_joins_the_response_it_answers(office: Office) -> None:
    take_in(office, raw_email(sender=BEN, to=REVIEW))
    take_in(office, attaching(letter(headers={"In-Reply-To": office.outgoing()[0].message_id})))
    assert [(row.response_id, row.received_at) for row in office.rows(Addition)] == [(1, None)]
    with office.database.transaction() as session:
        session.execute(sa.delete(HistoryEntry).where(col(HistoryEntry.action) == "acknowledgement-suppressed"))
    assert named(reconcile(office, mend=True)) == [("no-acknowledgement", "IEO-0001, addition 1", True)]
    assert len(office.outgoing()) == 1  # that of the response; the writer of the other never sent it here


def test_a_forward_within_an_attached_letter_is_part_of_that_letter(office: Office) -> None:
    inner = letter(2, sender=f"Carol Lewis <{CAROL}>")
    take_in(office, attaching(letter(attachments=[("inner.eml", "application/octet-stream", inner)])))
    [response] = office.responses()
    assert (response.respondent_address, response.contains_forward) == (BEN, True)
    assert [row.filename for row in office.rows(Attachment)] == ["inner.eml"]


def test_a_forward_with_a_letter_to_two_consultations_is_a_response_in_each(office: Office) -> None:
    officer(office, ADAM)
    take_in(office, attaching(letter(), by=ADAM, to=f"{REVIEW}, {ADMISSIONS}"))
    assert [one.reference for one in office.responses()] == ["IEO-0001", "ADM-0001"]


def test_one_letter_beside_other_files_waits_for_a_person_with_all_of_them(office: Office) -> None:
    assert take_in(office, attaching(letter(), files=[PDF])) == [("held", "forwarded-by-officer")]
    carried_out(office, 1, Choice.response, consultation_id=IEO, respondent_name="Ben Hughes")
    assert [row.filename for row in office.rows(Attachment)] == ["letter-0.eml", "views.pdf"]


def test_a_picture_or_a_signature_beside_the_letter_is_no_other_file(office: Office) -> None:
    furniture: list[Any] = [("logo.png", "image/png", b"\x89PNG"), ("smime.p7s", "application/pkcs7-signature", b"0")]
    assert take_in(office, attaching(letter(), files=furniture)) == [HANDED_ON, RECORDED]


def test_letters_attached_by_nobody_proven_or_by_a_respondent_stay_where_they_are(office: Office) -> None:
    unproven = attaching(letter(), headers={})
    carols = attaching(letter(2), by=CAROL, headers={}, message_id="<2@larkmead.example>")
    assert take_in(office, unproven, carols) == [("held", "unproven-officer"), RECORDED]
    [response] = office.responses()
    assert (response.respondent_address, response.contains_forward) == (CAROL, True)


def test_a_forward_with_letters_to_nobody_we_know_waits(office: Office) -> None:
    assert take_in(office, attaching(letter(), to="someone@county.example")) == [("held", "forwarded-by-officer")]


class Killed(BaseException):
    """As if the process had ended there."""


@pytest.mark.parametrize("step", ["before the letters", "after the letters", "before the end"])
def test_a_worker_killed_while_it_takes_letters_out_loses_none_and_doubles_none(office: Office, step: str) -> None:
    """Whatever the transaction had done by then, all of it or nothing is there afterwards."""
    patterns = {
        "before the letters": "INSERT INTO inbound_email",
        "after the letters": "UPDATE inbound_email",
        "before the end": "INSERT INTO history_entry",
    }
    office.receive(attaching(letter(), letter(2)))
    office.collect()
    engine = office.database.engine

    def kill(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.startswith(patterns[step]) and "attempts" not in statement.partition("WHERE")[0][:60]:
            raise Killed

    before = [(email.status, email.enclosed_in_id) for email in office.emails()]
    sa.event.listen(engine, "after_cursor_execute", kill)
    try:
        with pytest.raises(Killed):
            jobs.record(office.this)
    finally:
        sa.event.remove(engine, "after_cursor_execute", kill)
    assert [(email.status, email.enclosed_in_id) for email in office.emails()] == before
    office.cycle()
    assert [reason for _, reason in office.outcomes()] == ["handed-on", *["forwarded-by-officer"] * 2]
    assert named(reconcile(office)) == []


def test_a_letter_whose_file_is_gone_is_taken_out_of_its_forward_again(office: Office) -> None:
    take_in(office, attaching(letter()))
    office.files.path(office.emails()[1].raw_sha256).unlink()
    assert named(reconcile(office)) == [("file-missing", "email 2", False)]
    assert reconcile(office, mend=True).unmended == []
    assert office.files.read(office.emails()[1].raw_sha256) == letter()


def test_a_letter_whose_forward_is_gone_fails_until_it_is_back(office: Office) -> None:
    office.receive(attaching(letter()))
    office.collect()
    stopping = iter([False, False, True])
    jobs.record(replace(office.this, stopped=lambda: next(stopping)))
    path = office.files.path(office.emails()[0].raw_sha256)
    kept = path.read_bytes()
    path.unlink()
    office.cycle()
    assert office.outcomes() == [HANDED_ON, ("failed", "file-missing")]
    office.files.put_many([kept])
    office.now += timedelta(minutes=6)
    office.cycle()
    assert office.outcomes() == [HANDED_ON, RECORDED]


def test_what_was_handed_on_can_be_judged_again_but_not_recorded_twice(office: Office) -> None:
    take_in(office, attaching(letter()))
    forward = office.emails()[0]
    choices = choices_for(forward)
    assert choices is not None
    assert choices.options == (Choice.again,)
    carried_out(office, forward.id, Choice.again)
    assert office.outcomes() == [HANDED_ON, RECORDED]
    assert len(office.responses()) == 1


def test_reconciliation_counts_letters_that_were_taken_out_apart(office: Office) -> None:
    take_in(office, attaching(letter(), letter(2)))
    counts = reconcile(office).counts
    assert (counts.on_servers, counts.in_ledger, sum(counts.emails.values()), counts.taken_out) == (1, 1, 3, 2)


def test_an_administrators_address_is_an_officers_everywhere(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(User(address=ADAM, name="Adam Clarke", role=Role.administrator, created_at=DURING))
    assert take_in(office, attaching(letter(), by=ADAM, to=ADMISSIONS)) == [HANDED_ON, RECORDED]


def test_an_attached_outlook_file_is_its_writers_response(office: Office) -> None:
    saved = msg_file({0x37: "Our view", 0xC1A: "Ben Hughes", 0x5D01: BEN, 0x1000: "We agree with the draft."})
    outlook = ("view.msg", "application/vnd.ms-outlook", saved)
    assert take_in(office, attaching(files=[outlook])) == [HANDED_ON, RECORDED]
    [response] = office.responses()
    assert (response.respondent_address, response.own_words) == (BEN, "We agree with the draft.")
