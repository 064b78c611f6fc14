"""Mailings as officers watch them: how far each is, what holds it back, pausing, going on with and cancelling one."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from intake import jobs
from intake.deadlines import late_from
from intake.store.consultations import Consultation
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.mailings import Mailing
from intake.store.reasons import Reason
from tests.people import ADAM, ASHA, OLGA
from tests.web.desk import REVIEW_SLUG, Desk, Visitor, open_desk
from tests.web.reminding_scene import DIGEST, FIRST_DAY, add_consultees, add_rules, queue_mailing, rows_of, text_of
from tests.web.reminding_scene import three_rules as rules

PAGE = f"/consultations/{REVIEW_SLUG}/mailings"
AT = datetime(2020, 2, 14, 9, 2, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A reminder to 60 people was queued two minutes ago."""
    with open_desk(tmp_path) as desk:
        add_consultees(desk, 58)
        [rule_id] = add_rules(desk, rules()[0])
        queue_mailing(desk, rule_id)
        desk.office.now = AT
        yield desk


@pytest.fixture
def adam(desk: Desk) -> Visitor:
    return desk.sign_in(ADAM)


def _mark(desk: Desk, status: OutgoingStatus, count: int, reason: Reason | None = None) -> None:
    """The next so many that wait."""
    with desk.office.database.transaction() as session:
        waiting = select(OutgoingEmail).where(
            OutgoingEmail.status == OutgoingStatus.queued, col(OutgoingEmail.reason).is_(None)
        )
        for row in session.exec(waiting.order_by(col(OutgoingEmail.id)).limit(count)):
            row.status, row.reason = status, reason
            row.sent_at = AT if status is OutgoingStatus.sent else None


def _mailing(desk: Desk) -> Mailing:
    return desk.office.rows(Mailing)[0]


def test_page_says_how_far_it_is_and_when_it_will_be_through(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.sent, 20)
    _mark(desk, OutgoingStatus.failed, 1, Reason.mail_server_refused)
    _mark(desk, OutgoingStatus.cancelled, 2, Reason.answered)
    page = adam.page("/mailings/1")
    assert "Reminder, 9:00am on Friday 14 February 2020" in text_of(page, "h1")
    assert "20 of 60 emails sent, 37 still to go." in text_of(page)
    assert "At 30 emails a minute, as the mail service allows, the last goes at about 9:03am" in text_of(page)
    assert text_of(page, ".app-legend") == "Sent: 20 Still to go: 37 Refused or came back: 1 Left out: 2"
    assert "By the rule 10 working days before it closes, at 9am" in text_of(page, ".govuk-summary-list")
    assert "Goes until the end of Friday 14 February 2020" in text_of(page, ".govuk-summary-list")


def test_page_brings_itself_up_to_date_only_while_it_is_sent(desk: Desk, adam: Visitor) -> None:
    assert adam.page("/mailings/1").css_first("[data-refresh]") is not None
    _mark(desk, OutgoingStatus.sent, 60)
    page = adam.page("/mailings/1")
    assert page.css_first("[data-refresh]") is None
    assert "Sent 60 of 60 emails sent." in text_of(page, "#progress")
    assert page.css("main form") == []


def test_emails_are_listed_by_state_with_the_reason_and_a_link_to_each(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.sent, 3)
    _mark(desk, OutgoingStatus.cancelled, 1, Reason.opted_out)
    [row] = rows_of(adam.page("/mailings/1?show=left-out"))
    assert "Left out – They asked for no more of these emails." in row
    assert len(rows_of(adam.page("/mailings/1?show=sent"))) == 3
    first = adam.page("/mailings/1?show=waiting")
    assert first.css_first("tbody th a").attributes["href"] == "/outgoing/5"  # type: ignore[union-attr]
    assert len(rows_of(first)) == 50
    following = first.css_first("a[rel=next]").attributes["href"] or ""  # type: ignore[union-attr]
    assert len(rows_of(adam.page(following))) == 6


def test_what_is_held_back_is_shown_with_the_reason(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.queued, 4, Reason.waits_for_mailbox)
    _mark(desk, OutgoingStatus.queued, 1, Reason.waits_for_email)
    told = text_of(adam.page("/mailings/1"), "#progress")
    assert "4 emails: A mailbox was not read since it was due: an answer may lie there." in told
    assert "1 email: An email that may be their answer waits to be recorded." in told


def test_mailing_that_would_outlast_its_day_is_warned_of(desk: Desk) -> None:
    desk.office.now = AT.replace(hour=19, minute=59)
    told = text_of(desk.sign_in(ADAM).page("/mailings/1"))
    assert "the last goes at about 8:01am on Saturday 15 February 2020" in told  # after the quiet hours
    assert "Not everybody will get it. It goes until the end of Friday 14 February 2020" in told


def test_mailing_in_the_quiet_hours_says_until_when_it_waits(desk: Desk) -> None:
    desk.office.now = AT.replace(hour=21)
    adam = desk.sign_in(ADAM)
    assert "Waits until 8am: quiet hours" in text_of(adam.page("/mailings/1"), ".app-standing")
    assert "Being sent" not in text_of(adam.page(PAGE))


