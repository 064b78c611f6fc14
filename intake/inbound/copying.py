"""Of the messages in an officer's own mailbox, say which may be copied, judged by their headers alone.

Private mail is never fetched. Never collects and never decides what a copied email becomes.
"""

from collections.abc import Iterator, Sequence

import structlog

from intake.inbound.circumstances import circumstances, load_knowledge, load_related
from intake.inbound.poll import MayCopy
from intake.inbound.reading import HeaderToRead
from intake.inbound.recording import Parsers
from intake.inbound.routing import may_copy
from intake.mail.automatic import OwnMail
from intake.mail.mailbox import FetchedEmail
from intake.mail.understanding import Understood
from intake.store.database import Database

log = structlog.get_logger()


def copying_rule(database: Database, parsers: Parsers, own: OwnMail) -> MayCopy:
    """The rule `collect_mailbox` asks. A header whose reader broke gets no verdict: it may be a response."""

    def verdicts(fetched: Sequence[FetchedEmail]) -> dict[int, bool]:
        received_at = {email.uid: email.received_at for email in fetched}
        headers = dict(_understood(parsers, [HeaderToRead(email.uid, email.raw, own) for email in fetched]))
        with database.reading() as session:
            known = load_knowledge(session, authserv_id=None)
            related = load_related(session, list(headers.values()), known)
        return {
            uid: may_copy(header, circumstances(header, known, related, received_at=received_at[uid]))
            for uid, header in headers.items()
        }

    return verdicts


def _understood(parsers: Parsers, jobs: Sequence[HeaderToRead]) -> Iterator[tuple[int, Understood]]:
    for job, result in parsers.run_each(jobs):
        assert isinstance(job, HeaderToRead)
        if isinstance(result, Understood):
            yield job.uid, result
        else:
            log.warning("collect", unread_header_of_uid=job.uid, cause=str(result))
