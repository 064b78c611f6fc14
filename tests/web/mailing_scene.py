"""Mailings in the scene: invitations that went, somebody who opted out, an address that is dead, a closing time that
moved, a final document."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from intake.store.consultations import DeadlineChange, consultation_by_slug
from intake.store.emails import OutgoingEmail
from intake.store.people import Consultee, ConsulteeAddress
from tests.building import raw_bounce
from tests.outbound.mailed import opt_out_of
from tests.people import ADAM
from tests.web.desk import ADMISSIONS_SLUG, REVIEW_SLUG, Desk
from tests.web.looked import send_looked_at

HEAD, BURSAR, GONE = "head@hilltop.example", "bursar@hilltop.example", "office@millbrook.example"
WELSH = "pennaeth@ysgolybryn.example"
INVITED = (
    ("Hilltop Primary School", "school", "en", ((HEAD, "Nadia Okoro"), (BURSAR, ""))),
    ("Millbrook Academy", "school", "en", ((GONE, "The school office"),)),
    ("Ysgol y Bryn", "school", "cy", ((WELSH, "Gwen Parry"),)),
    ("A Trust with a Long Name that Goes on Until It Has to Be Broken", "trust", "en", ()),
)
ADDED_LATER = ("Greenway School", "school", "en", (("head.teacher.of.the.school@greenway.example", "Sam Reed"),))


def set_mailings(desk: Desk) -> dict[str, Any]:
    """In the consultation that stays open; of the one that closes, the outcome. Names for the addresses of pages."""
    for one in INVITED:
        _add_consultee(desk, *one)
    send_looked_at(desk.adam, f"/consultations/{ADMISSIONS_SLUG}/invitations")
    desk.office.cycle()
    _add_consultee(desk, *ADDED_LATER)
    opt_out_of(desk.office, BURSAR, slug=ADMISSIONS_SLUG)
    _come_back(desk, GONE)
    _move_and_publish(desk)
    with desk.office.database.reading() as session:
        return {"stop_token": _token(session, HEAD), "welsh_token": _token(session, WELSH)}


def _add_consultee(
    desk: Desk, organisation: str, group: str, language: str, contacts: tuple[tuple[str, str], ...]
) -> None:
    with desk.office.database.transaction() as session:
        of = consultation_by_slug(session, ADMISSIONS_SLUG).id
        row = Consultee(consultation_id=of, organisation=organisation, stakeholder_group=group, language=language)
        session.add(row)
        session.flush()
        session.add_all(ConsulteeAddress(consultee_id=row.id, address=one, name=name) for one, name in contacts)


def _come_back(desk: Desk, address: str) -> None:
    [sent] = [row for row in desk.office.outgoing() if row.recipient_address == address]
    desk.office.receive(raw_bounce(of=sent.message_id, address=address), mailbox="admissions")
    desk.office.cycle()


def _move_and_publish(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        admissions, review = (consultation_by_slug(session, slug) for slug in (ADMISSIONS_SLUG, REVIEW_SLUG))
        user_id, before = desk.users[ADAM].id, admissions.closes_at
        admissions.closes_at = before + timedelta(days=1)
        about = {"consultation_id": admissions.id, "user_id": user_id}
        session.add(
            DeadlineChange(**about, before=before, after=admissions.closes_at, at=desk.office.now, reason="Snow.")
        )
        review.outcome_url = "https://www.county.example/improving-education-outcomes/final-plan"
        review.outcome_published_at = desk.office.now


def _token(session: Any, address: str) -> str | None:
    found = select(OutgoingEmail.opt_out_token).where(OutgoingEmail.recipient_address == address)
    token: str | None = session.exec(found.order_by(col(OutgoingEmail.id))).first()
    return token
