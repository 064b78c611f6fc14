"""An office in the middle of its work, for looking at every page in every state: something of everything is there.

One consultation has closed, with a response that came late; the other is open.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import SQLModel, col, select

from intake.accounts.links import make_link
from intake.accounts.passwords import hashed
from intake.store.alarms import Alarm
from intake.store.consultations import (
    DayOff,
    LatePolicy,
    OnlineForm,
    PublishedAddress,
    Question,
    QuestionKind,
    ReplyTemplate,
    StakeholderGroup,
    consultation_by_slug,
)
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail
from intake.store.mailings import ConsultationDocument, EmailTemplate
from intake.store.people import Consultee, ConsulteeAddress
from intake.store.reasons import Reason
from intake.store.responses import Attachment, Response
from intake.store.users import LinkPurpose, SavedView, User
from tests.accounts.staff import PASSWORD, add_second_factor
from tests.building import raw_bounce, raw_email
from tests.office import CLOSES_AT, Office
from tests.people import ADAM, ADMISSIONS, ASHA, BEN, CAROL, DAN, OLGA, REVIEW
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk
from tests.web.mailing_scene import set_mailings
from tests.web.matching_scene import set_matching
from tests.web.meetings import MEETING
from tests.web.reminding_scene import set_reminders
from tests.web.understood_scene import set_understood

AFTER_CLOSING = datetime(2020, 3, 3, 10, tzinfo=UTC)
LATE_RISER = "late.riser@elsewhere.example"
LETTER = """We welcome the draft and support most of it.

Our governors worry about two things: the buses on Mill Lane leave before the after-school clubs end, and the map on
page 12 shows the old catchment. See county.example/a-long-address-without-any-place-to-break-it/0123456789/0123456789.
"""
HTML = "<p>We <b>welcome</b> the draft.</p><table border=1><tr><td>Mill Lane</td><td>£5,000</td></tr></table>"
QUESTIONS = [
    ("agree", "Do you agree with the draft?", QuestionKind.scale, ["Agree", "Neither of the two", "Disagree"]),
    ("change", "What would you change?", QuestionKind.text, []),
    ("first", "Which of these comes first?", QuestionKind.choice, ["Reading", "Numbers"]),
    ("read", "What did you read?", QuestionKind.choices, ["The draft", "The summary"]),
    ("evidence", "Is there evidence that we should read?", QuestionKind.file, []),
]


def set_scene(desk: Desk) -> dict[str, Any]:
    """Fills the desk's office; what the addresses of pages name, under the names the routes give it."""
    _plan(desk)
    _receive_responses(desk.office)
    _receive_what_is_held(desk.office)
    _work(desk)
    _write_a_text(desk)
    _give_passwords(desk)
    mailed = set_mailings(desk) | set_reminders(desk) | set_matching(desk)
    desk.asha.post(f"/consultations/{REVIEW_SLUG}/meetings", MEETING)
    names = {**_names(desk), "meeting_id": 1}
    understood = set_understood(desk)
    _raise_alarms(desk)
    desk.office.now = AFTER_CLOSING
    return {**names, **mailed, **understood}


def _raise_alarms(desk: Desk) -> None:
    now = desk.office.now
    long = "Mailbox review has not been read for 2 hours. The mail server does not answer; it is tried again."
    with desk.office.database.transaction() as session:
        session.add(Alarm(key="silent:review", sentence=long, since=now, told_at=now))
        session.add(Alarm(key="disk", sentence="The disk with the stored emails has 812 MB left.", since=now))


