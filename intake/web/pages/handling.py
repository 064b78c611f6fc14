"""What is posted from a response's page: each form is one change, then back to the response with what was done.

Where somebody else was first, the officer sees what they did, with their own input kept. Decides nothing itself.
"""

from collections.abc import Callable

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response as Answer

from intake.errors import Changed, Mistakes, NotPossible
from intake.responses.handling import Flag, add_tag, assign, remove_tag, set_flag, set_nature, set_status, tags_in
from intake.responses.handling_moves import move_to, put_back
from intake.responses.handling_notes import add_note, remove_note
from intake.responses.handling_respondent import Respondent, correct_respondent, mistakes_in
from intake.responses.handling_standing import decide_late, restore, withdraw
from intake.responses.recounting import tell
from intake.responses.sentences import FLAGS
from intake.responses.thread import find_response
from intake.store.consultations import Consultation
from intake.store.people import Consultee
from intake.store.response_changes import changes_since
from intake.store.responses import LateDecision, Nature, RespondentWish, Response, ResponseStatus
from intake.store.users import User
from intake.web.asking import Asking, Officer
from intake.web.forms import Form, Sent
from intake.web.pages.response import response_page
from intake.web.showing import page, redirect, with_query
from intake.wording import plural

router = APIRouter()
Act = Callable[[Session, Response], str]
"""Makes one change to the response, and says in a sentence what was done."""

LABELS = {
    "status": "Mark as",
    "nature": "Change it to",
    "officer": "Give it to",
    "flag": "Mark",
    "set": "Set the mark",
    "respondent_name": "Name",
    "respondent_address": "Email address",
    "organisation": "Organisation",
    "stakeholder_group": "Stakeholder group",
    "decision": "Decision",
    "late_reason": "Reason",
    "undo": "Take the decision back",
    "consultation": "Move it to",
    "withdraw_reason": "Reason for withdrawing it",
    "put_back_reason": "Reason for putting it back",
    "consultee": "It is from",
    "none_of_them": "It is none of the consultees’",
    "reopen": "Take back whose it is",
    "writes_from_it": "The address writes for them from now on",
    "received-day": "It came on day",
    "received-month": "In month",
    "received-year": "In year",
    "received-clock": "At",
    "unsay": "Take back when it came",
    "wish": "They ask for",
    "act": "What is done",
}
"""The fields an officer fills in, as the page about a conflict calls them."""
_NATURES = {
    Nature.response: "It is a response now, and counts.",
    Nature.question: "It is a question now, and does not count as a response.",
    Nature.neither: "It is neither a response nor a question now.",
}
_ACTS = {"withdraw": "withdraw it", "settle": "mark it as dealt with", "reopen": "open it again"}


