"""The pages of those invited: who has answered and who has not, as list, rates and download; and each one by itself."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from intake.administration.consultations import visible_consultation
from intake.administration.consultees import consultee as visible_consultee
from intake.documents.spreadsheets import as_csv
from intake.responses.answering import Sent, Standing, Trouble, answered_sentence, rates, standings
from intake.responses.consultee_filters import PAGE, Answered, Sort, Wanted
from intake.responses.consultee_record import record_of
from intake.responses.matching import count_unmatched
from intake.store.consultations import Consultation
from intake.store.people import groups_of
from intake.web.asking import Asking, Officer, RowId
from intake.web.figures import by_rate
from intake.web.filtering import Chosen, Heading
from intake.web.showing import CSV, download, page, short_moment, with_query
from intake.wording import plural

router = APIRouter()
_KINDS = {
    "invitation": ("invitation", "invitations"),
    "reminder": ("reminder", "reminders"),
    "deadline-extended": ("notice of the new closing time", "notices of new closing times"),
    "outcome": ("notice of the outcome", "notices of the outcome"),
}
_TROUBLES: Mapping[str, str] = {
    Trouble.no_address: "No address",
    Trouble.opted_out: "Asked for no more mail",
    Trouble.address_dead: "Mail came back",
}
_HEADINGS = {Sort.organisation: "Organisation", Sort.group: "Group", Sort.answered: "Answer"}
_COLUMNS = ["Organisation", "Group", "Key", "Has answered", "Answer", "Contacts", "Sent", "Last sent", "Trouble"]


@router.get("/consultations/{slug}/consultees")
def listed(asking: Officer, slug: str) -> Response:
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        wanted, groups = _wanted(session, asking, consultation)
        every, by_group = standings(session, consultation), rates(session, consultation)
        unmatched = count_unmatched(session, consultation)
    path, found = f"/consultations/{slug}/consultees", wanted.of(every)
    before = PAGE * (min(wanted.page, _pages(found)) - 1)
    return page(
        asking,
        "consultees.html",
        consultation=consultation,
        zone=consultation.zone,
        wanted=wanted,
        groups=groups,
        lines=found[before : before + PAGE],
        before=before,
        found=len(found),
        pages=_pages(found),
        every=len(every),
        removed=sum(one.consultee.removed_at is not None for one in every),
        rate=by_group[-1],
        figure=by_rate(by_group, slug) if by_group[-1].invited else None,
        unmatched=unmatched,
        chosen=_chosen(wanted, path),
        headings={sort.value: _heading(wanted, sort, path) for sort in Sort},
        troubles=_TROUBLES,
        sent_wording=_sent_wording,
        path=path,
        address=lambda **changed: with_query(path, wanted.to_query(**changed)),
    )


@router.get("/consultations/{slug}/consultees/download")
def downloaded(asking: Officer, slug: str) -> Response:
    """The whole list as it is filtered, for a spreadsheet program."""
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, slug)
        wanted, _ = _wanted(session, asking, consultation)
        found = wanted.of(standings(session, consultation))
    who = "consultees" if wanted.answered is None else {"no": "not-answered", "yes": "answered"}[wanted.answered]
    content = as_csv([_COLUMNS, *(_row(one, consultation) for one in found)])
    return download(content, f"{slug}-{who}.csv", CSV)


@router.get("/consultees/{consultee_id}")
def one(asking: Officer, consultee_id: RowId) -> Response:
    with asking.this.database.reading() as session:
        row, consultation = visible_consultee(session, asking.access, consultee_id)
        record = record_of(session, consultation, row, now=asking.now)
    answered = record.standing.answered
    return page(
        asking,
        "consultee.html",
        consultee=row,
        consultation=consultation,
        zone=consultation.zone,
        record=record,
        standing=record.standing,
        answered=answered_sentence(answered, consultation) if answered else None,
        troubles=_TROUBLES,
    )


def _wanted(session: Session, asking: Asking, consultation: Consultation) -> tuple[Wanted, list[str]]:
    """With the groups there are to choose from."""
    groups = groups_of(session, consultation.id)
    return Wanted.from_query(asking.request.query_params.multi_items(), groups), groups


def _pages(found: list[Standing]) -> int:
    return max(1, -(-len(found) // PAGE))


def _chosen(wanted: Wanted, path: str) -> list[Chosen]:
    texts: dict[str, Callable[[str], str]] = {
        "answered": lambda value: "Has answered" if value == Answered.yes else "Has not answered",
        "group": lambda value: f"Group: {value}",
        "trouble": lambda value: _TROUBLES[value],
        "q": lambda value: f"Search: {value}",
        "removed": lambda _: "No longer invited",
    }
    without: dict[str, Any] = {"answered": None, "trouble": None, "q": "", "removed": False}
    found = []
    for name, value in wanted.pairs():
        if name in texts:
            left = tuple(one for one in wanted.group if one != value) if name == "group" else without[name]
            found.append(Chosen(texts[name](value), with_query(path, wanted.to_query(**{name: left}))))
    return found


def _heading(wanted: Wanted, sort: Sort, path: str) -> Heading:
    is_present = wanted.sort is sort
    turned = wanted.to_query(sort=sort, reversed=is_present and not wanted.reversed)
    is_descending = (sort is Sort.answered) is not wanted.reversed  # the latest answer first
    direction = ("descending" if is_descending else "ascending") if is_present else None
    return Heading(_HEADINGS[sort], with_query(path, turned), direction)


def _sent_wording(sent: Sent | None) -> str:
    """ "1 invitation, 2 reminders"; empty where nothing went yet."""
    kinds = sent.kinds if sent else {}
    return ", ".join(plural(number, *_KINDS.get(kind, ("email", "emails"))) for kind, number in sorted(kinds.items()))


def _row(one: Standing, consultation: Consultation) -> list[str]:
    troubles = [_TROUBLES[trouble] for trouble in Trouble if trouble in one.troubles]
    return [
        one.consultee.organisation,
        one.consultee.stakeholder_group,
        one.consultee.key or "",
        "yes" if one.answered else "no",
        answered_sentence(one.answered, consultation) if one.answered else "",
        "; ".join(f"{c.row.name} <{c.row.address}>" if c.row.name else c.row.address for c in one.contacts),
        _sent_wording(one.sent),
        short_moment(one.sent.last_at, consultation.zone) if one.sent else "",
        "; ".join(troubles),
    ]
