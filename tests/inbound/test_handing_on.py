"""An officer's forward is the response of whoever wrote the letter in it; anybody else's stays their own."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from intake.inbound.choices import Choice
from intake.mail.parts import MAX_PARTS
from intake.store.consultations import AddressKind, Consultation, PublishedAddress
from intake.store.emails import EmailStatus, InboundEmail
from intake.store.responses import Addition, Attachment
from intake.store.users import User
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.decided import ADM, IEO, carried_out, officer
from tests.inbound.forwarded import NOTE, PROVEN, WORDS, inline
from tests.inbound.reconciled import named, reconcile
from tests.office import DURING, OPENS_AT, Office, open_office
from tests.people import ADAM, ADMISSIONS, ASHA, BEN, CAROL, DAN, OLGA, REVIEW

pytestmark = both_databases
SENT_AT = datetime(2020, 2, 3, 9, 12, tzinfo=UTC)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        yield opened


def take_in(office: Office, *emails: bytes, **arrival: Any) -> list[tuple[str, str | None]]:
    for raw in emails:
        office.receive(raw, **arrival)
    office.cycle()
    return office.outcomes()


def let_forwards_be_acknowledged(office: Office) -> None:
    with office.database.transaction() as session:
        session.execute(sa.update(Consultation).values(acknowledges_forwards=True))


def test_an_officers_forward_is_the_original_senders_response_and_the_note_stands_apart(office: Office) -> None:
    assert take_in(office, inline()) == [("recorded", None)]
    [response] = office.responses()
    assert (response.respondent_name, response.respondent_address) == ("Ben Hughes", BEN)
    assert (response.organisation, response.subject) == ("Heathfield Primary School", "Our view")
    assert (response.text, response.own_words, response.forwarded_note) == (WORDS, WORDS, NOTE)
    assert (response.forwarded_by, response.original_sent_at, response.contains_forward) == (ASHA, SENT_AT, False)
    assert response.received_at is None
    [email] = office.emails()
    assert (email.sender_address, email.received_at, email.dmarc) == (ASHA, DURING, "pass")


def test_the_history_names_the_forwarder_by_an_id(office: Office) -> None:
    asha = officer(office).user
    take_in(office, inline())
    [entry] = [entry for entry in office.history("recorded") if entry.subject_kind == "response"]
    assert entry.detail == {"email": 1, "forwarded_by": asha.id}


def test_a_published_address_without_an_account_is_named_by_its_own_id(office: Office) -> None:
    take_in(office, inline())
    assert office.history("recorded")[0].detail == {"email": 1, "published_address": 2}


def test_the_writer_of_a_forwarded_letter_is_not_acknowledged_unless_the_consultation_says_so(office: Office) -> None:
    take_in(office, inline())
    assert office.outgoing() == []
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "forwarded-letter"
    assert named(reconcile(office)) == []
    let_forwards_be_acknowledged(office)
    take_in(office, inline(sender=f"Carol Lewis <{CAROL}>", message_id="<2@county.example>"))
    [sent] = office.sender.sent
    assert sent.recipient == CAROL
    # She never saw the forward, so nothing answers it.
    assert (office.outgoing()[0].in_reply_to, office.outgoing()[0].references) == (None, [])


def test_files_of_an_inline_forward_are_the_letters(office: Office) -> None:
    take_in(office, inline(attachments=[("views.pdf", "application/pdf", b"%PDF-1.4")]))
    assert [row.filename for row in office.rows(Attachment)] == ["views.pdf"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authentication-Results": "mx.county.example; dmarc=fail header.from=county.example"},
        {"Authentication-Results": "mx.county.example; dmarc=pass header.from=elsewhere.example"},
        {"Authentication-Results": "mail.elsewhere.example; dmarc=pass header.from=county.example"},
        {"X-MS-Exchange-Organization-AuthAs": "Internal"},
    ],
    ids=["nothing", "fail", "another domain", "another server", "Exchange's word where there is no Exchange"],
)
def test_a_forward_that_nobody_vouches_for_is_held_as_unproven(office: Office, headers: dict[str, str]) -> None:
    assert take_in(office, inline(headers=headers)) == [("held", "unproven-officer")]
    assert office.emails()[0].consultation_id == IEO


def test_a_result_that_the_sender_wrote_below_ours_proves_nothing(office: Office) -> None:
    ours = b"Authentication-Results: mx.county.example; dmarc=fail header.from=county.example\r\n"
    assert take_in(office, ours + inline()) == [("held", "unproven-officer")]
    assert office.emails()[0].dmarc == "fail"


def test_an_email_that_names_two_senders_is_no_proven_officers(office: Office) -> None:
    second = f"From: {DAN}\r\n".encode()
    assert take_in(office, inline().replace(b"To: ", second + b"To: ", 1)) == [("held", "unproven-officer")]
    assert office.emails()[0].dmarc == "none"


def test_more_senders_than_are_read_prove_nobody(office: Office) -> None:
    more = (f"From: {ASHA}\r\n" * 2 + f"From: {DAN}\r\n").encode()
    said = {"Authentication-Results": "mx.county.example; dmarc=pass"}
    raw = inline(headers=said).replace(b"To: ", more + b"To: ", 1)
    assert take_in(office, raw) == [("held", "unproven-officer")]


def test_a_reference_in_a_quoted_letter_proves_no_more_than_in_any_other(office: Office) -> None:
    """Whoever wrote to the officer may have written anything in Ben's name; only the officer is proven."""
    take_in(office, raw_email(sender=BEN, to=REVIEW))
    assert take_in(office, inline(words="More on IEO-0001: we object.")) == [
        ("recorded", None),
        ("held", "names-a-reference"),
    ]


