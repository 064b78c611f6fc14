"""What a user may see: an administrator everything, an officer the consultations they are given.

Of another system's token `tokens.py` says it in the same words. Never says whether a user is signed in.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from intake.errors import NotFound
from intake.store.responses import Response
from intake.store.users import ConsultationAccess, User


@dataclass(frozen=True, slots=True)
class Access:
    """`consultation_ids` is None for all. What a user is not given does not exist for them: it is not found.

    By a token, `user` is the administrator who made it.
    """

    user: User
    consultation_ids: frozenset[int] | None
    hides_confidential: bool = False

    def may_see(self, consultation_id: int | None) -> bool:
        """None: what belongs to no consultation yet, such as an email to an unknown address. Administrators only."""
        return self.consultation_ids is None or consultation_id in self.consultation_ids

    def may_read(self, response: Response) -> bool:
        return self.may_see(response.consultation_id) and not (self.hides_confidential and response.is_confidential)

    def require(self, consultation_id: int | None) -> None:
        if not self.may_see(consultation_id):
            raise NotFound

    def limit(self, column: Any) -> sa.ColumnElement[bool]:
        """The condition that a row's consultation, in `column`, may be seen."""
        return sa.true() if self.consultation_ids is None else col(column).in_(self.consultation_ids)


def access_of(session: Session, user: User) -> Access:
    if user.is_administrator:
        return Access(user, None)
    given = select(ConsultationAccess.consultation_id).where(ConsultationAccess.user_id == user.id)
    return Access(user, frozenset(session.exec(given)))
