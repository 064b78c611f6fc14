"""What officers do with responses: status, nature, officer, flags and tags, on one response or on many.

Every change is one transaction with its history, can be taken back by its opposite, and skips the rows on which it
would change nothing: each function returns how many it changed. With `version`, the one the officer saw, Changed is
raised when somebody else was first. Tags and notes overwrite nobody's, and need none. Never decides who may see a
response.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.accounts.access import access_of
from intake.errors import NotPossible
from intake.store.history import Note, note_each
from intake.store.response_changes import Change, lock_responses, some_at_a_time, write_changes
from intake.store.responses import Nature, Response, ResponseStatus, ResponseTag
from intake.store.transitions import move_responses
from intake.store.users import ConsultationAccess, Role, User

LONGEST_TAG = 40
MOST_TAGS = 20  # at a time: a page of text pasted by mistake holds hundreds of commas


class Flag(StrEnum):
    """What other officers are to know of a response before they read it."""

    confidential = "confidential"
    abusive = "abusive"
    needs_reply = "needs_reply"


FLAG_COLUMNS: Mapping[Flag, str] = {
    Flag.confidential: "is_confidential",
    Flag.abusive: "is_abusive",
    Flag.needs_reply: "needs_reply",
}


def set_status(
    session: Session,
    responses: Sequence[Response],
    status: ResponseStatus,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Whoever marks an unread response as considered has read it too: it goes step by step."""
    moving = [row for row in lock_responses(session, responses, version) if row.status is not status]
    while behind := [row for row in moving if row.status is not status]:
        by_step = defaultdict[ResponseStatus, list[Response]](list)
        for row in behind:
            by_step[_step(row.status, status)].append(row)
        for step, some in by_step.items():
            move_responses(session, some, step, now=now, actor=user.actor)
    return len(moving)


def set_nature(
    session: Session,
    responses: Sequence[Response],
    nature: Nature,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    rows = lock_responses(session, responses, version)
    changes = [
        Change(row, "nature-changed", {"nature": nature}, {"from": row.nature.value, "to": nature.value})
        for row in rows
        if row.nature is not nature
    ]
    return write_changes(session, changes, user=user, now=now)


def assign(
    session: Session,
    responses: Sequence[Response],
    officer: User | None,
    *,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """Give the responses to an officer, or to nobody. Raises NotPossible for an officer who may not see them all."""
    rows = lock_responses(session, responses, version)
    if officer is not None:
        access = access_of(session, officer)
        if officer.disabled_at or not all(access.may_see(row.consultation_id) for row in rows):
            raise NotPossible("Choose an officer who has been given this consultation.")
    officer_id = officer.id if officer else None
    changes = [
        Change(row, "assigned", {"officer_id": officer_id}, {"from": row.officer_id, "to": officer_id})
        for row in rows
        if row.officer_id != officer_id
    ]
    return write_changes(session, changes, user=user, now=now)


def officers_of(session: Session, consultation_id: int) -> Sequence[User]:
    """Who can be given this consultation's responses, by name."""
    given = sa.exists().where(
        col(ConsultationAccess.user_id) == col(User.id), col(ConsultationAccess.consultation_id) == consultation_id
    )
    may_see = sa.or_(col(User.role) == Role.administrator, given)
    return session.exec(select(User).where(col(User.disabled_at).is_(None), may_see).order_by(col(User.name))).all()


def set_flag(
    session: Session,
    responses: Sequence[Response],
    flag: Flag,
    *,
    is_set: bool,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    column, action = FLAG_COLUMNS[flag], "flagged" if is_set else "unflagged"
    changes = [
        Change(row, action, {column: is_set}, {"flag": flag.value})
        for row in lock_responses(session, responses, version)
        if getattr(row, column) is not is_set
    ]
    return write_changes(session, changes, user=user, now=now)


def tags_in(text: str) -> list[str]:
    """The tags somebody typed, with commas between them, as they are stored. Raises NotPossible."""
    tags = [" ".join(tag.lower().split()) for tag in text.split(",")]
    if any(len(tag) > LONGEST_TAG for tag in tags):
        raise NotPossible(f"A tag has at most {LONGEST_TAG} characters; put commas between tags.")
    if len(tags) > MOST_TAGS:
        raise NotPossible(f"Add at most {MOST_TAGS} tags at a time.")
    return list(dict.fromkeys(filter(None, tags)))


def add_tag(session: Session, responses: Sequence[Response], tag: str, *, user: User, now: datetime) -> int:
    """`tag` as `tags_in` gives it."""
    rows = lock_responses(session, responses)
    tagged = _tagged(session, rows, tag)
    fresh = [row for row in rows if row.id not in tagged]
    session.add_all(ResponseTag(response_id=row.id, tag=tag) for row in fresh)
    session.flush()
    note_each(session, [Note(row, "tagged") for row in fresh], now=now, actor=user.actor)
    return len(fresh)


def remove_tag(session: Session, responses: Sequence[Response], tag: str, *, user: User, now: datetime) -> int:
    rows = lock_responses(session, responses)
    tagged = _tagged(session, rows, tag)
    for row in tagged.values():
        session.delete(row)
    session.flush()
    note_each(session, [Note(row, "untagged") for row in rows if row.id in tagged], now=now, actor=user.actor)
    return len(tagged)


def _step(at: ResponseStatus, to: ResponseStatus) -> ResponseStatus:
    """The next status on the way."""
    order = list(ResponseStatus)
    here, there = order.index(at), order.index(to)
    return order[here + 1] if there > here else order[here - 1]


def _tagged(session: Session, rows: Sequence[Response], tag: str) -> dict[int, ResponseTag]:
    found = dict[int, ResponseTag]()
    for ids in some_at_a_time([row.id for row in rows]):
        tagged = select(ResponseTag).where(ResponseTag.tag == tag, col(ResponseTag.response_id).in_(ids))
        found |= {one.response_id: one for one in session.exec(tagged)}
    return found
