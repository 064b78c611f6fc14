"""What a reconciliation notes at each mailbox, for the overview."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from intake.store.emails import LedgerEntry, Mailbox
from tests.databases import both_databases
from tests.inbound.eventful import letter
from tests.inbound.reconciled import reconcile
from tests.office import DURING, Office, open_office

pytestmark = both_databases
Noted = tuple[object, int | None, int | None]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path) as office:
        for number in (1, 2, 3):
            office.receive(letter(number))
        office.receive(letter(4), folder="Junk")
        office.cycle()
        yield office


def noted(office: Office, name: str = "review") -> Noted:
    row = next(one for one in office.rows(Mailbox) if one.name == name)
    return row.reconciled_at, row.messages_on_server, row.messages_missing


def test_messages_on_the_server_are_noted_with_the_time(office: Office) -> None:
    assert noted(office) == (None, None, None)
    reconcile(office)
    assert noted(office) == (DURING, 4, 0)
    assert noted(office, "asha") == (DURING, 0, 0)


def test_missing_ones_are_noted_until_they_are_mended(office: Office) -> None:
    with office.database.transaction() as session:
        session.execute(sa.delete(LedgerEntry))
    office.now += timedelta(minutes=5)
    reconcile(office)
    assert noted(office) == (office.now, 4, 4)
    reconcile(office, mend=True)
    assert noted(office) == (office.now, 4, 0)


def test_a_mailbox_that_could_not_be_compared_keeps_what_was_noted_before(office: Office) -> None:
    reconcile(office)
    office.mailboxes["review"].refuses_sign_in = True
    office.now += timedelta(days=1)
    reconcile(office)
    assert noted(office) == (DURING, 4, 0)