def test_an_officer_who_signed_in_to_our_server_is_proven(office: Office) -> None:
    headers = {"Authentication-Results": f"mx.county.example; auth=pass smtp.auth={ASHA}"}
    assert take_in(office, inline(headers=headers)) == [("recorded", None)]


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"X-MS-Exchange-Organization-AuthAs": "Internal"}, ("recorded", None)),
        ({"X-MS-Exchange-Organization-AuthAs": "Anonymous"}, ("held", "unproven-officer")),
        ({"Authentication-Results": "spf=pass; dmarc=pass header.from=county.example"}, ("recorded", None)),
    ],
)
def test_at_microsoft_365_an_officer_inside_the_house_is_proven(
    tmp_path: Path, headers: dict[str, str], outcome: tuple[str, str | None]
) -> None:
    mail = {"message_id_domain": "intake.county.example", "authserv_id": "microsoft"}
    with open_office(tmp_path, settings={"mail": mail}) as office:
        assert take_in(office, inline(headers=headers)) == [outcome]


def test_an_account_that_may_see_the_consultation_is_an_officers_without_being_published(office: Office) -> None:
    officer(office, OLGA)
    assert take_in(office, inline(by=OLGA, to=ADMISSIONS)) == [("recorded", None)]
    [response] = office.responses()
    assert (response.reference, response.respondent_address, response.forwarded_by) == ("ADM-0001", BEN, OLGA)


def test_the_forward_of_an_officer_without_access_stays_the_officers_own_and_is_marked(office: Office) -> None:
    officer(office, OLGA)
    assert take_in(office, inline(by=OLGA)) == [("recorded", None)]
    [response] = office.responses()
    assert (response.respondent_address, response.contains_forward, response.forwarded_by) == (OLGA, True, None)


def test_the_forward_of_a_disabled_account_is_nobodys_word(office: Office) -> None:
    for address in (OLGA, ASHA):
        officer(office, address)
    with office.database.transaction() as session:
        session.execute(sa.update(User).values(disabled_at=office.now))
    first, second = inline(by=OLGA, to=ADMISSIONS), inline(message_id="<2@county.example>")
    # Asha's address is published still: nobody's own response.
    assert take_in(office, first, second) == [("recorded", None), ("held", "forwarded-by-officer")]
    assert [(one.respondent_address, one.contains_forward) for one in office.responses()] == [(OLGA, True)]


def test_a_respondents_forward_is_the_respondents_and_is_marked(office: Office) -> None:
    take_in(office, inline(by=CAROL, sender=f"Dan Morris <{DAN}>", headers={}))
    [response] = office.responses()
    assert (response.respondent_address, response.own_words, response.contains_forward) == (CAROL, NOTE, True)
    assert [sent.recipient for sent in office.sender.sent] == [CAROL]


def test_a_forward_to_two_consultations_is_a_response_in_each(office: Office) -> None:
    officer(office, ADAM)
    take_in(office, inline(by=ADAM, to=f"{REVIEW}, {ADMISSIONS}"))
    assert [(one.reference, one.respondent_address) for one in office.responses()] == [
        ("IEO-0001", BEN),
        ("ADM-0001", BEN),
    ]


def test_a_forward_to_a_consultation_that_is_not_the_officers_too_waits_for_a_person(office: Office) -> None:
    assert take_in(office, inline(to=f"{REVIEW}, {ADMISSIONS}")) == [("held", "forwarded-by-officer")]


@pytest.mark.parametrize("sender", ["Ben Hughes", f"Asha Rahman <{ASHA}>", f"The review <{REVIEW}>"])
def test_a_forward_that_does_not_say_which_respondent_wrote_it_is_held(office: Office, sender: str) -> None:
    assert take_in(office, inline(sender=sender)) == [("held", "forwarded-by-officer")]


def test_a_forwarded_reply_to_our_email_joins_the_response_it_answers(office: Office) -> None:
    take_in(office, raw_email(sender=BEN, to=REVIEW))
    headers = {**PROVEN, "References": f"{office.outgoing()[0].message_id} <bens-reply@heathfield.example>"}
    take_in(office, inline(headers=headers, words="One thing more."))
    [addition] = office.rows(Addition)
    assert (addition.text, addition.received_at) == ("One thing more.", None)
    assert len(office.responses()) == 1


