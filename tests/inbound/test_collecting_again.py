"""Mail that was left in an officer's own mailbox is judged anew once a consultation it may belong to is known."""

from datetime import timedelta
from pathlib import Path

import pytest

from intake.store.consultation_file import add_consultation, read_consultation_file
from tests.building import raw_email
from tests.databases import both_databases
from tests.inbound.eventful import ledger
from tests.inbound.reconciled import named, reconcile
from tests.office import Office, account, open_office
from tests.people import ASHA

pytestmark = both_databases
WRITER = "clerk@newschool.example"
FILE = f"""
slug = "school-places"
title = "School places"
reference_prefix = "PLA"
opens_at = 2020-02-01T09:00:00
closes_at = 2020-03-31T17:00:00
next_steps = "We read it."
privacy_notice = "We keep it."
[contact]
name = "Places team"
address = "places@county.example"
[[addresses]]
address = "{ASHA}"
kind = "personal"
officer_name = "Asha Rahman"
[[consultees]]
organisation = "New School"
stakeholder_group = "school"
addresses = ["{WRITER}"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "places.toml"
    path.write_text(FILE)
    return path


def test_a_letter_left_in_place_is_taken_in_once_its_consultation_is_added(tmp_path: Path, file: Path) -> None:
    with open_office(tmp_path, settings={"mailboxes": {"asha": account(take="matching")}}) as office:
        received = [office.now, office.now - timedelta(days=30)]
        for number, at in enumerate(received):
            raw = raw_email(sender=WRITER, to=ASHA, subject="School places", message_id=f"<{number}@x.example>")
            office.receive(raw, mailbox="asha", received_at=at)
        office.receive(raw_email(to=ASHA, subject="Lunch", message_id="<lunch@x.example>"), mailbox="asha")
        assert office.collect("asha").left_in_place == 3

        _add(office, file)
        # What will be judged anew was not overlooked.
        assert named(reconcile(office)) == []
        found = office.collect("asha")
        # What came before the consultation opened stays where it was, and private mail is left again.
        assert (found.emails, found.left_in_place) == (1, 1)
        assert len(ledger(office)) == 3


def _add(office: Office, file: Path) -> None:
    with office.database.transaction() as session:
        add_consultation(session, read_consultation_file(file), now=office.now, actor="Asha")
