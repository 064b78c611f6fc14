"""What respondents ask for beside their answer: shown until an officer has dealt with it, and open again if need be.

To withdraw a response settles the wish for that. Never reads an email: the wishes were found when it was recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.errors import NotFound
from intake.responses.noticed import same_respondent
from intake.store.response_changes import Change, lock_responses, some_at_a_time, write_changes
from intake.store.responses import RespondentWish, Response, Wish
from intake.store.users import User

_MOST_OTHERS = 20  # shown beside a response


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish; `settled_by` is the name of the officer who dealt with it."""

    row: RespondentWish
    settled_by: str | None

    @property
    def is_open(self) -> bool:
        return self.row.settled_at is None


def wishes_of(session: Session, response: Response) -> Sequence[Asked]:
    """In the order they were asked."""
    found = session.exec(
        select(RespondentWish, User.name)
        .join(User, col(User.id) == col(RespondentWish.settled_by_id), isouter=True)
        .where(RespondentWish.response_id == response.id)
        .order_by(col(RespondentWish.asked_at), col(RespondentWish.id))
    )
    return [Asked(row, name) for row, name in found]


def find_wish(session: Session, response: Response, wish_id: int) -> RespondentWish:
    """Raises NotFound for one of another response."""
    wish = session.get(RespondentWish, wish_id)
    if wish is None or wish.response_id != response.id:
        raise NotFound
    return wish


def other_responses(session: Session, response: Response) -> Sequence[Response]:
    """Others of the same address or consultee in the consultation that stand, by whatever way they came."""
    found = select(Response).where(same_respondent(Response, response), col(Response.withdrawn_at).is_(None))
    return session.exec(found.order_by(col(Response.id)).limit(_MOST_OTHERS)).all()


def settle_wish(
    session: Session,
    response: Response,
    wish: RespondentWish,
    *,
    is_settled: bool = True,
    user: User,
    now: datetime,
    version: int | None = None,
) -> int:
    """An officer has dealt with it; or, without `is_settled`, it is open again after all."""
    [row] = lock_responses(session, [response], version)
    session.refresh(wish)
    if (wish.settled_at is not None) is is_settled:
        return 0
    return _write(session, {row.id: row}, [wish], is_settled=is_settled, user=user, now=now)


def settle_withdrawals(session: Session, rows: Sequence[Response], *, user: User, now: datetime) -> int:
    """What was asked for is done on these responses, which were locked before."""
    by_id, settled = {row.id: row for row in rows}, 0
    for ids in some_at_a_time(list(by_id)):
        wished = select(RespondentWish).where(
            col(RespondentWish.response_id).in_(ids),
            RespondentWish.wish == Wish.withdrawal,
            col(RespondentWish.settled_at).is_(None),
        )
        settled += _write(session, by_id, session.exec(wished).all(), is_settled=True, user=user, now=now)
    return settled


def _write(
    session: Session,
    rows: Mapping[int, Response],
    wishes: Sequence[RespondentWish],
    *,
    is_settled: bool,
    user: User,
    now: datetime,
) -> int:
    for wish in wishes:
        wish.settled_at, wish.settled_by_id = (now, user.id) if is_settled else (None, None)
    action = "wish-settled" if is_settled else "wish-reopened"
    changes = [Change(rows[wish.response_id], action, {}, {"wish": wish.wish.value}) for wish in wishes]
    return write_changes(session, changes, user=user, now=now)