def _plan(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        review, admissions = (consultation_by_slug(session, slug) for slug in (REVIEW_SLUG, ADMISSIONS_SLUG))
        review.late_policy = LatePolicy.discretion
        admissions.closes_at = AFTER_CLOSING + timedelta(days=40)
        session.add_all([review, admissions])
        for position, name in enumerate(("school", "trust", "parent")):
            session.add(StakeholderGroup(consultation_id=review.id, name=name, position=position))
        review.online_form = OnlineForm.question_a_page
        for position, (key, text, kind, options) in enumerate(QUESTIONS, start=1):
            asked = Question(consultation_id=review.id, position=position, key=key, text=text, kind=kind)
            asked.hint, asked.options = "In a few words.", options
            session.add(asked)
        session.add(ReplyTemplate(consultation_id=review.id, name="Thank you", text="Thank you for your response."))
        address = "https://www.county.example/education/a-long-address-without-any-place-to-break-it/0123456789"
        for position, (name, own) in enumerate((("The draft", {"url": address}), ("A summary", _stored(desk.office)))):
            session.add(ConsultationDocument(consultation_id=review.id, name=name, position=position, **own))
        session.add(DayOff(day=date(2020, 3, 9), name="Proclaimed day"))
        session.add(SavedView(user_id=desk.users[ASHA].id, name="Unread from schools", query="status=unread"))


def _stored(office: Office) -> dict[str, Any]:
    content = b"%PDF-1.4 a summary"
    [sha256] = office.files.put_many([content])
    return {"filename": "summary.pdf", "content_type": "application/pdf", "size": len(content), "sha256": sha256}


def _receive_responses(office: Office) -> None:
    office.sender.refuses.add(CAROL)
    files = [("Our response.pdf", "application/pdf", b"%PDF-1.4 " + b"words " * 9000)]
    ben, carol = f"Ben Hughes <{BEN}>", f"Carol Lewis <{CAROL}>"
    office.receive(raw_email(sender=ben, to=REVIEW, text=LETTER, html=HTML, attachments=files))
    office.receive(raw_email(sender=carol, to=REVIEW, text="", attachments=files, message_id="<c@trust.example>"))
    late = raw_email(sender=LATE_RISER, to=REVIEW, subject="Sorry, late", message_id="<l@x.example>")
    office.receive(late, received_at=CLOSES_AT + timedelta(days=1))
    dan = raw_email(sender=f"Dan Morris <{DAN}>", to=ADMISSIONS, message_id="<d@x.example>")
    office.receive(dan, mailbox="admissions")
    office.cycle()
    ours = {row.recipient_address: row.message_id for row in office.outgoing()}
    office.receive(
        raw_email(
            sender=ben,
            to=REVIEW,
            subject="Re: Our response",
            text="And one more thing: the car park.",
            headers={"In-Reply-To": ours[BEN]},
            message_id="<b2@school.example>",
        )
    )
    office.receive(raw_bounce(of=ours[DAN], address=DAN), mailbox="admissions")
    # A folder that is new to us: what lies in it is backlog, and its acknowledgements are held.
    early = raw_email(sender=f"Dan Morris <{DAN}>", to=REVIEW, message_id="<early@x.example>")
    office.receive(early, folder="Consultation")
    office.cycle()


def _receive_what_is_held(office: Office) -> None:
    for number, subject in enumerate(("When is the meeting?", "A word about the catchment", "Lunch on Friday")):
        raw = raw_email(sender=f"Dan Morris <{DAN}>", to=ASHA, subject=subject, message_id=f"<h{number}@x.example>")
        office.receive(raw, mailbox="asha")
    office.cycle()
    with office.database.transaction() as session:
        broken = session.exec(select(InboundEmail).where(InboundEmail.subject == "Lunch on Friday")).one()
        broken.status, broken.reason = EmailStatus.failed, Reason.reader_died.value
        broken.next_attempt_at = AFTER_CLOSING + timedelta(hours=1)
        session.add(broken)


def _work(desk: Desk) -> None:
    """What Asha did with the first response, by the forms of its page."""
    path = "/responses/IEO-0001"
    for action, fields in (
        ("notes", {"note": "Ask the bus company about Mill Lane."}),
        ("tags", {"tags": "transport, buildings"}),
        ("flags", {"flag": "needs_reply", "set": "yes"}),
        ("status", {"status": "read"}),
    ):
        version = desk.asha.page(path).css_first("input[name=version]")
        assert version is not None
        answer = desk.asha.post(f"{path}/{action}", {"version": version.attributes["value"], **fields})
        assert answer.status_code == 303, (action, answer.text)


def _write_a_text(desk: Desk) -> None:
    """A reminder of Adam's, in its second version."""
    began = desk.adam.post(f"/consultations/{REVIEW_SLUG}/texts", kind="reminder", name="Last reminder")
    text = "{{ greeting }}\n\nOne week is left: please answer by {{ closing }}."
    given = {"subject": "One week left: {{ consultation_title }}", "text": text, "language": "en", "version": "1"}
    answer = desk.adam.post(began.headers["location"], {**given, "step": "save"})
    assert answer.status_code == 303, answer.text


def _give_passwords(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        for user in session.exec(select(User).where(col(User.address).in_([ADAM, ASHA]))):
            user.password_hash = hashed(PASSWORD)
            session.add(user)
    add_second_factor(desk.office, ASHA)


def _names(desk: Desk) -> dict[str, Any]:
    with desk.office.database.transaction() as session:
        by_address = {response.respondent_address: response for response in session.exec(select(Response))}
        ben = by_address[BEN]
        review = consultation_by_slug(session, REVIEW_SLUG)
        by_status = {email.status: email.id for email in session.exec(select(InboundEmail))}
        olga = desk.users[OLGA]
        link = make_link(session, olga, LinkPurpose.set_password, now=AFTER_CLOSING, actor="cli")
        tables: dict[str, type[SQLModel]] = {
            "address_id": PublishedAddress,
            "question_id": Question,
            "group_id": StakeholderGroup,
            "template_id": ReplyTemplate,
            "text_id": EmailTemplate,
            "document_id": ConsultationDocument,
            "consultee_id": Consultee,
        }
        return {
            "reference": ben.reference,
            "without_words": by_address[CAROL].reference,
            "late": by_address[LATE_RISER].reference,
            "email_id": ben.email_id,
            "held_id": by_status[EmailStatus.held],
            "failed_id": by_status[EmailStatus.failed],
            "attachment_id": session.exec(select(Attachment.id)).first(),
            "outgoing_id": session.exec(_outgoing_to(BEN)).first(),
            "failed_outgoing_id": session.exec(_outgoing_to(CAROL)).first(),
            "bounced_outgoing_id": session.exec(_outgoing_to(DAN)).first(),
            "contact_id": session.exec(select(ConsulteeAddress.id)).first(),
            "slug": REVIEW_SLUG,
            "open": ADMISSIONS_SLUG,
            "user_id": olga.id,
            "token": link,
            **{name: _first(session, table, review.id) for name, table in tables.items()},
        }


def _outgoing_to(address: str) -> Any:
    return select(OutgoingEmail.id).where(OutgoingEmail.recipient_address == address).order_by(col(OutgoingEmail.id))


def _first(session: Any, table: Any, consultation_id: int) -> int:
    found: int = session.exec(select(table.id).where(table.consultation_id == consultation_id)).first()
    return found
