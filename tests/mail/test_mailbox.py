"""Reading and moving mail on a real Dovecot. Each test signs in under a name of its own."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from intake.errors import MailboxUnavailable
from intake.mail import mailbox as mailbox_module
from intake.mail.folders import Folder, Role
from intake.mail.mailbox import FetchedEmail, FolderMissing, FolderRefused, Mailbox, connect
from tests.servers.dovecot import Dovecot

RECEIVED_AT = datetime(2020, 2, 28, 16, 59, 30, tzinfo=UTC)


def raw_email(subject: str = "Our response", text: str = "We agree.") -> bytes:
    return f"From: ben@school.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


@contextmanager
def mailbox_of(dovecot: Dovecot, user: str, **changed: Any) -> Iterator[Mailbox]:
    with closing(connect(dovecot.settings(user, **changed), name="office")) as mailbox:
        yield mailbox


def put(dovecot: Dovecot, user: str, *subjects: str, folder: str = "INBOX") -> None:
    dovecot.append_all(user, folder, [(raw_email(subject), RECEIVED_AT) for subject in subjects])


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_an_email_comes_back_byte_for_byte_with_its_receipt_time(dovecot: Dovecot, security: str) -> None:
    user = f"bytes-{security}"
    dovecot.append(user, "INBOX", raw_email(), RECEIVED_AT)
    with mailbox_of(dovecot, user, security=security) as mailbox:
        state = mailbox.open_folder("INBOX")
        assert (state.uid_next, state.email_count, mailbox.uids()) == (2, 1, [1])
        assert mailbox.fetch([1]) == [FetchedEmail(1, raw_email(), RECEIVED_AT)]


def test_listing_tells_size_and_receipt_time(dovecot: Dovecot) -> None:
    put(dovecot, "listing", "one", "three")
    with mailbox_of(dovecot, "listing") as mailbox:
        mailbox.open_folder("INBOX")
        listed = mailbox.list_emails([1, 2, 99])
    assert [(one.uid, one.size, one.received_at) for one in listed] == [
        (1, len(raw_email("one")), RECEIVED_AT),
        (2, len(raw_email("three")), RECEIVED_AT),
    ]


@pytest.mark.parametrize("hours", [-11, 0, 1, 5.5, 13])
def test_receipt_times_of_every_time_zone_become_utc(dovecot: Dovecot, hours: float) -> None:
    user = f"zone{hours}"
    dovecot.append(user, "INBOX", raw_email(), RECEIVED_AT.astimezone(timezone(timedelta(hours=hours))))
    with mailbox_of(dovecot, user) as mailbox:
        mailbox.open_folder("INBOX")
        (email,) = mailbox.list_emails([1])
    assert email.received_at == RECEIVED_AT
    assert email.received_at.tzinfo is UTC


def test_reading_headers_leaves_the_text_on_the_server(dovecot: Dovecot) -> None:
    put(dovecot, "matching", "one", "two")
    with mailbox_of(dovecot, "matching") as mailbox:
        mailbox.open_folder("INBOX")
        headers = [email.raw for email in mailbox.fetch_headers([1, 2])]
    assert headers == [raw_email("one", "")[:-2], raw_email("two", "")[:-2]]
    assert [line for line in dovecot.said("matching") if "BODY" in line] == [
        "UID FETCH 1,2 (BODY.PEEK[HEADER] INTERNALDATE)"
    ]


def test_reading_leaves_no_trace_on_the_server(dovecot: Dovecot, tmp_path: Path) -> None:
    put(dovecot, "trace", "one")
    with mailbox_of(dovecot, "trace") as mailbox:
        mailbox.open_folder("INBOX")
        mailbox.fetch([1])
        mailbox.fetch_headers([1])
        mailbox.fetch_to_file(1, tmp_path / "one.eml")
    assert flags(dovecot, "trace", "INBOX") == {1: []}
    assert not any(line.startswith(("SELECT", "UID STORE")) for line in dovecot.said("trace"))


def test_emails_that_are_gone_are_left_out(dovecot: Dovecot) -> None:
    put(dovecot, "gone", "one")
    with mailbox_of(dovecot, "gone") as mailbox:
        mailbox.open_folder("INBOX")
        assert [email.uid for email in mailbox.fetch([7, 1, 8])] == [1]
        assert mailbox.fetch([7]) == []
        assert mailbox.fetch([]) == []


def test_a_large_email_is_brought_in_pieces(dovecot: Dovecot, tmp_path: Path) -> None:
    raw = raw_email(text="x" * 70 + "\r\n") + (b"0123456789" * 7 + b"\r\n") * 45_000
    dovecot.append("large", "INBOX", raw, RECEIVED_AT)
    with mailbox_of(dovecot, "large") as mailbox:
        mailbox.open_folder("INBOX")
        assert mailbox.fetch_to_file(1, tmp_path / "large.eml") is True
        assert mailbox.fetch_to_file(2, tmp_path / "gone.eml") is False
    assert (tmp_path / "large.eml").read_bytes() == raw
    assert not (tmp_path / "gone.eml").exists()
    pieces = [line for line in dovecot.said("large") if "UID FETCH 1 " in line]
    assert len(pieces) == 5
    assert all(piece.endswith(".1048576>)") for piece in pieces)


def test_more_emails_than_one_command_names_are_all_listed(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox_module, "_UIDS_A_COMMAND", 3)
    monkeypatch.setattr(mailbox_module, "_UIDS_A_SEARCH", 4)
    put(dovecot, "many", *(str(number) for number in range(10)))
    with mailbox_of(dovecot, "many") as mailbox:
        mailbox.open_folder("INBOX")
        assert mailbox.uids() == list(range(1, 11))
        assert [email.uid for email in mailbox.list_emails(mailbox.uids())] == list(range(1, 11))
    said = dovecot.said("many")
    assert [line for line in said if "SEARCH" in line][:3] == ["UID SEARCH 9:*", "UID SEARCH 5:8", "UID SEARCH 1:4"]
    assert "UID FETCH 10 (RFC822.SIZE INTERNALDATE)" in said


def test_folders_are_told_apart_by_what_they_are_for(dovecot: Dovecot) -> None:
    put(dovecot, "roles", "one", folder="Sent/2019")
    put(dovecot, "roles", "one", folder="Deleted Items")
    put(dovecot, "roles", "one", folder="Schools")
    with mailbox_of(dovecot, "roles") as mailbox:
        assert sorted(mailbox.folders(), key=lambda folder: folder.name) == [
            Folder("Deleted Items", Role.trash),
            Folder("Drafts", Role.drafts),
            Folder("INBOX", Role.inbox),
            Folder("Junk", Role.junk),
            Folder("Schools", Role.other),
            Folder("Sent", Role.sent),
            Folder("Sent/2019", Role.sent),
            Folder("Trash", Role.trash),
        ]


# Each with its form in modified UTF-7 (RFC 3501 section 5.1.3).
ODD_NAMES = {
    "Відгуки": "&BBIEVgQ0BDMEQwQ6BDg-",
    "Ysgol & Gŵyr": "Ysgol &- G&AXU-yr",
    "Two words": "Two words",
    'Say "yes"': 'Say "yes"',
    "Level/Below": "Level/Below",
    "back\\slash": "back\\slash",
    "100%": "100%",
    "2020": "2020",
    "NIL": "NIL",
}


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_folder_names_are_listed_opened_and_moved_to(dovecot: Dovecot, name: str) -> None:
    user = f"odd{list(ODD_NAMES).index(name)}"
    put(dovecot, user, "one")
    make_folder(dovecot, user, ODD_NAMES[name])
    with mailbox_of(dovecot, user) as mailbox:
        assert Folder(name, Role.other) in mailbox.folders()
        mailbox.open_folder("INBOX", for_changes=True)
        mailbox.move([1], name)
        assert mailbox.open_folder(name).email_count == 1


def test_a_folder_that_only_holds_folders_is_not_listed(dovecot: Dovecot) -> None:
    make_folder(dovecot, "levels", "Level/Below")
    with mailbox_of(dovecot, "levels") as mailbox:
        names = [folder.name for folder in mailbox.folders()]
    assert "Level/Below" in names
    assert "Level" not in names


def test_a_missing_folder_is_named(dovecot: Dovecot) -> None:
    with (
        mailbox_of(dovecot, "missing") as mailbox,
        pytest.raises(FolderMissing, match='office: there is no folder "New"'),
    ):
        mailbox.open_folder("New")


def test_a_folder_the_server_keeps_to_itself_is_named(dovecot: Dovecot) -> None:
    make_folder(dovecot, "kept", "Board")
    with mailbox_of(dovecot, "kept") as mailbox:
        folder = dovecot.folder / "mail" / "kept" / ".Board"
        folder.chmod(0)
        with pytest.raises(FolderRefused, match='use the folder "Board"'):
            mailbox.open_folder("Board")
        folder.chmod(0o700)


def test_moving_to_a_missing_folder_leaves_the_email_and_makes_nothing(dovecot: Dovecot) -> None:
    put(dovecot, "nowhere", "one")
    with mailbox_of(dovecot, "nowhere") as mailbox:
        mailbox.open_folder("INBOX", for_changes=True)
        with pytest.raises(FolderMissing, match='there is no folder "Done"'):
            mailbox.move([1], "Done")
        assert mailbox.uids() == [1]
        assert "Done" not in [folder.name for folder in mailbox.folders()]


def test_a_moved_email_keeps_its_bytes_and_receipt_time(dovecot: Dovecot) -> None:
    put(dovecot, "moved", "one", "two")
    make_folder(dovecot, "moved", "Done")
    with mailbox_of(dovecot, "moved") as mailbox:
        mailbox.open_folder("INBOX", for_changes=True)
        mailbox.move([2, 99], "Done")
        assert mailbox.uids() == [1]
        mailbox.open_folder("Done")
        assert mailbox.fetch(mailbox.uids()) == [FetchedEmail(1, raw_email("two"), RECEIVED_AT)]


@pytest.mark.parametrize(("capability", "left"), [("IMAP4rev1 UIDPLUS", {2: [r"\Deleted"]}), ("IMAP4rev1", None)])
def test_a_server_without_move_loses_nothing_other_people_marked(capability: str, left: dict[int, list[str]]) -> None:
    with Dovecot(f"imap_capability = {capability}") as dovecot:
        put(dovecot, "asha", "one", "marked by somebody else")
        with dovecot.signed_in("asha") as other_program:
            other_program.create("Done")
            other_program.select("INBOX")
            other_program.store("2", "+FLAGS", r"(\Deleted)")
        with mailbox_of(dovecot, "asha") as mailbox:
            mailbox.open_folder("INBOX", for_changes=True)
            mailbox.move([1], "Done")
            assert mailbox.open_folder("Done").email_count == 1
        assert flags(dovecot, "asha", "INBOX") == left or {1: [r"\Deleted"], 2: [r"\Deleted"]}
        assert "EXPUNGE" not in dovecot.said("asha")


@pytest.mark.parametrize(("capability", "left"), [(None, {2: [r"\Deleted"]}), ("IMAP4rev1", None)])
def test_removing_removes_nothing_that_other_people_marked(capability: str | None, left: dict[int, list[str]]) -> None:
    with Dovecot(f"imap_capability = {capability}" if capability else "") as dovecot:
        put(dovecot, "asha", "one", "marked by somebody else")
        with dovecot.signed_in("asha") as other_program:
            other_program.select("INBOX")
            other_program.store("2", "+FLAGS", r"(\Deleted)")
        with mailbox_of(dovecot, "asha") as mailbox:
            mailbox.open_folder("INBOX", for_changes=True)
            mailbox.remove([1, 99])
        assert flags(dovecot, "asha", "INBOX") == left or {1: [r"\Deleted"], 2: [r"\Deleted"]}


def test_a_flagged_email_gets_its_star_and_stays_unread(dovecot: Dovecot) -> None:
    put(dovecot, "flagged", "one", "two")
    with mailbox_of(dovecot, "flagged") as mailbox:
        mailbox.open_folder("INBOX", for_changes=True)
        mailbox.flag([2])
    assert flags(dovecot, "flagged", "INBOX") == {1: [], 2: [r"\Flagged"]}


def test_a_folder_opened_for_reading_cannot_be_changed(dovecot: Dovecot) -> None:
    put(dovecot, "reading", "one")
    with mailbox_of(dovecot, "reading") as mailbox:
        mailbox.open_folder("INBOX")
        with pytest.raises(MailboxUnavailable):
            mailbox.move([1], "Trash")
        assert mailbox.uids() == [1]


def test_a_folder_deleted_and_made_anew_has_another_uid_validity(dovecot: Dovecot) -> None:
    put(dovecot, "anew", "one", folder="Consultation")
    with mailbox_of(dovecot, "anew") as mailbox:
        before = mailbox.open_folder("Consultation")
    with dovecot.signed_in("anew") as other_program:
        other_program.delete("Consultation")
    put(dovecot, "anew", "another", folder="Consultation")
    with mailbox_of(dovecot, "anew") as mailbox:
        after = mailbox.open_folder("Consultation")
        assert mailbox.uids() == [1]
    assert after.uid_validity != before.uid_validity


def make_folder(dovecot: Dovecot, user: str, wire_name: str) -> None:
    with dovecot.signed_in(user) as other_program:
        quoted = wire_name.replace("\\", r"\\").replace('"', r"\"")
        kind, answer = other_program.create(f'"{quoted}"')
        assert kind == "OK", answer


def flags(dovecot: Dovecot, user: str, folder: str) -> dict[int, list[str]]:
    """Every UID in the folder with its flags, as another mail program sees them."""
    with dovecot.signed_in(user) as other_program:
        other_program.select(folder, readonly=True)
        _, answers = other_program.uid("FETCH", "1:*", "(FLAGS)")
    found = (re.search(rb"UID (\d+) FLAGS \((.*?)\)", answer) for answer in answers if isinstance(answer, bytes))
    return {int(one[1]): [flag for flag in one[2].decode().split() if flag != r"\Recent"] for one in found if one}
