"""The yardstick: Debian's isync, a program in C that copies an IMAP mailbox into a Maildir."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.servers.dovecot import PASSWORD, Dovecot

_CONFIGURATION = """\
IMAPAccount far
Host 127.0.0.1
Port {port}
User {user}
Pass {password}
SSLType IMAPS
CertificateFile {certificate}

IMAPStore far
Account far

MaildirStore near
Path {copy}/
Inbox {copy}/INBOX

Channel copy
Far :far:
Near :near:
Patterns INBOX
Create Near
Sync Pull
SyncState *
"""


def mbsync(dovecot: Dovecot, user: str, folder: Path) -> Callable[[], object]:
    """What copies this user's INBOX into a new folder when it is called."""
    copy = folder / "copy"
    copy.mkdir(parents=True)
    configuration = folder / "mbsyncrc"
    configuration.write_text(
        _CONFIGURATION.format(
            port=dovecot.tls_port, user=user, password=PASSWORD, certificate=dovecot.certificates.cert_file, copy=copy
        )
    )
    return partial(subprocess.run, ["mbsync", "-q", "-c", configuration, "-a"], check=True)
