"""What a form sent: its fields as clean text, after the checks that it was sent from our own pages.

Three checks, each of which would do (OWASP's cheat sheet on cross-site request forgery): the browser says that the
request is our own (Sec-Fetch-Site, else Origin), the Host is ours (`security.py`), and the form carries the session's
token. Never judges a value.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, TypeGuard, TypeVar

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile

from intake.documents.kinds import MOST_FILES, GivenFile
from intake.errors import IntakeError
from intake.store.database import storable
from intake.web.asking import Asking, Officer, installation

TOKEN_FIELD = "form_token"  # noqa: S105  # the field's name
LONGEST_FORM = 2_000_000  # characters
_FILES_READ = 2 * MOST_FILES  # so that the page says that there are too many, and keeps what was typed
_FORM_COOKIE = "intake-form"
Choice = TypeVar("Choice", bound=StrEnum)


class ForeignForm(IntakeError):
    """This form was not sent from a page of intake, or the page was open too long; open the page again and repeat."""


class Form:
    """The fields of one form. Control characters are taken out, and half characters: no database stores them."""

    def __init__(
        self, fields: FormData | Mapping[str, str], files: Mapping[str, Sequence[GivenFile]] | None = None
    ) -> None:
        self._fields = FormData(fields)
        self._files = files or {}

    def file(self, name: str) -> GivenFile | None:
        """Only of a form that is `SentWithFile`. None where no file was chosen."""
        return next(iter(self.files(name)), None)

    def files(self, name: str) -> list[GivenFile]:
        """Only of a form that is `SentWithFiles`: those that were chosen, in order; maybe more than `MOST_FILES`."""
        return list(self._files.get(name, ()))

    def text(self, name: str) -> str:
        """One line, without spaces around it; empty when it was not sent."""
        return " ".join(storable(self._field(name)).split())

    def long_text(self, name: str) -> str:
        """Text with its line breaks."""
        return storable(self._field(name)).strip()

    def secret(self, name: str) -> str:
        """A password exactly as it was typed, in the form NFC: one keyboard sends é as one letter, another as two."""
        return unicodedata.normalize("NFC", self._field(name))

    def many(self, name: str) -> list[str]:
        return [storable(value) for value in self._fields.getlist(name) if isinstance(value, str)]

    def number(self, name: str) -> int | None:
        """A number of a row, or of its version: no row has one of more than nine digits."""
        text = self.text(name)
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None

    @property
    def version(self) -> int:
        """The version of the record that the officer saw; a form that does not say it saw none of today's."""
        version = self.number("version")
        return -1 if version is None else version

    def numbers(self, name: str) -> list[int]:
        return [int(text) for text in self.many(name) if re.fullmatch(r"[0-9]{1,9}", text)]

    def is_ticked(self, name: str) -> bool:
        return bool(self._field(name))

    def choice(self, name: str, choices: type[Choice]) -> Choice | None:
        text = self.text(name)
        return choices(text) if text in {choice.value for choice in choices} else None

    def _field(self, name: str) -> str:
        value = self._fields.get(name)
        return value if isinstance(value, str) else ""


async def _sent(request: Request, asking: Officer) -> Form:
    return await _checked(request, asking.session_row.form_token)


async def _sent_with_file(request: Request, asking: Officer) -> Form:
    """How large the file may be, `security.py` says by the form's address, before anything of it is read."""
    return await _checked(request, asking.session_row.form_token, max_files=1)


async def _sent_with_files(request: Request, asking: Officer) -> Form:
    """As `_sent_with_file`."""
    return await _checked(request, asking.session_row.form_token, max_files=_FILES_READ)


async def _sent_by_stranger(request: Request) -> Form:
    """Before sign-in there is no session: the token is in a cookie of its own."""
    return await _checked(request, request.cookies.get(_FORM_COOKIE, ""))


async def _sent_by_link(request: Request) -> Form:
    """The secret in the address is the proof, so that neither a cookie nor a token is needed: nobody else knows it.

    Nor is the Origin looked at: from a page that tells its address to nobody it is "null" (Fetch, "append a request
    `Origin` header"), and older browsers say nothing better.
    """
    return await _read_form(request, max_files=_FILES_READ)


Sent = Annotated[Form, Depends(_sent)]
SentWithFile = Annotated[Form, Depends(_sent_with_file)]
SentWithFiles = Annotated[Form, Depends(_sent_with_files)]
SentByStranger = Annotated[Form, Depends(_sent_by_stranger)]
SentByLink = Annotated[Form, Depends(_sent_by_link)]


async def _checked(request: Request, token: str, *, max_files: int = 0) -> Form:
    if not _is_from_here(request):
        raise ForeignForm
    form = await _read_form(request, max_files=max_files)
    if not token or not hmac.compare_digest(form.text(TOKEN_FIELD).encode(), token.encode()):
        raise ForeignForm
    return form


async def _read_form(request: Request, *, max_files: int) -> Form:
    fields = await request.form(max_files=max_files, max_fields=5000, max_part_size=LONGEST_FORM)
    files = await read_files(fields)
    await fields.close()
    return Form(fields, files)


async def read_files(fields: FormData) -> dict[str, list[GivenFile]]:
    """By the names of the fields that sent them."""
    files: dict[str, list[GivenFile]] = {}
    for name, value in fields.multi_items():
        if _is_file(value):
            files.setdefault(name, []).append(await _read(value))
    return files


def _is_file(value: object) -> TypeGuard[UploadFile]:
    """Where none was chosen, browsers send one without a name."""
    return isinstance(value, UploadFile) and bool(value.filename)


async def _read(file: UploadFile) -> GivenFile:
    return GivenFile(storable(file.filename or ""), await file.read())


def _is_from_here(request: Request) -> bool:
    """Every browser of today says one of the two; what says neither is no browser, and has no cookie to abuse."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or origin == installation(request).settings.web.base_url


def stranger_cookie(request: Request) -> tuple[str, str]:
    """Name and present value ("" when not set) of the cookie behind forms that are sent before sign-in."""
    return _FORM_COOKIE, request.cookies.get(_FORM_COOKIE, "")


def token_of(asking: Asking) -> str:
    return asking.session_row.form_token
