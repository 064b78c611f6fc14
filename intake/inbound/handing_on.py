"""Says whether an officer hands on somebody else's letter with an email, by which way, and what that letter says.

Owns whose word is good enough for it. Never decides what becomes of the letter, and knows no database.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from intake.inbound.reading import Forward, ReadEmail, SpooledFile
from intake.mail.attachments import is_email_file
from intake.mail.authentication import is_authenticated
from intake.mail.message import Address
from intake.mail.quoting import own_words
from intake.mail.understanding import Understood

# What mail programs attach by themselves.
_SIGNATURES = {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}


class Way(StrEnum):
    """How a letter comes by way of an officer."""

    inline = "inline"  # quoted in the officer's own email
    attached = "attached"  # attached to this email, alone or with others
    enclosed = "enclosed"  # this is one of those: it was taken out of the forward
    unsure = "unsure"  # proven, but which letter is meant, or for whom, is for a person to say
    unproven = "unproven"  # nobody vouches that the officer sent it


@dataclass(frozen=True, slots=True)
class Officer:
    """Whose forwards are other people's letters. `consultation_ids` are those the officer works on."""

    address: str  # lower case
    consultation_ids: frozenset[int] = frozenset()
    user_id: int | None = None
    published_id: int | None = None  # of the first published address


@dataclass(frozen=True, slots=True)
class HandedOn:
    """`note` is what the officer wrote, `sent_at` when the letter says that it was sent.

    `recipients` in lower case, of the forward that a letter was enclosed in. `is_only`: no other letter came with it.
    """

    by: Officer
    way: Way
    note: str = ""
    sent_at: datetime | None = None
    recipients: tuple[str, ...] = ()
    is_only: bool = True

    @property
    def columns(self) -> dict[str, Any]:
        """What a response says of it."""
        return {
            "forwarded_by": self.by.address,
            "forwarded_note": self.note or None,
            "original_sent_at": self.sent_at,
        }

    @property
    def detail(self) -> dict[str, int | None]:
        """What the history says of it: an id, never an address."""
        return {"forwarded_by": self.by.user_id} if self.by.user_id else {"published_address": self.by.published_id}


def handed_on(
    read: ReadEmail, by: Officer | None, meant: Collection[int], *, authserv_id: str | None
) -> HandedOn | None:
    """`by` is the officer the email came from, if it is one's address, `meant` the consultations it was sent to.

    None for an officer's own words, and for the forwards of whoever has no say in these consultations: they stay their
    sender's, like anybody's. A published address always has a say; it is nobody's own.
    """
    email = read.understood
    letters = _letters(read)
    is_inline = email.forwarded is not None and email.forwarded.note != email.text
    if by is None or not (is_inline or letters):
        return None
    is_theirs = bool(by.consultation_ids) and by.consultation_ids.issuperset(meant)
    if not is_theirs and by.published_id is None and by.consultation_ids.isdisjoint(meant):
        return None
    original = email.forwarded
    return HandedOn(
        by=by,
        way=_way(email, read.files, len(letters), authserv_id, is_theirs=is_theirs, is_inline=is_inline),
        note=original.note if original else email.text,
        sent_at=original.sent_at if original else None,
    )


def enclosed_in(forward: Forward, letter: Understood, by: Officer, recipients: tuple[str, ...]) -> HandedOn:
    """Of a letter that was taken out of an officer's forward, which was looked at before that was done."""
    is_only = forward.letters == 1
    return HandedOn(by, Way.enclosed, forward.understood.text, letter.sent_at, recipients, is_only)


def as_handed_on(email: Understood) -> Understood:
    """What the letter in an inline forward says. It went to the forward's recipients, in the forward's thread."""
    original = email.forwarded
    assert original
    sender = original.sender
    return replace(
        email,
        sender=Address(sender.name, sender.address or "") if sender else None,
        subject=original.subject or email.subject,
        text=original.text,
        own_words=own_words(original.text),
    )


def holds_a_letter(read: ReadEmail) -> bool:
    """Whether somebody else's letter is in the email, whoever sent it."""
    return read.understood.forwarded is not None or bool(_letters(read))


def _letters(read: ReadEmail) -> set[str]:
    if "too-many-parts" in read.understood.defects:  # the whole email is attached to itself, whatever it holds
        return set()
    return {file.sha256 for file in read.files if is_email_file(file.filename, file.content_type)}


def _way(
    email: Understood,
    files: Sequence[SpooledFile],
    letters: int,
    authserv_id: str | None,
    *,
    is_theirs: bool,
    is_inline: bool,
) -> Way:
    if not is_authenticated(
        email.authentication, authserv_id=authserv_id, authors=email.authors, exchange=email.exchange
    ):
        return Way.unproven
    if not is_theirs:
        return Way.unsure
    if is_inline:
        return Way.inline
    # With one letter and other files, nobody but a person knows whether those belong to it.
    return Way.attached if letters > 1 or not any(map(_is_beside, files)) else Way.unsure


def _is_beside(file: SpooledFile) -> bool:
    is_furniture = file.content_type.startswith("image/") or file.content_type in _SIGNATURES
    return not is_furniture and not is_email_file(file.filename, file.content_type)
