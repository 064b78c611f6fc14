"""Who gets an acknowledgement, and why somebody does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.outbound.acknowledging import AcknowledgementRules, Answered, canonical_address, suppression_reason
from intake.store.reasons import Reason
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import Office, open_office
from tests.people import ASHA, BEN, DAN, REVIEW

pytestmark = both_databases

MX = "mx.county.example"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("sender", "headers", "reason"),
    [
        ("noreply@forms.example", {}, "robot-address"),
        ("owner-governors@lists.example", {}, "robot-address"),
        ("governors-request@lists.example", {}, "robot-address"),
        (DAN, {"Return-Path": "<owner-governors@lists.example>"}, "robot-address"),
        (DAN, {"Authentication-Results": f"{MX}; dmarc=fail header.from=somewhere.example"}, "failed-dmarc"),
        ("dan@localhost", {}, "no-usable-address"),
    ],
)
def test_recorded_but_not_answered(office: Office, sender: str, headers: dict[str, str], reason: str) -> None:
    office.receive(raw_email(sender=sender, to=REVIEW, headers=headers))
    office.cycle()
    assert office.outcomes() == [("recorded", None)]
    assert office.outgoing() == []
    assert [entry.detail["reason"] for entry in office.history("acknowledgement-suppressed")] == [reason]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Auto-Response-Suppress": "All"},
        {"Authentication-Results": f"{MX}; dmarc=pass header.from=somewhere.example"},
        {"Authentication-Results": "mx.forged.example; dmarc=fail header.from=somewhere.example"},
        {"Return-Path": f"<{DAN}>"},
        {"Return-Path": "<bounces+123-ab12=dan.morris=somewhere.example@mailer.example>"},
        {"List-Unsubscribe": "<mailto:leave@somewhere.example>"},
    ],
)
def test_an_ordinary_letter_is_answered(office: Office, headers: dict[str, str]) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW, headers=headers))
    office.cycle()
    assert [sent.recipient for sent in office.sender.sent] == [DAN]


def test_the_answer_goes_to_from_and_never_to_reply_to(office: Office) -> None:
    office.receive(raw_email(sender=DAN, to=REVIEW, headers={"Reply-To": "victim@elsewhere.example"}))
    office.cycle()
    assert [sent.recipient for sent in office.sender.sent] == [DAN]


def test_one_sender_gets_only_so_many_in_a_day(office: Office) -> None:
    for number in range(7):
        sender = DAN.upper() if number % 2 else DAN
        raw = raw_email(sender=sender, to=REVIEW, text=f"Thought {number}\n", message_id=f"<{number}@x.example>")
        office.receive(raw)
    office.cycle()
    assert len(office.responses()) == 7
    assert len(office.sender.sent) == 5
    assert [entry.detail["reason"] for entry in office.history("acknowledgement-suppressed")] == ["sender-limit"] * 2


def test_backlog_that_waits_does_not_use_up_the_days_limit(tmp_path: Path) -> None:
    with open_office(tmp_path, polled=False) as office:
        for number in range(5):
            office.receive(raw_email(sender=DAN, to=REVIEW, text=f"{number}\n", message_id=f"<{number}@x.example>"))
        office.cycle()
        office.receive(raw_email(sender=DAN, to=REVIEW, text="New\n", message_id="<new@x.example>"))
        office.cycle()
        assert len(office.sender.sent) == 1


def test_a_strangers_name_is_not_sent_on_when_it_is_no_name(office: Office) -> None:
    office.receive(raw_email(sender=f'"Your parcel waits, pay at evil.example/pay" <{DAN}>', to=REVIEW))
    office.cycle()
    assert b"parcel" not in office.sender.sent[0].raw


def test_the_senders_subject_is_not_echoed(office: Office) -> None:
    office.receive(raw_email(sender=BEN, to=REVIEW, subject="Cheap pills at pills.example"))
    office.cycle()
    assert b"pills" not in office.sender.sent[0].raw


@pytest.mark.parametrize(
    ("sender", "return_path", "reason"),
    [(DAN, "", Reason.automatic_mail), (ASHA.title(), ASHA, Reason.our_own_address)],
)
def test_what_can_take_no_answer_gets_none_even_when_an_officer_records_it(
    sender: str, return_path: str, reason: Reason
) -> None:
    answered = Answered("Dan", sender, email_id=1, message_id="<1@x.example>", return_path=return_path)
    rules = AcknowledgementRules(5, "intake.county.example", frozenset({ASHA}))
    assert suppression_reason(answered, rules, 0) is reason


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (DAN, DAN),
        ("SRS0=HHH=TT=somewhere.example=dan.morris@forwarder.example", DAN),
        ("SRS1=HHH=first.example==HHH=TT=somewhere.example=dan.morris@forwarder.example", DAN),
        ("prvs=0123456789=dan.morris@somewhere.example", DAN),
        ("btv1==0123456789==dan.morris@somewhere.example", DAN),
    ],
)
def test_addresses_rewritten_on_the_way_are_known_again(written: str, canonical: str) -> None:
    assert canonical_address(written) == canonical
