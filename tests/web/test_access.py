"""Who may open what: every route, asked by a stranger, two officers and an administrator.

A new route appears here by itself; the tables below say what it must be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from sqlmodel import SQLModel, select

from intake.store.emails import InboundEmail, OutgoingEmail
from intake.store.responses import Attachment, Response
from tests.building import raw_email
from tests.people import ASHA, BEN, DAN, OLGA, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, Visitor, open_desk
from tests.web.meetings import MEETING
from tests.web.reminding_scene import set_reminders
from tests.web.routes import api_routes
from tests.web.understood_scene import ATTACHED

PUBLIC = {
    "/accessibility",
    "/documents/{document_id}",
    "/health",
    "/health/alarms",
    "/health/live",
    "/health/ready",
    "/link/{token}",
    "/privacy",
    "/receipt/{secret}",
    "/respond",
    "/respond/{slug}",
    "/respond/{slug}/{token}",
    "/respond/{slug}/{token}/done",
    "/respond/{slug}/{token}/saved",
    "/respond/{slug}/{token}/{step}",
    "/sign-in",
    "/sign-in/code",
    "/sign-in/external",
    "/sign-in/external/return",
    "/stop/{token}",
}
OPENED_BY_ITS_ADDRESS = {"/stop/{token}", "/receipt/{secret}", "/respond/{slug}", "/respond/{slug}/{token}/{step}"}
"""The secret in the address is the proof (one begins a form, which anybody may): these and no other route."""
FOR_ADMINISTRATORS: tuple[str, ...] = (
    "/users",
    "/api-tokens",
    "/mailboxes",
    "/days-off",
    "/reply-templates",
    "/consultations/new",
    "/held/backlog",
)
FOR_ADMINISTRATORS += tuple(f"/consultees/{{consultee_id}}/{action}" for action in ("edit", "remove", "restore"))
FOR_ADMINISTRATORS += tuple(f"/reminders/{{rule_id}}/{action}" for action in ("turn", "remove"))
FOR_ADMINISTRATORS += tuple(f"/mailings/{{mailing_id}}/{action}" for action in ("pause", "resume", "cancel"))
"""With everything below them."""
TO_READ = {"/consultations/{slug}", "/consultations/{slug}/documents"}
TO_READ |= {f"/consultations/{{slug}}/{page}" for page in ("consultees", "consultees/download", "matching")}
TO_READ |= {"/consultations/{slug}/texts", "/consultations/{slug}/texts/{kind}"}
TO_READ |= {"/consultations/{slug}/reminders", "/consultations/{slug}/mailings"}
"""Under /consultations/{slug} an officer may only read."""
FOR_OFFICERS_TOO = ("/consultations/{slug}/wishes", "/consultations/{slug}/meetings")
"""Except these, with everything below them."""


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str

    @property
    def is_about_a_consultation(self) -> bool:
        """Whether its address names something that belongs to one consultation."""
        return any(
            f"{{{name}}}" in self.path
            for name in (
                "reference",
                "email_id",
                "attachment_id",
                "outgoing_id",
                "consultee_id",
                "slug",
                "text_id",
                "rule_id",
                "mailing_id",
                "meeting_id",
            )
        )

    @property
    def is_for_administrators(self) -> bool:
        if self.path.startswith("/consultations/{slug}"):
            is_to_read = self.method == "GET" and self.path in TO_READ
            return not is_to_read and not self.path.startswith(FOR_OFFICERS_TOO)
        if self.path.startswith("/texts/"):
            return (self.method, self.path) != ("GET", "/texts/{text_id}/versions")
        return self.path == "/reminders/{rule_id}" or self.path.startswith(FOR_ADMINISTRATORS)


def _routes() -> list[Route]:
    return [Route(method, route.path) for route in api_routes() for method in sorted(route.methods or ())]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        desk.office.receive(raw_email(sender=BEN, to=REVIEW, attachments=[ATTACHED]))
        desk.office.cycle()
        desk.adam.post(f"/consultations/{REVIEW_SLUG}/texts", kind="reminder", name="Ours")
        desk.adam.post(f"/consultations/{REVIEW_SLUG}/meetings", MEETING)
        set_reminders(desk)
        held = raw_email(sender=DAN, to=ASHA, attachments=[ATTACHED], message_id="<held@x.example>")
        desk.office.receive(held, mailbox="asha")
        desk.office.cycle()
        yield desk


def _address(desk: Desk, route: Route) -> str:
    """The route's address for things of the consultation that Asha was given and Olga was not."""
    with desk.office.database.reading() as session:
        response = session.exec(select(Response)).one()
        held = session.exec(select(InboundEmail).where(InboundEmail.status == "held")).one()
        named = {
            "reference": response.reference,
            "attachment_id": session.exec(select(Attachment.id)).one(),
            "outgoing_id": session.exec(select(OutgoingEmail.id)).first(),
            "email_id": held.id if route.path.startswith("/held") else response.email_id,
            "slug": REVIEW_SLUG,
            "user_id": desk.users[OLGA].id,
            "name": "review",
            "token": "guessed",
            "kind": "reminder",
            "place": "2" if "/attachments/" in route.path else "1",
        }
    wanted = {key: value for key, value in named.items() if f"{{{key}}}" in route.path}
    wanted |= dict.fromkeys(_others(route.path, wanted), 1)
    return route.path.format(**wanted)


