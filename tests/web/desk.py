"""The pages over a whole office, and people who sit at them: Asha, officer of IEO; Olga, of ADM; Adam, administrator.

Requests go through the whole application, guards and all; only the network is left out.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select
from starlette.testclient import TestClient

from intake.accounts.sessions import begin_session
from intake.store.alarms import LastLook
from intake.store.consultations import consultation_by_slug
from intake.store.users import ConsultationAccess, Role, User, UserSession
from intake.web.app import make_app
from intake.web.asking import cookie_name
from intake.web.forms import TOKEN_FIELD
from tests.office import Office, open_office
from tests.people import ADAM, ASHA, OLGA

BASE_URL = "http://127.0.0.1:8000"
FOR_EVER = datetime(2999, 1, 1, tzinfo=UTC)
REVIEW_SLUG, ADMISSIONS_SLUG = "improving-education-outcomes", "school-admissions"


class Visitor:
    """A browser. Redirects are not followed: tests say where they lead."""

    def __init__(self, app: Any, token: str = "", form_token: str = "") -> None:
        self._base_url = app.state.installation.settings.web.base_url
        self._client = TestClient(app, base_url=self._base_url, follow_redirects=False)
        self.form_token = form_token
        if token:
            self._client.cookies.set(cookie_name(app.state.installation.settings.web), token)

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self._client.get(path, headers=headers)

    def page(self, path: str, *, status: int = 200) -> LexborHTMLParser:
        answer = self.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        return LexborHTMLParser(answer.text)

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: str | Sequence[str]) -> httpx2.Response:
        """Send a form as its page would; a list sends a field several times."""
        given = {TOKEN_FIELD: self.form_token, **(fields or {}), **more}
        return self._client.post(path, data=given, headers={"origin": self._base_url, "sec-fetch-site": "same-origin"})

    def send(self, path: str, fields: dict[str, Any], filename: str, content: bytes) -> httpx2.Response:
        """Send a form with a file in its field `file`, as its page would."""
        headers = {"origin": self._base_url, "sec-fetch-site": "same-origin"}
        given = {TOKEN_FIELD: self.form_token, **fields}
        return self._client.post(path, data=given, files={"file": (filename, content)}, headers=headers)

    def send_files(self, path: str, fields: dict[str, Any], name: str, *files: tuple[str, bytes]) -> httpx2.Response:
        """Send a form with these files in its field `name`, as its page would."""
        headers = {"origin": self._base_url, "sec-fetch-site": "same-origin"}
        given = {TOKEN_FIELD: self.form_token, **fields}
        return self._client.post(path, data=given, files=[(name, file) for file in files], headers=headers)

    def send_all(self, path: str, fields: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> httpx2.Response:
        """Send a form with a file in each of these fields, as its page would."""
        headers = {"origin": self._base_url, "sec-fetch-site": "same-origin"}
        return self._client.post(path, data={TOKEN_FIELD: self.form_token, **fields}, files=files, headers=headers)

    def post_bare(self, path: str, fields: dict[str, Any] | None = None, **headers: str) -> httpx2.Response:
        """Send a form with these headers and fields and nothing else."""
        return self._client.post(path, data=fields or {}, headers=headers)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> httpx2.Response:
        """Whatever else a program may send."""
        return self._client.request(method, path, content=body, headers=headers)

    def follow(self, answer: httpx2.Response) -> LexborHTMLParser:
        """The page a form led to."""
        assert answer.status_code == 303, (answer.status_code, answer.text[:2000])
        return self.page(answer.headers["location"])


class Desk:
    """An office with its pages."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.app = make_app(office.this)
        self.users = {address: self._add_user(address) for address in (ASHA, OLGA, ADAM)}
        self._give(ASHA, REVIEW_SLUG)
        self._give(OLGA, ADMISSIONS_SLUG)
        self.asha, self.olga, self.adam = (self.sign_in(address) for address in (ASHA, OLGA, ADAM))
        self.nobody = Visitor(self.app)

    def sign_in(self, address: str) -> Visitor:
        """Another browser of this user."""
        with self.office.database.transaction() as session:
            user = session.exec(select(User).where(User.address == address)).one()
            token = begin_session(session, user, browser="Test browser", now=self.office.now)
        with self.office.database.reading() as session:
            rows = select(UserSession).where(UserSession.user_id == user.id).order_by(UserSession.id.desc())  # type: ignore[attr-defined]
            row = session.exec(rows).first()
        assert row is not None
        return Visitor(self.app, token, row.form_token)

    def _add_user(self, address: str) -> User:
        role = Role.administrator if address == ADAM else Role.officer
        name = address.partition("@")[0].replace(".", " ").title()
        with self.office.database.transaction() as session:
            user = User(address=address, name=name, role=role, created_at=self.office.now)
            session.add(user)
            session.flush()
        return user

    def _give(self, address: str, slug: str) -> None:
        with self.office.database.transaction() as session:
            consultation = consultation_by_slug(session, slug)
            session.add(ConsultationAccess(user_id=self.users[address].id, consultation_id=consultation.id))


@contextmanager
def open_desk(folder: Path, **given: Any) -> Iterator[Desk]:
    """A desk over an office; `given` as in `open_office`."""
    with open_office(folder, **given) as office:
        with office.database.transaction() as session:
            session.add(LastLook(at=FOR_EVER))  # a worker runs, however far the test moves the time
        desk = Desk(office)
        try:
            yield desk
        finally:
            desk.app.state.reader.close()
