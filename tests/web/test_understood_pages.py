"""What a response's page says beside the words: who forwarded it, what is asked for, what may be forged, what came
back; and how an officer deals with it there."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from intake.store.reasons import Reason
from intake.store.responses import RespondentWish, Response, Wish
from tests.office import DURING
from tests.people import BEN
from tests.responses.log_rows import add_wish, set_on, set_on_email
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.queue import forward, one, text_of
from tests.web.understood_scene import (
    ASKED,
    NOTE,
    bounce_acknowledgement,
    receive,
    receive_asking,
    receive_forged,
    receive_forwarded,
)

PATH = "/responses/IEO-0001"
MOMENT = {"received-day": "10", "received-month": "2", "received-year": "2020", "received-clock": "9am"}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def said(desk: Desk, path: str = PATH) -> str:
    return text_of(desk.asha.page(path))


def send(desk: Desk, action: str, **fields: str) -> httpx2.Response:
    version = one(desk.asha.page(PATH), "input[name=version]").attributes["value"] or ""
    return desk.asha.post(f"{PATH}/{action}", {"version": version, "form": action, **fields})


def response(desk: Desk) -> Response:
    return desk.office.responses()[0]


# Forwarded by an officer


def test_a_forwarded_letter_says_who_handed_it_on_with_which_words_and_when_it_was_written(desk: Desk) -> None:
    receive_forwarded(desk)
    text = said(desk)
    assert f"Forwarded by Asha Rahman (officer), who wrote: {' '.join(NOTE.split())}" in text
    assert "Written at 10:00am on Sunday 9 February 2020, as the forward says." in text
    assert "Nobody knows when it was received, so it is neither in time nor late." in text


def test_an_officers_own_forward_becomes_the_writers_response_as_soon_as_it_comes(desk: Desk) -> None:
    proven = {"Authentication-Results": "mx.county.example; dmarc=pass header.from=county.example"}
    desk.office.receive(forward(**proven))
    desk.office.cycle()
    text = said(desk)
    assert "Ben Hughes" in text
    assert "Forwarded by Asha Rahman (officer), who wrote: Please log this one." in text
    assert "Written at 9:12am on Monday 3 February 2020, as the forward says." in text
    assert "Intake recorded it, as Asha Rahman had forwarded it." in text
    assert "An officer forwarded it, and such letters are not acknowledged here." in text


def test_when_it_came_is_filled_in_from_the_forward_and_confirmed_by_an_officer(desk: Desk) -> None:
    receive_forwarded(desk)
    page = desk.asha.page(PATH)
    form = one(page, "form[action$='/receipt']")
    filled = [one(form, f"#received-{part}").attributes["value"] for part in ("day", "month", "year", "clock")]
    assert filled == ["9", "2", "2020", "10am"]
    assert "open" in one(page, "#receipt details").attributes
    done = text_of(desk.asha.follow(send(desk, "receipt", **MOMENT)))
    assert "Received 9:00am on Monday 10 February 2020: in time." in done
    assert "Asha Rahman said when it came." in done
    assert text_of(desk.asha.follow(send(desk, "receipt", unsay="yes"))).count("Nobody knows when it was received") == 2


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"received-clock": ""}, "write the time too"),
        ({"received-day": "20"}, "cannot have come later than the email"),
        ({"received-month": "1", "received-day": "1"}, "opened only at"),
    ],
)
def test_a_receipt_that_cannot_be_is_shown_again_with_what_is_wrong(
    desk: Desk, wrong: dict[str, str], says: str
) -> None:
    receive_forwarded(desk)
    answer = send(desk, "receipt", **{**MOMENT, **wrong})
    assert answer.status_code == 422
    assert says in answer.text
    assert 'value="2020"' in answer.text
    assert response(desk).received_at is None


def test_what_the_mail_server_received_has_no_such_form(desk: Desk) -> None:
    receive(desk, "dora")
    assert desk.asha.page(PATH).css_first("form[action$='/receipt']") is None
    answer = send(desk, "receipt", **MOMENT)
    assert (answer.status_code, response(desk).received_at) == (422, DURING)


def test_second_officer_to_say_when_it_came_sees_what_the_first_did(desk: Desk) -> None:
    receive_forwarded(desk)
    seen = {"version": str(response(desk).version), "form": "receipt"}
    desk.asha.post(f"{PATH}/receipt", {**seen, **MOMENT})
    answer = desk.adam.post(f"{PATH}/receipt", {**seen, **MOMENT, "received-day": "11"})
    assert answer.status_code == 409
    for words in ("Asha Rahman said when it came.", "It came on day", "11"):
        assert words in answer.text


# What they ask for


def test_a_wish_is_quoted_above_the_words_and_withdrawing_does_it(desk: Desk) -> None:
    receive_asking(desk, Wish.withdrawal)
    wish = one(desk.asha.page(PATH), ".app-wish")
    assert "They ask for this response to be withdrawn" in wish.text()
    assert f"“{ASKED}”" in wish.text()
    page = desk.asha.follow(send(desk, "wishes", wish="1", act="withdraw"))
    assert page.css_first(".app-wish") is None
    text = text_of(page)
    assert f"The respondent asked for it: “{ASKED}”" in text
    assert "Dealt with by Asha Rahman" in text
    assert "dealt with what the respondent asked for: to have the response withdrawn." in text
    assert response(desk).withdrawn_at == desk.office.now


def test_a_wish_is_marked_as_dealt_with_and_opened_again(desk: Desk) -> None:
    receive_asking(desk, Wish.confidentiality)
    assert "It is not marked as confidential" in said(desk)
    page = desk.asha.follow(send(desk, "wishes", wish="1", act="settle"))
    assert "Marked as dealt with." in text_of(page)
    assert page.css_first(".app-wish") is None
    page = desk.asha.follow(send(desk, "wishes", wish="1", act="reopen"))
    assert page.css_first(".app-wish") is not None


def test_a_wish_to_replace_leads_to_what_may_be_replaced(desk: Desk) -> None:
    first, second = receive(desk, "ivy", message_id="<first@x.example>"), receive_asking(desk, Wish.replacement)
    set_on(desk.office.database, second.reference, respondent_address=first.respondent_address)
    wish = one(desk.asha.page(f"/responses/{second.reference}"), ".app-wish")
    # Who sends another letter instead did not ask for this one to be withdrawn.
    answer = desk.asha.post(f"/responses/{second.reference}/wishes", wish="1", act="withdraw", version="0")
    assert answer.status_code == 422
    assert [link.attributes["href"] for link in wish.css("a")] == [f"/responses/{first.reference}"]


def test_a_wish_of_another_response_or_an_unknown_deed_changes_nothing(desk: Desk) -> None:
    receive_asking(desk, Wish.withdrawal)
    other = receive(desk, "dora")
    other_wish = add_wish(desk.office.database, other.reference)
    assert send(desk, "wishes", wish=str(other_wish), act="settle").status_code == 404
    assert send(desk, "wishes", wish="1", act="burn").status_code == 422
    assert [wish.settled_at for wish in desk.office.rows(RespondentWish)] == [None, None]


def test_second_officer_to_deal_with_a_wish_sees_what_the_first_did(desk: Desk) -> None:
    receive_asking(desk, Wish.withdrawal)
    seen = {"version": str(response(desk).version), "form": "wishes", "wish": "1"}
    desk.asha.post(f"{PATH}/wishes", {**seen, "act": "settle"})
    answer = desk.adam.post(f"{PATH}/wishes", {**seen, "act": "withdraw"})
    assert answer.status_code == 409
    assert "Asha Rahman dealt with what the respondent asked for" in answer.text
    assert "withdraw it" in answer.text


def test_open_wishes_are_counted_on_the_overview_with_a_link_to_them(desk: Desk) -> None:
    assert "for something" not in text_of(desk.asha.page("/"))
    receive_asking(desk)
    receive(desk, "dora")
    headline = one(desk.asha.page("/"), "a[href*='noticed=asks']")
    assert " ".join(headline.text().split()) == "1 asks for something"
    log = desk.asha.page(headline.attributes["href"] or "")
    assert [row.attributes["href"] for row in log.css(".app-log__reference a")] == [
        "/responses/IEO-0001?noticed=asks&withdrawn=no"
    ]
    assert "Asks for something" in one(log, ".app-log__labels").text()


# Trust


def test_what_may_be_forged_is_marked_with_a_warning(desk: Desk) -> None:
    receive_forged(desk)
    text = said(desk)
    assert "The sender’s domain says that it did not send this: it may be forged." in text
    assert "No acknowledgement was sent." not in text  # this one was
    assert "It contains somebody else’s letter, which its sender passed on." in text
    labels = one(desk.asha.page(f"/responses?consultation={REVIEW_SLUG}&noticed=forged"), ".app-log__labels")
    assert " ".join(labels.text().split()) == "Possibly forged"


def test_an_addition_that_may_be_forged_is_marked_by_itself(desk: Desk) -> None:
    receive(desk, "dora")
    ours = desk.office.outgoing()[0].message_id
    sender = "dora@elsewhere.example"
    receive(desk, "dora", sender=sender, message_id="<more@x.example>", headers={"In-Reply-To": ours}, text="More.\n")
    set_on_email(desk.office.database, desk.office.emails()[-1].id, dmarc="fail")
    page = desk.asha.page(PATH)
    assert page.css_first(".govuk-warning-text") is None
    marked = ["Possibly forged" in item.text() for item in page.css(".app-thread__item--in")]
    assert marked == [False, True]


@pytest.mark.parametrize(
    ("reason", "says", "standing"),
    [
        (Reason.bounce, "came back, so they have not got it", "Came back undelivered"),
        (Reason.bounced_for_now, "could not be delivered yet; it may still arrive", "Not delivered yet"),
    ],
)
def test_an_acknowledgement_that_came_back_is_said_at_the_top(
    desk: Desk, reason: Reason, says: str, standing: str
) -> None:
    bounce_acknowledgement(desk, receive(desk, "ben", sender=BEN), reason)
    text = said(desk)
    assert says in text
    assert standing in text
