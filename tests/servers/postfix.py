"""A private Postfix on loopback and free ports: the council's own mail server.

Anybody may hand it mail for the council's domain. Who signs in over TLS, with the given Dovecot's password, may send to
everybody. The council's mail goes by LMTP into that Dovecot, to the account named by the whole address; all other mail
goes to the one relay, whatever its domain: nothing leaves the machine and no name is looked up. Only root can start it.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests.servers import answers, free_port
from tests.servers.dovecot import Dovecot

# Times are short so that a second attempt, and the report of a delay, take a second or two.
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
myhostname = mail.{domain}
mydestination =
mynetworks =
alias_maps =
local_recipient_maps =
fast_flush_domains =
append_dot_mydomain = no
recipient_delimiter = +
message_size_limit = 104857600
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = regexp:{folder}/etc/mailboxes
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}
lmtp_destination_recipient_limit = 1
relayhost = [127.0.0.1]:{relay_port}
smtp_connection_cache_on_demand = no
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_error_sleep_time = 0s
smtpd_tls_security_level = may
smtpd_tls_chain_files = {certificates.key_file}, {certificates.cert_file}
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
in_flow_delay = 0s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
delay_warning_time = 1s
maximal_queue_lifetime = 2m
bounce_queue_lifetime = 10s
"""
_MASTER = """
127.0.0.1:{smtp_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_tls_auth_only=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp flags=O
error unix - - n - - error
retry unix - - n - - error
showq unix n - n - - showq
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Running inside `with`. Every address of `domain` has a mailbox, but `nobody` has none."""

    def __init__(self, dovecot: Dovecot, *, domain: str, relay_port: int) -> None:
        self._dovecot = dovecot
        self._domain = domain
        self._relay_port = relay_port

    def __enter__(self) -> Self:
        # Not pytest's folder: only root may enter that.
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        self.smtp_port, self.submission_port = free_port(), free_port()
        try:
            self._write_configuration()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._remove()

    @property
    def is_running(self) -> bool:
        return bool(self._processes())

    def start(self) -> None:
        """Returns once both ports answer."""
        self._command("postfix", "start")
        if not (answers(self.smtp_port) and answers(self.submission_port)):
            raise RuntimeError(f"Postfix did not start:\n{self.log()}")

    def stop(self) -> None:
        """Every connection ends at once; what is in the queue stays."""
        deadline = time.monotonic() + 5
        # Not by `postfix stop`, which leaves processes that hold a connection, or even a port, to end when they will.
        while running := self._processes():
            for process in running:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
            time.sleep(0.02)

    def restart(self) -> None:
        self.stop()
        self.start()

    def queue(self) -> list[dict[str, Any]]:
        """What is not delivered yet, as postqueue(1) describes it under "JSON object format"."""
        return [json.loads(line) for line in self._command("postqueue", "-j").splitlines()]

    def flush(self) -> None:
        """Try everything in the queue again now."""
        self._command("postqueue", "-f")

    def drop_queue(self) -> None:
        """Forget what is in the queue. Stopped meanwhile, so that nothing on its way arrives afterwards."""
        self.stop()
        self._command("postsuper", "-d", "ALL")
        self.start()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def _write_configuration(self) -> None:
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        (self.folder / "log").touch()
        for name in ("data", "log"):
            shutil.chown(self.folder / name, "postfix")
        etc = self.folder / "etc"
        (etc / "mailboxes").write_text("!/^nobody@/ accepted\n")
        main = _MAIN.format(
            folder=self.folder,
            domain=self._domain,
            lmtp_port=self._dovecot.lmtp_port,
            relay_port=self._relay_port,
            certificates=self._dovecot.certificates,
            auth_socket=self._dovecot.auth_socket,
        )
        (etc / "main.cf").write_text(main)
        master = _MASTER.format(smtp_port=self.smtp_port, submission_port=self.submission_port)
        (etc / "master.cf").write_text(master)
        # Else every program waits until it is a second old, so as not to read what is half written.
        os.utime(etc / "main.cf", (0, 0))

    def _processes(self) -> list[int]:
        """All that are not dead: every program of Postfix works in the queue's folder."""
        running = []
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            with suppress(OSError):
                if entry.readlink() == self.folder / "queue":
                    running.append(int(entry.parent.name))
        return running

    def _command(self, name: str, *arguments: str) -> str:
        command = [shutil.which(name) or f"/usr/sbin/{name}", "-c", str(self.folder / "etc"), *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{name} {' '.join(arguments)} failed:\n{done.stderr}{self.log()}")
        return done.stdout

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
