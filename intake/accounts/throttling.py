"""How often somebody may try: ten wrong passwords or codes in five minutes, for each account and network address; and
how many forms are begun from one network.

Counted in the database, because several processes answer. A guess is counted before it is judged, so that a hundred at
once get no hundred tries; what proves right is taken back. Never says whether an account exists.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import sqlalchemy as sa
from sqlmodel import Session, col

from intake.errors import IntakeError
from intake.store.users import SignInAttempt
from intake.wording import plural

MOST_GUESSES = 10
WITHIN = timedelta(minutes=5)
"""Cyber Essentials: no more than ten guesses in five minutes."""


_KEPT = timedelta(hours=1)  # the longest that any limit looks back


class TooManyGuesses(IntakeError):
    """There were too many wrong guesses; try again in a few minutes."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many tries within some time; `told` begins the sentence that refuses the next."""

    most: int
    within: timedelta
    told: str


GUESSES = Limit(MOST_GUESSES, WITHIN, "There were too many wrong guesses.")


def forms_limit(most: int) -> Limit:
    """So many forms begun an hour."""
    return Limit(most, _KEPT, "A great many forms were begun from your network within an hour.")


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess that was counted, by the ids of its rows."""

    ids: Sequence[int]


def account_key(address: str) -> str:
    return _key("account", address)


def code_key(user_id: int) -> str:
    return _key("code", str(user_id))


def network_key(host: str, kind: str = "network") -> str:
    """Of IPv6 the first 64 bits: every customer has that many addresses of their own. `kind`: of what is tried."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _key(kind, host)
    address = getattr(address, "ipv4_mapped", None) or address
    wide = ipaddress.ip_network((address, 64 if address.version == 6 else 32), strict=False)
    return _key(kind, str(wide))


def count_guess(session: Session, *keys: str, now: datetime, limit: Limit = GUESSES) -> Guess:
    """Count a guess under each key, in a transaction that is committed before the guess is judged.

    Raises TooManyGuesses, which says when to try again; a guess that was refused is not counted.
    """
    _one_at_a_time(session, keys)
    session.execute(sa.delete(SignInAttempt).where(col(SignInAttempt.at) <= now - _KEPT))
    for key in keys:
        guessed = sa.select(col(SignInAttempt.at)).where(
            col(SignInAttempt.key) == key, col(SignInAttempt.at) > now - limit.within
        )
        last = session.scalars(guessed.order_by(col(SignInAttempt.at).desc()).limit(limit.most)).all()
        if len(last) == limit.most:
            raise TooManyGuesses(_try_again(limit, last[-1] + limit.within - now))
    rows = [SignInAttempt(key=key, at=now) for key in keys]
    session.add_all(rows)
    session.flush()
    return Guess([row.id for row in rows])


def take_back(session: Session, guess: Guess) -> None:
    """The guess was right: only wrong ones count."""
    session.execute(sa.delete(SignInAttempt).where(col(SignInAttempt.id).in_(guess.ids)))


def _one_at_a_time(session: Session, keys: Sequence[str]) -> None:
    """SQLite's writers queue anyway. On PostgreSQL two that count at once would each miss the other's row."""
    if session.get_bind().dialect.name == "postgresql":
        for key in sorted(keys):
            session.execute(sa.select(sa.func.pg_advisory_xact_lock(int(key[:15], 16))))


def _try_again(limit: Limit, wait: timedelta) -> str:
    minutes = max(1, ceil(wait.total_seconds() / 60))
    return f"{limit.told} Try again in {plural(minutes, 'minute')}."


def _key(kind: str, what: str) -> str:
    return hashlib.sha256(f"{kind}:{what}".encode()).hexdigest()
