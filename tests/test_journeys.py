"""Stories from end to end: a real Dovecot, a real SMTP server, real files, database and child processes."""

import email
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from intake.mail.mailbox import connect
from intake.mail.smtp import SmtpSender
from intake.settings import SmtpSettings
from intake.store.responses import Addition, Attachment
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, MAIL_DOMAIN, Office, open_office
from tests.people import ASHA, BEN, CAROL, DAN, REVIEW
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

pytestmark = both_databases

AUTHSERV_ID = "mx.county.example"


class Council:
    """The council's two mailboxes and its sent mail."""

    def __init__(self, office: Office, dovecot: Dovecot, sink: SmtpSink, users: dict[str, str]) -> None:
        self.office, self._dovecot, self._sink, self._users = office, dovecot, sink, users

    def gets(self, raw: bytes, *, mailbox: str = "review", folder: str = "INBOX") -> None:
        self._dovecot.append(self._users[mailbox], folder, raw, self.office.now)

    def works(self) -> None:
        self.office.cycle()

    def sent(self) -> list[tuple[str, EmailMessage]]:
        return [(sent.recipients[0], email.message_from_bytes(sent.raw, policy=default)) for sent in self._sink.emails]


@pytest.fixture
def council(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Council]:
    with _council(dovecot, smtp_sink, tmp_path) as opened:
        yield opened


@contextmanager
def _council(dovecot: Dovecot, sink: SmtpSink, folder: Path) -> Iterator[Council]:
    users = {name: f"{folder.name}-{name}" for name in ("review", "asha")}
    settings = {
        "mail": {"message_id_domain": MAIL_DOMAIN, "authserv_id": AUTHSERV_ID},
        "mailboxes": {name: dovecot.settings(user) for name, user in users.items()},
    }
    smtp = SmtpSettings(host="127.0.0.1", port=sink.port, security="none", timeout_seconds=5)
    with open_office(folder, settings=settings, connect=connect) as office:
        office.this = replace(office.this, make_sender=lambda _: SmtpSender(smtp))
        yield Council(office, dovecot, sink, users)


def test_ben_answers_is_acknowledged_and_adds_what_he_forgot(council: Council) -> None:
    views = ("views.pdf", "application/pdf", b"%PDF-1.4 our views")
    council.gets(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, attachments=[views]))
    council.works()
    [(recipient, acknowledgement)] = council.sent()
    assert recipient == BEN
    assert "IEO-0001" in acknowledgement["Subject"]

    council.office.now += timedelta(days=1)
    council.gets(
        raw_email(
            sender=f"Ben Hughes <{BEN}>",
            to=REVIEW,
            subject=f"Re: {acknowledgement['Subject']}",
            text=f"One more thing.\n\nOn Wednesday the council wrote:\n> {acknowledgement['Subject']}\n",
            message_id="<2@heathfield.example>",
            headers={"In-Reply-To": acknowledgement["Message-ID"]},
        )
    )
    council.works()
    [response] = council.office.responses()
    [addition] = council.office.rows(Addition)
    assert addition.own_words == "One more thing."
    assert [row.filename for row in council.office.rows(Attachment)] == ["views.pdf"]
    assert response.received_at == DURING
    assert [recipient for recipient, _ in council.sent()] == [BEN, BEN]


def test_carol_writes_to_both_addresses_and_counts_once(council: Council) -> None:
    raw = raw_email(sender=CAROL, to=f"{REVIEW}, {ASHA}")
    council.gets(b"Delivered-To: education.review@county.example\r\n" + raw)
    council.gets(b"Delivered-To: asha.rahman@county.example\r\n" + raw, mailbox="asha")
    council.works()
    assert sorted(council.office.outcomes()) == [("ignored", "duplicate"), ("recorded", None)]
    assert [recipient for recipient, _ in council.sent()] == [CAROL]


def test_dans_question_to_asha_waits_for_her(council: Council) -> None:
    council.gets(raw_email(sender=DAN, to=ASHA, subject="May I answer late?"), mailbox="asha")
    council.works()
    assert council.office.outcomes() == [("held", "possible-question")]
    assert council.sent() == []


def test_an_answer_after_closing_is_kept_and_told_that_it_is_late(council: Council) -> None:
    council.office.now = CLOSES_AT + timedelta(hours=10)
    council.gets(raw_email(sender=DAN, to=REVIEW, date="Fri, 28 Feb 2020 12:00:00 +0000"))
    council.works()
    assert council.office.outcomes() == [("recorded", None)]
    [(_, acknowledgement)] = council.sent()
    plain = acknowledgement.get_body(("plain",))
    assert plain
    words = plain.get_content()
    assert "9:59am on Saturday 29 February 2020" in words
    assert "late" in words


def test_an_away_note_in_answer_to_us_ends_the_exchange(council: Council) -> None:
    council.gets(raw_email(sender=BEN, to=REVIEW))
    council.works()
    [(_, acknowledgement)] = council.sent()
    council.gets(
        raw_email(
            sender=BEN,
            to=REVIEW,
            subject="Automatic reply: we are on half-term",
            message_id="<away@heathfield.example>",
            headers={"Auto-Submitted": "auto-replied", "In-Reply-To": acknowledgement["Message-ID"]},
        )
    )
    council.works()
    assert council.office.outcomes()[1] == ("ignored", "auto-reply")
    assert len(council.sent()) == 1


def test_what_the_mail_server_cannot_take_now_arrives_later(council: Council, smtp_sink: SmtpSink) -> None:
    smtp_sink.answers[BEN] = "451 4.3.0 try again"
    council.gets(raw_email(sender=BEN, to=REVIEW))
    council.gets(raw_email(sender=DAN, to=REVIEW, message_id="<2@somewhere.example>"))
    council.works()
    assert [recipient for recipient, _ in council.sent()] == [DAN]
    smtp_sink.answers.clear()
    council.office.now += timedelta(minutes=1)
    council.works()
    assert [recipient for recipient, _ in council.sent()] == [DAN, BEN]


def test_a_letter_found_in_junk_is_held_and_not_lost(council: Council) -> None:
    council.gets(raw_email(sender=DAN, to=REVIEW), folder="Junk")
    council.works()
    assert council.office.outcomes() == [("held", "found-in-junk")]
