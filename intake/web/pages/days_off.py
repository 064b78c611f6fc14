"""The days nobody works: England's bank holidays, and those an administrator adds."""

from datetime import date
from typing import Any

from fastapi import APIRouter, Response
from sqlmodel import Session

from intake.administration.days_off import add_day_off, days_off, remove_day_off
from intake.administration.moments import typed_day
from intake.errors import NotFound
from intake.web.asking import Administrator, Asking
from intake.web.editing import Done, attempt
from intake.web.forms import Sent
from intake.web.showing import LONDON, page
from intake.working_days import bank_holidays

router = APIRouter()


@router.get("/days-off")
def listed(asking: Administrator) -> Response:
    return _show(asking)


@router.post("/days-off")
def add(asking: Administrator, form: Sent) -> Response:
    def change(session: Session) -> Done:
        parts = [form.text(f"day-{part}") for part in ("day", "month", "year")]
        day = typed_day(parts[0], parts[1], parts[2], field="day-day", name="The day")
        row = add_day_off(session, day, form.text("name"), user=asking.user, now=asking.now)
        return Done("/days-off", f"{row.name} was added.")

    return attempt(asking, change, lambda **more: _show(asking, given=form, **more))


@router.post("/days-off/{day}/remove")
def remove(asking: Administrator, day: str, _form: Sent) -> Response:
    def change(session: Session) -> Done:
        try:
            row = remove_day_off(session, date.fromisoformat(day), user=asking.user, now=asking.now)
        except ValueError:
            raise NotFound from None
        return Done("/days-off", f"{row.name} was removed.")

    return attempt(asking, change, lambda **more: _show(asking, **more))


def _show(asking: Asking, **more: Any) -> Response:
    with asking.this.database.reading() as session:
        rows = days_off(session)
    year = asking.now.astimezone(LONDON).year
    found = bank_holidays(year, year + 1)
    return page(asking, "days_off.html", rows=rows, holidays=found, years=(year, year + 1), **more)
