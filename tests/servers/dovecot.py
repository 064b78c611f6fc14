"""A private Dovecot: IMAP over TLS, IMAP with STARTTLS, and LMTP, on loopback and free ports.

Anybody may sign in with the one password; every user name is an empty account of its own, so tests share nothing by
using different names. What a client said can be read back word for word. Started as root, mail belongs to `nobody`.
"""

import getpass
import grp
import imaplib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from intake.settings import MailboxSettings
from tests.servers import answers, free_port
from tests.servers.certificates import make_certificates

PASSWORD = "correct-horse"

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
mail_max_userip_connections = 100
postmaster_address = postmaster@council.example
first_valid_uid = 1
{users}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = allow_all_users=yes uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Drafts {{
    auto = create
    special_use = \\Drafts
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
protocol imap {{
  rawlog_dir = {folder}/said/%u
}}
service imap-login {{
  process_min_avail = 1
  service_count = 0
  {chroot}
  inet_listener imap {{
    port = {starttls_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  # Else each wrong password makes the next sign-in wait longer.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-ask {{
    mode = 0666
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
}}
{extra}
"""
# Without root, no process can change its user or its root folder, so none is asked to.
_AS_ORDINARY_USER = """
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """Running inside `with`. `extra` is added to the configuration."""

    def __init__(self, extra: str = "") -> None:
        self._extra = extra
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        # Not pytest's folder: only root may enter that, and the name of a socket has to stay below 108 letters.
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self.folder.chmod(0o755)
        self.certificates = make_certificates(self.folder)
        for name in ("mail", "said"):
            (self.folder / name).mkdir()
            (self.folder / name).chmod(0o777)
        try:
            self._start_on_free_ports()
        except BaseException:
            self._remove()
            raise
        return self

    def _start_on_free_ports(self) -> None:
        """Anew where another program took one of them in the moment between."""
        for is_last in (False, False, True):
            self.tls_port, self.starttls_port, self.lmtp_port = free_port(), free_port(), free_port()
            (self.folder / "dovecot.conf").write_text(self._configuration())
            try:
                return self.start()
            except RuntimeError:
                if is_last or "Address already in use" not in self.log():
                    raise
                self.stop()
                (self.folder / "log").unlink()
        return None

    def __exit__(self, *_: object) -> None:
        self._remove()

    def start(self) -> None:
        """Returns once both ports answer."""
        command = [shutil.which("dovecot") or "/usr/sbin/dovecot", "-F", "-c", str(self.folder / "dovecot.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0)
        deadline = time.monotonic() + 20
        while not (answers(self.tls_port) and answers(self.starttls_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Dovecot did not start:\n{self.log()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Every connection ends at once; mail, UIDs and UIDVALIDITY stay."""
        if self._process is not None:
            # The whole group: processes that hold a client's connection otherwise outlive the first.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5)
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def settings(self, user: str, **changed: Any) -> MailboxSettings:
        """What signs this user in over TLS. What the client then says is kept for `said`."""
        said = self.folder / "said" / user
        said.mkdir(exist_ok=True)
        said.chmod(0o777)
        given = {
            "host": "127.0.0.1",
            "port": self.starttls_port if changed.get("security") in ("starttls", "none") else self.tls_port,
            "username": user,
            "password": PASSWORD,
            "ca_file": self.certificates.ca_file,
            "timeout_seconds": 10,
        }
        return MailboxSettings(**{**given, **changed})

    @property
    def auth_socket(self) -> Path:
        """Where another server asks whether a user name and password are right."""
        return self.folder / "run" / "auth-ask"

    def said(self, user: str) -> list[str]:
        """Every command line of this user's clients after sign-in, in order within a connection, without its tag."""
        files = sorted((self.folder / "said" / user).glob("*.in"))
        lines = [line for file in files for line in file.read_text(errors="replace").splitlines()]
        return [line.split(" ", 2)[2] for line in lines if line.count(" ") > 1]

    def log(self) -> str:
        log = self.folder / "log"
        return log.read_text() if log.exists() else ""

    def append(self, user: str, folder: str, raw: bytes, received_at: datetime | None = None) -> None:
        """Put an email there as it is. The folder is made if need be; its name must be ASCII without quotes."""
        self.append_all(user, folder, [(raw, received_at)])

    def append_all(self, user: str, folder: str, emails: list[tuple[bytes, datetime | None]]) -> None:
        with self.signed_in(user) as client:
            client.create(f'"{folder}"')
            for raw, received_at in emails:
                when = imaplib.Time2Internaldate(received_at) if received_at else None
                kind, answer = client.append(f'"{folder}"', "", when, raw)
                assert kind == "OK", answer

    @contextmanager
    def signed_in(self, user: str) -> Iterator[imaplib.IMAP4_SSL]:
        """Another mail program at the same account."""
        context = ssl.create_default_context(cafile=self.certificates.ca_file)
        with imaplib.IMAP4_SSL("127.0.0.1", self.tls_port, ssl_context=context, timeout=10) as client:
            # Without it every APPEND waits for an acknowledgement the server is in no hurry to give.
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.login(user, PASSWORD)
            yield client

    def _configuration(self) -> str:
        is_root = os.geteuid() == 0
        user = "nobody" if is_root else getpass.getuser()
        group = "nogroup" if is_root else grp.getgrgid(os.getgid()).gr_name
        return _CONFIGURATION.format(
            folder=self.folder,
            password=PASSWORD,
            uid=user,
            gid=group,
            users="" if is_root else _AS_ORDINARY_USER.format(user=user, group=group),
            chroot="" if is_root else "chroot =",
            tls_port=self.tls_port,
            starttls_port=self.starttls_port,
            lmtp_port=self.lmtp_port,
            extra=self._extra,
        )

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
