"""Fills a mailbox of the private Dovecot as a delivery would, without the time of one."""

from collections.abc import Iterable

from tests.servers.dovecot import Dovecot


def fill(dovecot: Dovecot, user: str, letters: Iterable[bytes]) -> int:
    """Write into the INBOX's Maildir, which exists once the user has signed in. Returns the bytes on the wire."""
    new, written, count = dovecot.folder / "mail" / user / "new", 0, 0
    for count, letter in enumerate(letters, start=1):
        wire_size = len(letter) + letter.count(b"\n")
        (new / f"{count:08}.bench,S={len(letter)},W={wire_size}").write_bytes(letter)
        written += wire_size
    with dovecot.signed_in(user) as client:
        client.select("INBOX", readonly=True)
        kind, answer = client.fetch("1:*", "(RFC822.SIZE INTERNALDATE)")
        if kind != "OK" or len(answer) != count:
            raise RuntimeError("Dovecot does not list what was put into its Maildir")
    return written
