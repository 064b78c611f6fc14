"""The outgoing emails that are held, as the list an administrator looks at before releasing or cancelling them."""

import re

from fastapi import APIRouter, Response

from intake.outbound.backlog import LISTED_AT_ONCE, backlog, cancel_listed, release_listed
from intake.web.asking import Administrator
from intake.web.forms import Sent
from intake.web.showing import page, redirect
from intake.wording import plural

router = APIRouter()


@router.get("/held/backlog")
def held_backlog(asking: Administrator) -> Response:
    with asking.this.database.reading() as session:
        groups = backlog(session)
    return page(asking, "backlog.html", groups=groups, total=sum(group.number for group in groups))


@router.post("/held/backlog")
def act_on_backlog(asking: Administrator, form: Sent) -> Response:
    """On those listed and no others: more may have come since the page was shown."""
    ids = [int(text) for text in form.text("listed").split(",") if re.fullmatch(r"[0-9]{1,18}", text)]
    act = {"release": release_listed, "cancel": cancel_listed}.get(form.text("act"))
    if act is None:
        return redirect(asking, "/held/backlog")
    with asking.this.database.transaction() as session:
        number = act(session, ids[:LISTED_AT_ONCE], user=asking.user, now=asking.now)
    what = "released and will be sent" if form.text("act") == "release" else "cancelled and will never be sent"
    notice = f"{plural(number, 'email')} {'is' if number == 1 else 'are'} {what}."
    return redirect(asking, "/held/backlog", notice=notice)
