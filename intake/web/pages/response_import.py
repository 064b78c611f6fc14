"""Taking in what people answered on another platform: choose its export, say what the columns hold, look, confirm.

Between the steps the file is set aside under a name that only the page knows. A long one is taken in part by part, each
in a request of its own, so that none takes longer than browsers and proxies wait.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

from fastapi import APIRouter, Response

from intake.administration.consultations import visible_consultation
from intake.administration.moments import TypedMoment, instant
from intake.documents.spreadsheets import Sheet
from intake.errors import Mistakes, NotPossible
from intake.inbound.import_choices import ASKED, HELD, Choices, guess
from intake.inbound.import_mapping import MOST_HEADINGS, Headings, ImportMapping, WrongMapping, read_mapping, sheet_of
from intake.inbound.import_values import in_zone
from intake.inbound.importing import ImportPlan, plan_import, reader_of, sheets_of, take_in
from intake.jobs import acknowledgement_rules
from intake.store.consultations import Consultation, own_addresses, questions_asked
from intake.store.people import groups_of
from intake.web.asking import Administrator, Asking
from intake.web.editing import typed_moment
from intake.web.forms import Form, Sent, SentWithFiles
from intake.web.showing import CSV, download, page, redirect
from intake.web.spreadsheets import columns_of, set_aside
from intake.wording import plural

router = APIRouter()
SHOWN, PREVIEWED = 100, 3  # rows of a kind
MOST_OTHER_GROUPS = 40
_NOTHING, _NO_GROUP = Choices("", 0, ()), "-"
_STEP = 15.0  # seconds of writing in one request
_PATH = "/consultations/{slug}/import"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as it was set aside, the sheet of it that is looked at, and what its columns are chosen to hold."""

    aside: str
    filename: str
    sheets: Sequence[Sheet]
    sheet: Sheet
    choices: Choices
    mistakes: Mapping[str, str] = field(default_factory=dict)  # in what was typed beside the columns

    @property
    def headings(self) -> Headings:
        return Headings(self.sheet, self.choices.headings)

    @property
    def columns(self) -> list[tuple[int, str, list[str], str]]:
        """Place, heading, first values, and what each column holds."""
        return columns_of(self.sheet, self.choices.headings, self.headings.shown, self.choices.columns)

    @property
    def asked_elsewhere(self) -> list[str]:
        """The questions in other words than a heading's, as a mapping file may have them."""
        return list(dict.fromkeys(one for one in self.choices.columns if one.startswith(f"{ASKED}:")))


@router.get(_PATH)
def choose(asking: Administrator, slug: str) -> Response:
    return _show_choice(asking, slug)


@router.post(_PATH)
def look(asking: Administrator, slug: str, form: SentWithFiles) -> Response:
    try:
        uploaded = _uploaded(asking, slug, form)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    return _show(asking, slug, uploaded)


@router.post(f"{_PATH}/confirm")
def confirm(asking: Administrator, slug: str, form: Sent) -> Response:
    """Take in as much as one request has time for, and offer to go on."""
    try:
        uploaded = _uploaded(asking, slug, form)
        plan = _plan(asking, slug, uploaded)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    if plan.digest != form.text("seen"):
        changed = "What this file would do changed since you looked at it; look at it again before you import it."
        return _show(asking, slug, uploaded, status=409, mistakes={"summary": changed})
    is_told = form.is_ticked("acknowledge")
    _take_in(asking, plan, is_told=is_told)
    total = form.number("total") or len(plan.new) + plan.unchanged
    if plan.new:
        fields: dict[str, Any] = {"uploaded": uploaded, "plan": plan, "is_told": is_told, "total": total}
        fields |= {"mapping": plan.reader.mapping.to_toml()}
        return page(asking, "response_import_going_on.html", consultation=_consultation(asking, slug), **fields)
    return redirect(asking, f"/responses?consultation={slug}&channel=import", notice=_done(form, plan))


@router.post(f"{_PATH}/rows-to-correct")
def rows_to_correct(asking: Administrator, slug: str, form: Sent) -> Response:
    try:
        plan = _plan(asking, slug, _uploaded(asking, slug, form))
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    return download(plan.to_correct_as_csv(), f"{slug}-rows-to-correct.csv", CSV)


@router.post(f"{_PATH}/mapping")
def mapping_file(asking: Administrator, slug: str, form: Sent) -> Response:
    """What the columns hold, for the command line or for the next export."""
    try:
        uploaded = _uploaded(asking, slug, form)
        mapping = uploaded.choices.mapping(uploaded.headings)
    except Mistakes as wrong:
        return _show_choice(asking, slug, status=422, mistakes=wrong.by_field)
    return download(mapping.to_toml().encode(), f"{slug}-mapping.toml", "application/toml; charset=utf-8")


def _take_in(asking: Asking, plan: ImportPlan, *, is_told: bool) -> None:
    with asking.this.database.reading() as session:
        rules = acknowledgement_rules(asking.this, own_addresses(session)) if is_told else None
    began, are_in = monotonic(), 0
    for are_in in take_in(asking.this.database, plan, now=asking.now, actor=asking.user.actor, rules=rules):  # noqa: B007
        if monotonic() - began > _STEP:
            break
    plan.go_on_after(are_in)


