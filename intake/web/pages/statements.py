"""The two statements everybody may read: how accessible the pages are, and what they keep of who uses them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from intake.web.asking import Public, cookie_name, signed_in
from intake.web.entering import code_cookie
from intake.web.forms import stranger_cookie
from intake.web.pages.external import external_cookie
from intake.web.showing import page, public_page
from intake.wording import plural

router = APIRouter()


@router.get("/accessibility")
def accessibility(request: Request) -> Response:
    return _show(request, "accessibility.html")


@router.get("/privacy")
def privacy(request: Request, this: Public) -> Response:
    web = this.settings.web
    return _show(
        request,
        "privacy.html",
        sign_in_cookie=cookie_name(web),
        code_cookie=code_cookie(web),
        external_cookie=external_cookie(this) if this.settings.sign_in.issuer else None,
        form_cookie=stranger_cookie(request)[0],
        idle=plural(web.idle_minutes, "minute"),
        longest=plural(web.session_hours, "hour"),
    )


def _show(request: Request, template: str, **fields: Any) -> Response:
    """With the menu, for those who are signed in."""
    asking = signed_in(request)
    return page(asking, template, **fields) if asking else public_page(request, template, **fields)
