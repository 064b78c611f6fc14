"""Five are invited through a real mail system. One answers by email, one by post; one stops it all with one click, one
address is dead. Only the fifth is reminded, and can read why.
"""

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select
from starlette.testclient import TestClient

from intake import jobs
from intake.outbound.mailings import start_mailing
from intake.outbound.recipients import to_invite
from intake.outbound.reminding import calendar
from intake.schedules import Anchor, Schedule
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingStatus
from intake.store.mailings import Mailing, ReminderRule
from intake.store.people import Consultee, DeadAddress, OptOut
from intake.store.responses import Channel
from tests.consulted import NINE, add_consultee, add_response, add_rule, change, reminders, review_of
from tests.databases import both_databases
from tests.faults.council import Council, open_council
from tests.office import MAIL_DOMAIN
from tests.people import BEN, CAROL, REVIEW
from tests.servers.mail_system import DEAD_DOMAIN, MailSystem
from tests.test_journey_through_postfix import answer_to
from tests.web.desk import REVIEW_SLUG, Desk

pytestmark = both_databases

BASE_URL = "https://consultations.county.example"
PAULA, OLIVE, GONE = "paula@millrace.example", "olive@thistlewood.example", f"robin.price@{DEAD_DOMAIN}"
NEVER_QUIET = {"quiet_from": NINE, "quiet_until": NINE}
EVERYBODY = (BEN, CAROL, PAULA, OLIVE)


@pytest.fixture
def council(mail_system: MailSystem, tmp_path: Path) -> Iterator[Council]:
    """The consultation opened yesterday by the machine's own clock, as real servers date their mail by that."""
    with open_council(mail_system, tmp_path, web={"base_url": BASE_URL}) as council:
        office = council.office
        office.now = datetime.now(UTC)
        closes_at = (office.now + timedelta(days=8)).replace(hour=16, minute=59, second=0, microsecond=0)
        change(office, review_of(office), opens_at=office.now - timedelta(days=1), closes_at=closes_at, **NEVER_QUIET)
        for name, address in (("Millrace College", PAULA), ("Thistlewood School", OLIVE), ("Gone School", GONE)):
            add_consultee(office, name, address)
        add_rule(office, "Last week", Schedule(Anchor.closing, NINE, -2), set_at=office.now)
        yield council


@pytest.fixture
def desk(council: Council) -> Iterator[Desk]:
    desk = Desk(council.office)
    yield desk
    desk.app.state.reader.close()


def test_of_five_who_were_invited_only_the_one_who_has_not_answered_is_reminded(council: Council, desk: Desk) -> None:
    office, mail_system = council.office, council.mail_system
    invite(council)
    for address in EVERYBODY:
        mail_system.wait_for(address)
    mail_system.wait_for(REVIEW)  # the report that Robin Price's school is gone

    answer = answer_to(mail_system.read(BEN)[0], "We support the draft.")
    mail_system.send(answer, sender=BEN, recipients=[REVIEW])
    mail_system.wait_for(REVIEW, 2)
    office.now = datetime.now(UTC)
    office.cycle()
    [millrace] = [row.id for row in office.rows(Consultee) if row.organisation == "Millrace College"]
    add_response(office, millrace, Channel.letter)
    press_stop_in_the_mail_program(desk, read(mail_system.read(OLIVE)[0]))

    assert [row.address for row in office.rows(OptOut)] == [OLIVE]
    assert [row.address for row in office.rows(DeadAddress)] == [GONE]
    assert_told_why(desk)
    remind(council)
    assert [len(mail_system.read(address)) for address in EVERYBODY] == [2, 2, 1, 1]  # Ben's is his acknowledgement
    assert_reminder(council, mail_system.read(CAROL)[1])
    assert [row.recipient_address for row in reminders(office) if row.kind == "reminder"] == [CAROL]


def invite(council: Council) -> None:
    office = council.office
    with office.database.transaction() as session:
        review = session.get_one(Consultation, review_of(office).id)
        recipients = [verdict.recipient for verdict in to_invite(session, review, now=office.now) if verdict.goes]
        mailing = Mailing(
            consultation_id=review.id, kind="invitation", due_at=office.now, created_at=office.now, user_id=None
        )
        domain = office.this.settings.mail.message_id_domain
        queued = start_mailing(session, mailing, recipients, message_id_domain=domain, now=office.now, actor="user 1")
    assert queued == len(EVERYBODY) + 1
    office.cycle()
    council.mail_system.wait_until_delivered()


