"""Who has a response open at the same time. Only the present: what is older than minutes is forgotten.

No record of reading: that is a button officers press.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.store.database import Database, add_if_new
from intake.store.responses import ResponseViewing
from intake.store.users import User

FORGOTTEN_AFTER = timedelta(minutes=10)
WRITTEN_EVERY = timedelta(seconds=30)


def open_response(database: Database, response_id: int, user: User, *, now: datetime) -> list[tuple[str, int]]:
    """Note that this user has it open now; who else does, with minutes since.

    A page that is opened again at once writes nothing: fifty officers who leaf through the log share one database.
    """
    with database.reading() as session:
        last = session.get(ResponseViewing, (response_id, user.id))
    if last is None or not timedelta(0) <= now - last.at < WRITTEN_EVERY:
        with database.transaction() as session:
            _note_viewing(session, response_id, user.id, now)
    with database.reading() as session:
        return see_viewers(session, response_id, user, now=now)


def see_viewers(session: Session, response_id: int, user: User, *, now: datetime) -> list[tuple[str, int]]:
    """The others who have it open, the latest first: name, and whole minutes since they opened it."""
    found = session.exec(
        select(User.name, ResponseViewing.at)
        .join(User, col(User.id) == col(ResponseViewing.user_id))
        .where(ResponseViewing.response_id == response_id, ResponseViewing.user_id != user.id)
        .where(col(ResponseViewing.at) > now - FORGOTTEN_AFTER)
        .order_by(col(ResponseViewing.at).desc(), col(User.name))
    )
    return [(name, max(0, int((now - at).total_seconds() // 60))) for name, at in found]


def _note_viewing(session: Session, response_id: int, user_id: int, now: datetime) -> None:
    session.execute(sa.delete(ResponseViewing).where(col(ResponseViewing.at) <= now - FORGOTTEN_AFTER))
    add_if_new(session, ResponseViewing, response_id=response_id, user_id=user_id, at=now)
    session.execute(
        sa.update(ResponseViewing)
        .where(col(ResponseViewing.response_id) == response_id, col(ResponseViewing.user_id) == user_id)
        .values(at=now)
    )
