"""A respondent's receipt: in the acknowledgement and nowhere else; shows what came, and what can be done about it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.outbound.composing import MASK
from intake.outbound.receipts import LASTS
from intake.store.online import Receipt
from intake.store.people import OptOut
from intake.store.responses import Addition, Attachment, Channel, ResponseStatus
from tests.building import raw_email
from tests.inbound.filled_in import begun, filled, handed_in, turn_on, whole
from tests.office import CLOSES_AT, DURING
from tests.people import DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

LINK = re.compile(rb"http://127\.0\.0\.1:8000(/receipt/[\w-]{43})\b")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def receive(desk: Desk) -> str:
    """Dan writes an email; the address of his receipt, as his acknowledgement names it."""
    desk.office.receive(raw_email(sender=DAN, to=REVIEW, text="Leave our school alone."))
    desk.office.cycle()
    return link_in(desk.office.sender.sent[-1].raw)


def link_in(raw: bytes) -> str:
    found = LINK.search(raw.replace(b"=\r\n", b"").replace(b"=\n", b""))
    assert found
    return found[1].decode()


def code_in(desk: Desk) -> str:
    """The code in the last email that was sent."""
    found = re.search(rb"\n(\d{6})\r?\n", desk.office.sender.sent[-1].raw)
    assert found
    return found[1].decode()


def test_acknowledgement_carries_a_link_to_the_receipt(desk: Desk) -> None:
    text = desk.nobody.page(receive(desk)).text()
    assert "IEO-0001" in text
    assert "10:30am on Wednesday 12 February 2020, in time" in text


def test_receipt_shows_no_words_no_name_and_no_whole_address(desk: Desk) -> None:
    page = desk.nobody.get(receive(desk)).text
    assert "Leave our school alone" not in page
    assert DAN not in page
    assert "d…" in page


def test_secret_is_nowhere_once_the_acknowledgement_went(desk: Desk) -> None:
    link = receive(desk)
    secret = link.rpartition("/")[2]
    [row] = desk.office.outgoing()
    assert row.secret is None
    assert MASK in (row.text or "")
    assert MASK in (row.html or "")
    assert secret not in f"{row}{desk.office.rows(Receipt)}"
    assert secret not in desk.asha.get(f"/outgoing/{row.id}").text
    assert secret not in desk.asha.get("/responses/IEO-0001").text


def test_a_second_try_carries_the_same_link(desk: Desk) -> None:
    desk.office.sender.breaks = 1
    desk.office.receive(raw_email(sender=DAN, to=REVIEW))
    desk.office.cycle()
    [waiting] = desk.office.outgoing()
    desk.office.now += timedelta(hours=1)
    jobs.send(desk.office.this)
    link = link_in(desk.office.sender.sent[-1].raw)
    assert waiting.secret is not None
    assert link.endswith(waiting.secret)
    assert desk.nobody.get(link).status_code == 200


def test_opening_a_receipt_tells_nobody_of_it_and_sets_no_cookie(desk: Desk) -> None:
    answer = desk.nobody.get(receive(desk))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers


def test_unknown_or_ended_receipt_is_one_page(desk: Desk) -> None:
    link = receive(desk)
    assert "leads to no receipt" in desk.nobody.page(f"{link[:-1]}", status=404).text()
    desk.office.now = CLOSES_AT + LASTS + timedelta(days=1)
    assert "leads to no receipt" in desk.nobody.page(link, status=404).text()


def test_what_is_added_joins_the_response_once_and_is_acknowledged(desk: Desk) -> None:
    link = receive(desk)
    with desk.office.database.transaction() as session:
        row = session.merge(desk.office.responses()[0])
        row.status = ResponseStatus.read
    desk.office.now = DURING + timedelta(days=1)
    for _ in range(2):
        answer = desk.nobody._client.post(
            link, data={"act": "add", "text": "And keep the bus."}, files={"files": ("plan.pdf", b"%PDF-1.7")}
        )
        assert answer.status_code == 200
        assert "We have added it to your response." in answer.text
    [addition] = desk.office.rows(Addition)
    assert (addition.text, addition.channel, addition.received_at) == (
        "And keep the bus.",
        Channel.online,
        desk.office.now,
    )
    assert desk.office.responses()[0].status is ResponseStatus.unread
    assert desk.office.rows(Attachment)[0].addition_id == addition.id
    jobs.send(desk.office.this)
    assert b"Added to your response" in desk.office.sender.sent[-1].raw
    assert "plan.pdf" in desk.nobody.page(link).text()


def test_nothing_to_add_and_files_of_refused_kinds_are_told(desk: Desk) -> None:
    link = receive(desk)
    answer = desk.nobody.post_bare(link, {"act": "add"})
    assert (answer.status_code, "Enter what you want to add" in answer.text) == (422, True)
    answer = desk.nobody._client.post(link, data={"act": "add"}, files={"files": ("run.exe", b"MZ")})
    assert (answer.status_code, "save it as a PDF" in answer.text) == (422, True)
    assert desk.office.rows(Addition) == []


def test_withdrawing_takes_the_code_that_was_mailed(desk: Desk) -> None:
    link = receive(desk)
    assert "It can take a minute" in desk.nobody.post_bare(link, {"act": "code"}).text
    jobs.send(desk.office.this)
    assert desk.office.outgoing()[-1].secret is None
    code = code_in(desk)
    assert code not in (desk.office.outgoing()[-1].text or "")
    wrong = "000000" if code != "000000" else "000001"
    assert desk.nobody.post_bare(link, {"act": "withdraw", "code": wrong}).status_code == 409
    assert desk.office.responses()[0].withdrawn_at is None
    assert "Your response is withdrawn." in desk.nobody.post_bare(link, {"act": "withdraw", "code": code}).text
    assert desk.office.responses()[0].withdrawn_at == DURING
    assert "The respondent withdrew it" in desk.asha.page("/responses/IEO-0001").text()
    assert desk.nobody.post_bare(link, {"act": "withdraw", "code": code}).status_code == 409


def test_code_ends_after_a_quarter_of_an_hour_and_after_five_wrong_ones(desk: Desk) -> None:
    link = receive(desk)
    desk.nobody.post_bare(link, {"act": "code"})
    jobs.send(desk.office.this)
    code = code_in(desk)
    wrong = "000000" if code != "000000" else "000001"
    for _ in range(5):
        desk.nobody.post_bare(link, {"act": "withdraw", "code": wrong})
    assert desk.nobody.post_bare(link, {"act": "withdraw", "code": code}).status_code == 409
    desk.nobody.post_bare(link, {"act": "code"})
    jobs.send(desk.office.this)
    desk.office.now += timedelta(minutes=15)
    assert desk.nobody.post_bare(link, {"act": "withdraw", "code": code_in(desk)}).status_code == 409
    assert desk.office.responses()[0].withdrawn_at is None


def test_no_more_than_three_codes_an_hour(desk: Desk) -> None:
    link = receive(desk)
    statuses = [desk.nobody.post_bare(link, {"act": "code"}).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 409]


def test_respondent_stops_further_mail(desk: Desk) -> None:
    link = receive(desk)
    assert "We send no more invitations" in desk.nobody.post_bare(link, {"act": "stop"}).text
    [row] = desk.office.rows(OptOut)
    assert (row.address, row.user_id) == (DAN, None)


def test_form_without_an_address_has_its_receipt_and_no_code(desk: Desk) -> None:
    turn_on(desk.office)
    token = begun(desk.office, REVIEW_SLUG)
    filled(desk.office, REVIEW_SLUG, token, whole(desk.office))
    handed_in(desk.office, REVIEW_SLUG, token)
    text = desk.nobody.page(f"/receipt/{token}").text()
    assert "As we have no email address of yours" in text
    assert "Send me a code" not in text
    assert desk.nobody.post_bare(f"/receipt/{token}", {"act": "code"}).status_code == 409


def test_outcome_is_on_the_receipt_once_published(desk: Desk) -> None:
    link = receive(desk)
    turn_on(
        desk.office, outcome_published_at=DURING, outcome_url="https://county.example/final", outcome_note="Adopted."
    )
    page = desk.nobody.get(link).text
    assert "Adopted." in page
    assert "https://county.example/final" in page
