"""Outgoing mail on its pages: what waits, failed or came back is found, looked at, and put right."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.transitions import move_outgoing
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING
from tests.outbound.mailed import add_mailed
from tests.people import ADMISSIONS, BEN, CAROL, DAN, REVIEW
from tests.web.desk import REVIEW_SLUG, Desk, open_desk

RIGHT = "ben.hughes@heathfield-school.example"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Ben's acknowledgement was refused, Carol's went, Dan's to the other consultation too."""
    with open_desk(tmp_path) as opened:
        for number, (sender, to) in enumerate([(BEN, REVIEW), (CAROL, REVIEW), (DAN, ADMISSIONS)]):
            opened.office.receive(raw_email(sender=sender, to=to, message_id=f"<{number}@x.example>"))
        opened.office.sender.refuses = {BEN}
        opened.office.cycle()
        yield opened


def outgoing(desk: Desk, number: int) -> OutgoingEmail:
    with desk.office.database.reading() as session:
        return session.get_one(OutgoingEmail, number)


def rows(desk: Desk, path: str) -> list[str]:
    return [cell.text(strip=True) for cell in desk.adam.page(path).css("tbody th a")]


def test_the_list_opens_on_what_needs_somebody_and_counts_it(desk: Desk) -> None:
    page = desk.asha.page("/outgoing")
    assert [cell.text(strip=True) for cell in page.css("tbody th a")] == [BEN]
    current = page.css_first('.app-states a[aria-current="page"]')
    assert current is not None
    assert current.text(strip=True) == "Not sent (1)"
    assert "The mail server refused it for good." in page.css_first("tbody").text()  # type: ignore[union-attr]


def test_mail_is_found_by_state_consultation_and_address(desk: Desk) -> None:
    assert rows(desk, "/outgoing?state=sent") == [DAN, CAROL]
    assert rows(desk, "/outgoing?state=sent&consultation=school-admissions") == [DAN]
    assert rows(desk, f"/outgoing?state=sent&to={CAROL}") == [CAROL]
    assert rows(desk, "/outgoing?state=bounced") == []


def test_an_address_nobody_made_sense_of_shows_the_list_all_the_same(desk: Desk) -> None:
    for query in (
        "state=x",
        "before=x~y",
        "before=2020-02-12T10:30:00~1",
        "consultation=x",
        "before=9~99999999999999999999",
        "before=9999-12-31T23:59:59-14:00~1",
    ):
        assert desk.adam.get(f"/outgoing?{query}").status_code == 200


@both_databases
def test_what_no_database_stores_is_no_address_and_no_consultation(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        assert desk.adam.get("/outgoing?to=x%00").status_code == 200
        assert desk.adam.get("/held?consultation=x%00").status_code == 200
        assert desk.adam.get("/consultations/x%00").status_code == 404
        assert desk.adam.post("/held/decisions", {"email": ["²:held", "1"]}).status_code == 422


def test_a_long_list_goes_on_to_older_ones_and_back(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        for number in range(55):
            session.add(
                OutgoingEmail(
                    kind="acknowledgement",
                    once_key=f"n{number}",
                    message_id=f"<n{number}@x.example>",
                    consultation_id=1,
                    recipient_address=f"n{number}@x.example",
                    status=OutgoingStatus.sent,
                    queued_at=DURING,
                    due_at=DURING - timedelta(minutes=number),
                )
            )
    page = desk.asha.page(f"/outgoing?state=sent&consultation={REVIEW_SLUG}")
    older = page.css_first('a[rel="next"]')
    assert older is not None
    second = desk.asha.page(str(older.attributes["href"]))
    assert len(page.css("tbody tr")) == 50
    assert len(second.css("tbody tr")) == 6
    assert second.css_first('a[rel="next"]') is None
    assert "Newest" in second.css_first("main").text()  # type: ignore[union-attr]


def test_the_page_of_an_email_shows_it_as_it_went_and_what_became_of_it(desk: Desk) -> None:
    text = desk.asha.page("/outgoing/2").css_first("main").text()  # type: ignore[union-attr]
    assert "The email as it went" in text
    assert "Its reference is IEO-0002" in text
    assert outgoing(desk, 2).message_id in text
    assert "Intake sent the acknowledgement." in text
    assert desk.asha.page("/outgoing/2").css("main form") == []


def test_an_email_that_was_never_written_is_shown_as_it_would_go(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=CAROL, to=REVIEW, message_id="<9@x.example>"))
    desk.office.collect()
    jobs.record(desk.office.this)
    text = desk.asha.page("/outgoing/4").css_first("main").text()  # type: ignore[union-attr]
    assert "The email as it would go now" in text
    assert "Its reference is IEO-0003" in text


def test_a_queued_email_is_cancelled(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=CAROL, to=REVIEW, message_id="<9@x.example>"))
    desk.office.collect()
    jobs.record(desk.office.this)
    page = desk.asha.follow(desk.asha.post("/outgoing/4/cancel"))
    assert "Cancelled. It will not be sent." in page.css_first(".govuk-notification-banner").text()  # type: ignore[union-attr]
    jobs.send(desk.office.this)
    assert outgoing(desk, 4).status is OutgoingStatus.cancelled


