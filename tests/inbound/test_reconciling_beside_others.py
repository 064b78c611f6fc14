"""Accounting for everything while a worker is at a mailbox, and where a folder is kept from us."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from intake.store.leases import give_up_lease, take_lease
from tests.databases import both_databases
from tests.inbound.eventful import letter
from tests.inbound.reconciled import named, reconcile
from tests.inbound.test_collecting import KeptToItself
from tests.office import Office, open_office

pytestmark = both_databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.receive(letter(1))
        opened.cycle()
        yield opened


def test_a_lost_file_stays_a_difference_while_a_worker_has_its_mailbox(office: Office) -> None:
    office.files.path(office.emails()[0].raw_sha256).unlink()
    with office.database.transaction() as session:
        take_lease(session, "review", owner="another", until=office.now + timedelta(hours=1), now=office.now)
    [(kind, _, mended)] = named(reconcile(office, mend=True))
    assert (kind, mended) == ("file-missing", False)
    with office.database.transaction() as session:
        give_up_lease(session, "review", owner="another")
    [(kind, _, mended)] = named(reconcile(office, mend=True))
    assert (kind, mended) == ("file-missing", True)


def test_a_refused_folder_is_named_and_keeps_no_other_from_being_compared(office: Office) -> None:
    office.mailboxes["review"] = mailbox = KeptToItself(office.mailboxes["review"].contents)
    office.now += timedelta(hours=2)
    mailbox.add(letter(2), office.now)
    differences = named(reconcile(office))
    assert ("folder-refused", "review/Junk", False) in differences
    assert [kind for kind, where, _ in differences if where.startswith("review/INBOX")] == ["not-in-ledger"]
