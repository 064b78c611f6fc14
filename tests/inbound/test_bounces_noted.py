"""Reports that our mail could not be delivered: shown at the email, and remembered of its address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.people import DeadAddress
from tests.building import raw_bounce, raw_email
from tests.databases import both_databases
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


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Action: failed\r\nStatus: 5.1.1", b"Action: delayed\r\nStatus: 4.4.1"),
        (b"Status: 5.1.1", b"Status: 4.2.2"),
        (b"Message-ID: <intake.", b"Message-ID: <another."),
    ],
    ids=["delayed", "may pass", "not ours"],
)
def test_report_that_is_not_for_good_or_not_about_our_mail_marks_nothing(
    office: Office, before: bytes, after: bytes
) -> None:
    raw = _bounce(office)
    assert before in raw
    assert _report(office, raw.replace(before, after)).status is OutgoingStatus.sent
    assert office.rows(DeadAddress) == []


def test_acknowledgements_still_go_to_a_dead_address(office: Office) -> None:
    _report(office, _bounce(office))
    office.receive(raw_email(sender=BEN, to=REVIEW, text="Another letter.", message_id="<2@heathfield.example>"))
    office.receive(raw_email(sender=DAN, to=REVIEW, text="And mine.", message_id="<3@somewhere.example>"))
    office.cycle()
    assert [sent.recipient for sent in office.sender.sent] == [BEN, BEN, DAN]
