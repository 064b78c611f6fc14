"""Who gets a rule's email on a day and who does not, and why; the email as it would reach any of them; a test of it.

Looks only: but for the test, to the user's own address, nothing is put into the outbox.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from intake.administration.notices import key_of
from intake.administration.rule_wordings import off_days_wording, when_wording, who_wording
from intake.administration.rules import visible_rule
from intake.errors import NotFound
from intake.outbound.recipients import Recipient, Verdict, recipients_of_rule
from intake.outbound.reminding import DueDay, calendar
from intake.outbound.rendering import Rendered, TemplateBroken
from intake.outbound.testing_texts import Example, preview, send_test
from intake.store.consultations import Consultation, sending_address
from intake.store.mailings import ReminderRule
from intake.store.users import User
from intake.web.asking import Asking, Officer, RowId
from intake.web.forms import Form, Sent
from intake.web.pages.emails import FRAME_POLICY
from intake.web.showing import page, redirect

PAGE = 50
MOST_DAYS_LINKED = 12
SHOWN = ("all", "gets", "not")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Looked:
    """A rule on one of its days. `at` is the due instant; without such a day, now."""

    rule: ReminderRule
    consultation: Consultation
    days: Sequence[DueDay]
    due: DueDay | None
    at: datetime

    @property
    def path(self) -> str:
        return f"/reminders/{self.rule.id}"

    def query(self, **more: object) -> str:
        day = {"day": self.due.day.isoformat()} if self.due else {}
        return urlencode({**day, **more})


@router.get("/reminders/{rule_id}/recipients")
def recipients(asking: Officer, rule_id: RowId) -> Response:
    form = Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        looked = _look(session, asking, rule_id, form)
        due_on = looked.due.day if looked.due else None
        verdicts = recipients_of_rule(session, looked.rule, due_on=due_on, now=asking.now)
    show = form.text("show") if form.text("show") in SHOWN else "all"
    wanted = [one for one in verdicts if show == "all" or one.goes is (show == "gets")]
    number = max(1, form.number("page") or 1)
    rule, gets = looked.rule, sum(one.goes for one in verdicts)
    fields: dict[str, Any] = {
        "who": who_wording(rule.audience, rule.groups),
        "when": f"{when_wording(rule.schedule)}. {off_days_wording(rule)}",
        "days": _days_to_choose(looked),
        "counts": {"all": len(verdicts), "gets": gets, "not": len(verdicts) - gets},
        "show": show,
        "verdicts": [(one, looked.query(**_named(one))) for one in wanted[(number - 1) * PAGE : number * PAGE]],
        "number": number,
        "pages": max(1, -(-len(wanted) // PAGE)),
    }
    return page(asking, "reminder_recipients.html", **_shared(looked), **fields)


@router.get("/reminders/{rule_id}/email")
def email(asking: Officer, rule_id: RowId) -> Response:
    form = Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        looked = _look(session, asking, rule_id, form)
        verdict = _verdict(session, asking, looked, form)
        rendered, trouble = _rendered(session, asking, looked, verdict)
        sender = sending_address(session, looked.consultation)
    fields: dict[str, Any] = {"verdict": verdict, "rendered": rendered, "trouble": trouble, "sender": sender}
    return page(asking, "reminder_email.html", **_shared(looked), **fields, named=_named(verdict))


@router.get("/reminders/{rule_id}/email/html")
def frame(asking: Officer, rule_id: RowId) -> Response:
    """The email as it is laid out, for the frame on its page."""
    form = Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        looked = _look(session, asking, rule_id, form)
        rendered, _ = _rendered(session, asking, looked, _verdict(session, asking, looked, form))
    if rendered is None:
        raise NotFound
    headers = {"Content-Security-Policy": FRAME_POLICY, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(rendered.html, headers=headers)


@router.post("/reminders/{rule_id}/test")
def send_a_test(asking: Officer, rule_id: RowId, form: Sent) -> Response:
    with asking.this.database.transaction() as session:
        looked = _look(session, asking, rule_id, form)
        verdict = _verdict(session, asking, looked, form)
        back = f"{looked.path}/email?{looked.query(**_named(verdict))}"
        try:
            send_test(
                session,
                asking.this.renderer,
                looked.consultation,
                _example(looked, verdict, asking.user),
                message_id_domain=asking.this.settings.mail.message_id_domain,
                now=asking.now,
                base_url=asking.this.settings.web.base_url,
            )
        except TemplateBroken:
            return redirect(asking, back)  # the page says what is wrong with the text
    return redirect(asking, back, notice=f"A test is on its way to {asking.user.address}. Nobody else gets it.")


def _look(session: Session, asking: Asking, rule_id: int, form: Form) -> Looked:
    """On the day that was asked for, else the next, else the last."""
    rule, consultation = visible_rule(session, asking.access, rule_id)
    days = calendar(session, rule, now=asking.now)
    asked = _day(form.text("day"))
    due = next((one for one in days if one.day == asked), None)
    due = due or next((one for one in days if one.at > asking.now), days[-1] if days else None)
    return Looked(rule, consultation, days, due, due.at if due else asking.now)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _days_to_choose(looked: Looked) -> list[DueDay]:
    """The days around the one that is shown."""
    if looked.due is None:
        return []
    place = list(looked.days).index(looked.due)
    first = max(0, min(place - MOST_DAYS_LINKED // 2, len(looked.days) - MOST_DAYS_LINKED))
    return list(looked.days[first : first + MOST_DAYS_LINKED])


def _verdict(session: Session, asking: Asking, looked: Looked, form: Form) -> Verdict:
    """Of the recipient the address names; where it names none, of the first who gets it. Raises NotFound."""
    wanted = form.text("to"), form.number("consultee"), form.number("user")
    verdicts = recipients_of_rule(
        session,
        looked.rule,
        due_on=looked.due.day if looked.due else None,
        now=asking.now,
        consultee_id=wanted[1],
    )
    written = [one for one in verdicts if one.recipient.address]
    if not wanted[0]:
        written = sorted(written, key=lambda one: not one.goes)[:1]
    else:
        written = [one for one in written if _key(one.recipient) == wanted]
    if not written:
        raise NotFound
    return written[0]


def _key(whom: Recipient) -> tuple[str, int | None, int | None]:
    return key_of(whom), whom.consultee_id, whom.user_id


def _named(verdict: Verdict) -> dict[str, object]:
    """What tells a recipient from the others."""
    whom = verdict.recipient
    ids = {"consultee": whom.consultee_id, "user": whom.user_id}
    return {"to": key_of(whom), **{name: value for name, value in ids.items() if value is not None}}


def _rendered(session: Session, asking: Asking, looked: Looked, verdict: Verdict) -> tuple[Rendered | None, str | None]:
    """As it would go at the due instant, from the record as it is now; or why it cannot be written."""
    reader = session.get(User, verdict.recipient.user_id or 0) or asking.user
    try:
        rendered = preview(
            session,
            asking.this.renderer,
            looked.consultation,
            _example(looked, verdict, reader),
            now=max(looked.at, asking.now),
            base_url=asking.this.settings.web.base_url,
        )
    except TemplateBroken as broken:
        return None, str(broken)
    return rendered, None


def _example(looked: Looked, verdict: Verdict, user: User) -> Example:
    return Example(
        looked.rule.audience.kind,
        user,
        consultee_id=verdict.recipient.consultee_id,
        address=verdict.recipient.address,
        template_id=looked.rule.template_id,
    )


def _shared(looked: Looked) -> dict[str, Any]:
    return {
        "rule": looked.rule,
        "consultation": looked.consultation,
        "zone": looked.consultation.zone,
        "due": looked.due,
        "at": looked.at,
        "looked": looked,
    }
