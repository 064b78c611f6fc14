"""The log: every response the user may see, filtered, searched and sorted by its address alone. Changes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from intake.responses.filters import ME, NOBODY, Filters, Sort
from intake.responses.finding import (
    MANY,
    Page,
    Place,
    count,
    find_page,
    groups_offered,
    officers_offered,
    tags_in_use,
    visible_consultations,
)
from intake.responses.saved_views import saved_views
from intake.responses.searching import parse_search
from intake.store.consultations import Consultation
from intake.web.asking import Asking, Officer
from intake.web.filtering import Chosen, Heading
from intake.web.showing import page, with_query
from intake.web.wordings import WORDINGS
from intake.wording import plural

router = APIRouter()
_HEADINGS = {
    Sort.reference: "Reference",
    Sort.received: "Received",
    Sort.respondent: "Respondent",
    Sort.organisation: "Organisation and group",
    Sort.status: "Status",
}
_PREFIXES = {
    "officer": "Officer: ",
    "group": "Group: ",
    "tag": "Tag: ",
    "from": "From ",
    "to": "Up to ",
    "q": "Search: ",
}


@router.get("/responses")
def log(asking: Officer) -> Response:
    asked = asking.request.query_params
    with asking.this.database.reading() as session:
        consultations = visible_consultations(session, asking.access)
        filters, sentences = Filters.from_query(asked.multi_items(), consultations)
        found = _found(session, asking, filters, sentences)
        is_exact = asked.get("count") == "exact" or found.total <= MANY
        total = count(session, asking.access, filters, at_most=None) if found.total > MANY and is_exact else found.total
        withdrawn = _withdrawn(session, asking, filters)
        officers = officer_choices(session, filters)
        choices = _choices(session, asking, filters, consultations)
        views = saved_views(session, asking.user)
    if filters.q and not parse_search(filters.q):
        sentences.append(f"There is no word to look for in “{filters.q}”, so that was left out.")
    chosen = list(_chosen(filters, consultations, officers))
    return page(
        asking,
        "log.html",
        filters=filters,
        sentences=sentences,
        found=found,
        total=(plural(total, "response") if is_exact else f"More than {MANY:,} responses") + withdrawn,
        is_many=not is_exact,
        is_narrowed=bool(chosen),
        chosen=chosen,
        headings={sort.value: _heading(filters, sort) for sort in Sort},
        officers=officers,
        views=views,
        query=filters.to_query(),
        address=_address,
        **choices,
    )


def _found(session: Session, asking: Asking, filters: Filters, sentences: list[str]) -> Page:
    after, before = (asking.request.query_params.get(name) for name in ("after", "before"))
    place = Place.parse(after or before or "", filters.sort)
    if (after or before) and place is None:
        sentences.append("That page is not there; this is the first.")
    if place is None:
        return find_page(session, asking.access, filters)
    found = find_page(session, asking.access, filters, **{"after" if after else "before": place})
    return found if found.entries else find_page(session, asking.access, filters)


def _withdrawn(session: Session, asking: Asking, filters: Filters) -> str:
    """How many of those shown do not count any more, so that nobody publishes a number with them in it."""
    if filters.withdrawn is not None:
        return ""
    many = count(session, asking.access, replace(filters, withdrawn=True))
    return f", {'more than ' if many > MANY else ''}{min(many, MANY):,} of them withdrawn" if many else ""


def _choices(
    session: Session, asking: Asking, filters: Filters, consultations: Sequence[Consultation]
) -> dict[str, Any]:
    groups = groups_offered(session, [one for one in consultations if filters.consultation in (None, one.slug)])
    return {
        "consultations": consultations,
        "groups": list(dict.fromkeys([*groups, *filters.group])),
        "tags": list(dict.fromkeys([*tags_in_use(session, asking.access), *([filters.tag] if filters.tag else [])])),
    }


def officer_choices(session: Session, filters: Filters) -> dict[str, str]:
    return {ME: "Me", NOBODY: "Nobody"} | {str(user.id): user.name for user in officers_offered(session, filters)}


def _chosen(filters: Filters, consultations: Sequence[Consultation], officers: Mapping[str, str]) -> Iterator[Chosen]:
    named = {
        **WORDINGS,
        "consultation": {one.slug: one.title for one in consultations},
        "officer": {**officers, ME: "me", NOBODY: "nobody"},
    }
    for name, value in filters.pairs():
        if name not in ("sort", "reversed"):
            prefix = _PREFIXES.get(name, "")
            yield Chosen(prefix + named.get(name, {}).get(value, value), _address(filters.without(name, value)))


def _heading(filters: Filters, sort: Sort) -> Heading:
    is_present = filters.sort is sort
    turned = replace(filters, sort=sort, is_reversed=is_present and not filters.is_reversed)
    is_descending = (sort is Sort.received) is not filters.is_reversed
    direction = ("descending" if is_descending else "ascending") if is_present else None
    return Heading(_HEADINGS[sort], _address(turned), direction)


def _address(filters: Filters, **more: object) -> str:
    return with_query(
        "/responses", urlencode([*filters.pairs(), *((name, str(value)) for name, value in more.items())])
    )
