"""The servers the tests talk to. One Dovecot serves a whole run: every test signs in under names of its own.

So does one whole mail system, where the names are the cast's addresses: each test finds it empty.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.dovecot import Dovecot
from tests.servers.mail_system import MailSystem
from tests.servers.postgres import Postgres
from tests.servers.smtp_sink import SmtpSink


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder: Path = tmp_path_factory.mktemp("certificates")
    return make_certificates(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Postgres() as running:
        yield running


@pytest.fixture(autouse=True)
def database_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What `open_office` opens its database on; PostgreSQL is started only when a test asks for it."""
    kind: str = getattr(request, "param", "sqlite")
    made: list[str] = []
    if kind == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")

        def new_url(_: Path, fill: databases.Fill = databases.set_up) -> str:
            made.append(server.new_database(fill))
            return made[-1]

        monkeypatch.setattr(databases, "new_url", new_url)
    yield kind
    for url in made:
        server.drop_database(url)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as running:
        yield running


@pytest.fixture(scope="session")
def running_mail_system(dovecot: Dovecot) -> Iterator[MailSystem]:
    with MailSystem(dovecot) as running:
        yield running


@pytest.fixture
def mail_system(running_mail_system: MailSystem) -> MailSystem:
    running_mail_system.empty()
    return running_mail_system


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    with SmtpSink() as running:
        yield running
