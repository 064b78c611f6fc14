"""A private PostgreSQL on loopback and a free port, with as many databases as tests want.

Started as root it runs as Debian's `postgres` user. It is quick, not durable: a test that pulls the plug stops the
processes, never the machine.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Self

import psycopg

from tests.databases import Fill, set_up
from tests.servers import free_port

_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


class Postgres:
    """Running inside `with`."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = free_port()
        self._templates: dict[Fill, str] = {}
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        try:
            self._run("initdb", "--auth=trust", "--username=intake", "--encoding=UTF8", "--no-sync")
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder)

    def start(self) -> None:
        options = f"{_QUICK} -c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "start", "--wait", "--silent", f"--options={options}", f"--log={self.folder}/log")

    def stop(self, mode: str = "immediate") -> None:
        """Every connection breaks at once."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--wait", "--silent", f"--mode={mode}")

    def restart(self) -> None:
        self.stop("fast")
        self.start()

    def new_database(self, fill: Fill = set_up) -> str:
        """The address of a filled database: a copy, as to fill one takes longer than most tests."""
        name = f"test_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template(fill)} STRATEGY file_copy")
        return self._url(name)

    def drop_database(self, url: str) -> None:
        """Whoever is still connected is cut off. To remove hundreds at the end would take longer."""
        self._execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def _template(self, fill: Fill) -> str:
        if fill not in self._templates:
            name = f"template_{len(self._templates)}"
            self._execute(f"CREATE DATABASE {name}")
            fill(self._url(name))
            self._templates[fill] = name
        return self._templates[fill]

    def _url(self, name: str) -> str:
        return f"postgresql+psycopg://intake@127.0.0.1:{self.port}/{name}"

    def _execute(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=intake dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), f"--pgdata={self.folder}/data", *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]
        subprocess.run(command, check=True, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
