"""The page behind the link in every mailing: "no more of these emails", for whoever holds the email.

Opening it asks and never acts, as programs that check links open it too. Its form needs neither cookie nor form token:
mail providers press the button for people (RFC 8058), and the token in the address, which nobody can guess, is all the
proof there is.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import PlainTextResponse, Response

from intake.jobs import Installation
from intake.outbound.mailing_fields import INERT_TOKEN
from intake.outbound.opting_out import by_token, has_opted_out, opt_out, undo
from intake.outbound.texts import LANGUAGES, wanted_language
from intake.store.consultations import Consultation
from intake.store.people import ENGLISH
from intake.web.asking import Public
from intake.web.forms import Form
from intake.web.showing import page_by_link

router = APIRouter()


async def _bare_form(request: Request) -> Form:
    return Form(await request.form(max_files=0, max_fields=20))


@router.head("/stop/{token}")
@router.get("/stop/{token}")
def ask(request: Request, this: Public, token: str) -> Response:
    return _show(request, this, token)


@router.post("/stop/{token}")
def act(request: Request, this: Public, token: str, form: Annotated[Form, Depends(_bare_form)]) -> Response:
    """Whatever is sent stops them; only the page's own second button takes that back."""
    is_undone = form.text("act") == "undo"
    with this.database.transaction() as session:
        if outgoing := by_token(session, token):
            do = undo if is_undone else opt_out
            do(session, outgoing.consultation_id, outgoing.recipient_address, now=this.clock())
    if outgoing and form.text("List-Unsubscribe"):
        return PlainTextResponse("Done: no more of these emails go to this address.")
    return _show(request, this, token, is_undone=is_undone)


def _show(request: Request, this: Installation, token: str, *, is_undone: bool = False) -> Response:
    with this.database.reading() as session:
        outgoing = by_token(session, token)
        if outgoing is None:
            return page_by_link(request, "stop_unknown.html", status=404, is_test=token == INERT_TOKEN)
        consultation = session.get_one(Consultation, outgoing.consultation_id)
        wanted = wanted_language(session, outgoing)
        is_out = has_opted_out(session, consultation.id, outgoing.recipient_address)
    asked = request.query_params.get("language", wanted)
    language = asked if asked in LANGUAGES else ENGLISH
    return page_by_link(
        request,
        "stop.html",
        state="out" if is_out else "undone" if is_undone else "asked",
        consultation=consultation,
        address=masked(outgoing.recipient_address),
        page_language=language,
        other_language=next((one for one in (ENGLISH, wanted) if one in LANGUAGES and one != language), None),
    )


def masked(address: str) -> str:
    """ "h…d@heathfield.example": enough for its owner, and not for whom the email was forwarded to."""
    local_part, _, domain = address.rpartition("@")
    return f"{local_part[:1]}…{local_part[-1:] if len(local_part) > 2 else ''}@{domain}"
