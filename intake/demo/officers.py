"""The demo's people, how they get in, and what they did before you came: some responses read, noted, tagged, answered.

Done by the same functions as the pages use, so that the history tells it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from intake.accounts.links import link_address, make_link
from intake.accounts.passwords import hashed
from intake.accounts.users import add_user, give_consultations
from intake.outbound.replying import Reply, proposed_subject, queue_reply
from intake.responses.handling import Flag, add_tag, assign, set_flag, set_status
from intake.responses.handling_notes import add_note
from intake.responses.handling_respondent import Respondent, correct_respondent
from intake.store.consultations import Consultation, ReplyTemplate
from intake.store.responses import Response, ResponseStatus
from intake.store.users import LinkPurpose, Role, User

PASSWORD = "heron-lantern-orchard"  # noqa: S105  # of people who exist on this machine only, until the demo ends
ASHA, OWEN, ADAM = "asha.rahman@county.example", "owen.price@county.example", "adam.clarke@county.example"
_ROLES = {ASHA: Role.officer, OWEN: Role.officer, ADAM: Role.administrator}
_CONSULTATION = "improving-education-outcomes"
_ANSWER = """\
Dear {{ respondent_name }}

Thank you for your question about “{{ consultation }}” ({{ reference }}). You can respond until {{ closes }}.

Yours sincerely
{{ officer }}"""


@dataclass(frozen=True, slots=True)
class Door:
    """A link that lets somebody in once."""

    name: str
    role: Role
    address: str
    link: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of the response that somebody wrote."""

    writer: str
    status: ResponseStatus
    officer: str
    tags: Sequence[str] = ()
    note: str = ""
    flag: Flag | None = None
    group: str = ""
    reply: str = ""


_READ, _CONSIDERED, _UNREAD = ResponseStatus.read, ResponseStatus.considered, ResponseStatus.unread
_DONE = (
    Done(
        "r.oyelaran@hazelbrook-primary.example", _CONSIDERED, ASHA, ("attendance", "staffing"),
        "Wants attendance second, not fifth. The point about single-year grants is made by others, too.",
    ),
    Done(
        "policy@northfold-trust.example", _CONSIDERED, OWEN, ("transition", "transport"),
        "Disagrees with leadership as a priority of its own. Table of obstacles: ask for the figures behind it.",
    ),
    Done(
        "clerk@stbrannocks-governors.example", _CONSIDERED, ASHA, ("governance",),
        "Table 6 has the wrong school's data. Passed on; to be corrected before the final document.",
        reply="Dear Marged Fenn\n\nThank you for the response of the governing board. You are right about Table 6: the "
        "data there are those of the school that closed. We will correct it before the final document.\n\n"
        "Yours sincerely\nAsha Rahman",
    ),
    Done("head@wyvernhall-school.example", _READ, OWEN, ("timetable",)),
    Done("county.secretary@classroom-union.example", _READ, ASHA, ("staffing",)),
    Done("gwen.tarrant@ravensgate-community.example", _READ, OWEN, ("funding",), group="school"),
    Done(
        "director@mosaic-families.example", _UNREAD, ASHA, ("languages",),
        "Asks for a one-page summary in other languages.", Flag.needs_reply,
    ),
    Done("swyddfa@ysgol-glanrafon.example", _UNREAD, OWEN, note="In Welsh; with the translation unit."),
    Done("office@larkrise-infants.example", _UNREAD, ASHA, group="school"),
)  # fmt: skip


def add_people(session: Session, *, now: datetime, actor: str) -> None:
    """Two officers of the first consultation, and an administrator."""
    given = session.exec(select(Consultation.id).where(Consultation.slug == _CONSULTATION)).all()
    for address, role in _ROLES.items():
        user = add_user(session, address=address, name="", role=role, now=now, actor=actor)
        user.password_hash = hashed(PASSWORD)
        if role is Role.officer:
            give_consultations(session, user, given, now=now, actor=actor)


def make_doors(session: Session, base_url: str, *, now: datetime, actor: str) -> list[Door]:
    """A way in for an officer, and one for an administrator."""
    doors = []
    for address in (ASHA, ADAM):
        user = _user(session, address)
        token = make_link(session, user, LinkPurpose.sign_in, now=now, actor=actor)
        doors.append(Door(user.name, user.role, user.address, link_address(base_url, token)))
    return doors


def handle_some(session: Session, *, message_id_domain: str, now: datetime) -> None:
    """What the officers did so far. Letters that are not there are passed over."""
    session.add(ReplyTemplate(name="Answer to a question", text=_ANSWER))
    for done in _DONE:
        wrote = select(Response).where(Response.respondent_address == done.writer).order_by(col(Response.id))
        if response := session.exec(wrote).first():
            _handle(session, response, done, now)
            if done.reply:
                _reply(session, response, done, message_id_domain, now)


def _handle(session: Session, response: Response, done: Done, now: datetime) -> None:
    user, rows = _user(session, done.officer), [response]
    assign(session, rows, user, user=user, now=now)
    set_status(session, rows, done.status, user=user, now=now)
    for tag in done.tags:
        add_tag(session, rows, tag, user=user, now=now)
    if done.note:
        add_note(session, response, done.note, user=user, now=now)
    if done.flag:
        set_flag(session, rows, done.flag, is_set=True, user=user, now=now)
    if done.group:
        known = response.respondent_name, response.respondent_address or "", response.organisation or ""
        correct_respondent(session, response, Respondent(*known, done.group), user=user, now=now)


def _reply(session: Session, response: Response, done: Done, message_id_domain: str, now: datetime) -> None:
    consultation = session.get_one(Consultation, response.consultation_id)
    reply = Reply(proposed_subject(response, consultation), done.reply, "first")
    queue_reply(
        session, response, reply, message_id_domain=message_id_domain, user=_user(session, done.officer), now=now
    )


def _user(session: Session, address: str) -> User:
    return session.exec(select(User).where(User.address == address)).one()
