"""The texts of a consultation's emails: which are used, one to be edited beside its preview, its versions.

What is typed is shown as it would go before anything is saved; a page with mistakes keeps it.
"""

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.email_texts import (
    Saving,
    add_template,
    checked_text,
    choose_template,
    mistake_of,
    remove_template,
    rename_template,
    save_text,
    texts_of,
    visible_template,
)
from intake.administration.text_examples import Choice, choices, chosen, helps, to_try
from intake.errors import Mistakes, NotFound
from intake.outbound.rendering import Rendered, TemplateBroken
from intake.outbound.testing_texts import Example, preview, send_test
from intake.outbound.texts import KINDS, LANGUAGES, OwnText, newest_version
from intake.store.consultations import Consultation
from intake.store.mailings import EmailTemplate
from intake.store.people import ENGLISH
from intake.web.asking import Administrator, Asking, Officer, RowId
from intake.web.editing import Done, attempt
from intake.web.forms import Form, Sent
from intake.web.security import PAGE_POLICY
from intake.web.showing import page

# The preview stands in a frame that takes this page's policy over, and mail knows no styles but those in the lines.
EDITOR_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

router = APIRouter()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A text as it is typed, and how it would read for one of those it goes to."""

    own: OwnText
    version: int
    choice: Choice
    rendered: Rendered | None = None
    mistakes: dict[str, str] | None = None


@router.get("/consultations/{slug}/texts")
def listed(asking: Officer, slug: str) -> Response:
    return _show_list(asking, slug)


@router.post("/consultations/{slug}/texts")
def add(asking: Administrator, slug: str, form: Sent) -> Response:
    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        row = add_template(session, consultation, form.text("kind"), {"name": form.text("name")}, _saving(asking))
        used = "It is used from now on." if row.is_default else "It is used where a rule or a mailing chooses it."
        return Done(f"/texts/{row.id}", f"The text “{row.name}” begins with the product’s own words. {used}")

    return attempt(asking, change, lambda **more: _show_list(asking, slug, given=form, **more))


@router.get("/consultations/{slug}/texts/{kind}")
def used(asking: Officer, slug: str, kind: str) -> Response:
    """The email as it goes now, whoever wrote its words."""
    if kind not in KINDS:
        raise NotFound
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        language, offered = _language(asking, kind), choices(session, consultation, kind, asking.user)
        choice = chosen(offered, asking.request.query_params.get("example", ""))
        texts = next(one for one in texts_of(session, consultation) if one.key == kind)
        example = replace(choice.example, template_id=texts.used.row.id if texts.used else None, language=language)
        # The words are not those of a form: they are found as they are for sending.
        draft = _tried(session, asking, consultation, _Draft(OwnText("", "", language), 0, choice), example)
        shared = _shared(session, asking, consultation, kind, draft, offered)
    return page(asking, "text_used.html", policy=EDITOR_POLICY, texts=texts, **shared)


@router.get("/texts/{text_id}")
def edit(asking: Administrator, text_id: RowId) -> Response:
    return _show(asking, text_id)


@router.post("/texts/{text_id}")
def save(asking: Administrator, text_id: RowId, form: Sent) -> Response:
    """Or look at it, or have it sent to oneself: then nothing is saved, and what was typed stays."""
    match form.text("step"):
        case "save":
            return _save(asking, text_id, form)
        case "test":
            return _show(asking, text_id, form, **_send_test(asking, text_id, form))
    return _show(asking, text_id, form)


@router.post("/texts/{text_id}/name")
def rename(asking: Administrator, text_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row = visible_template(session, asking.access, text_id)
        rename_template(session, row, {"name": form.text("name")}, user=asking.user, now=asking.now)
        return Done(f"/texts/{text_id}", "The name was changed.")

    return attempt(asking, change, lambda **more: _show(asking, text_id, named=form, **more))


@router.post("/texts/{text_id}/use")
def use(asking: Administrator, text_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row, is_used = visible_template(session, asking.access, text_id), form.text("use") == "yes"
        choose_template(session, row, is_used=is_used, user=asking.user, now=asking.now)
        now_used = f"“{row.name}” is used" if is_used else "The product’s own words are used"
        return Done(f"/texts/{text_id}", f"{now_used} from now on, wherever no other text is chosen.")

    return attempt(asking, change, lambda **more: _show(asking, text_id, **more))


@router.post("/texts/{text_id}/remove")
def remove(asking: Administrator, text_id: RowId, form: Sent) -> Response:
    def change(session: Session) -> Done:
        row = visible_template(session, asking.access, text_id)
        remove_template(session, row, user=asking.user, now=asking.now)
        slug = session.get_one(Consultation, row.consultation_id).slug
        return Done(f"/consultations/{slug}/texts", f"The text “{row.name}” was removed.")

    return attempt(asking, change, lambda **more: _show(asking, text_id, **more))


def _save(asking: Asking, text_id: int, form: Form) -> Response:
    def change(session: Session) -> Done:
        row = visible_template(session, asking.access, text_id)
        language, consultation = _language(asking, row.kind, form), session.get_one(Consultation, row.consultation_id)
        examples = to_try(session, consultation, row.kind, asking.user)
        saving = replace(_saving(asking), examples=examples, seen=form.version)
        version = save_text(session, row, language, _given(form), saving)
        saved = f"Saved: this is version {version.number} now." if version else "Nothing was different."
        return Done(f"/texts/{text_id}?language={language}&example={form.text('example')}", saved)

    return attempt(asking, change, lambda **more: _show(asking, text_id, form, **more))


def _send_test(asking: Asking, text_id: int, form: Form) -> dict[str, str]:
    """The notice of it; none where there is a mistake to be shown."""
    settings = asking.this.settings
    with asking.this.database.transaction() as session:
        row = visible_template(session, asking.access, text_id)
        draft = _typed(session, asking, row, form)
        if draft.mistakes:
            return {}
        outgoing = send_test(
            session,
            asking.this.renderer,
            session.get_one(Consultation, row.consultation_id),
            replace(draft.choice.example, own=draft.own),
            message_id_domain=settings.mail.message_id_domain,
            now=asking.now,
            base_url=settings.web.base_url,
        )
    return {"notice": f"A test of what stands below is on its way to {outgoing.recipient_address}. Nothing was saved."}


def _typed(session: Session, asking: Asking, row: EmailTemplate, form: Form) -> _Draft:
    """What was typed, as it would read; its mistakes instead where it cannot be filled in."""
    consultation = session.get_one(Consultation, row.consultation_id)
    choice = chosen(choices(session, consultation, row.kind, asking.user), form.text("example"))
    language = _language(asking, row.kind, form)
    draft = _Draft(OwnText(form.text("subject"), form.long_text("text"), language), form.version, choice)
    try:
        draft = replace(draft, own=checked_text(session, row, language, _given(form), _saving(asking)))
    except Mistakes as wrong:
        return replace(draft, mistakes=wrong.by_field)
    return _tried(session, asking, consultation, draft)


def _saved(session: Session, asking: Asking, row: EmailTemplate) -> _Draft:
    """The newest version, or the product's own words where those are asked for, to begin again from them."""
    consultation = session.get_one(Consultation, row.consultation_id)
    asked, language = asking.request.query_params, _language(asking, row.kind)
    choice = chosen(choices(session, consultation, row.kind, asking.user), asked.get("example", ""))
    newest = newest_version(session, row.id, language)
    if newest and asked.get("start") != "product":
        own = OwnText(newest.subject, newest.text, language)
    else:
        own = asking.this.renderer.source(row.kind, slug=consultation.slug, language=language)
    return _tried(session, asking, consultation, _Draft(own, newest.number if newest else 0, choice))


