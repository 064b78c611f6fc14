"""Saved views: filters of the log that a user gave a name. Each user has their own. Never reads what is in the log."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from intake.errors import NotFound, NotPossible
from intake.responses.filters import Filters
from intake.store.users import SavedView, User

LONGEST_NAME = 80
_LONGEST_QUERY = 2000
_MOST = 50


def saved_views(session: Session, user: User) -> Sequence[SavedView]:
    """By name."""
    mine = session.exec(select(SavedView).where(SavedView.user_id == user.id).order_by(col(SavedView.name))).all()
    return sorted(mine, key=lambda view: view.name.casefold())


def save_view(session: Session, user: User, name: str, filters: Filters) -> SavedView:
    """Raises NotPossible for a name that is missing, too long or taken."""
    known, query = saved_views(session, user), filters.to_query()
    if not name:
        raise NotPossible("Enter a name for this view.")
    if len(name) > LONGEST_NAME:
        raise NotPossible(f"The name must be {LONGEST_NAME} characters or fewer.")
    if any(view.name.casefold() == name.casefold() for view in known):
        raise NotPossible(f"You have a view called “{name}” already; choose another name, or delete that one first.")
    if len(known) >= _MOST:
        raise NotPossible(f"You have {_MOST} views; delete one first.")
    if len(query) > _LONGEST_QUERY:
        raise NotPossible("There are too many filters for one view; take some away.")
    view = SavedView(user_id=user.id, name=name, query=query)
    session.add(view)
    session.flush()
    return view


def delete_view(session: Session, user: User, view_id: int) -> str:
    """Returns its name. Raises NotFound, for another user's view too."""
    view = session.get(SavedView, view_id)
    if view is None or view.user_id != user.id:
        raise NotFound
    session.delete(view)
    return view.name
