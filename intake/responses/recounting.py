"""The history in plain sentences: one for every action the product writes, from the table in `sentences.py`.

What an entry does not hold (names, titles) is looked up when it is told. Never changes anything.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from intake.responses.sentences import FIELDS, FLAGS, NATURES, OUTGOING, SENTENCES, WISHES
from intake.store.consultations import Consultation
from intake.store.decisions import Decision
from intake.store.emails import InboundEmail, OutgoingEmail
from intake.store.history import HistoryEntry
from intake.store.online import ApiToken
from intake.store.people import Consultee
from intake.store.reasons import Reason
from intake.store.responses import Addition, Response
from intake.store.users import User

_ACTORS = {"worker": "intake", "command line": "an administrator at the command line", "demo": "the demonstration"}
_ACTORS |= {"respondent": "the respondent"}
_ACTORS |= {"identity provider": "the council's sign-in service", "recipient": "whoever got the email"}
_REASONS = {reason.value: reason.sentence for reason in Reason}


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened, in a sentence without its time."""

    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class _Names:
    """What entries name by id, found in one statement a table."""

    users: Mapping[int, str] = field(default_factory=dict)
    tokens: Mapping[int, str] = field(default_factory=dict)
    consultations: Mapping[int, str] = field(default_factory=dict)
    references: Mapping[int, str] = field(default_factory=dict)
    deciders: Mapping[int, int] = field(default_factory=dict)
    outgoing: Mapping[int, str] = field(default_factory=dict)
    consultees: Mapping[int, str] = field(default_factory=dict)


def recount(session: Session, response: Response) -> list[Told]:
    """All that happened to a response, its emails and what was sent about it; the latest first."""
    additions = session.exec(select(Addition).where(Addition.response_id == response.id)).all()
    outgoing = session.exec(select(OutgoingEmail.id).where(OutgoingEmail.response_id == response.id)).all()
    arrived = [response.email_id, *(addition.email_id for addition in additions)]
    subjects: dict[type[SQLModel], Sequence[int]] = {
        Response: [response.id],
        Addition: [addition.id for addition in additions],
        InboundEmail: [email_id for email_id in arrived if email_id],
        OutgoingEmail: outgoing,
    }
    return tell(session, list(_without_repeats(_entries(session, subjects))), own_email_id=response.email_id)


def tell(session: Session, entries: Sequence[HistoryEntry], *, own_email_id: int | None = None) -> list[Told]:
    """These entries in sentences, in reverse order. Emails other than `own_email_id`, where given, came later."""
    names = _look_up(session, entries)
    return [Told(entry.at, _sentence(entry, names, own_email_id)) for entry in reversed(entries)]


def sentence_for(kind: str, action: str, detail: Mapping[str, Any]) -> str:
    """The sentence of the table that fits best. One that nobody wrote is told by its action's own words."""
    known = SENTENCES.get(kind, {})
    variants = (f"{action}:{variant}" for variant in _variants(detail))
    found = next((known[variant] for variant in variants if variant in known), None)
    return found or known.get(action) or f"{{who}} did this: {action.replace('-', ' ')}."


def _entries(session: Session, subjects: Mapping[type[SQLModel], Sequence[int]]) -> list[HistoryEntry]:
    about = [
        sa.and_(col(HistoryEntry.subject_kind) == table.__tablename__, col(HistoryEntry.subject_id).in_(ids))
        for table, ids in subjects.items()
        if ids
    ]
    found = select(HistoryEntry).where(sa.or_(*about)).order_by(col(HistoryEntry.at), col(HistoryEntry.id))
    return list(session.exec(found).all())


def _without_repeats(entries: Sequence[HistoryEntry]) -> Iterator[HistoryEntry]:
    """Leaves out what another entry says too: that an email was recorded, that a reply was queued, and that sending
    began, once it ended."""
    recorded = {entry.detail.get("email") for entry in entries if entry.action in ("recorded", "added-to")}
    replies = {entry.detail.get("outgoing") for entry in entries if entry.action == "replied"}
    last = {(entry.subject_kind, entry.subject_id): entry.id for entry in entries}
    for entry in entries:
        match entry.subject_kind, entry.action:
            case "inbound_email", "recorded" if entry.subject_id in recorded:
                continue
            case "outgoing_email", "queued" if entry.subject_id in replies and "from" not in entry.detail:
                continue
            case "outgoing_email" as kind, "sending" if last[kind, entry.subject_id] != entry.id:
                continue
        yield entry


