"""Backups made amid the faults, and what an installation restored from one makes of it: nothing lost, nothing sent.

Whatever came after the backup still lies in the mailboxes.
"""

import copy
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from intake.settings import load_settings
from intake.store.database import Database
from intake.store.emails import EmailStatus
from intake.store.files import FileStore
from intake.store.responses import Addition, Response
from tests.chaos.letters import PEOPLE, Letter
from tests.chaos.workers import ENVIRONMENT, ROOT
from tests.faults.council import Council
from tests.faults.settled import assert_accounted_for
from tests.office import Office


def run_intake(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as an administrator gives it, at the machine's own time."""
    command = [sys.executable, "-c", "from intake.cli import main; main()", "--config", str(config), *arguments]
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def back_up(config: Path, file: Path) -> bool:
    """Whether it was made: a database that is away breaks it off, with a sentence and without a file."""
    done = run_intake(config, "backup", str(file))
    assert "Traceback" not in done.stderr
    assert file.exists() is (done.returncode == 0), done.stderr
    return done.returncode == 0


def assert_restored_equals(council: Council, letters: Sequence[Letter], backup: Path, *, config: Path) -> None:
    """`config` names an empty database and an empty folder, and the same mailboxes. Whatever the backup holds of the
    run, the restored installation ends with every letter once, says nothing to anybody, and gives nobody's reference
    to somebody else."""
    told = Counter(council.acknowledgements(*PEOPLE))
    done = run_intake(config, "restore", str(backup))
    assert done.returncode == 0, done.stderr
    restored = _opened(council.office, config)
    try:
        in_backup = _references(restored)
        Council(restored, council.mail_system).settle()
        assert Counter(council.acknowledgements(*PEOPLE)) == told
        assert_accounted_for(restored)
        # An answer to an acknowledgement that is not in the backup waits for a person.
        there = Counter(one.message_id for one in restored.emails() if one.status is EmailStatus.held)
        there += Counter(message_id for message_id, _ in _log(restored))
        assert there == Counter(letter.message_id for letter in letters)
        given = _references(council.office)
        assert in_backup.items() <= given.items()
        assert not (_references(restored).keys() - in_backup.keys()) & given.keys()
    finally:
        restored.database.close()


def _opened(office: Office, config: Path) -> Office:
    """The same office with the database and the files of that configuration."""
    settings = load_settings(config)
    restored = copy.copy(office)
    restored.database, restored.files = Database(settings.database.url), FileStore(settings.files.path)
    restored.this = replace(office.this, database=restored.database, files=restored.files, clock=lambda: restored.now)
    return restored


def _log(office: Office) -> Iterator[tuple[str | None, str | None]]:
    """Message-ID and reference of every response and addition."""
    emails = {email.id: email.message_id for email in office.emails()}
    for response in office.rows(Response):
        yield emails[response.email_id or 0], response.reference
    for addition in office.rows(Addition):
        yield emails[addition.email_id or 0], None


def _references(office: Office) -> dict[str, str | None]:
    return {reference: message_id for message_id, reference in _log(office) if reference}
