"""Whether the log equals what was sent, each letter once, word for word and byte for byte. Changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from intake.store.emails import EmailStatus, OutgoingStatus
from intake.store.reasons import Reason
from intake.store.responses import Addition, Attachment, Response
from tests.chaos.letters import PEOPLE, Letter
from tests.faults.council import Council
from tests.faults.settled import assert_settled, copies
from tests.office import Office

# Of a letter there are copies by another address or another delivery; a delay is reported by Postfix.
ACCOUNTED_FOR = {(EmailStatus.recorded, None)} | {
    (EmailStatus.ignored, reason) for reason in (Reason.duplicate, Reason.bounce)
}


def assert_log_equals(council: Council, letters: Sequence[Letter]) -> int:
    """How many second copies of acknowledgements people got."""
    office = council.office
    assert {(email.status, email.reason) for email in office.emails()} <= ACCOUNTED_FOR
    assert Counter(_in_log(office)) == Counter(_sent(letter) for letter in letters)
    _assert_each_is_answered_once(office, letters)
    acknowledgements = council.acknowledgements(*PEOPLE)
    assert_settled(office, [letter.message_id for letter in letters], acknowledgements)
    return len(acknowledgements) - len(copies(acknowledgements))


def _assert_each_is_answered_once(office: Office, letters: Sequence[Letter]) -> None:
    owed = Counter((letter.message_id, letter.sender) for letter in letters)
    assert Counter((outgoing.in_reply_to, outgoing.recipient_address) for outgoing in office.outgoing()) == owed
    # Postfix reports one that Dovecot, away, could not take at once; it came in the end.
    late = (OutgoingStatus.bounced, Reason.bounced_for_now)
    went = {(OutgoingStatus.sent, None), late}
    not_sent = [one for one in office.outgoing() if (one.status, one.reason) not in went]
    assert [(one.kind, one.status, one.reason, one.attempts) for one in not_sent] == []


@dataclass(frozen=True, slots=True)
class _Said:
    """One letter: as it was sent, or as it stands in the log."""

    message_id: str | None
    sender: str | None
    own_words: str
    hashes: tuple[str, ...]


def _sent(letter: Letter) -> _Said:
    return _Said(letter.message_id, letter.sender, letter.text.strip(), letter.hashes)


def _in_log(office: Office) -> Iterator[_Said]:
    emails = {email.id: email for email in office.emails()}
    hashes = defaultdict(list)
    for file in sorted(office.rows(Attachment), key=lambda file: file.position):
        hashes[file.response_id, file.addition_id].append(file.sha256)
    said: list[tuple[Response | Addition, list[str]]] = [(row, hashes[row.id, None]) for row in office.rows(Response)]
    said += [(row, hashes[row.response_id, row.id]) for row in office.rows(Addition)]
    for row, files in said:
        email = emails[row.email_id or 0]
        yield _Said(email.message_id, email.sender_address, row.own_words.strip(), tuple(files))
