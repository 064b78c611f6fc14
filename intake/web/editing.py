"""What every form about a consultation does: try it in one transaction, and on a mistake show the form again.

Knows no rule; `intake/administration` raises what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Response
from sqlmodel import Session

from intake.administration.changing import ChangedMeanwhile, Edit
from intake.administration.moments import TypedMoment
from intake.errors import Mistakes, NotPossible
from intake.responses.recounting import tell
from intake.store.history import HistoryEntry
from intake.web.asking import Asking
from intake.web.forms import Form
from intake.web.showing import redirect


@dataclass(frozen=True, slots=True)
class Done:
    """Where to go after a change, and what to say there."""

    path: str
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """What somebody else did meanwhile, in a sentence, and which fields of the record that changed."""

    sentence: str
    at: datetime | None
    fields: list[str]


def edit_of(asking: Asking, form: Form) -> Edit:
    return Edit(asking.user, form.version, asking.now)


def attempt(asking: Asking, change: Callable[[Session], Done], show_again: Callable[..., Response]) -> Response:
    """`show_again` gets `status`, and `mistakes` or a `conflict`; it shows the form with what was typed."""
    try:
        with asking.this.database.transaction() as session:
            done = change(session)
    except Mistakes as wrong:
        return show_again(status=422, mistakes=wrong.by_field)
    except NotPossible as refused:
        return show_again(status=422, mistakes={"main-content": str(refused)})
    except ChangedMeanwhile as lost:
        return show_again(status=409, conflict=_conflict(asking, lost.last))
    return redirect(asking, done.path, notice=done.notice)


def typed_moment(form: Form, field: str) -> TypedMoment:
    """What was typed into the four inputs of `moment_fields` (consultation_parts.html)."""
    return TypedMoment(*(form.text(f"{field}-{part}") for part in ("day", "month", "year", "clock")))


def _conflict(asking: Asking, last: HistoryEntry | None) -> Conflict:
    if last is None:
        return Conflict("Somebody changed it.", None, [])
    with asking.this.database.reading() as session:
        [told] = tell(session, [last])
    return Conflict(told.sentence, told.at, list(last.detail.get("fields", [])))
