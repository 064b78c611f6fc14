"""The pages of a form that is being filled in, opened by the secret in their address: step by step to handing it in.

What is sent is kept first and judged then, so that a mistake, a closed browser or a cut connection loses nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from intake.deadlines import late_from, moment_wording
from intake.documents.kinds import ACCEPT, HINT, refusal
from intake.errors import Mistakes, NotFound
from intake.inbound.drafts import Draft, DraftState, add_files, draft_state, find_draft, remove_file, save
from intake.inbound.entering import store_files
from intake.inbound.form_rules import LONGEST_ANSWER, NO_GROUP, chosen, mistakes_in_person, mistakes_in_questions
from intake.inbound.online import FormOver, hand_in
from intake.jobs import Installation, acknowledgement_rules
from intake.mail.attachments import safe_filename
from intake.store.consultations import OnlineForm, Question, QuestionKind, own_addresses
from intake.store.responses import Response as Recorded
from intake.web.asking import Public
from intake.web.forms import Form, SentByLink
from intake.web.pages.respond import addresses_of
from intake.web.showing import page_by_link

router = APIRouter()
YOU, CHECK = "you", "check"
PERSON = ("name", "address", "is_for_organisation", "organisation", "group", "may_publish")


@router.get("/respond/{slug}/{token}")
def take_up(this: Public, slug: str, token: str) -> Response:
    """The link to come back by: to the first step that is not filled in yet."""
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
    todo = (step for step in _steps(draft) if step != CHECK and (not _given(draft, step) or _mistakes(draft, step)))
    return RedirectResponse(f"/respond/{slug}/{token}/{next(todo, CHECK)}", status_code=303)


@router.get("/respond/{slug}/{token}/saved")
def saved(request: Request, this: Public, slug: str, token: str) -> Response:
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
    if draft.row.response_id is not None:
        return RedirectResponse(f"/respond/{slug}/{token}/done", status_code=303)
    link = f"{this.settings.web.base_url}/respond/{slug}/{token}"
    return page_by_link(request, "respond_saved.html", consultation=draft.consultation, link=link)


@router.get("/respond/{slug}/{token}/done")
def done(request: Request, this: Public, slug: str, token: str) -> Response:
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
        if draft.row.response_id is None:
            return RedirectResponse(f"/respond/{slug}/{token}", status_code=303)
        response = session.get_one(Recorded, draft.row.response_id)
    receipt = f"/receipt/{token}"
    return page_by_link(
        request, "respond_done.html", consultation=draft.consultation, response=response, receipt=receipt
    )


@router.get("/respond/{slug}/{token}/{step}")
def show(request: Request, this: Public, slug: str, token: str, step: str) -> Response:
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
    return _show(request, this, draft, token, step)


@router.post("/respond/{slug}/{token}/{step}")
def send(request: Request, this: Public, slug: str, token: str, step: str, form: SentByLink) -> Response:
    if step == CHECK:
        return _hand_in(request, this, slug, token, form)
    mistakes = dict[str, str]()
    with this.database.transaction() as session:
        draft = find_draft(session, slug, token, lock=True)
        mistakes |= _keep(session, this, draft, step, form, now=this.clock())
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
    is_over = draft_state(draft, this.clock()) in (DraftState.over, DraftState.handed_in)
    if form.text("act") == "later" and not mistakes:
        return RedirectResponse(f"/respond/{slug}/{token}/saved", status_code=303)
    mistakes |= {} if form.text("remove") else {**_mistakes(draft, step), **mistakes}
    if mistakes or form.text("remove") or is_over:
        return _show(request, this, draft, token, step, mistakes=mistakes, is_change=form.is_ticked("change"))
    following = CHECK if form.is_ticked("change") else _beside(draft, step, 1)
    return RedirectResponse(f"/respond/{slug}/{token}/{following}", status_code=303)


def _hand_in(request: Request, this: Installation, slug: str, token: str, form: Form) -> Response:
    mistakes = {"website": "This field has to stay empty; empty it and send the form again."}
    if not form.text("website"):
        try:
            with this.database.transaction() as session:
                rules = acknowledgement_rules(this, own_addresses(session))
                hand_in(session, slug, token, rules=rules, now=this.clock())
            return RedirectResponse(f"/respond/{slug}/{token}/done", status_code=303)
        except Mistakes as wrong:
            mistakes = _at_their_rows(wrong.by_field)
        except FormOver:
            mistakes = {}  # the page itself says so
    with this.database.reading() as session:
        draft = find_draft(session, slug, token)
    return _show(request, this, draft, token, CHECK, mistakes=mistakes)


def _show(
    request: Request,
    this: Installation,
    draft: Draft,
    token: str,
    step: str,
    *,
    mistakes: dict[str, str] | None = None,
    is_change: bool = False,
) -> Response:
    """The step; where the form was handed in, the way to its confirmation; where it is too late, what can be done."""
    now, slug = this.clock(), draft.consultation.slug
    state = draft_state(draft, now)
    if state is DraftState.handed_in:
        return RedirectResponse(f"/respond/{slug}/{token}/done", status_code=303)
    if step not in _steps(draft):
        raise NotFound
    fields: dict[str, Any] = {"consultation": draft.consultation, "draft": draft, "mistakes": mistakes or {}}
    fields |= {"own": f"/respond/{slug}/{token}", "given": draft.given, "sections": _sections(draft)}
    if state is DraftState.over:
        with this.database.reading() as session:
            fields["addresses"] = addresses_of(session, draft.consultation)
        return page_by_link(request, "respond_over.html", status=409, **fields)
    fields |= {"until": _until(draft) if state is DraftState.grace else None, "step": step}
    fields |= {"is_change": is_change or "change" in request.query_params, "back_to": _beside(draft, step, -1)}
    fields |= {"questions": _questions(draft, step), "files_hint": HINT, "accept": ACCEPT, "longest": LONGEST_ANSWER}
    fields["no_group"] = NO_GROUP
    template = {YOU: "respond_you.html", CHECK: "respond_check.html"}.get(step, "respond_questions.html")
    return page_by_link(request, template, status=422 if mistakes else 200, **fields)


def _keep(
    session: Session, this: Installation, draft: Draft, step: str, form: Form, *, now: datetime
) -> dict[str, str]:
    """Keeps what was sent for this step, and says what could not be kept."""
    questions, mistakes = _questions(draft, step), dict[str, str]()
    if step == YOU:
        fields: dict[str, Any] = {name: form.text(name) for name in PERSON}
    else:
        fields = {f"question-{one.id}": _value(form, one) for one in questions if one.kind is not QuestionKind.file}
    try:
        save(session, draft, fields, now=now)
    except Mistakes as wrong:
        mistakes |= wrong.by_field
    for question in questions:
        mistakes |= _keep_files(session, this, draft, question, form, now=now)
    if (removed := form.number("remove")) is not None:
        remove_file(session, draft, removed)
    return mistakes


def _keep_files(
    session: Session, this: Installation, draft: Draft, question: Question, form: Form, *, now: datetime
) -> dict[str, str]:
    field = f"question-{question.id}"
    given = form.files(field) if question.kind is QuestionKind.file else []
    refused = {file.filename: why for file in given if (why := refusal(file.filename, file.content))}
    taken = [file for file in given if file.filename not in refused]
    stored = store_files(this.files, taken, question.id)
    mistakes = {field: " ".join(f"{safe_filename(name)}: {why}" for name, why in refused.items())} if refused else {}
    try:
        add_files(session, draft, stored, now=now)
    except Mistakes as wrong:
        mistakes |= wrong.by_field
    return mistakes


def _steps(draft: Draft) -> list[str]:
    is_one_page = draft.consultation.online_form is OnlineForm.one_page
    return [*(["all"] if is_one_page else [f"question-{one.id}" for one in draft.questions]), YOU, CHECK]


def _beside(draft: Draft, step: str, places: int) -> str | None:
    """The step before or after this one."""
    steps = _steps(draft)
    if step not in steps:
        raise NotFound
    place = steps.index(step) + places
    return steps[place] if 0 <= place < len(steps) else None


def _questions(draft: Draft, step: str) -> Sequence[Question]:
    """Those that stand on this step's page. Raises NotFound where there is no such step."""
    if step not in _steps(draft):
        raise NotFound
    return draft.questions if step == "all" else [one for one in draft.questions if step == f"question-{one.id}"]


