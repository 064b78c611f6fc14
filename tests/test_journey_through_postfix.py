"""The journey through a real mail system: a letter, its acknowledgement, the answer to that, and a dead address."""

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.mail.understanding import understand
from intake.store.emails import OutgoingStatus
from intake.store.responses import Addition
from tests.building import raw_email
from tests.databases import both_databases
from tests.faults.council import Council, open_council, raw_letter
from tests.faults.settled import assert_settled, copies
from tests.people import BEN, REVIEW
from tests.servers.mail_system import DEAD_DOMAIN, MailSystem

pytestmark = both_databases

GONE = f"robin.price@{DEAD_DOMAIN}"


@pytest.fixture
def council(mail_system: MailSystem, tmp_path: Path) -> Iterator[Council]:
    with open_council(mail_system, tmp_path) as council:
        yield council


def arrive(council: Council, raw: bytes, count: int, *, sender: str = BEN) -> None:
    """Somebody's email goes in through Postfix, and the worker takes its turn once `count` emails are there."""
    council.mail_system.send(raw, sender=sender, recipients=[REVIEW])
    council.mail_system.wait_for(REVIEW, count)
    council.office.cycle()


def answer_to(acknowledgement: bytes, words: str) -> bytes:
    """What a mail program makes of "Reply": its thread, its subject, and all that was said quoted below."""
    read = email.message_from_bytes(acknowledgement, policy=email.policy.default)
    body = read.get_body(("plain",))
    assert body
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    return raw_email(
        sender=f"Ben Hughes <{BEN}>",
        to=read["From"],
        subject=f"Re: {read['Subject']}",
        text=f"{words}\n\nOn 12 Feb 2020, at 10:31, {read['From']} wrote:\n{quoted}",
        headers={
            "In-Reply-To": read["Message-ID"],
            "References": f"{read['References'] or ''} {read['Message-ID']}".strip(),
        },
        message_id="<answer@heathfield.example>",
    )


def test_a_letter_is_acknowledged_and_the_answer_to_that_joins_its_response(council: Council) -> None:
    office, mail_system = council.office, council.mail_system
    arrive(council, raw_letter(1), 1)
    (acknowledgement,) = mail_system.wait_for(BEN)
    understood = understand(acknowledgement, own=office.this.own)
    assert (understood.return_path, understood.answers) == (REVIEW, ("<letter-1@heathfield.example>",))
    assert "IEO-0001" in understood.text

    arrive(council, answer_to(acknowledgement, "We also ask for a later start."), 2)
    (addition,) = office.rows(Addition)
    assert (addition.own_words, len(office.responses())) == ("We also ask for a later start.", 1)
    (_, second) = mail_system.wait_for(BEN, 2)
    assert understand(second).answers[0] == "<answer@heathfield.example>"
    acknowledgements = council.acknowledgements()
    assert copies(acknowledgements) == [1, 1]
    assert_settled(office, ["<letter-1@heathfield.example>", "<answer@heathfield.example>"], acknowledgements)


def test_an_acknowledgement_to_a_dead_address_comes_back_and_is_shown_as_bounced(council: Council) -> None:
    office, mail_system = council.office, council.mail_system
    letter = raw_email(sender=GONE, to=REVIEW, message_id="<gone@gone.example>")
    arrive(council, letter, 1, sender=GONE)
    assert [outgoing.status for outgoing in office.outgoing()] == [OutgoingStatus.sent]
    mail_system.wait_for(REVIEW, 2)
    office.cycle()
    assert [(outgoing.status.value, outgoing.reason) for outgoing in office.outgoing()] == [("bounced", "bounce")]
    assert office.outcomes() == [("recorded", None), ("ignored", "bounce")]
    assert_settled(office, ["<gone@gone.example>"], [])
