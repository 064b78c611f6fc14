"""An email as Outlook keeps it, in a .msg file or a winmail.dat, and the same as an ordinary email.

Properties go by their MAPI numbers (MS-OXPROPS). What has no place in an ordinary email, as categories and flags, is
left out; the file it came from stays the record.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from intake.mail.charsets import decode_text
from intake.mail.rich_text import RichText, decompress_rich_text, read_rich_text

Value = str | bytes | int | datetime

SUBJECT, HEADERS, MESSAGE_ID, IN_REPLY_TO, REFERENCES = 0x0037, 0x007D, 0x1035, 0x1042, 0x1039
SUBMITTED_AT, DELIVERED_AT = 0x0039, 0x0E06
BODY, RICH_TEXT, HTML = 0x1000, 0x1009, 0x1013
# Written by, else written for: name, address, address as on the internet.
_SENDERS = ((0x0042, 0x0065, 0x5D02), (0x0C1A, 0x0C1F, 0x5D01))
RECIPIENT_KIND, NAME, ADDRESS, SMTP_ADDRESS = 0x0C15, 0x3001, 0x3003, 0x39FE
FILE_CONTENT, FILE_SHORT_NAME, FILE_NAME, FILE_TYPE, FILE_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
INTERNET_CODE_PAGE, CODE_PAGE = 0x3FDE, 0x3FFD
_DISPLAYED_RECIPIENTS = {"To": 0x0E04, "Cc": 0x0E03}
_KINDS = {1: "To", 2: "Cc"}
_CHARSETS = {1200: "utf-16-le", 20127: "ascii", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp"}
_CHARSETS |= {936: "gb18030", 51932: "euc-jp", 51949: "euc-kr", 52936: "hz", 65000: "utf-7", 65001: "utf-8"}
_CHARSETS |= {28590 + part: f"iso-8859-{part}" for part in range(1, 17)}
# Of the headers the email travelled with, those that describe a body in another form than the one written here.
_OF_THE_BODY = re.compile(r"(?:content-[\w-]+|mime-version)\s*:", re.IGNORECASE)
_HEADER = re.compile(r"[!-9;-~]+:")
_TYPE = re.compile(r"[\w.+-]{1,80}/[\w.+-]{1,80}")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Item:
    """An email, or one of its recipients or files. A file's `enclosed` is an email that Outlook attached as such."""

    properties: dict[int, Value] = field(default_factory=dict)
    recipients: list["Item"] = field(default_factory=list)
    files: list["Item"] = field(default_factory=list)
    enclosed: "Item | None" = None

    @property
    def has_content(self) -> bool:
        """Whether anything is in it that people read or open."""
        return bool(self.files) or any(self.properties.get(number) for number in (BODY, RICH_TEXT, HTML))

    def text(self, *numbers: int) -> str:
        """The first of these properties that is a text with something in it."""
        values = (self.properties.get(number) for number in numbers)
        return next((value for value in values if isinstance(value, str) and value.strip()), "")

    def content(self, number: int) -> bytes:
        """A property's bytes, b"" where there are none."""
        value = self.properties.get(number)
        return value if isinstance(value, bytes) else b""

    def charset(self, *, of_body: bool = False) -> str:
        """That of 8-bit text in this email."""
        code_pages = (INTERNET_CODE_PAGE, CODE_PAGE) if of_body else (CODE_PAGE, INTERNET_CODE_PAGE)
        values = (self.properties.get(number) for number in code_pages)
        return next((charset_of(value) for value in values if isinstance(value, int)), "windows-1252")


def charset_of(code_page: int) -> str:
    """The charset of a Windows code page."""
    return _CHARSETS.get(code_page, f"cp{code_page}")