def _mistakes(draft: Draft, step: str) -> dict[str, str]:
    if step == YOU:
        return mistakes_in_person(draft.given, draft.groups)
    return mistakes_in_questions(draft, _questions(draft, step))


def _given(draft: Draft, step: str) -> bool:
    """Whether this step was sent before."""
    fields = PERSON if step == YOU else [f"question-{one.id}" for one in _questions(draft, step)]
    return any(field in draft.given for field in fields) or any(map(draft.files_of, _questions(draft, step)))


def _value(form: Form, question: Question) -> str | list[str]:
    field = f"question-{question.id}"
    if question.kind is QuestionKind.text:
        return form.long_text(field)
    # What is not among the options stays, to be told: the question may have changed meanwhile.
    return form.many(field) if question.kind is QuestionKind.choices else form.text(field)


def _sections(draft: Draft) -> list[dict[str, Any]]:
    """Each question with its answer, for whoever looks over the whole."""
    return [
        {
            "field": f"question-{one.id}",
            "step": "all" if draft.consultation.online_form is OnlineForm.one_page else f"question-{one.id}",
            "asked": one.text,
            "text": "" if one.kind.has_options else draft.given.get(f"question-{one.id}", ""),
            "chosen": chosen(one, draft.given),
            "files": draft.files_of(one),
        }
        for one in draft.questions
    ]


def _at_their_rows(mistakes: Mapping[str, str]) -> dict[str, str]:
    """By the row of the page that checks answers, whose link leads to where it is put right."""
    return {f"row-{field}" if field.startswith("question") else "row-you": told for field, told in mistakes.items()}


def _until(draft: Draft) -> str:
    """Of a form begun before closing: the last minute in which it is taken."""
    end = late_from(draft.consultation.closes_at) + timedelta(minutes=draft.consultation.grace_minutes - 1)
    return moment_wording(end, draft.consultation.zone)
