"""The tests' PostgreSQL as an office would run it: what is committed is on the disk."""

from tests.servers.postgres import Postgres


class DurablePostgres(Postgres):
    """Running inside `with`."""

    def start(self) -> None:
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "start", "--wait", "--silent", f"--options={options}", f"--log={self.folder}/log")
