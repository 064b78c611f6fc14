"""The queue's pages, as officers use them: see why an email waits, decide, and see what came of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.store.decisions import Decision
from intake.store.responses import Nature
from tests.building import raw_email
from tests.office import DURING
from tests.people import ASHA, BEN, CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.queue import decide, filled_in, forward, hold, hold_question, one, text_of


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def test_the_queue_says_from_whom_for_what_and_why_each_email_waits(desk: Desk) -> None:
    email_id = hold_question(desk)
    page = desk.asha.page("/held")
    [row] = page.css("tbody tr")
    said = " ".join(row.text().split())
    for words in (
        "When is the meeting?",
        "Dan Morris",
        DAN,
        "may be a question",
        "Improving education",
        "Mailbox asha",
    ):
        assert words in said
    assert one(row, "th a").attributes["href"] == f"/held/{email_id}"
    assert "12 Feb 2020, 10:30am" in said
    assert "(1)" in one(page, "h1").text()


def test_nothing_waits_at_first(desk: Desk) -> None:
    assert "Nothing waits" in text_of(desk.asha.page("/held"))
    assert "Nobody has decided" in text_of(desk.asha.page("/held?show=decided"))


def test_the_oldest_comes_first_and_pages_follow_each_other(desk: Desk) -> None:
    ids = [hold_question(desk, number) for number in range(3)]
    for number in range(3, 53):
        desk.office.receive(raw_email(sender=DAN, to=ASHA, message_id=f"<q{number}@x.example>"), mailbox="asha")
    desk.office.cycle()
    page = desk.asha.page("/held")
    rows = page.css("tbody tr")
    assert len(rows) == 50
    assert one(rows[0], "th a").attributes["href"] == f"/held/{ids[0]}"
    second = desk.asha.page(one(page, "a[rel=next]").attributes["href"] or "")
    assert len(second.css("tbody tr")) == 3
    assert second.css_first("a[rel=next]") is None


def test_the_queue_is_filtered_by_consultation_and_reason(desk: Desk) -> None:
    hold_question(desk)
    hold(desk, raw_email(sender=DAN, to=REVIEW, headers={"List-Id": "<g.example>"}, message_id="<list@x.example>"))
    assert len(desk.asha.page("/held").css("tbody tr")) == 2
    page = desk.asha.page(f"/held?consultation={REVIEW_SLUG}&reason=list-mail")
    [row] = page.css("tbody tr")
    assert "reason=list-mail" in (one(row, "th a").attributes["href"] or "")
    assert "Nothing like this waits" in text_of(desk.asha.page("/held?reason=oversize"))
    # What is not known is no filter, and breaks nothing.
    assert len(desk.asha.page("/held?reason=x&consultation=y&after=-1").css("tbody tr")) == 2


def test_a_question_is_recorded_as_one_by_two_clicks(desk: Desk) -> None:
    email_id = hold_question(desk)
    answer = decide(desk.asha, email_id)
    assert answer.headers["location"] == "/held"
    assert "It will be recorded within a minute. Nothing else waits here." in text_of(desk.asha.follow(answer))
    waiting = text_of(desk.asha.page(f"/held/{email_id}"))
    assert "decided at 10:30am on Wednesday 12 February 2020: record it as a question to Improving education" in waiting
    assert "Waits for the worker" in waiting
    assert desk.asha.page("/held?show=decided").css_first("[data-refresh]") is not None
    jobs.record(desk.office.this)
    [response] = desk.office.responses()
    assert response.nature is Nature.question
    for path in (f"/held/{email_id}", "/held?show=decided"):
        page = desk.asha.page(path)
        assert "Recorded as IEO-0001" in text_of(page)
        assert page.css_first("a[href='/responses/IEO-0001']") is not None
        assert page.css_first("[data-refresh]") is None


def test_after_a_decision_comes_the_next_in_the_same_part_of_the_queue(desk: Desk) -> None:
    first, second = hold_question(desk, 1), hold_question(desk, 2)
    hold(desk, raw_email(sender=DAN, to=REVIEW, headers={"List-Id": "<g.example>"}, message_id="<list@x.example>"))
    answer = decide(desk.asha, first, part="reason=possible-question")
    assert answer.headers["location"] == f"/held/{second}?reason=possible-question"
    assert decide(desk.asha, second, part="reason=possible-question").headers["location"].startswith("/held?")


def test_a_forward_that_nobody_vouches_for_is_prefilled_with_who_wrote_the_letter_and_when(desk: Desk) -> None:
    email_id = hold(desk, forward())
    page = desk.asha.page(f"/held/{email_id}")
    fields = filled_in(page)
    assert "choice" not in fields
    assert (fields["respondent_name"], fields["respondent_address"]) == ("Ben Hughes", BEN)
    moment = [fields[f"received-{part}"] for part in ("day", "month", "year", "clock")]
    assert moment == ["3", "2", "2020", "9:12am"]
    assert "We support the draft." in text_of(page)
    decide(desk.asha, email_id, choice="record")
    jobs.record(desk.office.this)
    [response] = desk.office.responses()
    assert response.respondent_address == BEN
    assert response.received_at is not None
    assert response.received_at < DURING


def test_a_letter_cannot_have_come_after_the_email_that_brought_it(desk: Desk) -> None:
    email_id = hold(desk, forward())
    answer = decide(desk.asha, email_id, **{"choice": "record", "received-year": "2021"})
    assert answer.status_code == 422
    assert "cannot have come later" in answer.text
    answer = decide(desk.asha, email_id, **{"choice": "record", "received-day": "31"})
    assert answer.status_code == 422
    assert 'value="31"' in answer.text
    assert 'href="#received-day"' in answer.text
    assert desk.office.rows(Decision) == []


def test_what_names_a_response_is_shown_beside_it_and_joined(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW))
    desk.office.cycle()
    email_id = hold(desk, raw_email(sender=CAROL, to=REVIEW, subject="To IEO-0001", message_id="<2@x.example>"))
    page = desk.asha.page(f"/held/{email_id}")
    assert "It answers or names IEO-0001, from Ben Hughes." in text_of(page)
    assert (filled_in(page)["choice"], filled_in(page)["reference"]) == ("addition", "IEO-0001")
    decide(desk.asha, email_id)
    jobs.record(desk.office.this)
    assert "Added to IEO-0001" in text_of(desk.asha.page(f"/held/{email_id}"))


def test_ignoring_needs_a_reason_and_can_be_taken_back(desk: Desk) -> None:
    email_id = hold_question(desk)
    answer = decide(desk.asha, email_id, choice="ignore")
    assert answer.status_code == 422
    assert "Choose why it is ignored." in answer.text
    decide(desk.asha, email_id, choice="ignore", reason="other-reason", words="Meant for the library.")
    said = text_of(desk.asha.page(f"/held/{email_id}"))
    assert "ignore it: another reason. “Meant for the library.”" in said
    assert "Take it back" in said
    decide(desk.asha, email_id, choice="record", nature="response")
    jobs.record(desk.office.this)
    assert [response.reference for response in desk.office.responses()] == ["IEO-0001"]


def test_the_second_of_two_officers_reads_what_the_first_decided(desk: Desk) -> None:
    email_id = hold_question(desk)
    fields = filled_in(desk.adam.page(f"/held/{email_id}"))
    decide(desk.asha, email_id, choice="ignore", reason="private")
    desk.office.now += timedelta(minutes=3)
    answer = desk.adam.post(f"/held/{email_id}/decision", fields)
    assert answer.status_code == 409
    assert "Asha Rahman decided this 3 minutes ago: ignore it: it is private." in answer.text
    assert len(desk.office.rows(Decision)) == 1


def test_an_email_that_cannot_be_read_is_marked_with_its_next_try_and_tried_at_once(desk: Desk, tmp_path: Path) -> None:
    desk.office.receive(raw_email(sender=DAN, to=REVIEW))
    desk.office.collect()
    [email] = desk.office.emails()
    stored = desk.office.files.path(email.raw_sha256)
    aside = stored.rename(tmp_path / "aside")
    jobs.record(desk.office.this)
    said = text_of(desk.adam.page("/held"))
    assert "Failed" in said
    assert "It is tried again at 10:35am" in said
    assert "missing or damaged" in text_of(desk.adam.page(f"/held/{email.id}"))
    aside.rename(stored)
    decide(desk.adam, email.id)
    jobs.record(desk.office.this)
    assert len(desk.office.responses()) == 1


def test_several_are_ticked_and_decided_alike(desk: Desk) -> None:
    for number in range(3):
        hold_question(desk, number)
    hold(desk, forward())
    boxes = [box.attributes["value"] or "" for box in desk.asha.page("/held").css("input[name=email]")]
    answer = desk.asha.post("/held/decisions", {"email": boxes[:1], "alike": "spam"})
    assert "1 email is ignored now." in text_of(desk.asha.follow(answer))
    answer = desk.asha.post("/held/decisions", {"email": boxes, "alike": "response"})
    assert answer.status_code == 422
    assert "Choose the consultation" in answer.text
    answer = desk.asha.post("/held/decisions", {"email": boxes, "alike": "response", "consultation_id": "1"})
    told = text_of(desk.asha.follow(answer))
    assert "2 emails will be recorded within a minute." in told
    assert "1 email changed meanwhile: look again." in told
    assert "1 email was left: decide on each by itself." in told
    jobs.record(desk.office.this)
    assert sorted(desk.office.outcomes()) == [
        ("held", "unproven-officer"),
        ("ignored", "spam"),
        ("recorded", None),
        ("recorded", None),
    ]


def test_nothing_ticked_or_chosen_is_told(desk: Desk) -> None:
    hold_question(desk)
    answer = desk.asha.post("/held/decisions", {"alike": ""})
    assert answer.status_code == 422
    assert "Tick the emails" in answer.text
    assert "Choose what becomes" in answer.text


def test_another_consultations_officer_sees_nothing_of_it(desk: Desk) -> None:
    email_id = hold_question(desk)
    assert "Nothing waits" in text_of(desk.olga.page("/held"))
    desk.olga.page(f"/held/{email_id}", status=404)
    seen = filled_in(desk.asha.page(f"/held/{email_id}"))
    assert desk.olga.post(f"/held/{email_id}/decision", seen).status_code == 404
    assert (
        desk.olga.post("/held/decisions", {"email": f"{email_id}:{seen['seen']}", "alike": "spam"}).status_code == 404
    )
    assert desk.office.rows(Decision) == []


def test_what_belongs_to_no_consultation_yet_is_the_administrators(desk: Desk) -> None:
    email_id = hold(desk, raw_email(sender=DAN, to="old.address@county.example"))
    desk.asha.page(f"/held/{email_id}", status=404)
    page = desk.adam.page(f"/held/{email_id}")
    assert "None of its recipients is a published address" in text_of(page)
    assert decide(desk.adam, email_id).status_code == 422
    decide(desk.adam, email_id, consultation_id="1")
    # From here on it is Asha's too.
    assert "Waits for the worker" in text_of(desk.asha.page(f"/held/{email_id}"))


def test_words_of_strangers_are_shown_as_text(desk: Desk) -> None:
    name, subject = '"<script>x</script>" <dan@somewhere.example>', "<img src=x onerror=alert(1)>"
    email_id = hold_question(desk, sender=name, subject=subject, text="<b>bold</b><script>alert(1)</script>")
    for path in ("/held", f"/held/{email_id}"):
        page = desk.asha.page(path)
        assert not page.css("main script, main img, main b")
        assert subject in text_of(page)
