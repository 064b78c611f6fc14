"""Signed mail is opened, encrypted mail is told apart, and everything else is left alone."""

import pytest

from intake.mail.envelopes import MAX_ENVELOPES
from intake.mail.secured import is_encrypted_text, open_signed, unwrap_signed_text
from intake.mail.understanding import Understood, understand
from tests.building import raw_email, raw_lines

ENTITY = raw_lines(
    *("Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: text/plain", "", "We agree."),
    *("--b", "Content-Type: application/pdf; name=plan.pdf", "", "%PDF", "--b--"),
)
SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----"
OF_DATA, OF_SIGNED_DATA = bytes.fromhex("2a864886f70d010701"), bytes.fromhex("2a864886f70d010702")
ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nhQEMA1x\n=abcd\n-----END PGP MESSAGE-----"


@pytest.mark.parametrize("is_marked", [True, False])
def test_signed_message_is_read_in_place_of_its_envelope(is_marked: bool) -> None:
    understood = _sent(_signed(ENTITY), "; smime-type=signed-data" if is_marked else "")
    assert understood.text == "We agree."
    assert [file.filename for file in understood.attachments] == ["plan.pdf", "smime.p7m"]
    assert (understood.is_encrypted, understood.defects) == (False, ())


def test_signed_message_of_unknown_length_is_opened() -> None:
    """As programs write it that do not hold the whole of it: in pieces, each length left open (BER)."""
    pieces = b"".join(b"\x04" + bytes([len(piece)]) + piece for piece in (ENTITY[:100], ENTITY[100:]))
    oid_of_data = bytes.fromhex("06092a864886f70d010701")
    content = oid_of_data + b"\xa0\x80\x24\x80" + pieces + b"\0\0\0\0"
    data = b"\x30\x80\x02\x01\x01\x31\x00\x30\x80" + content + b"\0\0" + b"\x31\x00\0\0"
    signed = b"\x30\x80" + bytes.fromhex("06092a864886f70d010702") + b"\xa0\x80" + data + b"\0\0\0\0"
    assert open_signed(signed) == ENTITY


def test_envelopes_in_one_another_are_opened_to_a_bound() -> None:
    head = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    content = ENTITY
    for _ in range(MAX_ENVELOPES):
        content = head + _signed(content)
    assert understand(content).text == "We agree."
    assert understand(head + _signed(content)).text == ""


def test_text_signed_without_a_header_is_read() -> None:
    assert _sent(_signed(b"We agree.\r\n")).text == "We agree."


@pytest.mark.parametrize("content", [b"", b"0\x82", b"no envelope", b"\x30\x80" * 5_000])
def test_broken_envelope_stays_a_file(content: bytes) -> None:
    understood = _sent(content)
    assert [(file.filename, file.content) for file in understood.attachments] == [("smime.p7m", content)]
    assert not understood.is_encrypted


def test_signed_file_is_no_part_of_the_email() -> None:
    signed = _signed(b"%PDF-1.4\0\1\2")
    raw = raw_email(attachments=[("contract.pdf.p7m", "application/pkcs7-mime", signed)])
    assert [file.filename for file in understand(raw).attachments] == ["contract.pdf.p7m"]


@pytest.mark.parametrize("kind", ["2a864886f70d010703", "2a864886f70d0109100117"])
def test_encrypted_message_is_kept_and_told(kind: str) -> None:
    understood = _sent(_der(0x30, _der(0x06, bytes.fromhex(kind)), _der(0xA0, b"\x30\x00")))
    assert understood.is_encrypted
    assert understood.defects == ("encrypted",)
    assert [file.filename for file in understood.attachments] == ["smime.p7m"]


def test_pgp_signed_text_is_as_its_writer_saw_it() -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -- \nWe agree.\n- - With both.\n\n{SIGNATURE}\n"
    understood = understand(raw_email(text=f"{text}\nList footer\n"))
    assert understood.text == "-- \nWe agree.\n- With both.\n\nList footer"
    (file,) = understood.attachments
    assert (file.filename, file.content.decode()) == ("signature.asc", f"{SIGNATURE}\n")


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PGP SIGNED MESSAGE-----\n\nnever ends",
        f"> -----BEGIN PGP SIGNED MESSAGE-----\n>\n> We agree.\n{SIGNATURE}",
        f"A signature without a letter:\n{SIGNATURE}",
        "-----BEGIN PGP SIGNED MESSAGE-----\n" * 2_000,
    ],
)
def test_text_that_is_not_wholly_signed_stays_as_it_is(text: str) -> None:
    assert unwrap_signed_text(text) == (text, None)


@pytest.mark.parametrize(
    ("text", "is_encrypted"),
    [
        (f"{ARMOUR}\n", True),
        (f"Hello,\n\n{ARMOUR}\n\nBen", True),
        ("\n".join(f"> {line}" for line in ARMOUR.split("\n")), False),
        ("-----BEGIN PGP MESSAGE-----\nis how such mail begins.", False),
    ],
)
def test_encrypted_text_is_told_from_talk_of_it(text: str, is_encrypted: bool) -> None:
    assert is_encrypted_text(text) is is_encrypted
    assert understand(raw_email(text=text)).is_encrypted is is_encrypted


def _sent(content: bytes, parameters: str = "") -> Understood:
    raw = raw_email(text=None, attachments=[("smime.p7m", "application/pkcs7-mime", content)])
    return understand(raw.replace(b"application/pkcs7-mime", f"application/pkcs7-mime{parameters}".encode()))


def _signed(content: bytes) -> bytes:
    """Everything of a signed message but who signed it."""
    encapsulated = _der(0x30, _der(0x06, OF_DATA), _der(0xA0, _der(0x04, content)))
    data = _der(0x30, _der(0x02, b"\1"), _der(0x31), encapsulated, _der(0x31))
    return _der(0x30, _der(0x06, OF_SIGNED_DATA), _der(0xA0, data))


def _der(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    length = bytes([len(content)]) if len(content) < 128 else b"\x84" + len(content).to_bytes(4, "big")
    return bytes([tag]) + length + content
