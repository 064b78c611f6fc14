"""What every answer carries and every request must have: security headers, a Host of ours, a body of bearable size.

Never knows who asks.
"""

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from intake.web.api.problems import refusal

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LONGEST_BODY = 4_000_000  # bytes
LONGEST_UPLOAD = 26_000_000
LONGEST_UPLOADS = 260_000_000  # ten files
# The forms that carry a file. Whoever asks is known before more than the header of such a form is read.
_TAKES_A_FILE = re.compile(
    r"/consultations/[^/]+/(consultees/import|documents(/\d+)?)|/respond/[^/]+/[^/]+/[^/]+|/receipt/[^/]+"
)
_HEALTH = re.compile(r"/health(/\w+)?")  # asked by machines that know no name of ours
_TAKES_FILES = re.compile(r"/responses/new|/consultations/[^/]+/import|/api/responses")

_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",  # pages hold people's letters; a shared machine must not keep them
    "X-Robots-Tag": "noindex",
}


class Guard:
    """ASGI middleware around the whole application. A header that a route sets itself stays."""

    def __init__(self, app: ASGIApp, *, base_url: str) -> None:
        self._app = app
        self._host = urlsplit(base_url).netloc
        self._is_secure = base_url.startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sending = self._with_headers(send)
        if headers.get("host", "").lower() != self._host and not _HEALTH.fullmatch(scope["path"]):
            # DNS rebinding: a stranger's page whose name leads here must not be answered.
            elsewhere = "This is not the address of intake; see web.base_url."
            await refusal(scope["path"], 421, elsewhere)(scope, receive, sending)
            return
        size, (most, too_much) = headers.get("content-length", "0"), _most(scope["path"])
        if scope["method"] == "POST" and (not size.isdigit() or int(size) > most or "transfer-encoding" in headers):
            await refusal(scope["path"], 413, too_much)(scope, receive, sending)
            return
        await self._app(scope, receive, sending)

    def _with_headers(self, send: Send) -> Send:
        async def sending(event: Message) -> None:
            if event["type"] == "http.response.start":
                headers = MutableHeaders(scope=event)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self._is_secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(event)

        return sending


def _most(path: str) -> tuple[int, str]:
    """How many bytes a form may send to this address, and what is said when it sends more."""
    if _TAKES_FILES.fullmatch(path):
        return LONGEST_UPLOADS, "That is larger than 250 MB."
    if _TAKES_A_FILE.fullmatch(path):
        return LONGEST_UPLOAD, "This file is larger than 25 MB."
    return LONGEST_BODY, "That is too much for one form."
