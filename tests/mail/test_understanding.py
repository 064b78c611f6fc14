"""One pure function says what an email is, whatever its bytes."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from intake.mail.automatic import Automatic, OwnMail
from intake.mail.understanding import as_explained, understand
from tests.building import raw_email

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parent.parent / "emails").glob("*.eml"))]
RAW_HEADERS = {"Authentication-Results": "mx.council.example; dmarc=pass", "Delivered-To": "asha@council.example"}


def test_everything_a_letter_says_is_understood() -> None:
    understood = understand(
        raw_email(
            text="Yes to all.\n",
            html="<p>Yes to all.</p>",
            attachments=[("plan.pdf", "application/pdf", b"%PDF")],
            headers=RAW_HEADERS | {"In-Reply-To": "<invite@council.example>"},
        )
    )
    assert understood.text == understood.own_words == "Yes to all."
    assert understood.html == "<p>Yes to all.</p>\n"
    assert understood.answers == ("<invite@council.example>",)
    assert understood.delivered_to == ("asha@council.example",)
    assert understood.authentication == ("mx.council.example; dmarc=pass",)
    assert (understood.automatic, understood.bounce, understood.forwarded) == (None, None, None)


def test_explanation_has_the_promised_keys() -> None:
    assert as_explained("mail/1.eml", understand(raw_email(attachments=[("a.txt", "a/b", b"abc")]))) == {
        "file": "mail/1.eml",
        "message_id": "<response-1@school.example>",
        "sent_at": "2020-02-27T10:15:00+00:00",
        "subject": "Our response",
        "from": {"name": "Ben Hughes", "address": "ben@school.example"},
        "to": [{"name": "Consultation", "address": "consultation@council.example"}],
        "cc": [],
        "text": "We support the proposals.",
        "own_words": "We support the proposals.",
        "attachments": [
            {
                "filename": "a.txt",
                "content_type": "a/b",
                "size": 3,
                "sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            }
        ],
        "automatic": None,
        "bounce": None,
        "forwarded": None,
        "defects": [],
    }


def test_nothing_at_all_is_explained_too() -> None:
    explained = as_explained("empty", understand(b""))
    assert (explained["subject"], explained["from"], explained["text"]) == ("", None, "")


def test_own_acknowledgement_coming_back_is_known() -> None:
    raw = raw_email(message_id="<intake.acknowledgement.r4nd0m@council.example>")
    assert understand(raw, own=OwnMail("council.example")).automatic == Automatic("own", "own-message-id")


def test_letter_with_files_beside_a_nested_email_is_no_forward() -> None:
    nested = ("old.eml", "application/octet-stream", raw_email())
    raw = raw_email(attachments=[nested, ("plan.pdf", "application/pdf", b"%PDF")])
    assert understand(raw.replace(b"application/octet-stream", b"message/rfc822")).forwarded is None


@settings(max_examples=120, deadline=None, derandomize=True)
@given(data=st.data())
def test_damaged_emails_are_always_explained(data: st.DataObject) -> None:
    raw = data.draw(st.sampled_from(SAMPLES))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
    damaged = raw[:start] + data.draw(st.binary(max_size=30)) + raw[end:]
    _assert_explained(damaged)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(raw=st.binary(max_size=400))
def test_any_bytes_are_explained(raw: bytes) -> None:
    _assert_explained(raw)


def _assert_explained(raw: bytes) -> None:
    understood = understand(raw)
    assert understood == understand(raw)
    json.dumps(as_explained("x", understood), ensure_ascii=False).encode()
