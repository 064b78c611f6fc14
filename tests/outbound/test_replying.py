"""Officers' replies: once, to the respondent, from the consultation, in the thread, in the officer's own words."""

import email
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path

import pytest

from intake import jobs
from intake.errors import Changed, NotPossible
from intake.mail.quoting import REPLY_MARKER
from intake.outbound.rendering import TemplateBroken
from intake.outbound.replying import (
    Reply,
    filled,
    mistakes_in,
    proposed_subject,
    queue_reply,
    recipient,
    templates_for,
)
from intake.store.consultations import Consultation, ReplyTemplate
from intake.store.emails import OutgoingEmail
from intake.store.responses import Response
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import ASHA, BEN, CAROL, REVIEW

pytestmark = both_databases
ANSWER = Reply("Re: The catchment areas", "Dear Ben,\n\nThe map is on page 12.", "token-1")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Ben has asked something, and has his acknowledgement."""
    with open_office(tmp_path) as opened:
        question = raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, message_id="<question@heathfield.example>")
        opened.receive(question)
        opened.cycle()
        yield opened


@pytest.fixture
def asha(office: Office) -> User:
    with office.database.transaction() as session:
        user = User(address=ASHA, name="Asha Rahman", role=Role.officer, created_at=DURING)
        session.add(user)
    return user


def reply(office: Office, asha: User, answer: Reply = ANSWER, *, version: int | None = None) -> OutgoingEmail:
    with office.database.transaction() as session:
        return queue_reply(
            session,
            session.get_one(Response, 1),
            answer,
            message_id_domain=MAIL_DOMAIN,
            user=asha,
            now=office.now,
            version=version,
        )


def test_a_form_gone_back_to_and_changed_is_not_taken_for_the_reply_that_went(office: Office, asha: User) -> None:
    seen = office.responses()[0].version
    first = reply(office, asha, version=seen)
    changed = Reply(ANSWER.subject, "Dear Ben,\n\nThe map is on page 13.", ANSWER.token)
    with pytest.raises(Changed):
        reply(office, asha, changed, version=seen)
    second = reply(office, asha, changed, version=office.responses()[0].version)
    assert (first.given_text, second.given_text) == (ANSWER.text, changed.text)
    assert reply(office, asha, changed, version=seen).id == second.id


def sent(office: Office) -> Message:
    jobs.send(office.this)
    return email.message_from_bytes(office.sender.sent[-1].raw)


def test_a_reply_goes_to_the_respondent_from_the_consultation_as_a_persons_mail(office: Office, asha: User) -> None:
    reply(office, asha)
    message = sent(office)
    assert office.sender.sent[-1].recipient == BEN
    assert REVIEW in message["From"]
    assert message["Subject"] == "Re: The catchment areas"
    assert message["Auto-Submitted"] is None


def test_a_reply_stands_in_the_thread_of_what_was_written_last(office: Office, asha: User) -> None:
    acknowledgement = office.outgoing()[0].message_id
    office.receive(
        raw_email(
            sender=BEN, to=REVIEW, message_id="<more@heathfield.example>", headers={"In-Reply-To": acknowledgement}
        )
    )
    office.cycle()
    reply(office, asha)
    message = sent(office)
    assert message["In-Reply-To"] == "<more@heathfield.example>"
    references = message["References"].split()
    assert references[-1] == "<more@heathfield.example>"
    assert {"<question@heathfield.example>", acknowledgement} < set(references)


def test_a_reply_says_who_wrote_it_and_how_to_answer(office: Office, asha: User) -> None:
    reply(office, asha)
    jobs.send(office.this)
    text = office.outgoing()[-1].text or ""
    assert text.startswith(REPLY_MARKER)
    assert "The map is on page 12.\n\nAsha Rahman\nEducation review team\n" in text
    assert "IEO-0001" in text


def test_an_officer_who_signed_the_reply_is_not_named_twice(office: Office, asha: User) -> None:
    reply(office, asha, Reply("Re: The map", "See page 12.\n\nAsha Rahman\n", "t"))
    jobs.send(office.this)
    for written in (office.outgoing()[-1].text or "", office.outgoing()[-1].html or ""):
        assert written.count("Asha Rahman") == 1


def test_an_answer_to_a_reply_joins_the_response_without_our_words(office: Office, asha: User) -> None:
    reply(office, asha)
    message = sent(office)
    quoted = "".join(f"> {line}\n" for line in (office.outgoing()[-1].text or "").splitlines())
    office.receive(
        raw_email(
            sender=BEN,
            to=REVIEW,
            message_id="<thanks@heathfield.example>",
            text=f"Thank you, found it.\n\n{quoted}",
            headers={"In-Reply-To": message["Message-ID"]},
        )
    )
    office.cycle()
    assert office.outcomes() == [("recorded", None), ("recorded", None)]
    [addition] = office.history("added-to")
    assert addition.subject_id == 1


def test_a_form_sent_twice_sends_one_reply(office: Office, asha: User) -> None:
    first, second = reply(office, asha, version=0), reply(office, asha, version=0)
    assert first.id == second.id
    jobs.send(office.this)
    assert [one.recipient for one in office.sender.sent] == [BEN, BEN]


def test_a_form_sent_twice_in_the_same_moment_sends_one_reply(office: Office, asha: User) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: reply(office, asha, version=0), range(2))
    assert first.id == second.id
    assert len(office.outgoing()) == 2


def test_a_reply_takes_off_the_mark_that_one_is_needed(office: Office, asha: User) -> None:
    with office.database.transaction() as session:
        session.get_one(Response, 1).needs_reply = True
    outgoing = reply(office, asha)
    [response] = office.responses()
    assert (response.needs_reply, response.version) == (False, 1)
    [entry] = office.history("replied")
    assert (entry.actor, entry.detail) == (asha.actor, {"outgoing": outgoing.id, "version": 1})


def test_of_two_officers_who_answer_at_once_the_second_is_told_first(office: Office, asha: User) -> None:
    reply(office, asha, version=0)
    with pytest.raises(Changed):
        reply(office, asha, Reply("Re: The map", "See page 12.", "token-2"), version=0)
    assert [row.kind for row in office.outgoing()] == ["acknowledgement", "reply"]


def test_without_an_address_there_is_nobody_to_reply_to(office: Office, asha: User) -> None:
    with office.database.transaction() as session:
        session.get_one(Response, 1).respondent_address = None
    assert recipient(office.responses()[0]) is None
    with pytest.raises(NotPossible, match="no email address"):
        reply(office, asha)


def test_an_address_rewritten_on_its_way_is_answered_where_it_came_from(office: Office) -> None:
    [response] = office.responses()
    response.respondent_address = "srs0=abcd=xy=heathfield.example=ben.hughes@relay.example"
    assert recipient(response) == BEN


def test_what_is_missing_or_too_long_or_not_filled_in_is_told_by_field() -> None:
    assert set(mistakes_in(Reply("", " ", "t"))) == {"subject", "text"}
    assert set(mistakes_in(Reply("s" * 201, "t" * 50_001, "t"))) == {"subject", "text"}
    assert "{{ date }}" in mistakes_in(Reply("Re", "It closes {{ date }}.", "t"))["text"]
    assert mistakes_in(ANSWER) == {}


def test_a_template_is_filled_in_with_what_the_record_says(office: Office, asha: User) -> None:
    template = ReplyTemplate(
        name="Deadline",
        text="Dear {{ respondent_name }},\n\n{{ reference }}: {{ consultation }} closes at {{ closes }}.\n\n"
        "{{ officer }}",
    )
    with office.database.reading() as session:
        response = session.get_one(Response, 1)
        consultation = _consultation(office)
        assert filled(template, response, consultation, asha) == (
            "Dear Ben Hughes,\n\nIEO-0001: Improving education outcomes closes at 11:59pm on Friday 28 February 2020."
            "\n\nAsha Rahman\n"
        )
        assert proposed_subject(response, consultation) == "Re: Improving education outcomes (IEO-0001)"


@pytest.mark.parametrize(
    "text", ["{{ date }}", "{{ officer", "{% for x in range(9) %}{% endfor %}", "{{ ''.__class__ }}"]
)
def test_a_template_that_asks_for_more_than_it_is_given_is_told(office: Office, asha: User, text: str) -> None:
    with pytest.raises(TemplateBroken) as raised:
        filled(ReplyTemplate(name="Odd", text=text), office.responses()[0], _consultation(office), asha)
    assert "Ben" not in str(raised.value)


def test_a_consultations_own_templates_come_before_those_for_all(office: Office) -> None:
    review = _consultation(office)
    with office.database.transaction() as session:
        session.add(ReplyTemplate(name="A general one", text="Hello"))
        session.add(ReplyTemplate(name="Where to find the map", text="Hello", consultation_id=review.id))
        session.add(ReplyTemplate(name="Of admissions", text="Hello", consultation_id=2))
        session.flush()
        names = [template.name for template in templates_for(session, review.id)]
    assert names == ["Where to find the map", "A general one"]


def test_html_and_text_say_the_same_and_nothing_an_officer_types_is_markup(office: Office, asha: User) -> None:
    reply(office, asha, Reply("Re: <b>", "Is 3 < 4?\n\n<script>alert(1)</script> & see https://x.example/map", "t"))
    jobs.send(office.this)
    html = office.outgoing()[-1].html or ""
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    message = email.message_from_bytes(office.sender.sent[-1].raw, policy=default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("plain",))
    assert body is not None
    assert "<script>alert(1)</script> & see https://x.example/map" in body.get_content()


def test_replies_go_before_mailings_and_after_acknowledgements(office: Office, asha: User) -> None:
    reply(office, asha)
    office.receive(raw_email(sender=CAROL, to=REVIEW, message_id="<carol@larkmead.example>"))
    office.cycle()
    assert [one.recipient for one in office.sender.sent] == [BEN, CAROL, BEN]


def _consultation(office: Office) -> Consultation:
    with office.database.reading() as session:
        return session.get_one(Consultation, 1)
