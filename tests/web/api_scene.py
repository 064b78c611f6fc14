"""A desk with tokens, and a system that calls with one."""

from collections.abc import Sequence
from typing import Any

import httpx2
from sqlmodel import select
from starlette.testclient import TestClient

from intake.accounts.tokens import Rights, make_token
from intake.store.users import User
from tests.people import ADAM
from tests.web.desk import Desk

RESPONSES = "/api/responses"


def token_for(desk: Desk, name: str = "Survey", **rights: Any) -> str:
    given = Rights(**({"may_write": True, "may_read": True} | rights))
    with desk.office.database.transaction() as session:
        adam = session.exec(select(User).where(User.address == ADAM)).one()
        return make_token(session, name, given, user=adam, now=desk.office.now)[1]


class Caller:
    """Another system, with a token or without."""

    def __init__(self, desk: Desk, token: str | None = None) -> None:
        self._client = TestClient(desk.app, base_url=desk.office.this.settings.web.base_url)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **more: Any) -> httpx2.Response:
        return self._client.get(path, headers=self._headers, **more)

    def hand_over(self, told: Any, key: str = "key-1", files: Sequence[tuple[str, bytes]] = ()) -> httpx2.Response:
        headers = self._headers | {"Idempotency-Key": key}
        if not files:
            return self._client.post(RESPONSES, json=told, headers=headers)
        parts: list[Any] = [
            ("response", ("response.json", told, "application/json")),
            *(("files", file) for file in files),
        ]
        return self._client.post(RESPONSES, files=parts, headers=headers)

    def send(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return self._client.request(method, path, **more | {"headers": self._headers | more.get("headers", {})})