def _done(form: Form, plan: ImportPlan) -> str:
    before = form.number("before") or 0
    left = len(plan.wrong) + len(plan.changed)
    more = f" {plural(left, 'row')} left as {'it was' if left == 1 else 'they were'}." if left else ""
    return f"{plural(plan.unchanged - before, 'response')} imported.{more}"


def _uploaded(asking: Asking, slug: str, form: Form) -> Uploaded:
    """Raises Mistakes where there is no file, or none that can be read, or a mapping that does not fit it."""
    kept, given = set_aside(asking, form, sheets_of), form.file("mapping_file")
    known = Uploaded(kept.aside, kept.filename, kept.sheets, kept.sheets[0], _NOTHING)
    try:
        mapping = given.content.decode("utf-8-sig") if given else form.long_text("mapping")
        return _chosen(asking, slug, form, known, read_mapping(mapping) if mapping else None)
    except WrongMapping as wrong:
        sentence = str(wrong)
    except UnicodeDecodeError:
        sentence = "The mapping is no text; choose a TOML file."
    raise Mistakes({"mapping_file": sentence})


def _chosen(asking: Asking, slug: str, form: Form, known: Uploaded, mapping: ImportMapping | None) -> Uploaded:
    """As the form's columns say, else as the mapping; guessed anew where another sheet or row of headings is named."""
    if mapping:
        sheet = sheet_of(known.sheets, mapping)
        return replace(known, sheet=sheet, choices=Choices.of(mapping, sheet))
    sheet = next((one for one in known.sheets if one.name == form.text("sheet")), known.sheets[0])
    headings = min(form.number("headings") or 0, MOST_HEADINGS)
    is_same_sheet = form.text("shown_sheet") == sheet.name
    if form.numbers("place") and is_same_sheet and form.number("shown_headings") == headings:
        return _from_columns(asking, slug, form, replace(known, sheet=sheet))
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        questions, groups = questions_asked(session, consultation), groups_of(session, consultation.id)
    is_said = is_same_sheet and form.number("headings") is not None
    return replace(known, sheet=sheet, choices=guess(sheet, questions, groups, headings if is_said else None))


def _from_columns(asking: Asking, slug: str, form: Form, known: Uploaded) -> Uploaded:
    columns = tuple(form.text(f"column-{place}") for place in range(max(map(len, known.sheet.rows))))
    chosen = [(says, form.text(f"group-{number}")) for number, says in enumerate(form.many("says"))]
    groups = {says: "" if group == _NO_GROUP else group for says, group in chosen if group}
    without, mistakes = None, dict[str, str]()
    typed = typed_moment(form, "without")
    if any((typed.day, typed.month, typed.year, typed.clock)):
        zone = _consultation(asking, slug).zone
        try:
            without = instant(typed, timezone=zone, field="without", name="The date of rows without one")
        except Mistakes as wrong:
            mistakes = dict(wrong.by_field)
    rows = form.number("shown_headings") or 0
    choices = Choices(known.sheet.name, rows, columns, form.is_ticked("month_first"), without, groups)
    return replace(known, choices=choices, mistakes=mistakes)


def _plan(asking: Asking, slug: str, uploaded: Uploaded) -> ImportPlan:
    """Raises Mistakes where the choices make no mapping, or nothing is taken in any more."""
    mapping = uploaded.choices.mapping(uploaded.headings)
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        try:
            reader = reader_of(session, consultation, [uploaded.sheet], mapping, asking.now)
        except NotPossible as refused:
            raise Mistakes({"main-content": str(refused)}) from None
        return plan_import(session, reader)


def _show_choice(asking: Asking, slug: str, **more: Any) -> Response:
    return page(asking, "response_import.html", consultation=_consultation(asking, slug), **more)


def _show(asking: Asking, slug: str, uploaded: Uploaded, **more: Any) -> Response:
    """What it would do; where the columns do not say enough yet, only those."""
    plan, mistakes = None, {**uploaded.mistakes, **more.pop("mistakes", {})}
    try:
        plan = None if uploaded.mistakes else _plan(asking, slug, uploaded)
    except Mistakes as wrong:
        mistakes |= wrong.by_field
    if plan is None:
        more["status"] = 422
    other_groups = plan.reader.groups_unknown() if plan else []
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        questions, groups = questions_asked(session, consultation), groups_of(session, consultation.id)
    without, zone = uploaded.choices.received_without_date, consultation.zone
    fields: dict[str, Any] = {
        "uploaded": uploaded,
        "plan": plan,
        "mapping": plan.reader.mapping.to_toml() if plan else "",
        "questions": questions,
        "groups": groups,
        "other_groups": other_groups[:MOST_OTHER_GROUPS],
        "other_groups_in_all": len(other_groups),
        "without": TypedMoment.of(in_zone(without, zone), zone) if without else None,
        "held": HELD,
        "most": SHOWN,
        "previewed": PREVIEWED,
        "mistakes": mistakes,
    }
    return page(asking, "response_import_look.html", consultation=consultation, **more | fields)


def _consultation(asking: Asking, slug: str) -> Consultation:
    with asking.this.database.reading() as session:
        return visible_consultation(session, asking.access, slug)