def test_somebody_elses_letter_forwarded_in_a_respondents_thread_is_held(office: Office) -> None:
    take_in(office, raw_email(sender=BEN, to=REVIEW))
    headers = {**PROVEN, "References": office.outgoing()[0].message_id}
    outcomes = take_in(office, inline(headers=headers, sender=f"Dan Morris <{DAN}>"))
    assert outcomes[1] == ("held", "another-senders-thread")


def test_a_forward_before_the_consultation_opened_is_too_early_whenever_its_letter_was_written(office: Office) -> None:
    early = OPENS_AT - timedelta(hours=1)
    assert take_in(office, inline(), received_at=early) == [("ignored", "before-opening")]


@pytest.mark.parametrize("is_forward_first", [True, False])
def test_a_letter_that_came_by_itself_too_is_marked_as_a_possible_duplicate(
    office: Office, is_forward_first: bool
) -> None:
    direct = raw_email(sender=BEN, to=REVIEW, text=f"{WORDS}\n", message_id="<direct@heathfield.example>")
    emails = [inline(), direct] if is_forward_first else [direct, inline()]
    take_in(office, *emails)
    first, second = office.responses()
    assert (first.possible_duplicate_of_id, second.possible_duplicate_of_id) == (None, first.id)


def test_the_same_words_by_another_writer_are_no_duplicate(office: Office) -> None:
    take_in(office, inline(), inline(sender=f"Carol Lewis <{CAROL}>", message_id="<2@county.example>"))
    assert [one.possible_duplicate_of_id for one in office.responses()] == [None, None]


def test_the_same_forward_collected_from_two_mailboxes_is_recorded_once(office: Office) -> None:
    office.receive(inline(), mailbox="asha")
    assert take_in(office, b"Received: from mx by review\r\n" + inline()) == [
        ("recorded", None),
        ("ignored", "duplicate"),
    ]


def test_an_officer_says_whose_an_unproven_forward_is_and_it_is_recorded_as_that(office: Office) -> None:
    take_in(office, inline(headers={}))
    carried_out(
        office,
        1,
        Choice.response,
        consultation_id=IEO,
        respondent_name="Ben",
        respondent_address=BEN,
        received_at=SENT_AT,
    )
    [response] = office.responses()
    assert (response.respondent_name, response.respondent_address, response.received_at) == ("Ben", BEN, SENT_AT)
    assert (response.text, response.forwarded_by, response.forwarded_note) == (WORDS, ASHA, NOTE)
    assert office.sender.sent == []


def test_a_proven_forward_that_is_put_back_is_still_its_writers(office: Office) -> None:
    take_in(office, inline(words="Please withdraw my response."))
    assert office.outcomes() == [("held", "asks-to-withdraw")]
    carried_out(office, 1, Choice.response, consultation_id=IEO)
    assert [one.respondent_address for one in office.responses()] == [BEN]


def test_to_an_officers_own_address_only_a_sure_forward_gets_in(office: Office) -> None:
    with office.database.transaction() as session:
        session.add(PublishedAddress(consultation_id=ADM, address=ASHA, kind=AddressKind.personal))
    forward = inline(to=ASHA, sender=f"Dan Morris <{DAN}>")
    assert take_in(office, forward, mailbox="asha") == [("held", "forwarded-by-officer")]


def test_every_outcome_says_what_our_server_found(office: Office) -> None:
    forged = {"Authentication-Results": "mx.county.example; dmarc=fail header.from=somewhere.example"}
    spam = raw_email(sender=DAN, to=REVIEW, headers=forged)
    away = raw_email(sender=DAN, to=REVIEW, headers={"Auto-Submitted": "auto-replied"}, message_id="<2@x.example>")
    take_in(office, spam, away)
    assert [(email.status, email.dmarc) for email in office.rows(InboundEmail)] == [
        (EmailStatus.recorded, "fail"),
        (EmailStatus.ignored, "none"),
    ]
    assert office.history("acknowledgement-suppressed")[0].detail["reason"] == "failed-dmarc"


def test_an_encrypted_email_is_held(office: Office) -> None:
    armour = "-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ0w8nb2Y4AQf9Gq==\n=abcd\n-----END PGP MESSAGE-----\n"
    assert take_in(office, raw_email(sender=DAN, to=REVIEW, text=armour)) == [("held", "encrypted")]


def test_email_of_too_many_parts_is_no_forward_of_itself(office: Office) -> None:
    files = [(f"{number}.txt", "text/plain", b"x") for number in range(MAX_PARTS + 1)]
    office.receive(raw_email(sender=DAN, to=REVIEW, attachments=files))
    office.cycle()
    [response] = office.responses()
    assert not response.contains_forward