def test_mailing_that_ends_at_the_closing_says_the_closing_time_itself(desk: Desk, adam: Visitor) -> None:
    with desk.office.database.transaction() as session:
        row = session.get_one(Mailing, 1)
        row.expires_at = late_from(session.get_one(Consultation, row.consultation_id).closes_at)
    assert "Goes until 11:59pm on Friday 28 February 2020" in text_of(adam.page("/mailings/1"), ".govuk-summary-list")


def test_mailing_is_paused_and_goes_on(desk: Desk, adam: Visitor) -> None:
    page = adam.follow(adam.post("/mailings/1/pause"))
    assert "Paused. No more emails will go until you resume." in text_of(page)
    assert _mailing(desk).paused_at == AT
    assert page.css_first("[data-refresh]") is None
    assert "the last goes at" not in text_of(page)
    assert "Adam Clarke paused the mailing." in text_of(page, ".app-history")
    assert "Sending is resumed." in text_of(adam.follow(adam.post("/mailings/1/resume")))
    assert _mailing(desk).paused_at is None


def test_mailing_that_waits_because_a_backup_was_restored_says_so(desk: Desk, adam: Visitor) -> None:
    with desk.office.database.transaction() as session:
        session.get_one(Consultation, _mailing(desk).consultation_id).restored_at = AT
    told = "A backup was restored after it was due, so it may have gone out already"
    assert told not in text_of(adam.page("/mailings/1"), "#progress")
    assert told in text_of(adam.follow(adam.post("/mailings/1/pause")), "#progress")


def test_cancelling_says_first_how_many_have_gone_and_how_many_will_not(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.sent, 20)
    asked = text_of(adam.page("/mailings/1/cancel"))
    assert "20 emails have gone, and cannot be called back." in asked
    assert "40 emails will never be sent" in asked
    assert _mailing(desk).cancelled_at is None
    page = adam.follow(adam.post("/mailings/1/cancel"))
    assert "Cancelled. 40 emails will not be sent." in text_of(page)
    assert "Left out: 40" in text_of(page, ".app-legend")
    assert adam.get("/mailings/1/cancel").headers["location"] == "/mailings/1"


def test_mailing_that_is_through_is_neither_paused_nor_cancelled(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.sent, 60)
    for action in ("pause", "cancel"):
        answer = adam.post(f"/mailings/1/{action}")
        assert answer.status_code == 422
        assert "Nothing of this mailing waits any more." in answer.text


def test_list_has_each_mailing_with_its_rule_and_how_far_it_is(desk: Desk, adam: Visitor) -> None:
    _mark(desk, OutgoingStatus.sent, 20)
    [digest] = add_rules(desk, DIGEST)
    with desk.office.database.transaction() as session:
        common: dict[str, Any] = {"consultation_id": _mailing(desk).consultation_id, "created_at": AT}
        early, before = AT - timedelta(days=4), AT - timedelta(days=9)
        by_rule = Mailing(**common, kind="digest", rule_id=digest, due_on=FIRST_DAY, due_at=early, missed_at=AT)
        by_hand = Mailing(**common, kind="invitation", user_id=desk.users[ADAM].id, due_at=before)
        session.add_all([by_rule, by_hand])
    reminder, missed, invitation = rows_of(adam.page(PAGE))
    assert "Rule “10 working days before it closes, at 9am” 20 of 60 emails sent, 40 still to go Being sent" in reminder
    assert "Officers’ digest" in missed
    assert missed.endswith("Rule “Monday digest” Nothing was queued Missed")
    assert "Adam Clarke Nobody to send to" in invitation
    assert "Nothing was queued, because the worker did not run" in text_of(adam.page("/mailings/2"))
    assert "There was nobody to send it to." in text_of(adam.page("/mailings/3"))


def test_officer_watches_and_another_consultations_officer_finds_nothing(desk: Desk) -> None:
    asha, olga = desk.sign_in(ASHA), desk.sign_in(OLGA)
    assert asha.page("/mailings/1").css("main form") == []
    asha.page(PAGE)
    asha.page("/mailings/1/cancel", status=403)
    for action in ("pause", "resume", "cancel"):
        assert asha.post(f"/mailings/1/{action}").status_code == 403
    for path in (PAGE, "/mailings/1", "/mailings/77"):
        olga.page(path, status=404)


def test_what_the_worker_makes_of_a_rule_is_on_the_pages(tmp_path: Path) -> None:
    with open_desk(tmp_path) as desk:
        add_rules(desk, rules()[0])
        desk.office.now = AT
        jobs.remind(desk.office.this)
        desk.office.cycle()
        adam = desk.sign_in(ADAM)
        assert "2 of 2 emails sent Sent" in rows_of(adam.page(PAGE))[0]
        calendar = rows_of(adam.page(f"/consultations/{REVIEW_SLUG}/reminders"), ".app-calendar")
        sent = next(row for row in calendar if row.startswith("Friday 14 February 2020"))
        assert sent.endswith("2 Sent 2 emails sent.")
