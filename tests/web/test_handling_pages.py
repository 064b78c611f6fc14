"""Handling a response from its page: one click or form is one change, told and undone, never over another's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlmodel import select

from intake.store.consultations import Consultation, LatePolicy
from intake.store.responses import Response, ResponseNote, ResponseTag
from intake.store.users import ConsultationAccess
from tests.building import raw_email
from tests.office import CLOSES_AT
from tests.people import ADAM, ASHA, BEN, CAROL, OLGA, REVIEW
from tests.web.desk import Desk, Visitor, open_desk

PAGE = "/responses/IEO-0001"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        opened.office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW))
        opened.office.cycle()
        yield opened


def response(desk: Desk, number: int = 1) -> Response:
    with desk.office.database.reading() as session:
        return session.get_one(Response, number)


def act(desk: Desk, action: str, visitor: Visitor | None = None, **fields: str) -> str:
    """Send a form as the page stands, and return what the next page says was done."""
    version = str(response(desk).version)
    visitor = visitor or desk.asha
    answer = visitor.post(f"{PAGE}/{action}", {"version": version, "form": action, **fields})
    told = visitor.follow(answer).css_first(".govuk-notification-banner__content")
    assert told is not None
    return str(told.text(strip=True))


def test_every_form_of_the_page_carries_what_the_officer_saw(desk: Desk) -> None:
    forms = desk.asha.page(PAGE).css(".app-handling form")
    assert len(forms) > 8
    for form in forms:
        assert (found := form.css_first("input[name=version]")) is not None
        assert found.attributes["value"] == "0"
        assert (form.attributes["action"] or "").startswith(f"{PAGE}/")


def test_reading_and_considering_are_one_click_each_and_can_be_taken_back(desk: Desk) -> None:
    assert act(desk, "status", status="read") == "Marked as read."
    assert act(desk, "status", status="considered") == "Marked as considered."
    assert act(desk, "status", status="unread") == "Marked as unread."
    assert response(desk).status == "unread"


def test_after_a_change_the_officer_is_back_where_the_filter_was(desk: Desk) -> None:
    answer = desk.asha.post(f"{PAGE}/status?status=unread&sort=newest", {"version": "0", "status": "read"})
    assert answer.headers["location"] == f"{PAGE}?status=unread&sort=newest"


def test_a_response_is_assigned_to_oneself_to_another_and_to_nobody(desk: Desk) -> None:
    assert act(desk, "officer", officer=str(desk.users[ASHA].id)) == "It is yours now."
    assert act(desk, "officer", officer=str(desk.users[ADAM].id)) == "Given to Adam Clarke."
    assert act(desk, "officer", officer="") == "Nobody has it now."


def test_an_officer_of_another_consultation_cannot_be_chosen(desk: Desk) -> None:
    answer = desk.asha.post(f"{PAGE}/officer", {"version": "0", "officer": str(desk.users[OLGA].id)})
    assert answer.status_code == 422
    assert "Choose an officer who has been given this consultation." in answer.text
    assert response(desk).officer_id is None


def test_marks_are_set_and_taken_off(desk: Desk) -> None:
    assert act(desk, "flags", flag="needs_reply", set="yes") == "Marked as needing a reply."
    assert response(desk).needs_reply
    assert act(desk, "flags", flag="needs_reply", set="") == "No longer marked as needing a reply."
    assert not response(desk).needs_reply


def test_one_click_makes_it_a_question(desk: Desk) -> None:
    act(desk, "nature", nature="question")
    assert response(desk).nature == "question"


def test_tags_are_added_some_at_a_time_and_removed_one_by_one(desk: Desk) -> None:
    assert act(desk, "tags", tags="Transport, school  MEALS") == "Added the tags “transport”, “school meals”."
    assert act(desk, "tags", remove="school meals") == "Removed the tag “school meals”."
    assert [row.tag for row in desk.office.rows(ResponseTag)] == ["transport"]


def test_a_note_keeps_its_lines_and_only_its_writer_can_remove_it(desk: Desk) -> None:
    act(desk, "notes", note="Compare the others.\r\n\r\nThen decide.")
    [note] = desk.office.rows(ResponseNote)
    assert note.text == "Compare the others.\n\nThen decide."
    answer = desk.adam.post(f"{PAGE}/notes", {"remove": str(note.id)})
    assert (answer.status_code, len(desk.office.rows(ResponseNote))) == (422, 1)
    assert act(desk, "notes", remove=str(note.id)) == "Removed your note."
    assert desk.office.rows(ResponseNote) == []


def test_what_was_wrong_in_a_form_stands_beside_what_was_typed(desk: Desk) -> None:
    answer = desk.asha.post(
        f"{PAGE}/respondent",
        {"version": "0", "form": "respondent", "respondent_name": "Ben", "respondent_address": "ben at school"},
    )
    assert answer.status_code == 422
    assert "Write an email address like name@example.com" in answer.text
    assert 'value="ben at school"' in answer.text
    assert response(desk).respondent_name == "Ben Hughes"


def test_who_responded_is_corrected(desk: Desk) -> None:
    said = act(
        desk,
        "respondent",
        respondent_name="Benjamin Hughes",
        respondent_address=BEN,
        organisation="Larkmead Trust",
        stakeholder_group="",
    )
    assert said == "Corrected who responded."
    row = response(desk)
    assert (row.respondent_name, row.organisation, row.stakeholder_group) == (
        "Benjamin Hughes",
        "Larkmead Trust",
        "trust",
    )


def test_a_late_response_is_decided_with_a_reason(desk: Desk) -> None:
    late = raw_email(sender=CAROL, to=REVIEW, message_id="<late@x.example>")
    desk.office.receive(late, received_at=CLOSES_AT + timedelta(days=1))
    desk.office.cycle()
    with desk.office.database.transaction() as session:
        review = session.exec(select(Consultation).where(Consultation.reference_prefix == "IEO")).one()
        review.late_policy = LatePolicy.discretion
    assert "Does it count?" not in desk.asha.get(PAGE).text
    assert "Does it count?" in desk.asha.get("/responses/IEO-0002").text
    path = "/responses/IEO-0002/late"
    without = desk.asha.post(path, {"version": "0", "form": "late", "decision": "counted"})
    assert (without.status_code, "Give the reason" in without.text) == (422, True)
    nothing = desk.asha.post(path, {"version": "0", "form": "late", "late_reason": "Snow."})
    assert (nothing.status_code, "Snow." in nothing.text) == (422, True)
    decided = desk.asha.post(path, {"version": "0", "decision": "counted", "late_reason": "Snow."})
    assert decided.status_code == 303
    assert response(desk, 2).late_decision == "counted"
    undone = desk.asha.post(path, {"version": "1", "undo": "yes"})
    assert undone.status_code == 303
    assert response(desk, 2).late_decision is None


def test_a_response_is_withdrawn_with_a_reason_and_restored(desk: Desk) -> None:
    answer = desk.asha.post(f"{PAGE}/withdraw", {"version": "0"})
    assert (answer.status_code, "Say why it is withdrawn." in answer.text) == (422, True)
    assert act(desk, "withdraw", withdraw_reason="Ben asked us to.") == "Withdrawn. It is kept, and not counted."
    assert act(desk, "restore") == "Restored."


def test_a_response_is_put_back_and_its_page_says_where_its_email_is(desk: Desk) -> None:
    assert "waits under Held" in act(desk, "put-back", put_back_reason="It is not about this.")
    page = desk.asha.page(PAGE)
    assert page.css_first('a[href="/held/1"]') is not None
    assert page.css_first(f'form[action="{PAGE}/restore"]') is None
    answer = desk.asha.post(f"{PAGE}/restore", {"version": str(response(desk).version)})
    assert answer.status_code == 422


def test_a_response_is_moved_only_where_the_officer_may_work(desk: Desk) -> None:
    answer = desk.asha.post(f"{PAGE}/move", {"version": "0", "consultation": "2"})
    assert (answer.status_code, response(desk).reference) == (422, "IEO-0001")
    with desk.office.database.transaction() as session:
        session.add(ConsultationAccess(user_id=desk.users[ASHA].id, consultation_id=2))
    said = act(desk, "move", consultation="2")
    assert said.startswith("Moved to “School admissions” as ADM-0001. The respondent knows IEO-0001")
    assert desk.asha.get(PAGE).headers["location"] == "/responses/ADM-0001"
    assert "was told the reference IEO-0001" in desk.asha.get("/responses/ADM-0001").text


def test_the_second_of_two_officers_sees_what_the_first_did_and_keeps_their_own_words(desk: Desk) -> None:
    typed = {
        "version": "0",
        "respondent_name": "Benjamin <b>",
        "respondent_address": BEN,
        "organisation": "",
        "form": "respondent",
    }
    act(desk, "status", desk.adam, status="considered")
    answer = desk.asha.post(f"{PAGE}/respondent?status=unread", typed)
    assert answer.status_code == 409
    assert "Adam Clarke marked it as considered." in answer.text
    assert "Benjamin &lt;b&gt;" in answer.text
    assert response(desk).respondent_name == "Ben Hughes"

    form = LexborHTMLParser(answer.text).css_first("main form")
    assert form is not None
    kept = {str(one.attributes["name"]): one.attributes["value"] or "" for one in form.css("input")}
    again = desk.asha.post(str(form.attributes["action"]), kept)
    assert again.headers["location"] == f"{PAGE}?status=unread"
    assert response(desk).respondent_name == "Benjamin <b>"
    assert response(desk).status == "considered"


@pytest.mark.parametrize(
    "action",
    [
        "status",
        "officer",
        "notes",
        "tags",
        "flags",
        "nature",
        "respondent",
        "move",
        "late",
        "withdraw",
        "restore",
        "put-back",
    ],
)
def test_to_an_officer_of_another_consultation_the_response_does_not_exist(desk: Desk, action: str) -> None:
    answer = desk.olga.post(f"{PAGE}/{action}", {"version": "0", "status": "read", "note": "x", "withdraw_reason": "x"})
    assert answer.status_code == 404
    assert response(desk).version == 0


def test_an_old_page_without_a_version_changes_nothing(desk: Desk) -> None:
    assert desk.asha.post(f"{PAGE}/status", {"status": "read"}).status_code == 409
    assert response(desk).status == "unread"
