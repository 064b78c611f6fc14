"""A respondent's receipt, opened by the secret in its address: what was received and when; what can be done about it.

To open it shows reference, times and names of files, never words, as the email with its link may be forwarded.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel import Session, col, select
from starlette.responses import Response

from intake.deadlines import timing
from intake.documents.kinds import ACCEPT, HINT, MOST_FILES, refusal
from intake.errors import IntakeError, Mistakes
from intake.inbound.entering import add_to, store_files
from intake.inbound.form_rules import LONGEST_ANSWER
from intake.inbound.online import RESPONDENT
from intake.inbound.withdrawing import withdraw_by_code
from intake.jobs import Installation, acknowledgement_rules
from intake.mail.attachments import safe_filename
from intake.outbound.opting_out import has_opted_out, opt_out
from intake.outbound.receipts import WrongCode, find_receipt, send_code
from intake.store.consultations import Consultation, own_addresses
from intake.store.online import Receipt
from intake.store.responses import Addition, Attachment
from intake.store.responses import Response as Recorded
from intake.web.asking import Public
from intake.web.forms import Form, SentByLink
from intake.web.pages.stop import masked
from intake.web.showing import page_by_link

router = APIRouter()


@router.get("/receipt/{secret}")
def show(request: Request, this: Public, secret: str) -> Response:
    return _show(request, this, secret)


@router.post("/receipt/{secret}")
def act(request: Request, this: Public, secret: str, form: SentByLink) -> Response:
    do: dict[str, Callable[[Installation, str, Form], str]] = {
        "add": _add,
        "code": _send_code,
        "withdraw": _withdraw,
        "stop": _stop,
    }
    try:
        notice = do.get(form.text("act"), _nothing)(this, secret, form)
    except Mistakes as wrong:
        return _show(request, this, secret, status=422, mistakes=wrong.by_field, given=form)
    except IntakeError as refused:
        return _show(request, this, secret, status=409, mistakes={"code": str(refused)}, given=form)
    return _show(request, this, secret, notice=notice)


def _nothing(_this: Installation, _secret: str, _form: Form) -> str:
    return ""


def _add(this: Installation, secret: str, form: Form) -> str:
    text, files = form.long_text("text"), form.files("files")
    refused = [f"{safe_filename(one.filename)}: {why}" for one in files if (why := refusal(one.filename, one.content))]
    if refused or len(files) > MOST_FILES:
        raise Mistakes({"files": " ".join(refused) or f"At most {MOST_FILES} files can be added at once."})
    if len(text) > LONGEST_ANSWER:
        raise Mistakes({"text": f"This must be {LONGEST_ANSWER:,} characters or fewer; add the rest as a file."})
    if not text and not files:
        raise Mistakes({"text": "Enter what you want to add, or choose a file."})
    stored = store_files(this.files, files)
    now = this.clock()
    with this.database.transaction() as session:
        # Locked, so that of a form sent twice the second finds the first.
        receipt = find_receipt(session, secret, now=now, lock=True)
        response = session.get_one(Recorded, receipt.response_id)
        if response.withdrawn_at is not None:
            raise Mistakes({"text": "This response was withdrawn; write to the contact below if you want it back."})
        if not _was_just_added(session, response, text, [one.sha256 for one in stored]):
            rules = acknowledgement_rules(this, own_addresses(session))
            add_to(session, response, text, stored, now=now, actor=RESPONDENT, rules=rules)
    return "We have added it to your response."


def _was_just_added(session: Session, response: Recorded, text: str, digests: list[str]) -> bool:
    """Whether the last addition is this one: pressed twice, or sent again after the connection broke."""
    last = select(Addition).where(Addition.response_id == response.id).order_by(col(Addition.id).desc())
    addition = session.exec(last).first()
    if addition is None or addition.text != text:
        return False
    theirs = select(Attachment.sha256).where(Attachment.addition_id == addition.id).order_by(col(Attachment.position))
    return list(session.exec(theirs)) == digests


def _send_code(this: Installation, secret: str, _form: Form) -> str:
    now, domain = this.clock(), this.settings.mail.message_id_domain
    with this.database.transaction() as session:
        receipt = find_receipt(session, secret, now=now, lock=True)
        response = session.get_one(Recorded, receipt.response_id)
        send_code(session, receipt, response, message_id_domain=domain, actor=RESPONDENT, now=now)
    return "We are sending you a code. It can take a minute to arrive."


def _withdraw(this: Installation, secret: str, form: Form) -> str:
    with this.database.transaction() as session:
        is_right = withdraw_by_code(session, secret, "".join(form.text("code").split()), now=this.clock())
    if not is_right:
        raise WrongCode
    return "Your response is withdrawn."


def _stop(this: Installation, secret: str, _form: Form) -> str:
    now = this.clock()
    with this.database.transaction() as session:
        response = session.get_one(Recorded, find_receipt(session, secret, now=now).response_id)
        if response.respondent_address:
            opt_out(session, response.consultation_id, response.respondent_address, now=now)
    return "We send no more invitations, reminders or notices about this consultation to that address."


def _show(request: Request, this: Installation, secret: str, *, status: int = 200, **more: Any) -> Response:
    now = this.clock()
    with this.database.reading() as session:
        fields = _fields(session, find_receipt(session, secret, now=now), this)
    return page_by_link(request, "receipt.html", status=status, **fields, **more)


def _fields(session: Session, receipt: Receipt, this: Installation) -> dict[str, Any]:
    response = session.get_one(Recorded, receipt.response_id)
    consultation = session.get_one(Consultation, response.consultation_id)
    address = response.respondent_address
    additions = select(Addition).where(Addition.response_id == response.id).order_by(col(Addition.id))
    files = select(Attachment).where(Attachment.response_id == response.id).order_by(col(Attachment.position))
    rows = [(one.addition_id, one, this.files.path(one.sha256).is_file()) for one in session.exec(files)]
    return {
        "consultation": consultation,
        "response": response,
        "timing": timing(response.received_at, consultation.closes_at, is_in_grace=response.is_in_grace).value,
        "additions": session.exec(additions).all(),
        "files": rows,
        "address": masked(address) if address else None,
        "is_out": bool(address) and has_opted_out(session, consultation.id, address or ""),
        "accept": ACCEPT,
        "hint": HINT,
    }
