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

from intake.store.database import Database
from tests.servers import free_port

_QUICK = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=60"


class Postgres:
    """Running inside `with`."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.port = free_port()
        self._bin = max(Path("/usr/lib/postgresql").glob("*/bin"))
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        try:
            self._run("initdb", "--auth=trust", "--username=intake", "--encoding=UTF8", "--no-sync")
            self.start()
            self._make_template()
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

    def new_database(self) -> str:
        """The address of an empty database that is set up for this version."""
        name = f"test_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE ready")
        return self._url(name)

    def _make_template(self) -> None:
        self._execute("CREATE DATABASE ready")
        database = Database(self._url("ready"))
        database.upgrade()
        database.close()

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
