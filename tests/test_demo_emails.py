"""The demo's sample emails are ones any mail program could have sent, each delivered somewhere, to nobody real."""

import email
import email.policy
import re
import tomllib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "config" / "demo" / "emails"
EMAILS = sorted(FOLDER.glob("*.eml"))
ACCOUNTS = ("review", "admissions", "asha", "owen")


def test_every_sample_email_is_delivered_somewhere_and_nothing_else_is() -> None:
    deliveries = tomllib.loads((FOLDER / "where.toml").read_text(encoding="utf-8"))
    places = {place for listed in deliveries.values() for place in listed}
    assert set(deliveries) == {path.name for path in EMAILS}
    assert all(deliveries.values())
    assert places <= {f"{account}/{folder}" for account in ACCOUNTS for folder in ("INBOX", "Junk")}


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.stem)
def test_sample_email_is_well_formed_and_has_the_headers_of_delivered_mail(path: Path) -> None:
    sample = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert not [defect for part in sample.walk() for defect in part.defects]
    assert {"Return-Path", "Received", "Date", "Message-ID", "From", "To", "Subject"} <= set(sample.keys())


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.stem)
def test_sample_email_names_only_addresses_that_cannot_exist(path: Path) -> None:
    domains = re.findall(rb"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", path.read_bytes())
    assert not [domain for domain in domains if not domain.endswith(b".example")]
