"""What is sent in a chaos run, all drawn from the seed: who writes what to whom and when. Never looks at results."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from tests.building import File, raw_email
from tests.people import ASHA, REVIEW

PEOPLE = [f"person-{number}@letters.example" for number in range(40)]


@dataclass(frozen=True, slots=True)
class Letter:
    """`at` is in seconds from the start. `answers` is the letter whose acknowledgement it answers."""

    number: int
    at: float
    sender: str
    recipients: tuple[str, ...]
    marker: str
    files: tuple[File, ...] = ()
    answers: "Letter | None" = None

    @property
    def message_id(self) -> str:
        return f"<letter-{self.number}@letters.example>"

    @property
    def text(self) -> str:
        return f"We have thought about proposal {self.marker}.\nWe support it.\n"

    @property
    def hashes(self) -> tuple[str, ...]:
        return tuple(sha256(content).hexdigest() for _, _, content in self.files)

    def raw(self, acknowledgement_id: str | None = None) -> bytes:
        """Its bytes. It is an answer in the thread of the acknowledgement, if that one's Message-ID is given."""
        return raw_email(
            sender=self.sender,
            to=", ".join(self.recipients),
            subject=f"Our views, {self.marker}",
            text=self.text,
            attachments=self.files,
            headers={"In-Reply-To": acknowledgement_id} if acknowledgement_id else {},
            message_id=self.message_id,
        )


def drawn_letters(chance: Random, count: int, *, seconds: float) -> Iterator[Letter]:
    """So many letters in the order they are sent, spread over so many seconds."""
    earlier = list[Letter]()
    for number, at in enumerate(sorted(chance.uniform(0, seconds) for _ in range(count))):
        # Of the first half, so that most are acknowledged by then.
        parent = chance.choice(earlier[: number // 2]) if number > 20 and chance.random() < 0.15 else None
        letter = Letter(
            number=number,
            at=at,
            sender=parent.sender if parent else chance.choice(PEOPLE),
            recipients=(REVIEW, ASHA) if chance.random() < 0.2 else (REVIEW,),
            marker=f"{chance.getrandbits(64):016x}",
            files=tuple(_drawn_files(chance)),
            answers=parent,
        )
        earlier.append(letter)
        yield letter


def _drawn_files(chance: Random) -> Iterator[File]:
    for number in range(chance.choice((0, 0, 0, 1, 1, 2))):
        size = chance.choice((100, 20_000, 200_000))
        yield f"views-{number}.pdf", "application/pdf", b"%PDF-1.4\n" + chance.randbytes(size)
