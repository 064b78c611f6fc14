"""Officers at work on an office's responses, below the pages: Asha is given IEO, Olga ADM, Adam is an administrator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from intake.store.consultations import Consultation
from intake.store.history import HistoryEntry
from intake.store.responses import Response
from intake.store.users import ConsultationAccess, Role, User
from tests.building import raw_email
from tests.office import Office, open_office
from tests.people import ADAM, ASHA, OLGA, REVIEW

GIVEN = {ASHA: "IEO", OLGA: "ADM", ADAM: None}


class Officers:
    """An office with three users. `asha` and the others are rows to hand to what is tested."""

    def __init__(self, office: Office) -> None:
        self.office = office
        with office.database.transaction() as session:
            self.asha, self.olga, self.adam = (_user(session, address, office) for address in (ASHA, OLGA, ADAM))

    def receive(self, *senders: str, **email: Any) -> None:
        """Each of these answers the review; recorded, and its acknowledgement sent."""
        before = len(self.office.emails())
        for number, sender in enumerate(senders, start=before + 1):
            given = {"to": REVIEW, "message_id": f"<letter-{number}@x.example>", "text": f"Answer number {number}.\n"}
            self.office.receive(raw_email(sender=sender, **{**given, **email}))
        self.office.cycle()

    @contextmanager
    def work(self) -> Iterator[Session]:
        with self.office.database.transaction() as session:
            yield session

    def response(self, reference: str = "IEO-0001") -> Response:
        with self.office.database.reading() as session:
            return session.exec(select(Response).where(Response.reference == reference)).one()

    def consultation(self, prefix: str) -> Consultation:
        with self.office.database.reading() as session:
            return session.exec(select(Consultation).where(Consultation.reference_prefix == prefix)).one()

    def done(self, reference: str = "IEO-0001") -> list[tuple[str, str]]:
        """Who did what to a response since it was recorded."""
        with self.office.database.reading() as session:
            response_id = session.scalars(sa.select(Response.id).where(Response.reference == reference)).one()  # type: ignore[call-overload]
            entries = session.exec(
                select(HistoryEntry)
                .where(HistoryEntry.subject_kind == "response", HistoryEntry.subject_id == response_id)
                .order_by(HistoryEntry.id)  # type: ignore[arg-type]
            )
            return [(entry.actor, entry.action) for entry in entries if entry.actor != "worker"]


@contextmanager
def open_officers(folder: Path, **given: Any) -> Iterator[Officers]:
    with open_office(folder, **given) as office:
        yield Officers(office)


def _user(session: Session, address: str, office: Office) -> User:
    role = Role.administrator if GIVEN[address] is None else Role.officer
    user = User(address=address, name=address.partition(".")[0].title(), role=role, created_at=office.now)
    session.add(user)
    session.flush()
    if GIVEN[address]:
        wanted = select(Consultation).where(Consultation.reference_prefix == GIVEN[address])
        session.add(ConsultationAccess(user_id=user.id, consultation_id=session.exec(wanted).one().id))
    return user
