"""What is said of one recipient of an email to many: that it goes to them, or the reason why not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from intake.deadlines import moment_wording
from intake.store.people import ENGLISH
from intake.store.reasons import Reason
from intake.store.responses import Channel, Response

LONDON = ZoneInfo("Europe/London")
_BY: Mapping[Channel, str] = {
    Channel.email: "by email",
    Channel.online: "online",
    Channel.imported: "by an imported form",
    Channel.meeting: "at a meeting",
    Channel.phone: "by phone",
    Channel.letter: "by letter",
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom an email of a mailing goes to. `address` in lower case; "" where none is known."""

    address: str
    name: str = ""
    language: str = ENGLISH
    consultee_id: int | None = None
    response_id: int | None = None
    user_id: int | None = None  # an officer
    organisation: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an email goes to a recipient: it does where there is no reason against it."""

    recipient: Recipient
    reason: Reason | None
    answered: Response | None = None  # with Reason.answered: by which response
    zone: ZoneInfo = LONDON  # the consultation's
    instead: Recipient | None = None  # with Reason.same_address: who gets it there

    @property
    def goes(self) -> bool:
        return self.reason is None

    @property
    def sentence(self) -> str:
        """Such as "Answered on Wednesday 12 February 2020 by email (IEO-0003)."."""
        if self.answered:
            return _answered(self.answered, self.zone)
        if self.instead and self.instead.organisation:
            return f"The same address gets it for {self.instead.organisation}."
        return self.reason.sentence if self.reason else "Gets it."


def _answered(response: Response, zone: ZoneInfo) -> str:
    """Without the day where nobody knows when it was received."""
    by = f"{_BY[response.channel]} ({response.reference})."
    if response.received_at is None:
        return f"Answered {by}"
    return f"Answered on {moment_wording(response.received_at, zone).partition(' on ')[2]} {by}"
