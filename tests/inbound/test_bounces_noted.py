"""Reports that our mail could not be delivered: shown at the email, and remembered of its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.outbound.listing import Tray, counts, list_outgoing
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import DeadAddress
from tests.building import raw_bounce, raw_email
from tests.databases import both_databases
from tests.inbound.decided import officer
from tests.office import Office, open_office
from tests.people import BEN, DAN, REVIEW

pytestmark = both_databases
WORDS = b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <" + BEN.encode() + b">: no such mailbox as ben.hughes"


@pytest.fixture
def office(tmp_path: Path, database_kind: str) -> Iterator[Office]:
    """Ben answered, and his acknowledgement went."""
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.cycle()
        yield office


def _report(office: Office, raw: bytes) -> OutgoingEmail:
    """What becomes of the acknowledgement when this comes."""
    office.receive(raw)
    office.cycle()
    return office.outgoing()[0]


def _bounce(office: Office, *, address: str = BEN) -> bytes:
    return raw_bounce(of=office.outgoing()[0].message_id, address=address)


def test_email_that_came_back_for_good_is_shown_and_its_address_is_dead(office: Office) -> None:
    row = _report(office, _bounce(office).replace(b"Status: 5.1.1", WORDS))
    assert (row.status, row.answer) == (OutgoingStatus.bounced, "550 5.1.1 …: no such mailbox as …")
    [found] = office.rows(DeadAddress)
    assert (found.address, found.outgoing_id, found.bounced_at) == (BEN, row.id, office.now)
    assert [entry.detail for entry in office.history("bounced") if entry.subject_kind == "dead_address"] == [
        {"outgoing": row.id}
    ]


def test_address_we_wrote_to_is_the_dead_one_wherever_its_mail_was_handed_on(office: Office) -> None:
    _report(office, _bounce(office, address="ben.at.home@elsewhere.example"))
    assert [row.address for row in office.rows(DeadAddress)] == [BEN]


def test_report_about_mail_that_is_not_ours_marks_nothing(office: Office) -> None:
    raw = _bounce(office)
    assert b"Message-ID: <intake." in raw
    other = raw.replace(b"Message-ID: <intake.", b"Message-ID: <another.")
    assert _report(office, other).status is OutgoingStatus.sent
    assert office.rows(DeadAddress) == []


DELAYED = (b"Action: failed\r\nStatus: 5.1.1", b"Action: delayed\r\nStatus: 4.4.1")
MAY_PASS = (b"Status: 5.1.1", b"Status: 4.2.2")


@pytest.mark.parametrize("change", [DELAYED, MAY_PASS], ids=["delayed", "may pass"])
def test_email_that_may_still_arrive_is_shown_as_that_and_its_address_lives(
    office: Office, change: tuple[bytes, bytes]
) -> None:
    row = _report(office, _bounce(office).replace(*change))
    assert (row.status, row.reason) == (OutgoingStatus.bounced, "bounced-for-now")
    assert office.rows(DeadAddress) == []
    access = officer(office)
    with office.database.reading() as session:
        assert counts(session, access)[Tray.bounced] == 0
        assert list_outgoing(session, access, Tray.bounced).lines == []
        assert [line.id for line in list_outgoing(session, access, Tray.sent).lines] == [row.id]


def test_email_that_was_delayed_and_then_given_up_is_lost_after_all(office: Office) -> None:
    delayed = _bounce(office).replace(*DELAYED)
    _report(office, delayed)
    row = _report(office, _bounce(office))
    assert (row.status, row.reason) == (OutgoingStatus.bounced, "bounce")
    assert [found.address for found in office.rows(DeadAddress)] == [BEN]
    [given_up] = office.history("given-up")
    assert (given_up.subject_id, given_up.detail) == (row.id, {"reason": "bounce"})
    # A delay that is reported late says nothing any more.
    assert _report(office, b"Received: from mx by review\r\n" + delayed).reason == "bounce"


def test_of_several_recipients_the_one_we_wrote_to_decides(office: Office) -> None:
    other = b"Final-Recipient: rfc822; someone@else.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    ours = f"Final-Recipient: rfc822; {BEN}".encode()
    raw = _bounce(office).replace(*DELAYED).replace(ours, other + ours)
    assert _report(office, raw).reason == "bounced-for-now"
    assert office.rows(DeadAddress) == []


def test_where_only_some_of_those_it_was_handed_on_to_failed_the_address_lives(office: Office) -> None:
    first = b"Final-Recipient: rfc822; one@else.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    raw = _bounce(office, address="two@else.example").replace(*DELAYED)
    raw = raw.replace(b"Final-Recipient: rfc822; two@", first + b"Final-Recipient: rfc822; two@")
    assert _report(office, raw).reason == "bounced-for-now"
    assert office.rows(DeadAddress) == []


@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
def test_report_without_the_email_in_it_is_found_by_its_thread(office: Office, header: str) -> None:
    ours = office.outgoing()[0].message_id
    raw = _bounce(office).replace(f"\r\nMessage-ID: {ours}".encode(), b"\r\nSubject: Thank you")
    assert ours.encode() not in raw
    assert _report(office, f"{header}: {ours}\r\n".encode() + raw).reason == "bounce"


def test_acknowledgements_still_go_to_a_dead_address(office: Office) -> None:
    _report(office, _bounce(office))
    office.receive(raw_email(sender=BEN, to=REVIEW, text="Another letter.", message_id="<2@heathfield.example>"))
    office.receive(raw_email(sender=DAN, to=REVIEW, text="And mine.", message_id="<3@somewhere.example>"))
    office.cycle()
    assert [sent.recipient for sent in office.sender.sent] == [BEN, BEN, DAN]


def test_report_in_plain_words_is_believed_when_it_names_a_letter_of_ours(office: Office) -> None:
    def notice(named: str) -> bytes:
        words = f"Hi. This is the qmail-send program.\n\n<{BEN}>:\n550 5.1.1 no such mailbox\n\nMessage-ID:\n {named}\n"
        return raw_email(sender="MAILER-DAEMON@mx.school.example", to=REVIEW, subject="failure notice", text=words)

    _report(office, notice("<another@mx.school.example>"))
    assert office.outcomes()[-1] == ("held", "possible-auto-reply")
    assert _report(office, notice(office.outgoing()[0].message_id)).status is OutgoingStatus.bounced
    assert office.outcomes()[-1] == ("ignored", "bounce")
