"""What a folder of an account is for, by the server's flags and by the names mail programs give. Opens nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a folder is for. Gmail's All Mail is `other`: archived mail lies nowhere else."""

    inbox = "inbox"
    junk = "junk"
    sent = "sent"
    drafts = "drafts"
    trash = "trash"
    other = "other"


@dataclass(frozen=True, slots=True)
class Folder:
    name: str
    role: Role


# RFC 6154 section 2.
_FLAG_ROLES = {rb"\junk": Role.junk, rb"\sent": Role.sent, rb"\drafts": Role.drafts, rb"\trash": Role.trash}
# Outlook, Gmail ("Bin" in Britain), Apple Mail, Thunderbird, cPanel.
_NAME_ROLES = {
    Role.junk: ("junk", "junk email", "junk e-mail", "junk mail", "spam", "bulk mail"),
    Role.sent: ("sent", "sent items", "sent mail", "sent messages"),
    Role.drafts: ("drafts", "draft"),
    Role.trash: ("trash", "bin", "deleted items", "deleted messages", "deleted"),
}
_KNOWN_NAMES = {name: role for role, names in _NAME_ROLES.items() for name in names}
_ABOVE_KNOWN_NAMES = {"inbox", "[gmail]", "[google mail]"}


def with_roles(listed: list[tuple[Sequence[bytes], bytes | None, str]]) -> list[Folder]:
    """The folders that can be opened, of those a LIST command told: flags, separator of levels, readable name."""
    flags_of = {name: {flag.lower() for flag in flags} for flags, _, name in listed}
    flagged = {name: _FLAG_ROLES[flag] for name, flags in flags_of.items() for flag in flags if flag in _FLAG_ROLES}
    return [
        Folder(name, _role(name, delimiter.decode() if delimiter else None, flagged))
        for _, delimiter, name in listed
        if not flags_of[name] & {rb"\noselect", rb"\nonexistent"}
    ]


def _role(name: str, delimiter: str | None, flagged: dict[str, Role]) -> Role:
    """By flag, then by well-known name; a folder inside a sent, junk, drafts or trash folder is one itself."""
    parts = name.split(delimiter) if delimiter else [name]
    for depth in range(len(parts), 0, -1):
        above = (delimiter or "").join(parts[:depth])
        if above in flagged:
            return flagged[above]
    if [part.lower() for part in parts] == ["inbox"]:
        return Role.inbox
    known = parts[1] if len(parts) > 1 and parts[0].lower() in _ABOVE_KNOWN_NAMES else parts[0]
    return _KNOWN_NAMES.get(known.strip().lower(), Role.other)