def instant_of(filetime: int) -> datetime | None:
    """Hundreds of nanoseconds since 1601; None for what is no date."""
    try:
        return _EPOCH + timedelta(microseconds=filetime // 10) if filetime else None
    except OverflowError:
        return None


def as_email(item: Item) -> bytes:
    """The bytes of an ordinary email that says the same: always the same bytes for the same item."""
    head = "\r\n".join(map(_one_line, [*_headers(item), "MIME-Version: 1.0"])).encode("utf-8", "replace")
    parts = [*_bodies(item), *map(_file, item.files)]
    if len(parts) < 2:
        return head + b"\r\n" + (parts[0] if parts else b"\r\n")
    marked = b"".join(b"--=_opened\r\n%s\r\n" % part for part in parts)
    return head + b'\r\nContent-Type: multipart/mixed; boundary="=_opened"\r\n\r\n%s--=_opened--\r\n' % marked


def _headers(item: Item) -> Iterator[str]:
    travelled = list(_travelled(item.text(HEADERS)))
    known = {line.partition(":")[0].strip().lower() for line in travelled}
    yield from travelled
    yield from (f"{name}: {value}" for name, value in _told(item) if value and name.lower() not in known)


def _travelled(headers: str) -> Iterator[str]:
    """Each header unfolded. Exchange writes a first line of its own above them, which is none."""
    unfolded = re.sub(r"\n[ \t]+", " ", headers.replace("\r\n", "\n"))
    for line in unfolded.split("\n"):
        if _HEADER.match(line) and not _OF_THE_BODY.match(line):
            yield line


def _told(item: Item) -> Iterator[tuple[str, str]]:
    senders = (_address(item, *numbers) for numbers in _SENDERS)
    yield "From", next((sender for sender in senders if "@" in sender), item.text(*(name for name, _, _ in _SENDERS)))
    for kind, name in _KINDS.items():
        recipients = [each for each in item.recipients if each.properties.get(RECIPIENT_KIND, 1) == kind]
        addresses = (_address(each, NAME, ADDRESS, SMTP_ADDRESS) for each in recipients)
        yield name, ", ".join(filter(None, addresses)) or item.text(_DISPLAYED_RECIPIENTS[name])
    yield "Subject", item.text(SUBJECT)
    dates = (item.properties.get(number) for number in (SUBMITTED_AT, DELIVERED_AT))
    yield "Date", next((format_datetime(date) for date in dates if isinstance(date, datetime)), "")
    for name, number in {"Message-ID": MESSAGE_ID, "In-Reply-To": IN_REPLY_TO, "References": REFERENCES}.items():
        yield name, item.text(number)


def _address(item: Item, name: int, *addresses: int) -> str:
    """Addresses inside one Exchange organisation ("/O=COUNCIL/...") are none that anyone can write to."""
    address = next((text for number in reversed(addresses) if "@" in (text := item.text(number))), "")
    words = item.text(name).replace("\\", "\\\\").replace('"', '\\"')
    if not address:
        return f'"{words}"' if words else ""
    return f'"{words}" <{address}>' if words and words != address else f"<{address}>"


def _bodies(item: Item) -> Iterator[bytes]:
    """The plain form and the HTML, or what the rich text says where one is missing, as one alternative."""
    plain, html = item.text(BODY), _html(item)
    rich = None if html else _rich_text(item)
    if rich and rich.is_html:
        html = rich.text
    elif rich:
        plain = plain if plain.strip() else rich.text
    texts = [("plain", plain), ("html", html)]
    written = [
        _part(f"Content-Type: text/{kind}; charset=utf-8", text.encode("utf-8", "replace"))
        for kind, text in texts
        if text
    ]
    if len(written) < 2:
        yield from written
    else:
        pieces = b"".join(b"--=_forms\r\n%s\r\n" % part for part in written)
        yield b'Content-Type: multipart/alternative; boundary="=_forms"\r\n\r\n%s--=_forms--\r\n' % pieces


def _html(item: Item) -> str:
    value = item.properties.get(HTML)
    if isinstance(value, bytes):
        return decode_text(value, item.charset(of_body=True))
    return value if isinstance(value, str) else ""


def _rich_text(item: Item) -> RichText | None:
    compressed = item.content(RICH_TEXT)
    rtf = decompress_rich_text(compressed) if compressed else None
    return read_rich_text(rtf) if rtf else None


def _file(item: Item) -> bytes:
    if item.enclosed is not None:
        subject = item.text(FILE_NAME, NAME) or item.enclosed.text(SUBJECT)
        return _part("Content-Type: message/rfc822", as_email(item.enclosed), name=_email_name(subject))
    kind = item.text(FILE_TYPE)
    headers = f"Content-Type: {kind if _TYPE.fullmatch(kind) else 'application/octet-stream'}"
    if identifier := item.text(FILE_ID).strip("<> "):
        headers += f"\r\nContent-ID: <{_one_line(identifier)}>"
    return _part(headers, item.content(FILE_CONTENT), name=item.text(FILE_NAME, FILE_SHORT_NAME, NAME), is_file=True)


def _email_name(subject: str) -> str:
    return f"{subject}.eml" if subject and not subject.lower().endswith(".eml") else subject


def _part(headers: str, content: bytes, *, name: str = "", is_file: bool = False) -> bytes:
    """`name` goes as an encoded word, which every reader of names here knows."""
    lines = [headers, "Content-Transfer-Encoding: base64"]
    if name or is_file:
        encoded = base64.b64encode(name.encode("utf-8", "replace")).decode("ascii")
        lines.append(f'Content-Disposition: attachment; filename="=?utf-8?B?{encoded}?="')
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + base64.encodebytes(content)


def _one_line(text: str) -> str:
    return " ".join(re.split(r"[\r\n\x00]+", text)).strip()