def _others(path: str, known: dict[str, object]) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{") and part.strip("{}") not in known]


def _ask(visitor: Visitor, desk: Desk, route: Route) -> int:
    address = _address(desk, route)
    return (visitor.get(address) if route.method == "GET" else visitor.post(address)).status_code


def test_a_stranger_gets_nothing_but_the_public_pages(desk: Desk) -> None:
    let_in = {r.path for r in _routes() if r.path not in PUBLIC and _ask(desk.nobody, desk, r) not in (303, 401, 403)}
    assert let_in == set()
    for route in _routes():
        if route.path not in PUBLIC and route.method == "GET":
            assert desk.nobody.get(_address(desk, route)).headers["location"].startswith("/sign-in"), route


def test_an_officer_gets_nothing_that_is_for_administrators(desk: Desk) -> None:
    answers = {(r.method, r.path): _ask(desk.asha, desk, r) for r in _routes() if r.is_for_administrators}
    assert {route: status for route, status in answers.items() if status not in (403, 404)} == {}
    assert answers, "no route is for administrators"


def test_what_belongs_to_a_consultation_an_officer_was_not_given_does_not_exist_for_her(desk: Desk) -> None:
    routes = [
        r for r in _routes() if r.is_about_a_consultation and not r.is_for_administrators and r.path not in PUBLIC
    ]
    answers = {(r.method, r.path): _ask(desk.olga, desk, r) for r in routes}
    assert {route: status for route, status in answers.items() if status != 404} == {}
    assert answers, "no route is about a consultation"


def test_an_officer_opens_every_page_of_her_own_consultation(desk: Desk) -> None:
    mine = [r for r in _routes() if r.method == "GET" and r.path not in PUBLIC and not r.is_for_administrators]
    answers = {r.path: _ask(desk.asha, desk, r) for r in mine}
    assert {path: status for path, status in answers.items() if status not in (200, 303)} == {}


def test_an_administrator_opens_every_page(desk: Desk) -> None:
    pages = [r for r in _routes() if r.method == "GET" and r.path not in PUBLIC]
    answers = {r.path: _ask(desk.adam, desk, r) for r in pages}
    assert {path: status for path, status in answers.items() if status not in (200, 303, 404)} == {}


def test_a_number_that_no_row_can_have_leads_to_no_page(desk: Desk) -> None:
    numbered = {r for r in _routes() if re.search(r"\{\w*id\}", r.path)}
    wrong = {r: re.sub(r"\{\w*id\}", "9" * 25, r.path).format(slug=REVIEW_SLUG, place=1) for r in numbered}
    answers = {r: (desk.adam.post(p) if r.method == "POST" else desk.adam.get(p)).status_code for r, p in wrong.items()}
    assert {route: status for route, status in answers.items() if status != 404} == {}


def test_no_page_acts_when_it_is_only_opened(desk: Desk) -> None:
    """Each address takes GET or POST, and what POST does has no GET that does it: nothing changes by opening pages."""
    before = _everything(desk)
    for visitor in (desk.nobody, desk.olga, desk.asha, desk.adam):
        for route in _routes():
            if route.method == "GET":
                _ask(visitor, desk, route)
    assert _everything(desk) == before


def test_nobody_is_let_in_by_a_page_that_forgot_to_ask() -> None:
    """Every route that is not public depends on who asks, and every POST on the form's token."""
    assert [route.path for route in api_routes() if _is_careless(route)] == []


def _is_careless(route: APIRoute) -> bool:
    needed = _calls(route.dependant)
    asks = {"_officer", "_administrator"} & needed or route.path in PUBLIC
    checks = (
        {"_sent", "_sent_with_file", "_sent_with_files", "_sent_by_stranger"} & needed
        or route.path in OPENED_BY_ITS_ADDRESS
        or (route.methods or set()) <= {"GET", "HEAD"}
    )
    return not (asks and checks)


def _calls(dependant: object) -> set[str]:
    below = getattr(dependant, "dependencies", [])
    own = {getattr(getattr(one, "call", None), "__name__", "") for one in below}
    return own.union(*(_calls(one) for one in below))


def _everything(desk: Desk) -> list[tuple[str, int]]:
    """The number of history entries and of rows that a page could write."""
    forgotten = {"response_viewing", "user_session", "external_sign_in", "sign_in_attempt"}  # never what a page is for
    with desk.office.database.reading() as session:
        return [
            (table.name, session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in SQLModel.metadata.sorted_tables
            if table.name not in forgotten
        ]
