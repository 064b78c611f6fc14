"""What is known of emails beside their words, as rows: a forward and its letters, wishes, a forged sender, an email
within an email. Each may be called by a test of its own, or all for the scene."""

from datetime import timedelta
from typing import Any

from sqlmodel import select

from intake.store.emails import EmailStatus, InboundEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Attachment, Response, Wish
from tests.building import File, raw_email
from tests.office import DURING
from tests.people import ASHA, BEN, CAROL, REVIEW
from tests.responses.log_rows import add_wish, set_on, set_on_email
from tests.web.desk import Desk

NOTE = "He handed me this at the school gate.\nPlease log it."
WRITTEN_AT = DURING - timedelta(days=3, minutes=30)
ASKED = "Please withdraw my response of last week."
INNERMOST = raw_email(
    sender="Mill Lane Residents <residents@mill-lane.example>", subject="The buses", text="Too few.\n"
)
MAP: File = ("map.pdf", "application/pdf", b"%PDF-1.4 a map")


def within(*files: File, subject: str = "What they wrote to us", text: str = "We were told this.\n") -> bytes:
    return raw_email(sender="Wardens <wardens@parish.example>", subject=subject, text=text, attachments=files)


ATTACHED: File = ("letter.eml", "application/octet-stream", within(MAP, ("inner.eml", "message/rfc822", INNERMOST)))
"""An email with a map, and with another email."""


def receive(desk: Desk, name: str, **email: Any) -> Response:
    """A letter to the review, from an address of this name; recorded."""
    given = {"sender": f"{name.title()} <{name}@elsewhere.example>", "to": REVIEW, "message_id": f"<{name}@x.example>"}
    desk.office.receive(raw_email(**{**given, "text": f"A letter from {name}.\n", **email}), received_at=DURING)
    desk.office.cycle()
    return desk.office.responses()[-1]


def receive_forwarded(desk: Desk) -> Response:
    """Asha forwarded it, with a note; nobody has said when it came."""
    response = receive(desk, "gwen")
    given = {"forwarded_by": ASHA, "forwarded_note": NOTE, "original_sent_at": WRITTEN_AT, "received_at": None}
    set_on(desk.office.database, response.reference, **given)
    return response


def receive_asking(desk: Desk, *wishes: Wish) -> Response:
    response = receive(desk, "ivy")
    for wish in wishes or Wish:
        add_wish(desk.office.database, response.reference, wish, ASKED)
    return response


def receive_forged(desk: Desk) -> Response:
    """It holds somebody else's letter too."""
    response = receive(desk, "mallory")
    set_on(desk.office.database, response.reference, contains_forward=True)
    set_on_email(desk.office.database, response.email_id, dmarc="fail")
    return response


def receive_with_attached_email(desk: Desk) -> Attachment:
    response = receive(desk, "warden", attachments=[ATTACHED, MAP])
    return next(one for one in desk.office.rows(Attachment) if one.response_id == response.id)


def bounce_acknowledgement(desk: Desk, response: Response, reason: Reason) -> None:
    with desk.office.database.transaction() as session:
        for row in desk.office.outgoing():
            if row.response_id == response.id:
                row.status, row.reason = OutgoingStatus.bounced, reason.value
                session.add(row)


def hold(desk: Desk, name: str, reason: Reason, **given: Any) -> int:
    """An email to Asha's own address waits for this reason; its id."""
    values = {name: given.pop(name) for name in ("dmarc", "sender_address", "enclosed_in_id") if name in given}
    email = {"sender": f"{name.title()} <{name}@elsewhere.example>", "to": ASHA, "subject": f"A letter from {name}"}
    raw = raw_email(**{**email, "message_id": f"<{name}@held.example>", "text": f"About it, {name}.\n", **given})
    desk.office.receive(raw, mailbox="asha")
    desk.office.cycle()
    held = desk.office.emails()[-1]
    assert held.status is EmailStatus.held, (held.status, held.reason)
    set_on_email(desk.office.database, held.id, reason=reason.value, **values)
    return held.id


def hand_on(desk: Desk) -> tuple[int, int, int]:
    """A forward with two letters attached: its id, that of the one that was recorded, that of the one that waits."""
    forward = hold(desk, "asha", Reason.handed_on, attachments=[ATTACHED])
    set_on_email(desk.office.database, forward, status=EmailStatus.ignored, reason=Reason.handed_on.value)
    recorded = receive(desk, "ben")
    set_on_email(desk.office.database, recorded.email_id, mailbox_id=None, enclosed_in_id=forward)
    given = {"forwarded_by": ASHA, "original_sent_at": WRITTEN_AT, "received_at": None}
    set_on(desk.office.database, recorded.reference, **given)
    waiting = hold(desk, "carol", Reason.forwarded_by_officer)
    out = {"mailbox_id": None, "received_at": None, "enclosed_in_id": forward, "sent_at": WRITTEN_AT}
    set_on_email(desk.office.database, waiting, **out)
    assert recorded.email_id
    return forward, recorded.email_id, waiting


def set_understood(desk: Desk) -> dict[str, Any]:
    """One of each, under the names that states.py knows them by."""
    forwarded, asking, forged = receive_forwarded(desk), receive_asking(desk), receive_forged(desk)
    bounce_acknowledgement(desk, asking, Reason.bounced_for_now)
    attachment = receive_with_attached_email(desk)
    handed_on, _, taken_out = hand_on(desk)
    with desk.office.database.reading() as session:
        holder = session.exec(select(Response).where(Response.id == attachment.response_id)).one()
        with_email = session.get_one(InboundEmail, holder.email_id)
    return {
        "forwarded": forwarded.reference,
        "asking": asking.reference,
        "forged": forged.reference,
        "with_email": holder.reference,
        "email_attachment_id": attachment.id,
        "email_with_email_id": with_email.id,
        "encrypted_id": hold(desk, "enigma", Reason.encrypted, attachments=[ATTACHED], text="", dmarc="fail"),
        "unproven_id": hold(desk, "pretender", Reason.unproven_officer, text=_forward_text()),
        "withdrawing_id": hold(desk, "leaver", Reason.asks_to_withdraw, sender_address=CAROL),
        "handed_on_id": handed_on,
        "taken_out_id": taken_out,
    }


def _forward_text() -> str:
    return (
        "Please log this one.\n\n---------- Forwarded message ---------\n"
        f"From: Ben Hughes <{BEN}>\nDate: Mon, 3 Feb 2020 at 09:12\nSubject: Our view\n"
        f"To: Asha Rahman <{ASHA}>\n\nWe support the draft.\n"
    )
