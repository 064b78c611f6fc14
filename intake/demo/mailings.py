"""What the demo's administrator has had sent: invitations, then reminders by rules, then an outcome; and what people
made of it.

Done by the same functions as the pages use, at instants in the past: the mail servers get it all before you look. Some
of the sample emails answer the invitations, so those carry the Message-IDs that the samples name.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from intake import jobs
from intake.administration.changing import Edit
from intake.administration.consultees import add_consultee
from intake.administration.documents import add_document
from intake.administration.email_texts import Saving, add_template, save_text
from intake.administration.notices import Look, invitation, outcome, start
from intake.administration.outcome import set_outcome
from intake.administration.ready_made import READY_MADE, add_ready_made
from intake.administration.rules import add_rule, rules_of
from intake.administration.text_examples import to_try
from intake.administration.typed_rules import TypedRule
from intake.demo.officers import ADAM
from intake.demo.samples import LETTERS_WEEK, weeks_between
from intake.documents.kinds import GivenFile
from intake.jobs import Installation
from intake.outbound.opting_out import opt_out
from intake.outbound.reminding import calendar
from intake.outbound.rendering import product_folder
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.emails import OutgoingEmail
from intake.store.people import WELSH
from intake.store.users import User

REVIEW, ADMISSIONS = "improving-education-outcomes", "school-admissions"
TIRED = "office@heathfield.example"
"""Wants no more emails."""
# As the samples have it: the invitations went on the morning of the week in which the letters came.
_INVITED_AT = datetime(2020, 2, 3, 8, tzinfo=UTC)
_ANSWERED = {"principal@millrace-college.example": "8e6b1ad340", "ks2.lead@pennyfield-school.example": "19c3e0b6f4"}
_MORE = (
    ("Pennyfield School", "school", "Anneka Sorrell <ks2.lead@pennyfield-school.example>", "en"),
    ("Ysgol Glan’r Afon", "school", "Siân Llŷr <swyddfa@ysgol-glanrafon.example>", WELSH),
    ("Ysgol y Bont", "school", "Pennaeth <pennaeth@ysgol-y-bont.example>", WELSH),
    ("Larkrise Infant School", "school", "Head <head@larkrise-infants.example>", "en"),
)
_RULES = (TypedRule(amount="20"), TypedRule(amount="10"), TypedRule(amount="3"), TypedRule(amount="1", unit="days"))
_SUBJECT = "{{ consultation_title }}: it closes {{ days_to_closing }}"


def invite(this: Installation, *, now: datetime) -> None:
    """Early in the week before: the documents are there, the rules are set, and the invitations go."""
    at = _INVITED_AT + weeks_between(_INVITED_AT, now + timedelta(weeks=LETTERS_WEEK))
    with this.database.transaction() as session:
        review, adam = consultation_by_slug(session, REVIEW), _adam(session)
        for organisation, group, contact, language in _MORE:
            given = {"organisation": organisation, "stakeholder_group": group, "language": language}
            add_consultee(session, review, given, contact, user=adam, now=at)
        _add_documents(this, session, review, adam, at)
        for typed in _RULES:
            add_rule(session, review, typed, user=adam, now=at)
    _start(this, REVIEW, invitation, at, _answered)


def go_on(this: Installation, *, now: datetime) -> None:
    """What came after the letters: reminders on the day of the first rule, one wish, a text of our own, an outcome."""
    with this.database.transaction() as session:
        review, adam = consultation_by_slug(session, REVIEW), _adam(session)
        add_ready_made(session, review, READY_MADE["digest"], user=adam, now=now)
        _write_text(this, session, review, adam, now)
        due = _last_due(session, review, now)
    if due:
        then = replace(this, clock=lambda: due)
        jobs.remind(then)
        jobs.send(then)
    with this.database.transaction() as session:
        opt_out(session, consultation_by_slug(session, REVIEW).id, TIRED, now=due or now)
        admissions = consultation_by_slug(session, ADMISSIONS)
        given = {"outcome_url": "https://county.example/school-admissions/arrangements"}
        set_outcome(session, admissions, given, Edit(_adam(session), admissions.version, now))
    _start(this, ADMISSIONS, outcome, now)


def _adam(session: Session) -> User:
    return session.exec(select(User).where(User.address == ADAM)).one()


def _add_documents(this: Installation, session: Session, review: Consultation, adam: User, at: datetime) -> None:
    plan = product_folder("config") / "demo" / "draft-review-in-short.pdf"
    file = GivenFile(plan.name, plan.read_bytes())
    for given, content in (
        ({"name": "The draft review", "url": "https://county.example/education-review"}, None),
        ({"name": "The draft review in short", "url": ""}, file),
    ):
        add_document(session, this.files, review, given, content, Edit(adam, review.version, at))


def _write_text(this: Installation, session: Session, review: Consultation, adam: User, now: datetime) -> None:
    """Reminders in our own words: in English with another subject than the product's, in Welsh as it comes."""
    renderer, base_url = this.renderer, this.settings.web.base_url
    saving = Saving(adam, now, renderer, base_url, to_try(session, review, "reminder", adam))
    row = add_template(session, review, "reminder", {"name": "Our reminder"}, saving)
    text = renderer.source("reminder", slug=review.slug).text
    save_text(session, row, "en", {"subject": _SUBJECT, "text": text}, replace(saving, seen=1))


def _last_due(session: Session, review: Consultation, now: datetime) -> datetime | None:
    """When a reminder was due last."""
    rules = [rule for rule in rules_of(session, review) if not rule.audience.is_officers]
    found = [day.at for rule in rules for day in calendar(session, rule, now=now)]
    return max((at for at in found if at < now), default=None)


def _start(
    this: Installation, slug: str, look: Look, at: datetime, then: Callable[[Session, str], None] | None = None
) -> None:
    """Start it and send it, at that instant."""
    domain = this.settings.mail.message_id_domain
    with this.database.transaction() as session:
        consultation = consultation_by_slug(session, slug)
        seen = look(session, consultation, at).seen
        start(session, consultation, look, seen=seen, message_id_domain=domain, user=_adam(session), now=at)
        if then:
            then(session, domain)
    jobs.send(replace(this, clock=lambda: at))


def _answered(session: Session, domain: str) -> None:
    """Give the invitations that samples answer the Message-IDs they name."""
    for row in session.exec(select(OutgoingEmail).where(col(OutgoingEmail.recipient_address).in_(_ANSWERED))):
        row.message_id = f"<intake.invitation.{_ANSWERED[row.recipient_address]}@{domain}>"
        session.add(row)
