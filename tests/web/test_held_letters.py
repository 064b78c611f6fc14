"""Held emails of which more is known: what is taken out of a forward, what asks to be withdrawn, what may be forged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.store.reasons import Reason
from intake.store.responses import Response
from tests.people import CAROL
from tests.responses.log_rows import set_on
from tests.web.desk import REVIEW_SLUG, Desk, open_desk
from tests.web.queue import filled_in, one, text_of
from tests.web.understood_scene import MAP, hand_on, hold, receive, set_understood


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with open_desk(tmp_path) as opened:
        yield opened


def said(desk: Desk, email_id: int) -> str:
    return text_of(desk.asha.page(f"/held/{email_id}"))


def answered(desk: Desk, *names: str) -> list[Response]:
    """Carol's responses."""
    responses = [receive(desk, name) for name in names]
    for response in responses:
        set_on(desk.office.database, response.reference, respondent_address=CAROL)
    return responses


def test_a_letter_taken_out_of_a_forward_says_so_and_when_it_was_written(desk: Desk) -> None:
    forward, _, waiting = hand_on(desk)
    page = desk.asha.page(f"/held/{waiting}")
    assert "attached to an officer’s forward" in text_of(page)
    assert page.css_first(f"a[href='/held/{forward}']") is not None
    fields = filled_in(page)
    assert (fields["respondent_name"], fields["respondent_address"]) == ("Carol", "carol@elsewhere.example")
    moment = [fields[f"received-{part}"] for part in ("day", "month", "year", "clock")]
    assert moment == ["27", "2", "2020", "10:15am"]
    assert "Attached to a forward" in text_of(desk.asha.page("/held"))


def test_a_forward_says_what_became_of_each_letter_in_it(desk: Desk) -> None:
    forward, recorded, waiting = hand_on(desk)
    page = desk.asha.page(f"/held/{forward}")
    text = text_of(page)
    assert "The letters that were taken out of it" in text
    assert "Recorded as IEO-0001" in text
    assert "Held. An officer forwarded it" in text
    for path in (f"/held/{recorded}", f"/held/{waiting}", "/responses/IEO-0001"):
        assert page.css_first(f"main a[href='{path}']") is not None
    assert desk.asha.page("/responses/IEO-0001").css_first(f"a[href='/held/{forward}']") is not None
    assert desk.olga.get(f"/held/{forward}").status_code == 404


@pytest.mark.parametrize("reason", [Reason.asks_to_withdraw, Reason.asks_to_replace])
def test_the_one_response_of_somebody_who_asks_is_filled_in_to_be_joined(desk: Desk, reason: Reason) -> None:
    [response] = answered(desk, "carol")
    email_id = hold(desk, "leaver", reason, sender_address=CAROL)
    assert filled_in(desk.asha.page(f"/held/{email_id}"))["reference"] == response.reference


def test_of_several_responses_none_is_filled_in(desk: Desk) -> None:
    answered(desk, "carol", "clare")
    email_id = hold(desk, "leaver", Reason.asks_to_withdraw, sender_address=CAROL)
    page = desk.asha.page(f"/held/{email_id}")
    assert filled_in(page)["reference"] == ""
    assert text_of(page).count("Earlier from the same address") == 2


def test_what_may_be_forged_is_marked_and_never_acknowledged(desk: Desk) -> None:
    email_id = hold(desk, "mallory", Reason.possible_question, dmarc="fail")
    page = desk.asha.page(f"/held/{email_id}")
    text = text_of(page)
    assert "The sender’s domain says that it did not send this: it may be forged." in text
    assert "No acknowledgement is sent. The sender's domain says that it did not send this." in text
    assert page.css_first("#acknowledged") is None
    assert "Possibly forged" in text_of(desk.asha.page("/held"))


def test_the_writer_of_a_forwarded_letter_is_acknowledged_only_where_that_is_set(desk: Desk) -> None:
    *_, waiting = hand_on(desk)
    page = desk.asha.page(f"/held/{waiting}")
    assert page.css_first("#acknowledged") is None
    assert "such letters are not acknowledged here" in text_of(page)
    path = f"/consultations/{REVIEW_SLUG}/change/judging"
    version = one(desk.adam.page(path), "input[name=version]").attributes["value"] or ""
    given = {"version": version, "late_policy": "accept", "acknowledges_forwards": "yes"}
    assert desk.adam.post(path, given).status_code == 303
    assert desk.asha.page(f"/held/{waiting}").css_first("#acknowledged") is not None


def test_an_email_without_text_of_its_own_points_to_its_files(desk: Desk) -> None:
    email_id = hold(desk, "mute", Reason.possible_question, text="", attachments=[MAP])
    assert "It has no text of its own: see the attached file." in said(desk, email_id)


def test_every_reason_is_said_in_its_sentence(desk: Desk) -> None:
    scene = set_understood(desk)
    for name, words in (
        ("encrypted_id", "It is encrypted; only its recipient's own key can open it."),
        ("unproven_id", "our mail server did not confirm that the officer sent it"),
        ("withdrawing_id", "It asks for an earlier response to be withdrawn."),
    ):
        assert words in said(desk, scene[name])
