"""Recording: what a received email leaves behind, whole or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from intake import jobs
from intake.deadlines import timing
from intake.errors import Changed
from intake.inbound.reading import EmailToRead, HeaderToRead, NotAsStored, ReadEmail
from intake.mail.understanding import Understood
from intake.responses.handling import set_status
from intake.sandbox import Sandbox
from intake.store.emails import EmailStatus, InboundEmail, OutgoingStatus
from intake.store.response_changes import changes_since
from intake.store.responses import Addition, Attachment, Channel, LetterDigest, Response, ResponseStatus
from intake.store.transitions import move_email
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, Office, open_office
from tests.people import ADMISSIONS, ASHA, BEN, CAROL, DAN, REVIEW

pytestmark = both_databases

PDF = ("views.pdf", "application/pdf", b"%PDF-1.4 our views")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def test_an_email_becomes_a_response_with_its_words_files_and_acknowledgement(office: Office) -> None:
    office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, text="We agree.\n", attachments=[PDF]))
    office.cycle()
    [response] = office.responses()
    assert (response.reference, response.respondent_name, response.own_words) == ("IEO-0001", "Ben Hughes", "We agree.")
    assert (response.organisation, response.stakeholder_group) == ("Heathfield Primary School", "school")
    assert response.received_at == DURING
    [attachment] = office.rows(Attachment)
    assert (attachment.filename, office.files.read(attachment.sha256)) == ("views.pdf", PDF[2])
    [outgoing] = office.outgoing()
    assert outgoing.status is OutgoingStatus.sent
    assert [sent.recipient for sent in office.sender.sent] == [BEN]


def test_the_raw_bytes_are_kept_as_they_came(office: Office) -> None:
    raw = raw_email(to=REVIEW)
    office.receive(raw)
    office.cycle()
    assert office.files.read(office.emails()[0].raw_sha256) == raw


def test_references_count_up_for_each_consultation(office: Office) -> None:
    for number, address in enumerate((REVIEW, ADMISSIONS, REVIEW)):
        office.receive(raw_email(sender=DAN, to=address, message_id=f"<{number}@x.example>"))
    office.cycle()
    assert [response.reference for response in office.responses()] == ["IEO-0001", "ADM-0001", "IEO-0002"]


def test_the_same_letter_by_two_routes_is_recorded_once(office: Office) -> None:
    raw = raw_email(to=f"{REVIEW}, {ASHA}")
    office.receive(raw)
    office.receive(b"Received: from mx by asha\r\n" + raw, mailbox="asha")
    office.cycle()
    assert office.outcomes() == [("recorded", None), ("ignored", "duplicate")]
    assert office.emails()[1].duplicate_of_id == office.emails()[0].id
    assert len(office.sender.sent) == 1


def test_a_banner_stamped_on_one_copy_does_not_make_it_another_letter(office: Office) -> None:
    banner = "CAUTION: This email originated from outside of the organisation.\n\n"
    office.receive(raw_email(to=REVIEW, text="We agree with the draft.\n"))
    office.receive(raw_email(to=REVIEW, text=banner + "We agree with the draft.\n"), mailbox="asha")
    office.cycle()
    assert office.outcomes() == [("recorded", None), ("ignored", "duplicate")]


def test_two_people_sending_one_campaign_letter_are_two_responses(office: Office) -> None:
    for number, sender in enumerate((DAN, CAROL)):
        office.receive(
            raw_email(sender=sender, to=REVIEW, text="Save our school.\n", message_id=f"<{number}@x.example>")
        )
    office.cycle()
    assert len(office.responses()) == 2


def test_two_letters_without_message_ids_from_two_people_are_two_responses(office: Office) -> None:
    for sender in (DAN, CAROL):
        office.receive(
            raw_email(sender=sender, to=REVIEW, message_id="<x@x.example>").replace(b"Message-ID", b"X-Was-ID")
        )
    office.cycle()
    assert len(office.responses()) == 2


def test_one_message_id_with_other_words_is_recorded_and_marked_as_a_possible_duplicate(office: Office) -> None:
    office.receive(raw_email(to=REVIEW, text="We agree.\n"))
    office.receive(raw_email(to=REVIEW, text="We disagree.\n"))
    office.cycle()
    first, second = office.responses()
    assert second.possible_duplicate_of_id == first.id


def test_a_letter_to_two_consultations_is_a_response_in_each(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=f"{REVIEW}, {ADMISSIONS}"))
    office.cycle()
    assert [response.reference for response in office.responses()] == ["IEO-0001", "ADM-0001"]
    assert len(office.sender.sent) == 2


def test_a_reply_to_the_acknowledgement_is_an_addition(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    [ours] = office.outgoing()
    later = CLOSES_AT + timedelta(days=2)
    office.now = later
    reply = raw_email(
        sender=BEN,
        to=REVIEW,
        text="We forgot this.\n",
        message_id="<2@x.example>",
        headers={"In-Reply-To": ours.message_id},
        attachments=[PDF],
    )
    office.receive(reply, received_at=later)
    office.cycle()
    [response] = office.responses()
    [addition] = office.rows(Addition)
    assert (addition.response_id, addition.own_words) == (response.id, "We forgot this.")
    assert office.rows(Attachment)[0].addition_id == addition.id
    # The response itself came in time, whatever came later.
    assert timing(response.received_at, CLOSES_AT) == "in_time"
    assert "added" in office.sender.sent[1].raw.decode().lower()


@pytest.mark.parametrize("status", [ResponseStatus.considered, ResponseStatus.read, ResponseStatus.unread])
def test_a_response_that_something_is_added_to_waits_to_be_read_again(office: Office, status: ResponseStatus) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    with office.database.transaction() as session:
        user = User(address=ASHA, name="Asha Rahman", role=Role.officer, created_at=DURING)
        session.add(user)
        session.flush()
        set_status(session, [session.get_one(Response, 1)], status, user=user, now=DURING)
    seen = office.responses()[0].version
    answered = {"In-Reply-To": office.outgoing()[0].message_id}
    for number in (2, 3):
        office.receive(
            raw_email(sender=BEN, to=REVIEW, text=f"{number}\n", message_id=f"<{number}@x.example>", headers=answered)
        )
    office.cycle()
    assert [(one.status, one.added_words) for one in office.responses()] == [(ResponseStatus.unread, "2\n3")]
    with office.database.transaction() as session:
        response = session.get_one(Response, 1)
        told = [entry.action for entry in changes_since(session, response, seen)]
        assert told.count("added-to") == 2
        with pytest.raises(Changed):  # an officer who has the page of before open has not read what came later
            set_status(session, [response], ResponseStatus.considered, user=user, now=DURING, version=seen)


def test_someone_else_answering_our_email_is_held(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    [ours] = office.outgoing()
    office.receive(
        raw_email(sender=DAN, to=REVIEW, message_id="<2@x.example>", headers={"References": ours.message_id})
    )
    office.cycle()
    assert office.outcomes()[1] == ("held", "another-senders-thread")
    assert len(office.sender.sent) == 1


def test_a_bounce_of_our_email_marks_it_bounced(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW))
    office.cycle()
    [ours] = office.outgoing()
    report = (
        "From: MAILER-DAEMON@mx.county.example\r\nTo: education.review@county.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nReturn-Path: <>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.county.example\r\n\r\n"
        f"Final-Recipient: rfc822; {BEN}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours.message_id}\r\n\r\n--b--\r\n"
    )
    office.receive(report.encode())
    office.cycle()
    assert office.outcomes()[1] == ("ignored", "bounce")
    assert office.outgoing()[0].status is OutgoingStatus.bounced


def test_mail_that_was_there_before_the_first_poll_is_recorded_but_not_answered_by_itself(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        office.receive(raw_email(to=REVIEW))
        office.cycle()
        assert office.outcomes() == [("recorded", None)]
        assert (office.outgoing()[0].status, office.outgoing()[0].reason) == (OutgoingStatus.held, "backlog")
        assert office.sender.sent == []


def test_an_email_that_breaks_takes_no_other_with_it(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(_response_in_the_way())
    office.receive(raw_email(sender=DAN, to=REVIEW, message_id="<1@x.example>"))
    office.receive(raw_email(sender=DAN, to=ADMISSIONS, message_id="<2@x.example>"))
    office.cycle()
    assert office.outcomes() == [("failed", "recording-broke"), ("recorded", None)]
    assert not [row for row in office.rows(LetterDigest) if row.consultation_id == 1]


def test_a_failed_email_is_tried_again_later_and_then_recorded(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(_response_in_the_way())
    office.receive(raw_email(sender=DAN, to=REVIEW))
    office.cycle()
    # The failed try took no reference, so the same one is taken again until the row in its way is gone.
    with office.database.transaction() as session:
        session.delete(session.exec(select(Response)).one())
    office.cycle()
    assert office.outcomes() == [("failed", "recording-broke")]
    office.now += timedelta(minutes=6)
    office.cycle()
    assert office.outcomes() == [("recorded", None)]


def test_a_torn_file_is_a_failed_email_that_says_so(office: Office) -> None:
    office.receive(raw_email(to=REVIEW))
    office.collect()
    path = office.files.path(office.emails()[0].raw_sha256)
    path.chmod(0o600)
    path.write_bytes(b"torn")
    office.cycle()
    assert office.outcomes() == [("failed", "file-missing")]


def die(job: EmailToRead | HeaderToRead) -> ReadEmail | Understood | NotAsStored:
    raise SystemExit(3)


def test_an_email_that_kills_its_reader_is_failed_after_the_third_time(office: Office) -> None:
    with Sandbox(die, children=1, seconds=10, memory_mb=512) as deadly:
        office.this = replace(office.this, parsers=deadly)
        office.receive(raw_email(to=REVIEW))
        office.cycle()
    [email] = office.emails()
    assert (email.status, email.reason, email.attempts) == (EmailStatus.failed, "reader-died", 3)


def test_a_worker_asked_to_stop_leaves_the_rest_as_if_never_claimed(office: Office) -> None:
    office.receive(raw_email(to=REVIEW))
    office.collect()
    stopping = iter([False, True, True, True])
    jobs.record(replace(office.this, stopped=lambda: next(stopping)))
    assert [(email.status, email.attempts) for email in office.emails()] == [(EmailStatus.received, 0)]
    office.cycle()
    assert office.outcomes() == [("recorded", None)]


def test_a_response_moved_back_to_held_can_be_recorded_again(office: Office) -> None:
    office.receive(raw_email(to=REVIEW))
    office.cycle()
    with office.database.transaction() as session:
        email = session.exec(select(InboundEmail)).one()
        move_email(session, email, EmailStatus.held, now=DURING)
        move_email(session, email, EmailStatus.received, now=DURING)
    office.cycle()
    assert [response.reference for response in office.responses()] == ["IEO-0001", "IEO-0002"]


def test_what_is_received_after_closing_is_recorded_all_the_same(office: Office) -> None:
    office.now = CLOSES_AT + timedelta(hours=9)
    office.receive(raw_email(sender=DAN, to=REVIEW), received_at=office.now)
    office.cycle()
    assert office.outcomes() == [("recorded", None)]
    assert "late" in office.sender.sent[0].raw.decode()


def _response_in_the_way() -> Response:
    """It has the next reference, as nothing but damage could give it."""
    return Response(
        consultation_id=1,
        reference="IEO-0001",
        channel=Channel.letter,
        recorded_at=datetime(2020, 1, 10, tzinfo=UTC),
        text="",
        own_words="",
    )