def _look_up(session: Session, entries: Sequence[HistoryEntry]) -> _Names:
    """All names the entries may need."""
    details = [entry.detail for entry in entries]
    deciders = _column(session, Decision, "user_id", _ids(details, "decision"))
    people = {key for entry in entries if (key := _id_in(entry.actor, "user"))}
    people |= _ids(details, "forwarded_by")
    people |= _ids([entry.detail for entry in entries if entry.action == "assigned"], "from", "to")
    moves = [entry.detail for entry in entries if entry.action == "moved"]
    outgoing = {entry.subject_id for entry in entries if entry.subject_kind == "outgoing_email"}
    return _Names(
        users=_column(session, User, "name", people | set(deciders.values())),
        tokens=_column(session, ApiToken, "name", filter(None, (_id_in(entry.actor, "token") for entry in entries))),
        consultations=_column(
            session, Consultation, "title", _ids(moves, "from", "to") | _ids(details, "consultation_id")
        ),
        references=_column(session, Response, "reference", _ids(details, "response_id")),
        deciders=deciders,
        outgoing=_column(session, OutgoingEmail, "kind", outgoing),
        consultees=_column(session, Consultee, "organisation", _ids(details, "consultee")),
    )


def _column(session: Session, table: Any, name: str, ids: Iterable[int]) -> dict[int, Any]:
    wanted = set(ids)
    if not wanted:
        return {}
    found = session.execute(sa.select(table.id, getattr(table, name)).where(table.id.in_(wanted)))
    return {row.id: row[1] for row in found}


def _ids(details: Sequence[Mapping[str, Any]], *keys: str) -> set[int]:
    return {value for detail in details for key in keys if isinstance(value := detail.get(key), int)}


def _id_in(actor: str, kind: str) -> int | None:
    """Of "user 12" and "token 3" the number."""
    found, _, number = actor.partition(" ")
    return int(number) if found == kind and number.isdigit() else None


def _sentence(entry: HistoryEntry, names: _Names, own_email_id: int | None) -> str:
    template = sentence_for(entry.subject_kind, entry.action, entry.detail)
    said = " ".join(template.format_map(_words(entry, names, own_email_id)).split())
    return said[:1].upper() + said[1:]


def _variants(detail: Mapping[str, Any]) -> Iterator[str]:
    if "decision" in detail and "kind" not in detail:
        yield "decided"
    if "to" in detail and detail["to"] is None:
        yield "nobody"
    if "forwarded_by" in detail or "published_address" in detail:
        yield "forwarded"
    if "token" in detail:
        yield "token"
    yield from (str(detail[key]) for key in ("to", "from", "kind", "reason", "channel") if detail.get(key) is not None)


def _words(entry: HistoryEntry, names: _Names, own_email_id: int | None) -> dict[str, str]:
    detail = entry.detail
    before, after = detail.get("from"), detail.get("to")
    consultation = detail.get("consultation_id", after)
    is_later = own_email_id is not None and entry.subject_id != own_email_id
    return {
        "who": _who(entry.actor, names),
        "decider": names.users.get(names.deciders.get(detail.get("decision", 0), 0), "an officer"),
        "reason": _REASONS.get(detail.get("reason", ""), ""),
        "nature": NATURES.get(detail.get("nature") or str(after), "a response"),
        "nature_before": NATURES.get(str(before), "a response"),
        "forwarder": _named(names.users, detail.get("forwarded_by"), "an officer"),
        "officer": _named(names.users, after, "an officer"),
        "officer_before": _named(names.users, before, "an officer"),
        "consultation": _named(names.consultations, consultation, "a consultation"),
        "consultation_before": _named(names.consultations, before, "a consultation"),
        "before": str(detail.get("before", "")),
        "after": str(detail.get("after", "")),
        "reference": _named(names.references, detail.get("response_id"), "a response"),
        "consultee": _named(names.consultees, detail.get("consultee"), "a consultee"),
        "flag": FLAGS.get(detail.get("flag", ""), "other"),
        "wish": WISHES.get(detail.get("wish", ""), "something else"),
        "fields": _listed(detail.get("fields", [])),
        "email": "a later email" if is_later else "the email",
        "outgoing": OUTGOING.get(names.outgoing.get(entry.subject_id, ""), "an email"),
    }


def _who(actor: str, names: _Names) -> str:
    user_id, token_id = _id_in(actor, "user"), _id_in(actor, "token")
    return names.users.get(user_id or 0) or names.tokens.get(token_id or 0) or _ACTORS.get(actor, actor)


def _named(names: Mapping[int, str], key: Any, otherwise: str) -> str:
    return names.get(key, otherwise) if isinstance(key, int) else otherwise


def _listed(fields: Sequence[str]) -> str:
    """ "the respondent's name, the organisation and the stakeholder group"; the consultee goes with those."""
    words = [FIELDS.get(name, f"the {name.replace('_', ' ')}") for name in fields if name != "consultee_id"]
    words = words or ["the consultee"]
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
