"""Texts officers start a reply from, for all consultations or for one: listed, added, changed, removed.

A template with a placeholder that nobody fills in is refused when it is saved, not when an officer needs it. Never
fills one in for a reply (`outbound/replying.py` does).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import Field
from sqlmodel import Session, col, select

from intake.administration.mistakes import checked, one_at_a_time
from intake.errors import Mistakes, NotFound
from intake.outbound.rendering import TemplateBroken, fill_text
from intake.outbound.replying import LONGEST_TEXT, PLACEHOLDERS
from intake.store.consultation_keys import Line, Part, Text
from intake.store.consultations import Consultation, ReplyTemplate
from intake.store.history import note
from intake.store.users import User


class _Typed(Part):
    name: Line = Field(max_length=80)
    text: Text = Field(max_length=LONGEST_TEXT)


def reply_templates(session: Session) -> Sequence[tuple[ReplyTemplate, Consultation | None]]:
    """All, those for every consultation first, each by name."""
    own = select(ReplyTemplate, Consultation).outerjoin(Consultation)
    is_own = col(ReplyTemplate.consultation_id).is_not(None)
    return session.exec(own.order_by(is_own, col(Consultation.title), col(ReplyTemplate.name))).all()


def reply_template(session: Session, template_id: int) -> ReplyTemplate:
    """Raises NotFound."""
    found = session.get(ReplyTemplate, template_id)
    if found is None:
        raise NotFound
    return found


def digest(row: ReplyTemplate) -> str:
    """Which wording a form was filled in from."""
    return hashlib.sha256(f"{row.consultation_id}\0{row.name}\0{row.text}".encode()).hexdigest()


def add_reply_template(
    session: Session, consultation_id: int | None, given: Mapping[str, object], *, user: User, now: datetime
) -> ReplyTemplate:
    """`given`: name, text. Raises Mistakes."""
    typed = _checked(session, consultation_id, given)
    row = ReplyTemplate(consultation_id=consultation_id, **typed.model_dump())
    with one_at_a_time():
        session.add(row)
        session.flush()
    note(session, row, "added", now=now, actor=user.actor, consultation=consultation_id)
    return row


def change_reply_template(
    session: Session,
    row: ReplyTemplate,
    consultation_id: int | None,
    given: Mapping[str, object],
    *,
    seen: str,
    user: User,
    now: datetime,
) -> list[str]:
    """Says which fields changed. `seen` is the digest the form was filled in from. Raises Mistakes."""
    session.refresh(row, with_for_update=True)
    if digest(row) != seen:
        sentence = "Somebody else changed this template while you had it open; save again to replace what they wrote."
        raise Mistakes({"text": sentence})
    values = {**_checked(session, consultation_id, given, but=row.id).model_dump(), "consultation_id": consultation_id}
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        with one_at_a_time():
            row.sqlmodel_update(values)
            session.flush()
        note(session, row, "changed", now=now, actor=user.actor, fields=changed)
    return changed


def remove_reply_template(session: Session, row: ReplyTemplate, *, user: User, now: datetime) -> None:
    """Replies that were started from it stay as they are."""
    note(session, row, "removed", now=now, actor=user.actor)
    session.delete(row)
    session.flush()


def placeholders_wording() -> str:
    return ", ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)


def _checked(
    session: Session, consultation_id: int | None, given: Mapping[str, object], *, but: int | None = None
) -> _Typed:
    typed = checked(_Typed, given)
    try:
        fill_text(typed.text, dict.fromkeys(PLACEHOLDERS, "something"))
    except TemplateBroken as broken:
        raise Mistakes({"text": f"{broken} The placeholders are {placeholders_wording()}."}) from None
    # The database lets two of one name through where they are for every consultation.
    same = select(ReplyTemplate.id).where(
        ReplyTemplate.consultation_id == consultation_id, ReplyTemplate.name == typed.name, ReplyTemplate.id != but
    )
    if session.exec(same).first() is not None:
        raise Mistakes({"name": "There is a template of this name already; choose another."})
    return typed