def _tried(
    session: Session, asking: Asking, consultation: Consultation, draft: _Draft, example: Example | None = None
) -> _Draft:
    example, base_url = example or replace(draft.choice.example, own=draft.own), asking.this.settings.web.base_url
    try:
        rendered = preview(session, asking.this.renderer, consultation, example, now=asking.now, base_url=base_url)
    except TemplateBroken as broken:
        return replace(draft, mistakes=mistake_of(broken))
    return replace(draft, rendered=rendered)


def _show(asking: Asking, text_id: int, form: Form | None = None, **more: Any) -> Response:
    """With what was typed, if anything was. After a conflict to save again replaces what the other one wrote."""
    with asking.this.database.reading() as session:
        row = visible_template(session, asking.access, text_id)
        consultation = session.get_one(Consultation, row.consultation_id)
        draft = _typed(session, asking, row, form) if form else _saved(session, asking, row)
        newest = newest_version(session, row.id, draft.own.language)
        version = newest.number if newest and (more.get("conflict") or not form) else draft.version
        texts = next(one for one in texts_of(session, consultation) if one.key == row.kind)
        offered = choices(session, consultation, row.kind, asking.user)
        shared = _shared(session, asking, consultation, row.kind, draft, offered)
    shown = {"row": row, "newest": newest, "version": version, "rules": _rules(texts, row), "texts": texts, **shared}
    mistakes = {"mistakes": draft.mistakes, "status": 422} if form and draft.mistakes else {}
    return page(asking, "text.html", policy=EDITOR_POLICY, **{"named": None, **shown, **mistakes, **more})


def _show_list(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        texts = texts_of(session, consultation)
    return page(asking, "texts.html", consultation=consultation, texts=texts, languages=LANGUAGES, **more)


def _shared(
    session: Session, asking: Asking, consultation: Consultation, kind: str, draft: _Draft, offered: list[Choice]
) -> dict[str, Any]:
    example, language = draft.choice.example, draft.own.language
    base_url = asking.this.settings.web.base_url
    fields, made_up = helps(session, consultation, example, language, now=asking.now, base_url=base_url)
    return {
        "consultation": consultation,
        "zone": consultation.zone,
        "kind": KINDS[kind],
        "key": kind,
        "draft": draft,
        "language": language,
        "languages": {one: LANGUAGES[one] for one in KINDS[kind].languages},
        "choices": offered,
        "helps": fields,
        "made_up": made_up,
    }


def _rules(texts: Any, row: EmailTemplate) -> list[str]:
    return next((list(one.rules) for one in texts.templates if one.row.id == row.id), [])


def _language(asking: Asking, kind: str, form: Form | None = None) -> str:
    asked = form.text("language") if form else asking.request.query_params.get("language", "")
    return asked if asked in KINDS[kind].languages else ENGLISH


def _given(form: Form) -> dict[str, object]:
    return {"subject": form.text("subject"), "text": form.long_text("text")}


def _saving(asking: Asking) -> Saving:
    return Saving(asking.user, asking.now, asking.this.renderer, asking.this.settings.web.base_url, [])
