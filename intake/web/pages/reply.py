"""The page on which an officer replies to a respondent: write, look at the email as it will go, send.

Sends nothing itself: the reply is put into the outbox. Nothing typed is lost when something has to be put right.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response as Answer

from intake.errors import Changed, NotPossible
from intake.outbound.rendering import Rendered, TemplateBroken
from intake.outbound.replying import (
    KIND,
    Reply,
    fields,
    filled,
    mistakes_in,
    proposed_subject,
    queue_reply,
    recipient,
    templates_for,
)
from intake.responses.recounting import Told, tell
from intake.responses.thread import find_response, thread_of
from intake.store.consultations import Consultation, sending_address
from intake.store.emails import OutgoingEmail
from intake.store.response_changes import changes_since
from intake.store.responses import Response
from intake.web.asking import Asking, Officer
from intake.web.forms import Sent
from intake.web.showing import page, redirect

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A reply as it is written, and which version of the response its writer saw."""

    reply: Reply
    version: int
    mistakes: dict[str, str]
    template_id: int | None = None


@router.get("/responses/{reference}/reply")
def write(asking: Officer, reference: str) -> Answer:
    with asking.this.database.reading() as session:
        response = find_response(session, asking.access, reference)
        return _form(session, asking, response, _proposed(session, asking, response))


@router.post("/responses/{reference}/reply")
def reply(asking: Officer, reference: str, form: Sent) -> Answer:
    given = Reply(form.text("subject"), form.long_text("text"), form.text("token"))
    draft = _Draft(given, form.version, mistakes_in(given))
    if form.text("step") == "send" and not draft.mistakes:
        return _send(asking, reference, draft)
    with asking.this.database.reading() as session:
        response = find_response(session, asking.access, reference)
        if form.text("step") == "edit":
            return _form(session, asking, response, replace(draft, mistakes={}))
        return _look(session, asking, response, draft)


def _send(asking: Asking, reference: str, draft: _Draft) -> Answer:
    try:
        with asking.this.database.transaction() as session:
            response = find_response(session, asking.access, reference)
            outgoing = queue_reply(
                session,
                response,
                draft.reply,
                message_id_domain=asking.this.settings.mail.message_id_domain,
                user=asking.user,
                now=asking.now,
                version=draft.version,
            )
    except Changed:
        with asking.this.database.reading() as session:
            return _look(session, asking, find_response(session, asking.access, reference), draft, status=409)
    except NotPossible as error:
        with asking.this.database.reading() as session:
            response = find_response(session, asking.access, reference)
            return _form(session, asking, response, replace(draft, mistakes={"text": str(error)}))
    back = _back(asking)
    notice = f"Your reply to {outgoing.recipient_address} is on its way; it is shown below under Correspondence."
    return redirect(asking, f"/responses/{response.reference}{back}", notice=notice)


def _proposed(session: Session, asking: Asking, response: Response) -> _Draft:
    """An empty reply, or one from the template that was chosen."""
    consultation = session.get_one(Consultation, response.consultation_id)
    key = asking.request.query_params.get("template", "")
    template = next((one for one in templates_for(session, consultation.id) if str(one.id) == key), None)
    text, mistakes = "", dict[str, str]()
    if template:
        try:
            text = filled(template, response, consultation, asking.user)
        except TemplateBroken as error:
            text, mistakes = template.text, {"text": f"The template could not be filled in. {error}"}
    given = Reply(proposed_subject(response, consultation), text, secrets.token_urlsafe(16))
    return _Draft(given, response.version, mistakes, template.id if template else None)


def _form(session: Session, asking: Asking, response: Response, draft: _Draft) -> Answer:
    return page(
        asking,
        "reply.html",
        status=422 if draft.mistakes else 200,
        **_shared(session, asking, response),
        reply=draft.reply,
        version=draft.version,
        mistakes=draft.mistakes,
        templates=templates_for(session, response.consultation_id),
        template_id=draft.template_id,
        kept=_kept(asking),
    )


def _look(session: Session, asking: Asking, response: Response, draft: _Draft, *, status: int = 200) -> Answer:
    """The email as it will go; with what others did meanwhile, which sending it now takes into account."""
    if draft.mistakes or recipient(response) is None:
        return _form(session, asking, response, draft)
    try:
        rendered = _rendered(session, asking, response, draft.reply)
    except TemplateBroken as error:
        return _form(session, asking, response, replace(draft, mistakes={"text": str(error)}))
    return page(
        asking,
        "reply_preview.html",
        status=status,
        **_shared(session, asking, response),
        reply=draft.reply,
        version=response.version,
        rendered=rendered,
        meanwhile=_meanwhile(session, response, draft.version),
    )


def _rendered(session: Session, asking: Asking, response: Response, given: Reply) -> Rendered:
    consultation = session.get_one(Consultation, response.consultation_id)
    looked_at = OutgoingEmail(
        kind=KIND,
        once_key="",
        consultation_id=consultation.id,
        response_id=response.id,
        recipient_address="",
        message_id="",
        queued_at=asking.now,
        due_at=asking.now,
        user_id=asking.user.id,
        given_subject=given.subject,
        given_text=given.text,
    )
    return asking.this.renderer.render(KIND, fields(session, looked_at, asking.now), slug=consultation.slug)


def _meanwhile(session: Session, response: Response, version: int) -> Sequence[Told]:
    return tell(session, changes_since(session, response, version)) if response.version != version else []


def _shared(session: Session, asking: Asking, response: Response) -> dict[str, Any]:
    """What both steps show."""
    thread = thread_of(session, response, asking.access)
    return {
        "response": response,
        "consultation": thread.consultation,
        "zone": thread.consultation.zone,
        "address": recipient(response),
        "sender": sending_address(session, thread.consultation),
        "last": thread.incoming[-1],
        "back": _back(asking),
    }


def _kept(asking: Asking) -> list[tuple[str, str]]:
    """The filter the officer came from."""
    return [(name, value) for name, value in asking.request.query_params.multi_items() if name != "template"]


def _back(asking: Asking) -> str:
    kept = urlencode(_kept(asking))
    return f"?{kept}" if kept else ""
