"""Adam, who runs the office's consultations, and how he fills in forms."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import Session, select

from intake.administration.changing import Edit
from intake.administration.moments import TypedMoment
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.users import Role, User
from tests.office import Office
from tests.people import ADAM

SLUG = "improving-education-outcomes"


def adam(session: Session, office: Office) -> User:
    found = session.exec(select(User).where(User.address == ADAM)).first()
    if found is None:
        found = User(address=ADAM, name="Adam Clarke", role=Role.administrator, created_at=office.now)
        session.add(found)
        session.flush()
    return found


@contextmanager
def editing(office: Office, slug: str = SLUG) -> Iterator[tuple[Session, Consultation, Edit]]:
    """A form that Adam opened just now and sends: the session, the consultation as it is, and his edit."""
    with office.database.transaction() as session:
        consultation = consultation_by_slug(session, slug)
        yield session, consultation, Edit(adam(session, office), consultation.version, office.now)


def consultation(office: Office, slug: str = SLUG) -> Consultation:
    with office.database.reading() as session:
        return consultation_by_slug(session, slug)


def typed(written: str) -> TypedMoment:
    """From "28 2 2020 11:59pm"."""
    return TypedMoment(*written.split(maxsplit=3))


def given(**changed: Any) -> dict[str, Any]:
    """A consultation as it is typed into the form."""
    return {
        "title": "School transport",
        "timezone": "Europe/London",
        "late_policy": "accept",
        "next_steps": "We publish what we decide.",
        "privacy_notice": "We use what you send us to decide.",
        "contact": {"name": "Transport team", "address": "transport@county.example", "phone": None},
        "addresses": [{"address": "transport@county.example", "kind": "dedicated"}],
        **changed,
    }
