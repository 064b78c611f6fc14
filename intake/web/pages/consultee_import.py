"""Taking in a list of consultees: choose a file, look at what it comes to, say what its columns hold, confirm.

Between the steps the file is set aside under a name that only the page knows; it is read anew at each.
"""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.consultee_columns import Column, Layout, headings_of, recognise, recognise_sheet
from intake.administration.consultee_import import ListChanged, import_consultees
from intake.administration.consultee_plan import Listing, plan_import
from intake.documents.spreadsheets import Sheet, read_spreadsheet, without_what_was_wrong
from intake.errors import Mistakes
from intake.store.people import groups_of
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt
from intake.web.forms import Form, Sent, SentWithFile
from intake.web.showing import CSV, download, page
from intake.web.spreadsheets import columns_of, set_aside
from intake.wording import plural

router = APIRouter()
SHOWN = 200  # rows of a kind


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as it was set aside, its sheets, and the list in it as the form says."""

    aside: str
    filename: str
    sheets: list[Sheet]
    listing: Listing

    @property
    def columns(self) -> list[tuple[int, str, list[str], Column | None]]:
        """Place, heading, first values, and what each column holds."""
        sheet, layout = self.listing.sheet, self.listing.layout
        return columns_of(sheet, layout.header, headings_of(sheet, layout), layout.columns)


@router.get("/consultations/{slug}/consultees/import")
def choose(asking: Administrator, slug: str) -> Response:
    return _show_choice(asking, slug)


@router.post("/consultations/{slug}/consultees/import")
def look(asking: Administrator, slug: str, form: SentWithFile) -> Response:
    try:
        uploaded = _uploaded(asking, form)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    if mistakes := _mistakes_in_columns(form, uploaded.listing.layout):
        return _show_plan(asking, slug, uploaded, status=422, mistakes=mistakes)
    return _show_plan(asking, slug, uploaded)


@router.post("/consultations/{slug}/consultees/import/confirm")
def confirm(asking: Administrator, slug: str, form: Sent) -> Response:
    try:
        uploaded = _uploaded(asking, form)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, slug)
        listing, seen = uploaded.listing, form.text("seen")
        done = import_consultees(session, consultation, listing, seen=seen, now=asking.now, actor=asking.user.actor)
        plan = done.plan
        notice = f"{plural(len(plan.added), 'consultee')} added, {len(plan.changed):,} changed."
        matched = f" {plural(done.matched, 'earlier response')} matched." if done.matched else ""
        return Done(f"/consultations/{slug}/consultees", notice + matched)

    try:
        return attempt(asking, change, lambda **more: _show_plan(asking, slug, uploaded, **more))
    except ListChanged as changed:
        return _show_plan(asking, slug, uploaded, status=409, mistakes={"summary": str(changed)})


@router.post("/consultations/{slug}/consultees/import/wrong-rows")
def wrong_rows(asking: Administrator, slug: str, form: Sent) -> Response:
    try:
        uploaded = _uploaded(asking, form)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    with asking.this.database.reading() as session:
        plan = plan_import(session, visible_consultation(session, asking.access, slug), uploaded.listing)
    return download(uploaded.listing.wrong_rows_as_csv(plan.wrong), f"{slug}-rows-to-correct.csv", CSV)


def _uploaded(asking: Asking, form: Form) -> Uploaded:
    """Raises Mistakes where there is no file, or none that can be read."""
    kept = set_aside(asking, form, lambda content: [without_what_was_wrong(one) for one in read_spreadsheet(content)])
    layout = _layout(form, kept.sheets)
    [sheet] = [sheet for sheet in kept.sheets if sheet.name == layout.sheet]
    return Uploaded(kept.aside, kept.filename, kept.sheets, Listing(sheet, layout, form.text("group")))


def _layout(form: Form, sheets: list[Sheet]) -> Layout:
    """As the form says; where it names another sheet or row of headings than it showed, as the headings say."""
    sheet = next((sheet for sheet in sheets if sheet.name == form.text("sheet")), None)
    header = form.number("header")
    if sheet is None or header is None:
        return recognise(sheets)
    if form.text("shown_sheet") != sheet.name:
        return recognise_sheet(sheet)
    if form.number("shown_header") != header:
        return recognise_sheet(sheet, header)
    width = max(map(len, sheet.rows))
    columns = tuple(form.choice(f"column-{place}", Column) for place in range(width))
    return Layout(sheet.name, min(header, len(sheet.rows)), columns)


def _mistakes_in_columns(form: Form, layout: Layout) -> dict[str, str]:
    """Once an administrator has said what the columns hold."""
    places, seen = form.numbers("place"), set[Column]()
    if places and not layout.is_known:
        return {f"column-{places[0]}": "Choose the column with the name of the organisation."}
    for place in places:
        column = form.choice(f"column-{place}", Column)
        if column in seen and column and not column.is_repeatable:
            return {f"column-{place}": "Another column is to hold the same; choose one of them."}
        seen |= {column} if column else set()
    return {}


def _show_choice(asking: Asking, slug: str, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
    return page(asking, "consultee_import.html", consultation=consultation, **more)


def _show_plan(asking: Asking, slug: str, uploaded: Uploaded, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        groups = groups_of(session, consultation.id)
        is_known = uploaded.listing.layout.is_known and more.get("status") != 422
        plan = plan_import(session, consultation, uploaded.listing) if is_known else None
    fields: dict[str, Any] = {"uploaded": uploaded, "plan": plan, "groups": groups, "most": SHOWN, "Column": Column}
    return page(asking, "consultee_import_look.html", consultation=consultation, **fields, **more)
