"""Transfer encodings, also broken, misnamed and undeclared: no content is lost to them."""

import base64

import pytest

from intake.mail.transfer_encodings import decode_transfer

LETTER = "We agree with both proposals, tŷ and all. Please keep us informed of what follows."
ENCODED = base64.encodebytes(LETTER.encode())


@pytest.mark.parametrize(
    ("content", "encoding", "decoded"),
    [
        (ENCODED, "BASE64;", LETTER),
        (ENCODED, "base 64", LETTER),
        (ENCODED.rstrip(b"=\n"), "base64", LETTER),
        (ENCODED[:-4] + b"\n\n", "base64", LETTER[:-2]),
        (b"V2U=\nIGFncmVl\nLg==\n", "base64", "We agree."),
        (ENCODED + b"\n_____\nList footer\n", "base64", f"{LETTER}\r\n_____\nList footer\n"),
        (b"Dear Asha,\n\nWe agree.\n", "base64", "Dear Asha,\n\nWe agree.\n"),
        (b"Agreed.\n", "base64", "Agreed.\n"),
        (b"caf=C3=A9 a=\nb =x =", "quoted printable", "café ab =x "),
        (b"caf=c3=a9\n", "Quoted-Printable;", "café\n"),
        (b"as it is =C3=A9", "7-bit", "as it is =C3=A9"),
        (b"as it is", "text/plain", "as it is"),
        (ENCODED * 1, "", LETTER),
        (b"soft=\nbreaks and caf=C3=A9 =3D 1\n", "", "softbreaks and café = 1\n"),
        (b"https://x.example/?a=20&b=C3\n", "", "https://x.example/?a=20&b=C3\n"),
        (b"#86%A\n`\nend\n", "x-uue", "aaa"),
    ],
)
def test_text_is_decoded_as_it_was_meant(content: bytes, encoding: str, decoded: str) -> None:
    assert decode_transfer(content, encoding, is_text=True).decode() == decoded


@pytest.mark.parametrize(
    ("content", "decoded"),
    [
        (b"JVBE\nRg==", b"%PDF"),
        (b"JV!BE\nRg", b"JV!BE\nRg"),
        (b"JVBE\nRg", b"%PDF"),
        (b"JQ==\nUA==\nREY=\n", b"%PDF"),
    ],
)
def test_file_is_decoded_or_left_as_it_was_written(content: bytes, decoded: bytes) -> None:
    assert decode_transfer(content, "base64", is_text=False) == decoded


def test_file_of_another_encoding_is_never_guessed_at() -> None:
    assert decode_transfer(ENCODED, "", is_text=False) == ENCODED