def press_stop_in_the_mail_program(desk: Desk, invitation: EmailMessage) -> None:
    """RFC 8058: a mail program sends what the header says to where it says, without a cookie, token or Origin."""
    assert invitation["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = invitation["List-Unsubscribe"].strip("<>")
    assert address.startswith(f"{BASE_URL}/stop/")
    # RFC 8058, section 4: both headers are covered by the signature a mail service puts on it, so they come once.
    assert [name.lower() for name in invitation].count("list-unsubscribe") == 1
    with TestClient(desk.app, base_url=BASE_URL, follow_redirects=False) as program:
        path = address.removeprefix(BASE_URL)
        assert program.get(path).status_code == 200
        assert desk.office.rows(OptOut) == []  # asking for the page does nothing
        assert program.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def assert_told_why(desk: Desk) -> None:
    """Before the reminder goes, the pages say who gets it and who does not and why."""
    [rule] = desk.office.rows(ReminderRule)
    with desk.office.database.reading() as session:
        [due] = calendar(session, rule, now=desk.office.now)
    page = desk.adam.page(f"/reminders/{rule.id}/recipients?day={due.day}")
    rows = {row.text(separator=" ") for row in page.css("tbody tr")}
    for address, words in (
        (BEN, "by email (IEO-0001)"),
        (PAULA, "by letter"),
        (OLIVE, "They asked for no more of these emails."),
        (GONE, "Mail to this address came back for good; correct it."),
        (CAROL, ""),
    ):
        [row] = [one for one in rows if address in one]
        assert words in row
    wishes = desk.adam.page(f"/consultations/{REVIEW_SLUG}/wishes").text()
    assert OLIVE in wishes
    assert GONE in wishes


def remind(council: Council) -> None:
    """Its time comes; what lies in the mailbox by then is read before anything goes."""
    office = council.office
    with office.database.reading() as session:
        [due] = calendar(session, session.exec(select(ReminderRule)).one(), now=office.now)
    office.now = due.at
    assert jobs.remind(office.this).queued == 1
    jobs.send(office.this)
    [waiting] = [row for row in reminders(office) if row.kind == "reminder"]
    assert (waiting.status, waiting.reason) == (OutgoingStatus.queued, "waits-for-mailbox")
    office.cycle()
    office.now += timedelta(minutes=3)
    office.cycle()
    council.mail_system.wait_until_delivered()
    council.mail_system.wait_for(CAROL, 2)


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def assert_reminder(council: Council, raw: bytes) -> None:
    """From the consultation, to nobody else, known as automatic, with one way out, and the same in both its forms."""
    arrived = read(raw)
    review = review_of(council.office)
    assert (arrived["From"].addresses[0].addr_spec, arrived["From"].addresses[0].display_name) == (REVIEW, review.title)
    assert [one.addr_spec for one in arrived["To"].addresses] == [CAROL]
    assert arrived["Cc"] is arrived["Reply-To"] is arrived["In-Reply-To"] is None
    assert arrived["Return-Path"] == f"<{REVIEW}>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(rf"<intake\.reminder\.[^@]+@{re.escape(MAIL_DOMAIN)}>", arrived["Message-ID"])
    assert arrived["List-Unsubscribe"].startswith(f"<{BASE_URL}/stop/")
    text, html = (arrived.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    page = LexborHTMLParser(html.get_content()).css_first("body")
    assert page
    assert words(text.get_content()) == words(page.text(separator=" "))
    assert arrived["List-Unsubscribe"].strip("<>") in text.get_content()
    local = review.closes_at.astimezone(ZoneInfo(review.timezone))
    assert f"on {local:%A} {local.day} {local:%B %Y}" in text.get_content()
    assert arrived["Message-ID"] in {row.message_id for row in council.office.outgoing()}


def words(text: str) -> list[str]:
    return re.findall(r"[\w@.:/'’-]*\w", text)
