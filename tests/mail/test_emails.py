"""Every odd email in tests/emails, each named by its peculiarity, is understood as expected.toml says."""

import tomllib
from pathlib import Path

import pytest

from intake.mail.understanding import Understood, as_explained, understand

EMAILS = Path(__file__).parent.parent / "emails"
EXPECTED = tomllib.loads((EMAILS / "expected.toml").read_text(encoding="utf-8"))
# What expected.toml need not say: the rest of each email is this ordinary one.
ORDINARY = {
    "sender": "Ben Hughes <ben@school.example>",
    "subject": "Our response",
    "sent_at": "2020-02-27T10:15:00+00:00",
    "text": "We agree.",
    "attachments": [],
}


@pytest.mark.parametrize("path", sorted(EMAILS.glob("*.eml")), ids=lambda path: path.stem)
def test_odd_email_is_understood(path: Path) -> None:
    assert _told(understand(path.read_bytes())) == ORDINARY | EXPECTED[path.stem]


def test_expectations_are_of_emails_that_exist() -> None:
    assert set(EXPECTED) == {path.stem for path in EMAILS.glob("*.eml")}


def _told(understood: Understood) -> dict[str, object]:
    """What TOML can say, and only what the email has."""
    explained = as_explained("", understood)
    told: dict[str, object] = {
        "sender": _address(explained["from"]),
        "subject": explained["subject"],
        "sent_at": explained["sent_at"] or "unknown",
        "text": explained["text"],
        "attachments": [file.filename for file in understood.attachments],
    }
    if understood.own_words != understood.text:
        told["own_words"] = understood.own_words
    if understood.automatic:
        told["automatic"] = f"{understood.automatic.kind}: {understood.automatic.reason}"
    if understood.bounce:
        told["failed"] = [f"{each.address} {each.status}" for each in understood.bounce.recipients]
    if forwarded := explained["forwarded"]:
        assert isinstance(forwarded, dict)
        told["forwarded"] = {"sender": _address(forwarded["from"])} | {
            key: forwarded[key] for key in ("sent_at", "subject", "text", "note") if forwarded[key]
        }
    if understood.defects:
        told["defects"] = list(understood.defects)
    return told


def _address(address: object) -> str:
    return f"{address['name']} <{address['address']}>".strip() if isinstance(address, dict) else "nobody"