@router.post("/responses/{reference}/status")
def status(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        wanted = form.choice("status", ResponseStatus)
        if wanted is None:
            raise NotPossible("Choose unread, read or considered.")
        set_status(session, [response], wanted, user=asking.user, now=asking.now, version=form.version)
        return f"Marked as {wanted.value}."

    return handle(asking, reference, form, act)


@router.post("/responses/{reference}/nature")
def nature(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        wanted = form.choice("nature", Nature)
        if wanted is None:
            raise NotPossible("Choose response, question or neither.")
        set_nature(session, [response], wanted, user=asking.user, now=asking.now, version=form.version)
        return _NATURES[wanted]

    return handle(asking, reference, form, act)


@router.post("/responses/{reference}/officer")
def officer(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        chosen = session.get(User, form.number("officer") or 0)
        if chosen is None and form.text("officer"):
            raise NotPossible("Choose an officer from the list.")
        assign(session, [response], chosen, user=asking.user, now=asking.now, version=form.version)
        if chosen is None:
            return "Nobody has it now."
        return "It is yours now." if chosen.id == asking.user.id else f"Given to {chosen.name}."

    return handle(asking, reference, form, act, field="officer")


@router.post("/responses/{reference}/flags")
def flags(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        flag, is_set = form.choice("flag", Flag), form.is_ticked("set")
        if flag is None:
            raise NotPossible("Choose a mark.")
        set_flag(session, [response], flag, is_set=is_set, user=asking.user, now=asking.now, version=form.version)
        return f"Marked as {FLAGS[flag]}." if is_set else f"No longer marked as {FLAGS[flag]}."

    return handle(asking, reference, form, act)


@router.post("/responses/{reference}/tags")
def tags(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        if removed := form.text("remove"):
            remove_tag(session, [response], removed, user=asking.user, now=asking.now)
            return f"Removed the tag “{removed}”."
        given = tags_in(form.text("tags"))
        if not given:
            raise NotPossible("Write a tag first.")
        for tag in given:
            add_tag(session, [response], tag, user=asking.user, now=asking.now)
        return f"Added the {plural(len(given), 'tag').partition(' ')[2]} {', '.join(f'“{tag}”' for tag in given)}."

    return handle(asking, reference, form, act, field="tags")


@router.post("/responses/{reference}/notes")
def notes(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        if removed := form.number("remove"):
            remove_note(session, response, removed, user=asking.user, now=asking.now)
            return "Removed your note."
        add_note(session, response, form.long_text("note"), user=asking.user, now=asking.now)
        return "Added your note."

    return handle(asking, reference, form, act, field="note")


@router.post("/responses/{reference}/respondent")
def respondent(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        names = ("respondent_name", "respondent_address", "organisation", "stakeholder_group")
        given = Respondent(**{name: form.text(name) for name in names})
        if mistakes := mistakes_in(session, response, given):
            raise Mistakes(mistakes)
        changed = correct_respondent(session, response, given, user=asking.user, now=asking.now, version=form.version)
        return "Corrected who responded." if changed else "Nothing was different, so nothing was changed."

    return handle(asking, reference, form, act)


@router.post("/responses/{reference}/late")
def late(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        decision, reason = form.choice("decision", LateDecision), form.long_text("late_reason")
        if decision is None and not form.is_ticked("undo"):
            raise Mistakes({"decision": "Choose whether it counts."})
        reason = "" if decision is None else reason
        decide_late(session, [response], decision, reason, user=asking.user, now=asking.now, version=form.version)
        counted = {
            LateDecision.counted: "It counts, although it is late.",
            LateDecision.not_counted: "It does not count.",
        }
        return counted[decision] if decision else "Took the decision back."

    return handle(asking, reference, form, act, field="late_reason")


@router.post("/responses/{reference}/move")
def move(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        target = session.get(Consultation, form.number("consultation") or 0)
        if target is None or not asking.access.may_see(target.id) or target.id == response.consultation_id:
            raise NotPossible("Choose the consultation it belongs to.")
        before = response.reference
        move_to(session, [response], target, user=asking.user, now=asking.now, version=form.version)
        return (
            f"Moved to “{target.title}” as {response.reference}. "
            f"The respondent knows {before}, which goes on working; you can tell them in a reply."
        )

    return handle(asking, reference, form, act, field="consultation")


@router.post("/responses/{reference}/withdraw")
def withdraw_it(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        reason = form.long_text("withdraw_reason")
        if not reason:
            raise NotPossible("Say why it is withdrawn.")
        withdraw(session, [response], reason, user=asking.user, now=asking.now, version=form.version)
        return "Withdrawn. It is kept, and not counted."

    return handle(asking, reference, form, act, field="withdraw_reason")


@router.post("/responses/{reference}/restore")
def restore_it(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        restore(session, [response], user=asking.user, now=asking.now, version=form.version)
        return "Restored."

    return handle(asking, reference, form, act, field="restore")


@router.post("/responses/{reference}/put-back")
def put_it_back(asking: Officer, reference: str, form: Sent) -> Answer:
    def act(session: Session, response: Response) -> str:
        reason = form.long_text("put_back_reason")
        if not reason:
            raise NotPossible("Say why it is put back.")
        put_back(session, response, reason, user=asking.user, now=asking.now, version=form.version)
        return "Put back: its email waits under Held for a new decision."

    return handle(asking, reference, form, act, field="put_back_reason")


def handle(
    asking: Asking, reference: str, form: Form, act: Act, *, field: str = "main-content", back: str | None = None
) -> Answer:
    """One change in one transaction. `field` is where a mistake is shown that concerns the form as a whole, `back` the
    page to go to where that is not the response's."""
    try:
        with asking.this.database.transaction() as session:
            response = find_response(session, asking.access, reference)
            done = act(session, response)
    except Changed:
        return _conflict(asking, reference, form)
    except NotPossible as error:
        return response_page(asking, reference, mistakes={field: str(error)}, given=form, status=422)
    except Mistakes as wrong:
        return response_page(asking, reference, mistakes=wrong.by_field, given=form, status=422)
    own = with_query(f"/responses/{response.reference}", asking.request.url.query)  # with the filter they came from
    return redirect(asking, back or own, notice=done)


def _conflict(asking: Asking, reference: str, form: Form) -> Answer:
    """What the other officer did, and the officer's own input, to be sent again or left."""
    with asking.this.database.reading() as session:
        response = find_response(session, asking.access, reference)
        consultation = session.get_one(Consultation, response.consultation_id)
        meanwhile = tell(session, changes_since(session, response, form.version))
        given = {name: form.long_text(name) for name in LABELS if form.many(name)}
        shown = [(LABELS[name], _shown(session, asking, response, name, value)) for name, value in given.items()]
    return page(
        asking,
        "conflict.html",
        status=409,
        response=response,
        zone=consultation.zone,
        meanwhile=meanwhile,
        shown=shown,
        kept={**given, "form": form.text("form"), "version": response.version},
        action=asking.request.url.path.rpartition("/")[2],
        query=asking.request.url.query,
    )


def _shown(session: Session, asking: Asking, response: Response, name: str, value: str) -> str:
    """A field's value in words."""
    key = int(value) if value.isdecimal() and len(value) < 10 else 0
    if name == "officer":
        found = session.get(User, key)
        return found.name if found else "nobody"
    if name == "consultation" and asking.access.may_see(key):
        target = session.get(Consultation, key)
        return target.title if target else ""
    if name == "consultee":
        invited = session.get(Consultee, key)
        return invited.organisation if invited and asking.access.may_see(invited.consultation_id) else ""
    if name == "wish":
        wish = session.get(RespondentWish, key)
        return wish.wish.value if wish and wish.response_id == response.id else ""
    if name == "act":
        return _ACTS.get(value, "")
    if name in ("set", "unsay", "none_of_them", "reopen", "writes_from_it"):
        return "yes" if value else "no"
    return value.replace("_", " ") if name in ("flag", "decision") else value
