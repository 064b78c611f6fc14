"""The faults of a chaos run: which strikes when, drawn from the seed, and how each is done. Never looks at results."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.chaos.workers import Worker
from tests.faults.wire import Act, Fault, Wire
from tests.servers.mail_system import MailSystem
from tests.servers.postgres import Postgres


class Cable(Wire):
    """A wire all of whose connections can break at one stroke, as when a network does."""

    def cut_all(self) -> None:
        """At the next word of the server's."""
        self.fault = Fault(self._end_all)

    def _end_all(self) -> None:
        for connection in list(self._connections):
            self._end(connection, is_reset=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that can be broken."""

    mail_system: MailSystem
    postgres: Postgres | None
    imap: Cable
    smtp: Cable
    workers: Sequence[Worker]


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: `at` so many seconds from the start. The numbers say which of several, and how much."""

    at: float
    kind: str
    which: int
    much: float


def drawn_strikes(chance: Random, kinds: Sequence[str], *, every: float, seconds: float) -> Iterator[Strike]:
    """One every so many seconds on average, and each kind before any of them comes again."""
    at, left = chance.uniform(0, 2 * every), list[str]()
    while at < seconds:
        left = left or chance.sample(kinds, len(kinds))
        yield Strike(at, left.pop(), chance.randrange(2), chance.random())
        at += chance.uniform(0, 2 * every)


def kinds_at(scene: Scene) -> list[str]:
    return [kind for kind in _KINDS if scene.postgres or kind != "PostgreSQL restarted"]


def strike(scene: Scene, fault: Strike) -> None:
    _KINDS[fault.kind](scene, fault)


def _worker(scene: Scene, fault: Strike) -> Worker:
    return scene.workers[fault.which % len(scene.workers)]


def _pause(scene: Scene, fault: Strike) -> None:
    with _worker(scene, fault).asleep():
        time.sleep(1 + 2 * fault.much)


def _cut_all(scene: Scene, _: Strike) -> None:
    scene.imap.cut_all()
    scene.smtp.cut_all()


def _on_one_connection(act: Act) -> Callable[[Scene, Strike], None]:
    """Somewhere in what the server says, or in what it is told."""

    def break_one(scene: Scene, fault: Strike) -> None:
        wire = scene.imap if fault.which else scene.smtp
        wire.fault = Fault(act, speaker="server" if fault.which else "client", passes=int(4000 * fault.much))

    return break_one


def _restart_postgres(scene: Scene, _: Strike) -> None:
    assert scene.postgres
    scene.postgres.restart()


_KINDS: dict[str, Callable[[Scene, Strike], None]] = {
    "worker killed": lambda scene, fault: _worker(scene, fault).kill(),
    "worker asleep": _pause,
    "Dovecot restarted": lambda scene, _: scene.mail_system.dovecot.restart(),
    "Postfix restarted": lambda scene, _: scene.mail_system.postfix.restart(),
    "PostgreSQL restarted": _restart_postgres,
    "all connections cut": _cut_all,
    "connection reset": _on_one_connection("reset"),
    "connection stalled": _on_one_connection("stall"),
}
