"""What officers key in: letters, calls, and what was said at meetings, with scans, and who is told of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from intake.store.consultations import Question, QuestionKind, consultation_by_slug
from intake.store.responses import Answer, Attachment, Channel
from tests.building import raw_email
from tests.people import BEN, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, Visitor, open_desk
from tests.web.meetings import MEETING
from tests.web.shown import text_of

NEW = "/responses/new"
DAY = {"received-day": "11", "received-month": "2", "received-year": "2020"}
LETTER = {"consultation": REVIEW_SLUG, "channel": "letter", "name": "Dan Price", "text": "Leave it as it is.", **DAY}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def scanned(visitor: Visitor, fields: dict[str, Any], *scans: tuple[str, bytes]) -> httpx2.Response:
    return visitor.send_files(NEW, fields, "scans", *scans)


def ask_two_questions(desk: Desk) -> tuple[Question, Question]:
    """In place of those it has."""
    with desk.office.database.transaction() as session:
        consultation = consultation_by_slug(session, REVIEW_SLUG)
        for old in session.exec(select(Question).where(Question.consultation_id == consultation.id)):
            session.delete(old)
        session.flush()
        agree = Question(
            consultation_id=consultation.id,
            position=1,
            key="agree",
            text="Do you agree?",
            kind=QuestionKind.choice,
            options=["Yes", "No"],
        )
        why = Question(consultation_id=consultation.id, position=2, key="why", text="Why?")
        session.add_all([agree, why])
        session.flush()
        return agree, why


def test_letter_is_keyed_in_with_its_scans_and_own_date(desk: Desk) -> None:
    page = desk.asha.follow(
        scanned(desk.asha, LETTER | {"received-clock": "2:30pm"}, ("one.pdf", b"%PDF-1"), ("two.png", b"\x89PNG"))
    )
    words = text_of(page)
    assert "Recorded as IEO-0001." in page.text()
    assert "Received 2:30pm on Tuesday 11 February 2020: in time." in words
    assert "Leave it as it is." in words
    assert "Came by Letter" in words
    assert "Keyed in by Asha" in words
    assert [(one.filename, one.content_type) for one in desk.office.rows(Attachment)] == [
        ("one.pdf", "application/pdf"),
        ("two.png", "image/png"),
    ]
    assert desk.office.outgoing() == []


def test_of_a_day_without_a_time_noon_is_taken(desk: Desk) -> None:
    assert scanned(desk.asha, LETTER).status_code == 303
    assert "Received 12:00pm on Tuesday 11 February 2020" in text_of(desk.asha.page("/responses/IEO-0001"))


def test_answers_are_keyed_in_and_shown_by_question(desk: Desk) -> None:
    agree, why = ask_two_questions(desk)
    given = {f"option-{agree.id}": "No", f"question-{why.id}": "Too far to walk.", "text": "And thank you."}
    page = desk.asha.follow(scanned(desk.asha, LETTER | given | {"may_publish": "no", "for_organisation": "yes"}))
    words = text_of(page)
    assert "Do you agree? No Why? Too far to walk. Beside the questions And thank you." in words
    assert "May be published No, they did not agree" in words
    assert "Answers for An organisation" in words
    assert [(one.question, one.chosen, one.text) for one in desk.office.rows(Answer)] == [
        ("Do you agree?", ["No"], ""),
        ("Why?", [], "Too far to walk."),
    ]


def test_acknowledgement_goes_only_where_it_is_asked_for(desk: Desk) -> None:
    scanned(desk.asha, LETTER | {"address": DAN})
    assert desk.office.outgoing() == []
    scanned(desk.asha, LETTER | {"address": DAN, "acknowledge": "yes"})
    assert [one.recipient_address for one in desk.office.outgoing()] == [DAN]


def test_another_is_keyed_in_at_once(desk: Desk) -> None:
    answer = scanned(desk.asha, LETTER | {"next": "another"})
    assert answer.headers["location"] == f"{NEW}?consultation={REVIEW_SLUG}&channel=letter"
    assert "Recorded as IEO-0001. Key in the next one." in desk.asha.follow(answer).text()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"channel": ""}, "Choose how it came"),
        ({"channel": "meeting"}, "Choose how it came"),
        ({"channel": "email"}, "Choose how it came"),
        ({"received-day": ""}, "The date lacks its day."),
        ({"received-year": "2021"}, "It cannot have come later than now"),
        ({"received-month": "1", "received-day": "2"}, "The consultation opened only at"),
        ({"text": ""}, "Key in what was said, or choose a scan of it."),
        ({"address": "dan at home"}, "This is not an email address"),
        ({"acknowledge": "yes"}, "Enter the email address that the acknowledgement is to go to"),
        ({"stakeholder_group": "pirate"}, "Choose one of the groups."),
        ({"name": "x" * 201}, "The name may have at most 200 characters"),
    ],
)
def test_what_has_to_be_put_right_is_said_and_nothing_is_lost(desk: Desk, wrong: dict[str, str], sentence: str) -> None:
    answer = scanned(desk.asha, LETTER | {"organisation": "Oak School"} | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Oak School" in answer.text
    assert desk.office.responses() == []


def test_scans_are_refused_over_their_number_and_when_empty(desk: Desk) -> None:
    eleven = [(f"{number}.pdf", b"x") for number in range(11)]
    assert "Choose at most 10 files." in scanned(desk.asha, LETTER, *eleven).text
    assert "There is nothing in one of the files" in scanned(desk.asha, LETTER, ("empty.pdf", b"")).text
    assert scanned(desk.asha, LETTER, *eleven[:10]).status_code == 303
    assert len(desk.office.rows(Attachment)) == 10


def test_consultation_of_others_is_not_keyed_in_for(desk: Desk) -> None:
    assert scanned(desk.olga, LETTER).status_code == 404
    assert desk.olga.get(f"{NEW}?consultation={REVIEW_SLUG}").status_code == 404
    assert "Key in a response" in text_of(desk.olga.page(NEW))
    assert text_of(desk.adam.page(NEW)).count("Which consultation is it for?") == 1


def test_wrong_date_is_corrected_later(desk: Desk) -> None:
    scanned(desk.asha, LETTER)
    assert "received-day" in desk.asha.get("/responses/IEO-0001").text


def test_meeting_is_noted_and_its_responses_are_keyed_in(desk: Desk) -> None:
    meetings = f"/consultations/{REVIEW_SLUG}/meetings"
    page = desk.asha.follow(desk.asha.post(meetings, MEETING))
    assert "Held on Tuesday 11 February 2020, Town Hall. Officers: Asha Rao. 40 came." in text_of(page)
    for name in ("Ben Hughes", "Carol Lane"):
        scanned(desk.asha, LETTER | {"name": name, "meeting": "1", "channel": ""})
    assert {(one.channel, one.meeting_id) for one in desk.office.responses()} == {(Channel.meeting, 1)}
    words = text_of(desk.asha.page("/meetings/1"))
    assert "Responses given there (2) IEO-0001 Ben Hughes IEO-0002 Carol Lane" in words
    assert "Said at Evening at the Town Hall" in text_of(desk.asha.page("/responses/IEO-0001"))
    assert "Evening at the Town Hall Town Hall 40 2" in text_of(desk.asha.page(meetings))
    assert desk.olga.get("/meetings/1").status_code == 404


def test_meeting_is_corrected_and_of_two_at_once_the_second_is_told(desk: Desk) -> None:
    desk.asha.post(f"/consultations/{REVIEW_SLUG}/meetings", MEETING)
    changed = MEETING | {"place": "Library", "attendance": ""}
    assert "Library" in text_of(desk.asha.follow(desk.asha.post("/meetings/1", changed | {"version": "0"})))
    lost = desk.adam.post("/meetings/1", MEETING | {"place": "Church hall", "version": "0"})
    assert lost.status_code == 409
    assert "Asha Rahman changed the place and how many came" in lost.text
    assert "Church hall" in lost.text


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "Enter the title."),
        ({"place": ""}, "Enter the place."),
        ({"held-year": "2021"}, "The meeting is still to come"),
        ({"held-day": ""}, "The date lacks its day."),
        ({"attendance": "many"}, "The number of people who came cannot be used; correct it."),
    ],
)
def test_meeting_with_a_mistake_is_not_noted(desk: Desk, wrong: dict[str, str], sentence: str) -> None:
    answer = desk.asha.post(f"/consultations/{REVIEW_SLUG}/meetings", MEETING | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_one_respondent_is_seen_by_whatever_way_they_answered(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=BEN, to=REVIEW))
    desk.office.cycle()
    scanned(desk.asha, LETTER | {"address": BEN.upper()})
    scanned(desk.asha, LETTER)
    words = text_of(desk.asha.page("/responses/IEO-0001"))
    assert "The same respondent also answered: IEO-0002 by letter" in words
    assert "IEO-0001 by email" in text_of(desk.asha.page("/responses/IEO-0002"))
    assert "also answered" not in text_of(desk.asha.page("/responses/IEO-0003"))
    found = text_of(desk.asha.page("/responses?noticed=also-answered"))
    assert [f"IEO-000{number}" in found for number in (1, 2, 3)] == [True, True, False]
