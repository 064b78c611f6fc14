"""A new consultation: what was typed becomes the content of a consultation's file, and is added like one.

Says everything that is wrong at once. What is only unwise is a warning, and is for the page to show.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from intake.administration.addresses import check_address
from intake.administration.mistakes import checked, one_at_a_time
from intake.administration.moments import TypedMoment, instant
from intake.administration.sections import refuse_taken
from intake.errors import Mistakes
from intake.store.consultation_file import ConsultationFile, add_consultation
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.users import User

# In place of what has to be corrected, so that the rest is checked all the same.
_SOME_NAMES = {"slug": "consultation", "reference_prefix": "CONSULT"}
_SOME_TIMES = {"opens_at": datetime(2000, 1, 1, 9, tzinfo=UTC), "closes_at": datetime(2199, 1, 1, 9, tzinfo=UTC)}
_ON_THE_PAGE = "title reference_prefix slug opens closes timezone late_policy address kind officer_name contact".split()
_LITTLE_WORDS = frozenset({"A", "AN", "AND", "FOR", "IN", "OF", "ON", "OUR", "THE", "TO"})


def typed_consultation(
    given: Mapping[str, object], opens: TypedMoment, closes: TypedMoment, *, timezone: ZoneInfo
) -> ConsultationFile:
    """`given` has the other keys of a consultation's file; an empty slug or prefix is made from the title.

    Raises Mistakes with everything that has to be corrected.
    """
    mistakes: dict[str, str] = {}
    times = dict(_SOME_TIMES)
    for field, typed, name in (("opens", opens, "The opening time"), ("closes", closes, "The closing time")):
        try:
            times[f"{field}_at"] = instant(typed, timezone=timezone, field=field, name=name)
        except Mistakes as wrong:
            mistakes |= wrong.by_field
    title = str(given.get("title", ""))
    made = {"slug": proposed_slug(title), "reference_prefix": proposed_prefix(title)} if title else _SOME_NAMES
    named = {name: given.get(name) or proposed for name, proposed in made.items()}
    try:
        file = checked(ConsultationFile, {**given, **named, **times})
    except Mistakes as wrong:
        mistakes = {**wrong.by_field, **mistakes}
    if mistakes:
        raise Mistakes({field: mistakes[field] for field in sorted(mistakes, key=_place)})
    return file


def set_up(session: Session, file: ConsultationFile, *, user: User, now: datetime) -> Consultation:
    """Raises Mistakes where its name, prefix or an address belongs to another consultation."""
    refuse_taken(session, {"slug": file.slug, "reference_prefix": file.reference_prefix})
    for part in file.addresses:
        check_address(session, part.model_dump())
    with one_at_a_time():
        add_consultation(session, file, now=now, actor=user.actor)
    return consultation_by_slug(session, file.slug)


def proposed_slug(title: str) -> str:
    """ "Improving education outcomes" → "improving-education-outcomes"."""
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))[:80].strip("-")


def proposed_prefix(title: str) -> str:
    """The first letters of its words: "Improving education outcomes" → "IEO"."""
    words = re.findall(r"[A-Z]+", title.upper())
    initials = "".join(word[0] for word in words if word not in _LITTLE_WORDS)
    return (initials if len(initials) >= 2 else "".join(words))[:8]


def _place(field: str) -> int:
    """Where a field stands on the page; its mistakes are told in that order."""
    return next((place for place, name in enumerate(_ON_THE_PAGE) if field.startswith(name)), len(_ON_THE_PAGE))
