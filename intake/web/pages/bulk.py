"""One change to many responses: a page that says what will change, and the button that does it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.responses import Response

from intake.errors import NotPossible
from intake.responses.changing_many import Action, Plan, carry_out, parse_action, plan_change
from intake.responses.filters import Filters
from intake.responses.finding import visible_consultations
from intake.web.asking import Asking, Officer
from intake.web.forms import Form, Sent
from intake.web.pages.log import officer_choices
from intake.web.showing import page, redirect, with_query
from intake.wording import plural

router = APIRouter()


@router.get("/responses/bulk")
def ask(asking: Officer) -> Response:
    given = Form(asking.request.query_params)
    return _ask(asking, given, asking.request.query_params.multi_items())


@router.post("/responses/bulk")
def change(asking: Officer, form: Sent) -> Response:
    try:
        filters, action, plan = _planned(asking, form, parse_qsl(form.text("query")))
    except NotPossible:
        return _ask(asking, form, parse_qsl(form.text("query")))
    changed = carry_out(asking.this.database, action, plan.changing, user=asking.user, now=asking.now)
    left = plan.chosen - changed
    notice = f"{plural(changed, 'response')} changed: {action.wording}."
    if left:
        notice += f" {plural(left, 'response')} stayed as {'it was' if left == 1 else 'they were'}."
    return redirect(asking, with_query("/responses", filters.to_query()), notice=notice)


def _ask(asking: Asking, given: Form, query: Sequence[tuple[str, str]]) -> Response:
    mistakes, planned = dict[str, str](), dict[str, Any]()
    is_all, ticked = given.is_ticked("all"), given.many("chosen")
    with asking.this.database.reading() as session:
        filters, _ = Filters.from_query(query, visible_consultations(session, asking.access))
        officers = officer_choices(session, filters)
    if not ticked and not is_all:
        mistakes["main-content"] = "Tick the responses that are to change, or choose all that match."
    else:
        try:
            _, action, plan = _planned(asking, given, query)
            planned = {"action": action, "plan": plan}
        except NotPossible as refused:
            mistakes["tag-text" if given.text("do") in ("tag", "untag") else "do"] = str(refused)
    return page(
        asking,
        "bulk.html",
        status=422 if "main-content" not in mistakes and mistakes else 200,
        mistakes=mistakes,
        filters=filters,
        query=filters.to_query(),
        ticked=ticked,
        is_all=is_all,
        do=given.text("do"),
        tag_text=given.text("tag_text"),
        officers=officers,
        **planned,
    )


def _planned(asking: Asking, given: Form, query: Sequence[tuple[str, str]]) -> tuple[Filters, Action, Plan]:
    """Raises NotPossible."""
    chosen = None if given.is_ticked("all") else given.many("chosen")
    with asking.this.database.reading() as session:
        filters, _ = Filters.from_query(query, visible_consultations(session, asking.access))
        action = parse_action(session, given.text("do"), given.text("tag_text"))
        # What was ticked is meant whether or not it still matches.
        wanted = filters if chosen is None else Filters()
        plan = plan_change(session, asking.access, wanted, action, chosen=chosen, newest=given.number("newest"))
    return filters, action, plan
