"""The bytes of outgoing email, read back as a mail program would read them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.mail.compose import UnwritableAddress, compose, new_message_id
from intake.mail.message import Address

OFFICE = Address("Education consultation", "consultation@council.example")
BEN = Address("Ben Hughes", "ben@school.example")
FIELDS: dict[str, Any] = {
    "message_id": "<intake.acknowledgement.1@council.example>",
    "sender": OFFICE,
    "recipient": BEN,
    "subject": "We have your response IEO-0042",
    "text": "Thank you.\n",
    "html": "<p>Thank you.</p>\n",
    "in_reply_to": "<question@school.example>",
    "references": ("<first@school.example>", "<question@school.example>"),
    "sent_at": datetime(2020, 2, 28, 17, 0, tzinfo=UTC),
    "auto_submitted": "auto-replied",
}


def composed(**changed: Any) -> bytes:
    return compose(**{**FIELDS, **changed})


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def test_an_acknowledgement_says_what_it_is_and_what_it_answers() -> None:
    email = read(composed())
    assert {name: str(value) for name, value in email.items()} == {
        "In-Reply-To": "<question@school.example>",
        "References": "<first@school.example> <question@school.example>",
        "From": "Education consultation <consultation@council.example>",
        "To": "Ben Hughes <ben@school.example>",
        "Subject": "We have your response IEO-0042",
        "Date": "Fri, 28 Feb 2020 17:00:00 +0000",
        "Message-ID": "<intake.acknowledgement.1@council.example>",
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Type": email["Content-Type"],
    }
    assert email.get_content_type() == "multipart/alternative"
    assert [part.get_content() for part in email.iter_parts()] == ["Thank you.\r\n", "<p>Thank you.</p>\r\n"]


def test_a_mail_program_is_told_where_one_click_asks_for_no_more() -> None:
    url = f"https://{'consultations.' * 8}county.example/stop/{'t' * 32}"
    raw = composed(one_click_url=url, auto_submitted="auto-generated")
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert b"List-Unsubscribe" not in composed()


def test_an_officers_own_words_are_not_marked_as_automatic() -> None:
    email = read(composed(auto_submitted=None, html=None, in_reply_to=None, references=()))
    assert email.get_content_type() == "text/plain"
    assert not {"Auto-Submitted", "X-Auto-Response-Suppress", "In-Reply-To", "References"} & set(email.keys())


def test_every_line_is_ascii_ends_in_crlf_and_is_short_enough_for_smtp() -> None:
    raw = composed(subject="Diolch – " + "gŵyr " * 60, text="Siân\n" + "ŵ" * 5000 + "\n.\n", html="<p>£5</p>")
    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 78
    assert read(raw)["Subject"] == "Diolch – " + ("gŵyr " * 60).strip()


@pytest.mark.parametrize("field", ["subject", "sender", "recipient"])
@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\x00"])
def test_a_line_break_in_a_field_never_makes_a_header(field: str, break_: str) -> None:
    evil = f"Thanks{break_}Bcc: dan@elsewhere.example{break_}{break_}Body"
    value = evil if field == "subject" else Address(evil, "ben@school.example")
    email = read(composed(**{field: value}))
    assert email["Bcc"] is None
    assert "Thanks Bcc: dan@elsewhere.example Body" in str(
        email[{"subject": "Subject", "sender": "From"}.get(field, "To")]
    )
    assert len(list(email.iter_parts())) == 2


@pytest.mark.parametrize(
    "id_", ["<a@b>\r\nBcc: dan@elsewhere.example", "a@b", "<a b@c>", "<>", "<ŵ@x>", f"<{'a' * 300}@x>"]
)
def test_ids_that_are_not_well_formed_are_left_out(id_: str) -> None:
    email = read(composed(in_reply_to=id_, references=(id_, "<good@school.example>")))
    assert (email["In-Reply-To"], email["Bcc"], email["References"]) == (None, None, "<good@school.example>")


def test_long_ids_are_not_encoded_as_words() -> None:
    id_ = f"<{'A' * 100}@school.example>"
    assert f"In-Reply-To: {id_}\r\n".encode() in composed(in_reply_to=id_)


def test_a_long_thread_keeps_its_first_and_its_nearest_ids() -> None:
    ids = [f"<{number}@school.example>" for number in range(100)]
    assert str(read(composed(references=ids))["References"]).split() == [ids[0], *ids[-19:]]


@pytest.mark.parametrize(
    ("given_", "written"),
    [
        (Address("Hughes, Ben", "ben@school.example"), ("Hughes, Ben", "ben@school.example")),
        (Address('Ben "the Head" Hughes', "ben@school.example"), ('Ben "the Head" Hughes', "ben@school.example")),
        (Address("Jones, Siân (Ysgol)", "s@school.example"), ("Jones, Siân (Ysgol)", "s@school.example")),
        (Address("", "ben@school.example"), ("", "ben@school.example")),
        (Address("", "ben..hughes@school.example"), ("", "ben..hughes@school.example")),
        (Address("", "o'brien+x=y@school.example"), ("", "o'brien+x=y@school.example")),
        (Address("", '"ben hughes"@school.example'), ("", '"ben hughes"@school.example')),
        (Address("", "ben@bücher.example"), ("", "ben@xn--bcher-kva.example")),
        (Address("", "ben>, dan@school.example"), ("", '"ben>, dan"@school.example')),
        (Address("half \ud83d character", "ben@school.example"), ("half ? character", "ben@school.example")),
    ],
)
def test_an_address_reads_back_as_one_recipient(given_: Address, written: tuple[str, str]) -> None:
    (recipient,) = read(composed(recipient=given_))["To"].addresses
    assert (recipient.display_name, recipient.addr_spec) == written


def test_an_address_that_needs_it_is_written_in_utf8() -> None:
    raw = composed(recipient=Address("Siân", "siân@school.example"))
    assert "To: Siân <siân@school.example>\r\n".encode() in raw


@pytest.mark.parametrize("address", ["", "ben", "@school.example", "ben@", "ben@a b", "dan@x>", "ben\n@x.example"])
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(UnwritableAddress) as refusal:
        composed(recipient=Address("Ben", address))
    assert str(refusal.value) == "The address cannot be written into an email; correct it."


@given(st.text(), st.text(), st.text())
def test_whatever_the_words_it_stays_one_email(name: str, subject: str, text: str) -> None:
    email = read(composed(recipient=Address(name, "ben@school.example"), subject=subject, text=text))
    assert set(email.keys()) == set(read(composed()).keys())
    assert [address.addr_spec for address in email["To"].addresses] == ["ben@school.example"]
    assert len(list(email.iter_parts())) == 2


def test_message_ids_name_the_kind_and_are_never_the_same() -> None:
    ids = {new_message_id("reminder", "consultations.example") for _ in range(100)}
    assert len(ids) == 100
    assert all(one.startswith("<intake.reminder.") and one.endswith("@consultations.example>") for one in ids)
