"""Outlook's rich text: words with their letters right, HTML given back as it was sent, and no endless work."""

import pytest
from compressed_rtf import compress  # type: ignore[import-untyped]

from intake.mail.rich_text import MAX_COMPRESSED, RichText, decompress_rich_text, read_rich_text

FONTS = rb"{\fonttbl{\f0\fswiss\fcharset0 Arial;}{\f1\fnil\fcharset204 Arial Cyr;}{\f2\fnil\fcharset128 Gothic;}}"


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252 caf\'e9 \'80}", "café €"),
        (rb"{\rtf1\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2}", "Привет"),
        (rb"{\rtf1" + FONTS + rb"\f1 \'cf\'f0\'e8\f0  caf\'e9}", "При café"),
        (rb"{\rtf1" + FONTS + rb"\f2 \'89\'ef\'8bc}", "会議"),
        (rb"{\rtf1\uc1 t\u375?y \u8217'}", "tŷy ’"),
        (rb"{\rtf1\uc2 \u375\'3f\'3fy \u-4051 ??x}", "ŷy \uf02dx"),
        (rb"{\rtf1 a\par b\line c\tab d\'93e\'94\emdash f\~g \{h\} \\}", "a\nb\nc\td“e”—f\xa0g {h} \\"),
        (rb"{\rtf1{\stylesheet{\s0 Normal;}}{\info{\author Ben}}{\*\generator x;}We agree.}", "We agree."),
        (rb"{\rtf1{\field{\*\fldinst HYPERLINK \"https://x.example\"}{\fldrslt our plan}}.}", "our plan."),
        (rb"{\rtf1{\pict\bin6 }{\par}Yes}", "Yes"),
        (rb"{\rtf1\trowd 1\cell No\cell\row}", "1 | No | \n"),
        (rb"{\rtf1 unclosed {\b bold", "unclosed bold"),
        (rb"{\rtf1}}}}after", "after"),
    ],
)
def test_rich_text_reads_as_it_looks(rtf: bytes, text: str) -> None:
    assert read_rich_text(rtf) == RichText(is_html=False, text=text)


def test_html_in_disguise_comes_back_as_it_was_sent() -> None:
    rtf = (
        rb"{\rtf1\ansi\fbidis\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}"
        rb"{\*\htmltag18 <html>}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 We {\*\htmltag84 <b>}\htmlrtf {\b\htmlrtf0 agree"
        rb"{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0{\*\htmltag84 &nbsp;}\htmlrtf \'a0\htmlrtf0\'e9"
        rb"{\*\mhtmltag84 <a>}{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0{\*\htmltag27 </html>}}"
    )
    assert read_rich_text(rtf) == RichText(is_html=True, text="<html><p>We <b>agree</b>&nbsp;é</p></html>")


@pytest.mark.parametrize("rtf", [b"", b"We agree.", rb"{\rtf1}", rb"{\rtf1{\fonttbl{\f0 Arial;}}}"])
def test_nothing_to_read_is_none(rtf: bytes) -> None:
    assert read_rich_text(rtf) is None


def test_compressed_text_is_decompressed_or_refused() -> None:
    compressed = compress(rb"{\rtf1\ansi We agree, we agree, we agree.}")
    assert decompress_rich_text(compressed) == rb"{\rtf1\ansi We agree, we agree, we agree.}"
    assert decompress_rich_text(compressed[:-3] + b"???") is None
    assert decompress_rich_text(b"") is None
    assert decompress_rich_text(bytes(MAX_COMPRESSED + 1)) is None


def test_thousands_of_open_groups_and_fonts_are_read_once() -> None:
    rtf = rb"{\rtf1{\fonttbl" + rb"{\f1\fcharset" * 20_000 + rb"}" * 20_001 + b"Yes" + rb"{\field{\*\fldinst{" * 20_000
    assert read_rich_text(rtf) == RichText(is_html=False, text="Yes")
