"""What must hold of any bytes, one function each: it returns nothing, and raises when something does not hold."""

import json
from collections.abc import Callable

from intake.mail.authentication import dmarc_result
from intake.mail.bounces import read_bounce
from intake.mail.charsets import decode_text, decode_words, readable_header
from intake.mail.forwarding import read_forward
from intake.mail.message import parse_email, read_addresses
from intake.mail.outlook import read_outlook
from intake.mail.parts import parse_tree
from intake.mail.quoting import own_words
from intake.mail.rich_text import decompress_rich_text, read_rich_text
from intake.mail.secured import is_encrypted_text, open_signed, unwrap_signed_text
from intake.mail.text import html_to_text, unwrap_flowed
from intake.mail.understanding import as_explained, understand
from intake.mail.uuencoded import decode_block, take_out_blocks
from intake.mail.winmail import SIGNATURE, read_winmail
from intake.mail.written_addresses import read_lead_in_address, read_written_address, read_written_addresses
from intake.mail.written_dates import read_written_date


def understanding(raw: bytes) -> None:
    """It is explained as JSON, and the second time the same."""
    explained = json.dumps(as_explained("", understand(raw)), ensure_ascii=False).encode("utf-8")
    assert explained == json.dumps(as_explained("", understand(raw)), ensure_ascii=False).encode("utf-8")


def own_part_of_a_text(raw: bytes) -> None:
    """Every line of the own words is one of the text, in its order."""
    text = _text(raw)
    lines = iter(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    own = own_words(text)
    assert not own or all(line in lines for line in own.split("\n"))


def forwarded(raw: bytes) -> None:
    """The address read stands in the text: none is invented."""
    text = _text(raw)
    for subject in ("Fwd: Our response", "Our response", "RE: x"):
        found = read_forward(subject, text)
        if found and found.sender and found.sender.address:
            assert found.sender.address.partition("@")[0] in text.replace("&amp;", "&") or "&" in text


def written(raw: bytes) -> None:
    text = _text(raw)
    read_written_address(text)
    read_written_addresses(text)
    read_lead_in_address(text)
    read_written_date(text)
    read_addresses(text)


def charsets(raw: bytes) -> None:
    """Whatever the charset is called; the result can be written as UTF-8."""
    name, _, content = raw.partition(b"\n")
    for text in (
        decode_text(content, name.decode("latin-1")),
        decode_words(_text(raw)),
        readable_header(raw.decode("utf-8", "surrogateescape")),
    ):
        text.encode("utf-8", "surrogatepass")


def pages(raw: bytes) -> None:
    html_to_text(_text(raw))
    unwrap_flowed(_text(raw), delsp=True)


def authenticated(raw: bytes) -> None:
    headers = _text(raw).split("\n")
    for server in (None, "microsoft", "mx.council.example"):
        dmarc_result(headers, authserv_id=server, authors=("ben@school.example",))


def bounced(raw: bytes) -> None:
    read_bounce(parse_tree(raw), _text(raw))


def parts(raw: bytes) -> None:
    """The bytes of every file are there, with a name that leads nowhere."""
    for file in parse_email(raw).attachments:
        assert file.filename
        assert not set(file.filename) & set('/\\<>:"|?*\x00')


def rich_texts(raw: bytes) -> None:
    read_rich_text(b"{\\rtf1" + raw)
    decompress_rich_text(raw)


def outlook_files(raw: bytes) -> None:
    read_winmail(SIGNATURE + raw)
    read_outlook(raw)


def secured_texts(raw: bytes) -> None:
    open_signed(raw)
    unwrap_signed_text(_text(raw))
    is_encrypted_text(_text(raw))


def uuencoded_texts(raw: bytes) -> None:
    take_out_blocks(_text(raw))
    decode_block(raw)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "understanding": understanding,
    "own-words": own_part_of_a_text,
    "forwarding": forwarded,
    "written": written,
    "charsets": charsets,
    "html": pages,
    "authentication": authenticated,
    "bounces": bounced,
    "parts": parts,
    "rich-text": rich_texts,
    "outlook": outlook_files,
    "secured": secured_texts,
    "uuencoded": uuencoded_texts,
}
