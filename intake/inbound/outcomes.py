"""What becomes of letters, decided but not yet written: values that `writing.py` turns into rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from intake.inbound.duplicates import Letter
from intake.inbound.handing_on import HandedOn, Way
from intake.inbound.routing import Circumstances, Target
from intake.mail.understanding import Understood
from intake.store.decisions import Decision
from intake.store.emails import EmailStatus
from intake.store.reasons import Reason
from intake.store.responses import Addition, Response


@dataclass(frozen=True, slots=True)
class Considered:
    """A letter, what an officer decided about it, and what it says in the light of that."""

    letter: Letter
    decision: Decision | None
    said: Understood
    handed_on: HandedOn | None

    @property
    def is_confirmed(self) -> bool:
        """Whether an officer said who wrote it."""
        return self.decision is not None and self.decision.respondent_name is not None

    @property
    def is_handed_on(self) -> bool:
        """Whether it is somebody else's letter that is recorded, if any is."""
        return self.handed_on_as is not None

    @property
    def is_quoted(self) -> bool:
        """Whether that letter stands in the forward itself."""
        return self.is_handed_on and self.letter.read.forward is None

    @property
    def handed_on_as(self) -> HandedOn | None:
        is_letter = self.handed_on is not None and self.handed_on.way in (Way.inline, Way.enclosed)
        return self.handed_on if is_letter or self.is_confirmed else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one letter: the move of its email, and the consultations it is recorded in."""

    of: Considered
    given: Circumstances
    to: EmailStatus
    reason: Reason | None = None
    values: Mapping[str, int | None] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()

    @property
    def received_at(self) -> datetime | None:
        """When the letter came. Of one that was handed on only an officer knows."""
        arrived = None if self.of.is_handed_on else self.given.received_at
        return self.of.decision.received_at or arrived if self.of.decision else arrived


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in one consultation: its response, or the addition to an earlier one."""

    outcome: Outcome
    response: Response
    addition: Addition | None = None
