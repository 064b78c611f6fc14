"""Officers who decide in an office, without the pages: Asha of IEO, Olga of ADM, Adam who sees all."""

from typing import Any

from sqlmodel import select

from intake import jobs
from intake.accounts.access import Access, access_of
from intake.inbound.choices import Choice
from intake.inbound.deciding import Given, decide, latest_decision, state
from intake.store.decisions import Decision
from intake.store.emails import InboundEmail
from intake.store.users import ConsultationAccess, Role, User
from tests.office import Office
from tests.people import ADAM, ASHA, OLGA

IEO, ADM = 1, 2
NAMES = {ASHA: "Asha Rahman", OLGA: "Olga Novak", ADAM: "Adam Clarke"}


def officer(office: Office, address: str = ASHA) -> Access:
    """What this one may see; the account is made when it is first asked for."""
    with office.database.transaction() as session:
        user = session.exec(select(User).where(User.address == address)).first()
        if user is None:
            role = Role.administrator if address == ADAM else Role.officer
            user = User(address=address, name=NAMES[address], role=role, created_at=office.now)
            session.add(user)
            session.flush()
            if role is Role.officer:
                given = IEO if address == ASHA else ADM
                session.add(ConsultationAccess(user_id=user.id, consultation_id=given))
                session.flush()
        return access_of(session, user)


def seen(office: Office, email_id: int) -> str:
    """What a page shows of the email now."""
    with office.database.reading() as session:
        email = session.get_one(InboundEmail, email_id)
        return state(email, latest_decision(session, email))


def decided(office: Office, email_id: int, choice: Choice, by: str = ASHA, **given: Any) -> Decision:
    """Look at the email and decide."""
    access, shown = officer(office, by), seen(office, email_id)
    with office.database.transaction() as session:
        return decide(session, email_id, Given(choice=choice, **given), seen=shown, access=access, now=office.now)


def carried_out(office: Office, email_id: int, choice: Choice, by: str = ASHA, **given: Any) -> None:
    """Decide, and let the worker do it."""
    decided(office, email_id, choice, by, **given)
    jobs.record(office.this)
    jobs.send(office.this)
