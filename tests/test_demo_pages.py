"""The demo's pages: an officer gets in by the link that is printed first, and finds work that is under way."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.accounts.passwords import is_right
from intake.demo.officers import ADAM, ASHA, OWEN, PASSWORD, add_people, handle_some
from intake.store.emails import OutgoingEmail
from intake.store.responses import Response, ResponseNote, ResponseStatus, ResponseTag
from intake.store.users import User
from tests.building import raw_email
from tests.office import DURING, Office, open_office
from tests.people import REVIEW
from tests.test_demo import RunningDemo, run_demo


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        yield office


def sign_in(client: httpx2.Client, link: str) -> httpx2.Response:
    page = LexborHTMLParser(client.get(link).text)
    token = page.css("input[name=form_token]")[0].attributes["value"]
    return client.post(link, data={"form_token": token or ""})


def test_an_officer_and_an_administrator_get_in_by_the_links_shown_first(tmp_path: Path) -> None:
    with RunningDemo(tmp_path) as demo:
        links = re.findall(r"http://127\.0\.0\.1:\d+/link/\S+", demo.shown)
        before, _, _ = demo.shown.partition("What became of every email")
        assert len([link for link in dict.fromkeys(links) if link in before]) == 2
        with httpx2.Client() as client:
            assert "Sign in as Asha Rahman" in client.get(links[0]).text
            answer = sign_in(client, links[0])
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            base = links[0].partition("/link/")[0]
            overview = LexborHTMLParser(client.get(f"{base}/").text)
            assert overview.css(".app-figure__number")[0].text() == "19"
            assert client.get(f"{base}/mailboxes").status_code == 403
            assert client.get(links[0]).status_code == 410
        with httpx2.Client() as client:
            sign_in(client, links[1])
            assert "all accounted for" in client.get(f"{base}/mailboxes").text
            assert demo.end(signal.SIGINT) == (0, "")  # although a browser is still connected
    assert list(tmp_path.iterdir()) == []


def test_an_administrator_finds_something_on_every_page_of_mailings(tmp_path: Path) -> None:
    with RunningDemo(tmp_path) as demo:
        assert re.search(r"invitation: 21 sent, 1 bounced; reminder: \d+ sent", demo.shown)
        _, administrator = dict.fromkeys(re.findall(r"http://127\.0\.0\.1:\d+/link/\S+", demo.shown))
        consultation = f"{administrator.partition('/link/')[0]}/consultations/improving-education-outcomes"
        with httpx2.Client() as client:
            sign_in(client, administrator)
            for page, words in {
                "consultees": "Ysgol y Bont",
                "matching": "Larkrise Infant School",
                "documents": "The draft review in short",
                "reminders": "20 working days before it closes",
                "mailings": "Invitation",
                "wishes": "principal@millrace-college.example",
                "texts": "Our reminder",
            }.items():
                assert words in client.get(f"{consultation}/{page}").text
        assert demo.end(signal.SIGTERM) == (0, "")


def test_one_cycle_serves_no_pages(tmp_path: Path) -> None:
    assert "/link/" not in run_demo(tmp_path, "demo", "--once").out


def test_what_the_officers_did_is_done_by_them_and_told_in_the_history(office: Office) -> None:
    writer = "clerk@stbrannocks-governors.example"
    office.receive(raw_email(sender=writer, to=REVIEW))
    office.cycle()
    with office.database.transaction() as session:
        add_people(session, now=DURING, actor="demo")
        handle_some(session, message_id_domain="county.example", now=DURING)
        asha = session.exec(select(User).where(User.address == ASHA)).one()
    [response] = office.rows(Response)
    assert (response.status, response.officer_id) == (ResponseStatus.considered, asha.id)
    assert [row.tag for row in office.rows(ResponseTag)] == ["governance"]
    assert [row.user_id for row in office.rows(ResponseNote)] == [asha.id]
    assert [row.kind for row in office.rows(OutgoingEmail)] == ["acknowledgement", "reply"]
    assert {entry.actor for entry in office.history("considered")} == {asha.actor}


def test_the_demos_people_can_sign_in_again_with_their_password(office: Office) -> None:
    with office.database.transaction() as session:
        add_people(session, now=DURING, actor="demo")
    users = office.rows(User)
    assert [user.address for user in users] == [ASHA, OWEN, ADAM]
    assert all(is_right(PASSWORD, user.password_hash)[0] for user in users)
