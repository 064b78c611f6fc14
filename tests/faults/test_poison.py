"""An email that kills whoever reads it, and a template that cannot be filled in: neither takes anything with it."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from intake import jobs
from intake.inbound.reading import EmailToRead, HeaderToRead, NotAsStored, ReadEmail, read
from intake.mail.understanding import Understood
from intake.sandbox import Sandbox
from tests.databases import both_databases
from tests.faults.site import LETTER_IDS, LETTERS, Site, letter, letter_id, open_site
from tests.people import BEN
from tests.servers.dovecot import Dovecot
from tests.servers.smtp_sink import SmtpSink

POISON = b"Deadly"


@pytest.fixture
def site(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> Iterator[Site]:
    with open_site(dovecot, smtp_sink, tmp_path) as site:
        yield site


def die_of_poison(job: EmailToRead | HeaderToRead) -> ReadEmail | Understood | NotAsStored:
    if isinstance(job, EmailToRead) and POISON in job.path.read_bytes():
        os.abort()
    return read(job)


@both_databases
def test_an_email_that_kills_its_reader_is_failed_after_three_deaths_and_the_others_are_recorded(site: Site) -> None:
    poisonous = letter(9, sender=BEN, text=f"{POISON.decode()}.\n")
    reads = site.office.this.parsers
    site.receive(LETTERS[0], poisonous, *LETTERS[1:])
    with Sandbox(die_of_poison, children=2, seconds=20, memory_mb=1024) as deadly:
        site.office.this = replace(site.office.this, parsers=deadly)
        site.office.cycle()
        assert outcomes(site) == [(None, 1), ("reader-died", 3), (None, 1), (None, 1)]
        site.office.now += timedelta(hours=2)
        site.settle()
        assert outcomes(site)[1] == ("reader-died", 3)  # its one more try
    site.office.this = replace(site.office.this, parsers=reads)
    site.office.now += timedelta(hours=12)
    site.settle()
    site.assert_settled([*LETTER_IDS, letter_id(9)])


def test_an_email_that_needs_too_much_memory_is_failed_and_the_others_are_recorded(site: Site) -> None:
    heavy = letter(9, sender=BEN, files=[("plan.pdf", "application/pdf", os.urandom(30_000_000))])
    site.receive(LETTERS[0], heavy, *LETTERS[1:])
    with Sandbox(read, children=2, seconds=20, memory_mb=120) as tight:
        site.office.this = replace(site.office.this, parsers=tight)
        site.office.cycle()
    assert outcomes(site) == [(None, 1), ("reader-died", 3), (None, 1), (None, 1)]


def test_a_template_that_breaks_holds_its_email_until_it_is_mended_and_released(
    dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    template = tmp_path / "texts" / "email" / "acknowledgement.txt"
    template.parent.mkdir(parents=True)
    template.write_text("Dear {{ no_such_field }}")
    with open_site(dovecot, smtp_sink, tmp_path, templates={"path": str(tmp_path / "texts")}) as site:
        site.receive(*LETTERS)
        site.office.collect()
        assert jobs.record(site.office.this).recorded == 3
        done = site.run("send", "--json").counts
        assert {name: count for name, count in done.items() if count} == {"held": 3}
        assert {row.reason for row in site.office.outgoing()} == {"template-error"}
        template.write_text("Dear {{ respondent_name }}, your response is {{ reference }}.")
        assert site.run("send", "--release", "template-error", "--yes", "--json").counts["sent"] == 3
        site.work()
        site.assert_settled()


def outcomes(site: Site) -> list[tuple[str | None, int]]:
    """Reason and attempts of every email, in the order they were stored; no reason when it is recorded."""
    return [(email.reason, email.attempts) for email in site.office.emails()]
