"""One chaos run from its seed to its result: emails arrive, things break, then all is quiet and the log is judged."""

import json
import smtplib
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import sqlalchemy as sa
from sqlmodel import col, select

from intake.jobs import utc_now
from intake.mail.mailbox import connect
from intake.mail.smtp import SmtpSender
from intake.store.emails import OutgoingEmail, OutgoingStatus
from intake.store.responses import Addition, Response
from tests import databases
from tests.chaos.breaking import Cable, Scene, drawn_strikes, kinds_at, strike
from tests.chaos.judging import assert_log_equals
from tests.chaos.letters import Letter, drawn_letters
from tests.chaos.restored import assert_restored_equals, back_up, run_intake
from tests.chaos.workers import start_pace, working
from tests.configuring import Sections, as_toml, as_tree
from tests.faults.council import Council
from tests.office import MAIL_DOMAIN, Office, open_office
from tests.people import ASHA, REVIEW
from tests.servers.dovecot import PASSWORD
from tests.servers.mail_system import MailSystem
from tests.servers.postgres import Postgres

TIMEOUT = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds` is how long emails arrive and things break; then the workers have `quiet` seconds at most."""

    seed: int
    emails: int
    seconds: float
    every: float
    quiet: float
    rate: float


@dataclass(slots=True)
class Outcome:
    """What was done in a run whose log was right: a wrong one raises AssertionError."""

    faults: Counter[str] = field(default_factory=Counter)
    ended_by_themselves: int = 0
    left_waiting: int = 0
    additions: int = 0
    copies: int = 0
    backups: list[Path] = field(default_factory=list)


def run_chaos(plan: Plan, mail_system: MailSystem, postgres: Postgres | None, folder: Path) -> Outcome:
    """`postgres` is the server whose database `open_office` opens; without it, SQLite is used, and one worker."""
    outcome = Outcome()
    letters = list(drawn_letters(Random(f"letters {plan.seed}"), plan.emails, seconds=plan.seconds))
    with ExitStack() as stack:
        imap = stack.enter_context(Cable(mail_system.dovecot.tls_port))
        smtp = stack.enter_context(Cable(mail_system.postfix.submission_port))
        given = _settings(imap, smtp, mail_system, plan)
        office = stack.enter_context(open_office(folder, settings=as_tree(given), connect=connect))
        office.this = replace(office.this, make_sender=SmtpSender)
        config = folder / "intake.toml"
        places = {"database": {"url": office.database.url}, "files": {"path": str(folder / "files")}}
        config.write_text(as_toml({**given, **places}))
        council = Council(office, mail_system)
        pace = start_pace(plan.rate, longest=plan.seconds + plan.quiet + 60)
        with working(2 if postgres else 1, config, pace, folder) as workers:
            scene = Scene(mail_system, postgres, imap, smtp, workers)
            with ThreadPoolExecutor(1) as keeper:
                backing_up = keeper.submit(_back_up, plan, config, folder)
                _arrive_amid_faults(plan, scene, council, letters, outcome)
                outcome.backups = backing_up.result()
            outcome.left_waiting = _work_on(plan, scene, council)
            # A mailbox or mail server that is away is foreseen; only a database that is away breaks a job off.
            assert all(worker.errors() <= ({"OperationalError"} if postgres else set()) for worker in workers)
            outcome.ended_by_themselves = sum(worker.ended_by_itself for worker in workers)
        office.now = utc_now()
        council.settle()
        _assert_reconciled(config)
        outcome.additions = len(office.rows(Addition))
        outcome.copies = assert_log_equals(council, letters)
        elsewhere = folder / "elsewhere.toml"
        elsewhere.write_text(as_toml({**given, **_empty_places(folder / "elsewhere", postgres)}))
        assert_restored_equals(council, letters, outcome.backups[-1], config=elsewhere)
    return outcome


def _back_up(plan: Plan, config: Path, folder: Path) -> list[Path]:
    """Those that were made, one after the other, until the last emails arrive."""
    started, made = time.monotonic(), list[Path]()
    for number, part in enumerate((0.2, 0.5, 0.8)):
        _wait_until(started + part * plan.seconds)
        file = folder / f"backup-{number}.tar"
        made += [file] if back_up(config, file) else []
    return made


def _empty_places(folder: Path, postgres: Postgres | None) -> Sections:
    folder.mkdir()
    url = postgres.new_database(lambda _: None) if postgres else databases.sqlite_url(folder)
    return {"database": {"url": url}, "files": {"path": str(folder / "files")}}


def _arrive_amid_faults(
    plan: Plan, scene: Scene, council: Council, letters: Sequence[Letter], outcome: Outcome
) -> None:
    strikes = drawn_strikes(Random(f"faults {plan.seed}"), kinds_at(scene), every=plan.every, seconds=plan.seconds)
    started = time.monotonic()
    with ThreadPoolExecutor(1) as postman:
        posting = postman.submit(_post, council, letters, started)
        for fault in strikes:
            _wait_until(started + fault.at)
            for worker in scene.workers:
                worker.keep_running()
            strike(scene, fault)
            outcome.faults[fault.kind] += 1
        posting.result()
    scene.imap.fault = scene.smtp.fault = None


def _post(council: Council, letters: Sequence[Letter], started: float) -> None:
    for letter in letters:
        _wait_until(started + letter.at)
        raw = letter.raw(_acknowledgement_id(council.office, letter.answers) if letter.answers else None)
        deadline = time.monotonic() + 60
        while not _is_taken(council.mail_system, letter, raw):
            assert time.monotonic() < deadline
            time.sleep(0.2)


def _is_taken(mail_system: MailSystem, letter: Letter, raw: bytes) -> bool:
    """Whether Postfix took it. If it goes away with its answer unsaid, it gets a second copy."""
    try:
        mail_system.send(raw, sender=letter.sender, recipients=list(letter.recipients))
    except (OSError, smtplib.SMTPException):
        return False
    return True


def _acknowledgement_id(office: Office, letter: Letter) -> str | None:
    """None while there is none, or no database to ask."""
    wanted = select(OutgoingEmail.message_id).where(OutgoingEmail.in_reply_to == letter.message_id)
    try:
        with office.database.reading() as session:
            return session.exec(wanted).first()
    except sa.exc.OperationalError:
        return None


def _work_on(plan: Plan, scene: Scene, council: Council) -> int:
    """Nothing breaks any more, and the workers go on until nothing waits. How many emails waited at the end."""
    council.mail_system.wait_until_delivered(150)
    deadline = time.monotonic() + plan.quiet
    while (waiting := _waiting(council.office, plan.emails)) and time.monotonic() < deadline:
        for worker in scene.workers:
            worker.keep_running()
        time.sleep(0.5)
    return waiting


def _waiting(office: Office, letters: int) -> int:
    """Letters that are not in the log yet, and emails that are owed."""
    unsent = col(OutgoingEmail.status).in_((OutgoingStatus.queued, OutgoingStatus.sending))
    with office.database.reading() as session:
        in_log = sum(session.scalar(sa.select(sa.func.count(col(table.id)))) or 0 for table in (Response, Addition))
        return letters - in_log + (session.scalar(sa.select(sa.func.count(col(OutgoingEmail.id))).where(unsent)) or 0)


def _wait_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))


def _settings(imap: Cable, smtp: Cable, mail_system: MailSystem, plan: Plan) -> Sections:
    certificates = str(mail_system.dovecot.certificates.ca_file)
    server = {"host": "127.0.0.1", "password": PASSWORD, "ca_file": certificates, "timeout_seconds": TIMEOUT}
    return {
        "mail": {"message_id_domain": MAIL_DOMAIN},
        "mailboxes.review": {**server, "port": imap.port, "username": REVIEW},
        "mailboxes.asha": {**server, "port": imap.port, "username": ASHA},
        "smtp": {**server, "port": smtp.port, "username": REVIEW, "per_minute": 100_000},
        "acknowledgements": {"per_sender_a_day": 100_000},
        "worker": {
            "parsers": 1,
            "collect_seconds": 1,
            "record_seconds": 1,
            "send_seconds": 1,
            "parse_seconds": 15,
            # Real ones are shorter: claims run out quickly, though never before a server's time to answer.
            "lease_seconds": max(16, int(TIMEOUT * plan.rate) + 1),
        },
    }


def _assert_reconciled(config: Path) -> None:
    found = run_intake(config, "reconcile", "--json")
    assert (found.returncode, json.loads(found.stdout)["differences"]) == (0, []), found.stderr
