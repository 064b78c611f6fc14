"""The outcome, and the other mailings that are started by hand: only to those looked at, only once."""

import threading
from datetime import timedelta

import pytest

from intake.administration.notices import Look, OthersByNow, closing_notice, invitation, outcome, start, warnings
from intake.administration.outcome import set_outcome, told_outcome
from intake.errors import IntakeError, Mistakes, NotPossible
from intake.settings import Settings
from intake.store.mailings import Mailing
from tests.administration.administrators import consultation, editing
from tests.building import raw_email
from tests.consulted import add_consultee
from tests.databases import both_databases
from tests.office import CLOSES_AT, DURING, MAIL_DOMAIN, OPENS_AT, Office
from tests.people import ASHA, BEN, CAROL, REVIEW

LATER = CLOSES_AT + timedelta(days=100)
DOCUMENT = {"outcome_url": "https://county.example/plan", "outcome_note": ""}


def _publish(office: Office, **given: str) -> list[str]:
    with editing(office) as (session, row, edit):
        return set_outcome(session, row, {**DOCUMENT, **given}, edit)


def _answer(office: Office, sender: str) -> None:
    office.receive(raw_email(sender=sender, to=REVIEW, text=f"We are {sender}.", message_id=f"<{sender}>"))
    office.cycle()


def _seen(office: Office, look: Look) -> str:
    with office.database.reading() as session:
        return look(session, consultation(office), office.now).seen


def _start(office: Office, look: Look, seen: str) -> int:
    with editing(office) as (session, row, edit):
        _, number = start(session, row, look, seen=seen, message_id_domain=MAIL_DOMAIN, user=edit.user, now=office.now)
        return number


def _settings(office: Office, base_url: str) -> Settings:
    settings = office.this.settings
    return settings.model_copy(update={"web": settings.web.model_copy(update={"base_url": base_url})})


def _told(office: Office) -> int:
    with office.database.reading() as session:
        return told_outcome(session, consultation(office))


@both_databases
def test_those_who_answered_are_told_once_and_those_who_answer_later_are_left(office: Office) -> None:
    _answer(office, BEN)
    _publish(office)
    office.now = LATER
    assert _start(office, outcome, _seen(office, outcome)) == 1
    _answer(office, CAROL)
    assert _start(office, outcome, _seen(office, outcome)) == 1
    told = [row.recipient_address for row in office.outgoing() if row.kind == "outcome"]
    assert told == [BEN, CAROL]
    assert _told(office) == 2
    with pytest.raises(NotPossible, match="nobody left"):
        _start(office, outcome, _seen(office, outcome))


@both_databases
def test_two_administrators_who_press_at_once_send_one_mailing(office: Office) -> None:
    seen, numbers, refused = _seen(office, invitation), list[int](), list[IntakeError]()
    with editing(office):
        pass  # makes Adam's account, which both use

    def press() -> None:
        try:
            numbers.append(_start(office, invitation, seen))
        except IntakeError as error:
            refused.append(error)

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert (numbers, len(refused), len(office.rows(Mailing))) == ([2], 1, 1)


def test_mailing_is_not_started_for_others_than_were_looked_at(office: Office) -> None:
    seen = _seen(office, invitation)
    add_consultee(office, "Hilltop School", "head@hilltop.example")
    with pytest.raises(OthersByNow):
        _start(office, invitation, seen)
    assert office.rows(Mailing) == []


def test_outcome_needs_a_document_and_a_consultation_that_has_closed(office: Office) -> None:
    _answer(office, BEN)
    with pytest.raises(NotPossible, match="has not closed yet"):
        _seen(office, outcome)
    office.now = LATER
    with pytest.raises(NotPossible, match="address of the final document"):
        _seen(office, outcome)
    _publish(office)
    assert _start(office, outcome, _seen(office, outcome)) == 1


def test_when_it_was_published_stays_when_its_address_changes(office: Office) -> None:
    assert _publish(office, outcome_note="Adopted on 3 June.") == ["outcome_url", "outcome_note"]
    office.now = LATER
    assert _publish(office, outcome_url="https://county.example/plan-2", outcome_note="Adopted on 3 June.") == [
        "outcome_url"
    ]
    assert _publish(office, outcome_url="https://county.example/plan-2", outcome_note="Adopted on 3 June.") == []
    assert consultation(office).outcome_published_at == DURING
    assert [entry.detail for entry in office.history("outcome-set")] == [
        {"fields": ["outcome_url", "outcome_note"]},
        {"fields": ["outcome_url"]},
    ]


@pytest.mark.parametrize("url", ["", "http://county.example/plan", "https://[half", "https://a b.example/"])
def test_address_that_is_no_secure_page_is_refused(office: Office, url: str) -> None:
    with pytest.raises(Mistakes) as wrong:
        _publish(office, outcome_url=url)
    assert "outcome_url" in wrong.value.by_field


@pytest.mark.parametrize(
    ("base_url", "sentence"),
    [
        ("http://127.0.0.1:8000", "begin with http://127.0.0.1:8000."),
        ("https://intake", "begin with https://intake."),
        ("https://10.1.2.3", "begin with https://10.1.2.3."),
        ("http://consultations.county.example", "do not begin with https://."),
        ("https://consultations.county.example", ""),
    ],
)
def test_links_that_others_cannot_open_are_warned_of(office: Office, base_url: str, sentence: str) -> None:
    with office.database.reading() as session:
        found = warnings(session, consultation(office), "outcome", _settings(office, base_url), now=office.now)
    links = [one.what.partition("The links in it ")[2] for one in found if "links" in one.what]
    assert links == ([sentence] if sentence else [])


@pytest.mark.parametrize("kind", ["invitation", "deadline-extended", "outcome"])
def test_emails_that_tell_people_to_write_where_no_mailbox_reads_are_warned_of(office: Office, kind: str) -> None:
    settings = _settings(office, "https://consultations.county.example")
    mailboxes = {
        name: box.model_copy(update={"username": user})
        for (name, box), user in zip(settings.mailboxes.items(), (REVIEW, ASHA, "admissions"), strict=True)
    }
    with office.database.reading() as session:
        row, now = consultation(office), office.now
        without = warnings(session, row, kind, settings, now=now)
        read = warnings(session, row, kind, settings.model_copy(update={"mailboxes": mailboxes}), now=now)
    assert [one.what for one in without if one not in read] == [
        f"No mailbox in the configuration signs in as {REVIEW} or {ASHA}."
    ]


def test_invitation_before_the_opening_is_warned_of(office: Office) -> None:
    office.now = OPENS_AT - timedelta(days=2)
    with office.database.reading() as session:
        found = warnings(session, consultation(office), "invitation", office.this.settings, now=office.now)
    assert ["not open yet" in found[0].what, "no documents" in found[1].what] == [True, True]


def test_archived_consultation_sends_nothing(office: Office) -> None:
    with editing(office) as (_, row, _edit):
        row.archived_at = office.now
    for look in (invitation, closing_notice, outcome):
        with pytest.raises(NotPossible, match="archived"):
            _seen(office, look)
