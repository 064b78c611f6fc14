"""What must be true after every fault, once the product had its time: all is accounted for, and nothing is twice."""

import email
import email.policy
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from intake import jobs
from intake.outbound.acknowledging import KIND
from intake.store.emails import EmailStatus, InboundEmail, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Addition, Response
from tests.inbound.reconciled import named
from tests.office import Office

SETTLED = {EmailStatus.recorded, EmailStatus.held, EmailStatus.ignored}


def assert_settled(office: Office, letters: Iterable[str], acknowledgements: Sequence[bytes]) -> None:
    """`letters` are the Message-IDs of all that people wrote, each once a response or an addition by now.

    `acknowledgements` are what arrived, as it lies in the respondents' mailboxes: of each, one email or copies of one.
    """
    assert_accounted_for(office)
    assert_each_counts_once(office, letters)
    assert_each_acknowledged_as_one_email(office, acknowledgements)


def assert_accounted_for(office: Office) -> None:
    """Every message on the server has its place in the ledger, every email its bytes and its outcome."""
    found = jobs.reconcile(office.this)
    assert (named(found), found.counts.skipped) == ([], [])
    assert found.counts.on_servers == found.counts.in_ledger
    for inbound in office.emails():
        assert inbound.status in SETTLED
        assert inbound.reason or inbound.status is EmailStatus.recorded
        office.files.read(inbound.raw_sha256)


def assert_each_counts_once(office: Office, letters: Iterable[str]) -> None:
    message_ids = {inbound.id: inbound.message_id for inbound in office.rows(InboundEmail)}
    email_ids = [row.email_id for row in office.rows(Response)] + [row.email_id for row in office.rows(Addition)]
    assert Counter(message_ids[email_id] for email_id in email_ids if email_id) == Counter(set(letters))


def assert_each_acknowledged_as_one_email(office: Office, acknowledgements: Sequence[bytes]) -> None:
    owed = [outgoing for outgoing in office.outgoing() if outgoing.kind == KIND]
    assert {outgoing.status for outgoing in owed} <= {OutgoingStatus.sent, OutgoingStatus.bounced, OutgoingStatus.held}
    assert all(outgoing.reason for outgoing in owed if outgoing.status is OutgoingStatus.held)
    assert len({(outgoing.email_id, outgoing.response_id) for outgoing in owed}) == len(owed)
    arrived = defaultdict(set)
    for raw in acknowledgements:
        message_id, words = _said(raw)
        arrived[message_id].add(words)
    delayed = {outgoing.message_id for outgoing in owed if outgoing.reason == Reason.bounced_for_now}
    sent = {outgoing.message_id for outgoing in owed if outgoing.status is OutgoingStatus.sent}
    assert sent <= set(arrived) <= sent | delayed
    assert all(len(different) == 1 for different in arrived.values())


def copies(acknowledgements: Sequence[bytes]) -> list[int]:
    """How often each different acknowledgement arrived."""
    return sorted(Counter(_said(raw)[0] for raw in acknowledgements).values())


def _said(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Message-ID, and everything of the email that its reader sees."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    body = parsed.get_body()
    assert body
    return parsed["Message-ID"], (parsed["From"], parsed["To"], parsed["Subject"], body.get_content())
