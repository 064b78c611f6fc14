"""The page on which an officer keys in what came by letter, by phone or at a meeting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.accounts.access import Access
from intake.administration.consultations import visible_consultation
from intake.administration.meetings import find_meeting
from intake.administration.moments import TypedMoment, instant
from intake.documents.kinds import MOST_FILES
from intake.errors import Mistakes, NotFound
from intake.inbound.keying import Keyed, key_in, questions_of
from intake.jobs import acknowledgement_rules
from intake.responses.finding import visible_consultations
from intake.store.consultations import Consultation, Question, own_addresses
from intake.store.online import Meeting
from intake.store.people import groups_of
from intake.store.responses import Channel
from intake.store.responses import Response as ResponseRow
from intake.web.asking import Asking, Officer
from intake.web.editing import Done, attempt, typed_moment
from intake.web.forms import Form, SentWithFiles
from intake.web.showing import page

router = APIRouter()
_PATH = "/responses/new"
_NOON = "12 noon"
_SAID = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class _About:
    """What a response is keyed in for. At a meeting it is said on that day."""

    consultation: Consultation
    meeting: Meeting | None

    def another(self, channel: Channel) -> str:
        given = {"consultation": self.consultation.slug, "channel": channel.value}
        if self.meeting:
            given["meeting"] = str(self.meeting.id)
        return f"{_PATH}?{urlencode(given)}"


@router.get(_PATH)
def ask(asking: Officer) -> Response:
    asked = Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        offered = [one for one in visible_consultations(session, asking.access) if one.archived_at is None]
    if not (asked.text("consultation") or asked.number("meeting")) and len(offered) != 1:
        return page(asking, "keying_choose.html", consultations=offered)
    return _show(asking, asked, asked.text("consultation") or next((one.slug for one in offered), ""))


@router.post(_PATH)
def record(asking: Officer, form: SentWithFiles) -> Response:
    def change(session: Session) -> Done:
        about = _about(session, asking.access, form, form.text("consultation"))
        channel = Channel.meeting if about.meeting else form.choice("channel", Channel)
        response = _record(session, asking, about, channel, form)
        if form.text("next") == "another":
            return Done(about.another(response.channel), f"Recorded as {response.reference}. Key in the next one.")
        return Done(f"/responses/{response.reference}", f"Recorded as {response.reference}.")

    return attempt(asking, change, lambda **more: _show(asking, form, form.text("consultation"), given=form, **more))


def _record(session: Session, asking: Asking, about: _About, channel: Channel | None, form: Form) -> ResponseRow:
    """Raises Mistakes, of the date and of everything else at once."""
    this, consultation, now = asking.this, about.consultation, asking.now
    received_at, mistakes = _received(form, consultation, now)
    if form.is_ticked("acknowledge") and not form.text("address"):
        mistakes["address"] = "Enter the email address that the acknowledgement is to go to, or do not tick the box."
    is_told = form.is_ticked("acknowledge")
    rules = acknowledgement_rules(this, own_addresses(session)) if is_told else None
    keyed = _keyed(form, questions_of(session, consultation), about, channel, received_at)
    groups = groups_of(session, consultation.id)
    try:
        row = key_in(session, this.files, consultation, keyed, groups, user=asking.user, now=now, rules=rules)
    except Mistakes as wrong:
        mistakes |= wrong.by_field
    if mistakes:
        raise Mistakes(mistakes)
    return row


def _keyed(
    form: Form, questions: Sequence[Question], about: _About, channel: Channel | None, received_at: datetime | None
) -> Keyed:
    return Keyed(
        channel,
        received_at,
        name=form.text("name"),
        organisation=form.text("organisation"),
        address=form.text("address"),
        group=form.text("stakeholder_group"),
        text=form.long_text("text"),
        is_for_organisation=_SAID.get(form.text("for_organisation")),
        may_publish=_SAID.get(form.text("may_publish")),
        answers={
            one.id: (form.long_text(f"question-{one.id}"), [text for text in form.many(f"option-{one.id}") if text])
            for one in questions
        },
        scans=form.files("scans"),
        meeting=about.meeting,
    )


def _received(form: Form, consultation: Consultation, now: datetime) -> tuple[datetime | None, dict[str, str]]:
    """Of a day without a time its noon, or now where that is still to come; with what is wrong with it."""
    typed = typed_moment(form, "received")
    has_time = bool(typed.clock)
    try:
        whole = typed if has_time else replace(typed, clock=_NOON)
        at = instant(whole, timezone=consultation.zone, field="received", name="The date")
    except Mistakes as wrong:
        return None, wrong.by_field
    is_today = at.astimezone(consultation.zone).date() == now.astimezone(consultation.zone).date()
    return (min(at, now) if is_today and not has_time else at), {}


def _about(session: Session, access: Access, asked: Form, slug: str) -> _About:
    """Raises NotFound for a consultation or a meeting that this user may not see."""
    meeting_id = asked.number("meeting")
    if meeting_id is None:
        return _About(visible_consultation(session, access, slug), None)
    meeting = find_meeting(session, access, meeting_id)
    consultation = session.get(Consultation, meeting.consultation_id)
    if consultation is None:
        raise NotFound
    return _About(consultation, meeting)


def _show(asking: Asking, asked: Form, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        about = _about(session, asking.access, asked, slug)
        questions = questions_of(session, about.consultation)
        groups = groups_of(session, about.consultation.id)
    fields = {"consultation": about.consultation, "meeting": about.meeting, "questions": questions, "groups": groups}
    more |= {"channel": asked.text("channel"), "typed": _typed(about), "most": MOST_FILES}
    return page(asking, "keying.html", **more | fields)


def _typed(about: _About) -> TypedMoment | None:
    if about.meeting is None:
        return None
    noon = datetime.combine(about.meeting.held_on, time(12), tzinfo=UTC)
    return replace(TypedMoment.of(noon, about.consultation.zone), clock="")