def test_what_went_meanwhile_is_not_cancelled_and_says_so(desk: Desk) -> None:
    answer = desk.asha.post("/outgoing/2/cancel")
    assert (answer.status_code, "too late to cancel" in answer.text) == (422, True)


def test_a_failed_email_goes_again_and_the_response_is_corrected_with_it(desk: Desk) -> None:
    page = desk.asha.page("/outgoing/1")
    assert page.css_first("#address").attributes["value"] == BEN  # type: ignore[union-attr]
    assert page.css_first("#correct") is not None
    shown = desk.asha.follow(desk.asha.post("/outgoing/1/send-again", address=RIGHT, correct="yes"))
    assert "on IEO-0001 is corrected too" in shown.css_first(".govuk-notification-banner").text()  # type: ignore[union-attr]
    assert outgoing(desk, 1).status is OutgoingStatus.cancelled
    assert desk.office.responses()[0].respondent_address == RIGHT
    jobs.send(desk.office.this)
    assert desk.office.sender.sent[-1].recipient == RIGHT
    assert f"sent again to {RIGHT}" in desk.asha.get("/outgoing/1").text


def test_what_came_back_goes_again_without_touching_what_went(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        row = session.get_one(OutgoingEmail, 2)
        move_outgoing(session, row, OutgoingStatus.bounced, now=DURING, reason=Reason.bounce)
    desk.asha.post("/outgoing/2/send-again", address="carol@larkmead.example")
    old, new = outgoing(desk, 2), outgoing(desk, 4)
    assert (old.status, old.recipient_address) == (OutgoingStatus.bounced, CAROL)
    assert (new.status, new.recipient_address) == (OutgoingStatus.queued, "carol@larkmead.example")
    assert desk.office.responses()[1].respondent_address == CAROL


def test_an_address_that_cannot_be_is_told_beside_the_field(desk: Desk) -> None:
    answer = desk.asha.post("/outgoing/1/send-again", address="ben at school")
    assert answer.status_code == 422
    assert 'value="ben at school"' in answer.text
    assert outgoing(desk, 1).status is OutgoingStatus.failed


def test_only_what_is_held_for_its_template_can_be_released_alone(desk: Desk) -> None:
    desk.office.receive(raw_email(sender=CAROL, to=REVIEW, message_id="<9@x.example>"))
    desk.office.collect()
    jobs.record(desk.office.this)
    with desk.office.database.transaction() as session:
        row = session.get_one(OutgoingEmail, 4)
        move_outgoing(session, row, OutgoingStatus.held, now=DURING, reason=Reason.backlog)
    assert desk.adam.page("/outgoing/4").css_first('a[href="/held/backlog"]') is not None
    assert desk.asha.post("/outgoing/4/release").status_code == 422
    with desk.office.database.transaction() as session:
        session.get_one(OutgoingEmail, 4).reason = Reason.template_error
    desk.asha.follow(desk.asha.post("/outgoing/4/release"))
    assert outgoing(desk, 4).status is OutgoingStatus.queued


def test_another_consultations_mail_does_not_exist_for_an_officer(desk: Desk) -> None:
    assert desk.olga.get("/outgoing/1").status_code == 404
    for action in ("cancel", "release", "send-again"):
        assert desk.olga.post(f"/outgoing/1/{action}", address=RIGHT).status_code == 404
    assert outgoing(desk, 1).status is OutgoingStatus.failed
    assert desk.olga.page("/outgoing?state=failed").css("tbody tr") == []
    assert desk.asha.get("/outgoing/999").status_code == 404


def test_the_way_out_of_a_mailing_is_its_recipients_alone(desk: Desk) -> None:
    """Also of one that waits, and is shown as it would go."""
    rows = [add_mailed(desk.office), add_mailed(desk.office, BEN, kind="invitation")]
    with desk.office.database.transaction() as session:
        session.get_one(OutgoingEmail, rows[0].id).text = f"Stop: https://intake.example/stop/{rows[0].opt_out_token}"
    for row in rows:
        shown = desk.asha.get(f"/outgoing/{row.id}").text
        assert "/stop/test" in shown
        assert row.opt_out_token is not None
        assert row.opt_out_token not in shown


def test_what_may_still_arrive_is_called_so_among_what_was_sent(desk: Desk) -> None:
    with desk.office.database.transaction() as session:
        carols = session.get_one(OutgoingEmail, 2)
        move_outgoing(session, carols, OutgoingStatus.bounced, now=DURING, reason=Reason.bounced_for_now)
    listed = desk.asha.page("/outgoing?state=sent").css_first("tbody tr")
    assert listed is not None
    assert "Not delivered yet" in listed.text()
    page = desk.asha.page("/outgoing/2")
    standing = page.css_first(".app-standing")
    assert standing is not None
    assert "It could not be delivered for now; it may still arrive." in standing.text()
    assert page.css_first("a[href='/outgoing?state=sent']") is not None
    history = page.css_first(".app-history")
    assert history is not None
    assert "could not be delivered for now." in history.text()
