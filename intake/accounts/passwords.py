"""Passwords: which are good enough, and their argon2 hashes.

Length over complexity, and no change by the calendar, as the National Cyber Security Centre advises. Never knows a
user, an address that signs in, or a page.
"""

import re
import threading
from collections.abc import Iterator
from functools import cache

from pwdlib import PasswordHash

SHORTEST = 12  # characters
LONGEST = 256
FEWEST_LEFT = 6
"""Different characters that have to be left when the words everybody guesses are taken out."""
_HASHES_AT_ONCE = threading.BoundedSemaphore(4)
"""One takes 64 MB and a tenth of a second: a crowd at the door must wait, not fill the machine."""

_hasher = PasswordHash.recommended()
# What lists of leaked passwords are made of. Digits and signs in the place of letters are read as those letters.
_GUESSED_FIRST = sorted(
    """
    password passphrase passwort letmein welcome qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm
    iloveyou admin administrator root login signin secret master monkey dragon football liverpool arsenal chelsea
    princess sunshine superman batman pokemon starwars trustno changeme default guest test testing
    council county borough consultation intake office officer england britain london
    spring summer autumn winter january february march april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday abcdefghijklmnopqrstuvwxyz abcdef abc qaz wsx edc
    """.split(),
    key=len,
    reverse=True,
)
_READ_AS = str.maketrans("013457@$!|", "oieastasil")


def mistake_in(password: str, *, name: str, address: str) -> str | None:
    """What is wrong with a new password of this person, in one sentence; None when it is good."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters: three or four words that do not belong together are good."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    if any(own in password.lower() for own in _own_words(name, address)):
        return "Leave your own name and address out of the password: they are guessed first."
    if len(set(_without_what_is_guessed(password))) < FEWEST_LEFT:
        return "This password is among the first to be guessed. Use three or four words that do not belong together."
    return None


def hashed(password: str) -> str:
    with _HASHES_AT_ONCE:
        return _hasher.hash(password)


def is_right(password: str, stored: str | None) -> tuple[bool, str | None]:
    """Whether this is the password, and its hash anew where the stored one is weaker than today's.

    Takes as long for somebody without a password (or without an account) as for anybody else.
    """
    if len(password) > LONGEST:
        password, stored = "", None
    with _HASHES_AT_ONCE:
        right, renewed = _hasher.verify_and_update(password, stored or _nobodys_hash())
    return (right, renewed) if stored else (False, None)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("the hash that is compared where there is none")


def _own_words(name: str, address: str) -> Iterator[str]:
    for word in re.split(r"[\W_]+", f"{name} {address.partition('@')[0]}".lower()):
        if len(word) > 3:
            yield word
    yield address.lower()


def _without_what_is_guessed(password: str) -> str:
    """Its letters and digits, without years, runs of digits and the words of the list."""
    left = re.sub(r"(19|20)\d\d|0?1234567890?|123456?|1234|4321", "", password.lower()).translate(_READ_AS)
    for word in _GUESSED_FIRST:
        left = left.replace(word, "")
    return re.sub(r"[\W_]+", "", left)
