"""The readable text: charsets, wrapped lines, the better of two forms, and HTML as plain text."""

import pytest

from intake.mail.charsets import decode_text, decode_words
from intake.mail.message import parse_email
from intake.mail.text import html_source, html_to_text, readable_text, unwrap_flowed
from tests.building import raw_email, raw_lines


@pytest.mark.parametrize(
    ("content", "charset", "text"),
    [
        ("tŷ £5 ’".encode(), None, "tŷ £5 ’"),
        ("tŷ £5 ’".encode(), "iso-8859-1", "tŷ £5 ’"),
        (b"\x93\xa35\x94 \x80", "iso-8859-1", "“£5” €"),
        (b"caf\xe9", "us-ascii", "café"),
        (b"caf\xe9", "utf-8", "café"),
        (b"caf\xe9", "x-unknown", "café"),
        (b"caf\xe9 \\d", "unicode_escape", "café \\d"),
        (b"caf\xe9", "hex", "café"),
        (b"\xcf\xf0\xe8\xe2\xe5\xf2", "windows-1251", "Привет"),
        ("会議の件".encode("iso-2022-jp"), "ISO-2022-JP", "会議の件"),
        ("tŷ".encode("utf-16"), "utf-16", "tŷ"),
        (b"a\r\nb\rc\x00\x07d", None, "a\nb\ncd"),
        (b"\xef\xbb\xbfYes", "utf-8", "Yes"),
        ("Согласны".encode("koi8-r"), "koi8-r", "Согласны"),
        ("Tŷ ’".encode("utf-7"), "unicode-1-1-utf-7", "Tŷ ’"),
        ("Yes, tŷ".encode("utf-16-be"), "utf-16", "Yes, tŷ"),
        ("Yes, tŷ".encode("utf-16-le"), "us-ascii", "Yes, tŷ"),
        ("Yes, tŷ".encode("utf-16"), "utf-8", "Yes, tŷ"),
        (b"Yes, no halves", "utf-16", "Yes, no halves"),
        ("①会議".encode("cp932"), "shift_jis", "①会議"),
        ("我們同意，朱镕基".encode("gb18030"), "gb2312", "我們同意，朱镕基"),
        ("我们同意".encode(), "gb2312", "我们同意"),
        ("学".encode("gb2312"), "gb2312", "学"),
        ("我们同意这个提案，谢谢".encode("gbk")[:-1], "gbk", "我们同意这个提案，谢\ufffd"),
        ("我們同意".encode("big5"), "big5", "我們同意"),
        ("똠방각하".encode("cp949"), "ks_c_5601-1987", "똠방각하"),
        ("会議".encode("iso-2022-jp"), "us-ascii", "会議"),
        ("tŷ £5".encode(), "koi8-r", "tŷ £5"),
        ("caf\xe9 \u0142".encode("iso-8859-2"), "ISO-8859-2; format=flowed", "café ł"),
        ("Cześć".encode("cp1250"), "windows-1250", "Cześć"),
        ("שלום".encode("cp1255"), "iso-8859-8-i", "שלום"),
    ],
)
def test_bytes_become_the_letters_their_writer_saw(content: bytes, charset: str | None, text: str) -> None:
    assert decode_text(content, charset) == text


def test_charset_without_label_is_detected_only_when_western_reading_leaves_controls() -> None:
    letter = "こんにちは。私たちは第二案に賛成します。ご検討ください。" * 5
    assert decode_text(letter.encode("shift_jis"), None) == letter


def test_letter_of_another_script_without_label_is_detected() -> None:
    letter = "Уважаемые господа, мы согласны с обоими предложениями и просим сообщить о решении. " * 3
    assert decode_text(letter.encode("windows-1251"), None) == letter


def test_page_tells_its_charset_where_the_email_does_not() -> None:
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head><p>Да</p>'
    raw = b"Content-Type: text/html\r\n\r\n" + page.encode("windows-1251")
    assert readable_text(parse_email(raw).texts) == "Да"


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("=?utf-8?Q?T=C5=B7?= and =?iso-8859-1?Q?caf=E9?=", "Tŷ and café"),
        ("=?utf-8?B?VMU=?= =?utf-8?B?tw==?=", "Tŷ"),
        ("=?utf-8*cy?Q?T=C5=B7_Gwyn?=", "Tŷ Gwyn"),
        ("=?windows-1252?Q?=93Yes=94?=", "“Yes”"),
        ("=?utf-8?Q?with spaces?= after", "with spaces after"),
        ("=?x-none?B?!!!?= =?broken", " =?broken"),
        ("a=?utf-8?q?b?=c", "abc"),
    ],
)
def test_encoded_words_are_read_as_people_see_them(written: str, text: str) -> None:
    assert decode_words(written) == text


@pytest.mark.parametrize(
    ("sent", "delsp", "text"),
    [
        ("We agree \nwith it.\nYours", False, "We agree with it.\nYours"),
        ("We agree \nwith it.", True, "We agreewith it."),
        ("> Do you \n> agree?\nYes. \n>> deep", False, "> Do you agree?\nYes. \n>> deep"),
        ("Yes.\n-- \nBen \nHughes", False, "Yes.\n-- \nBen Hughes"),
        (" From here\n  indented", False, "From here\n indented"),
    ],
)
def test_flowed_lines_become_paragraphs(sent: str, delsp: bool, text: str) -> None:
    assert unwrap_flowed(sent, delsp=delsp) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two <b>bold</b>, <i>sl</i>anted</p>", "One\n\nTwo bold, slanted"),
        ("<div>a</div><div><br></div><div>b<br></div><div>c</div>", "a\n\nb\nc"),
        ("a<br><br>b", "a\n\nb"),
        ('<p class="x_MsoNormal">a</p><p style="margin:0cm">b</p><p>&nbsp;</p><p class="MsoNormal">c</p>', "a\nb\n\nc"),
        ("  many \n\t spaces&nbsp;here ", "many spaces here"),
        ("<ul><li>one<ul><li>inner</li></ul></li><li><p>two</p></li></ul>", "- one\n  - inner\n- two"),
        ("<ol start=3><li>three</li><li>four</li></ol>", "3. three\n4. four"),
        ("<table><tr><th>Q</th><th>A</th></tr><tr><td>1</td><td></td><td>No</td></tr></table>", "Q | A\n1 | No"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n>\n> > b\n\nc"),
        ('<a href="https://x.example/p">plan</a>.', "plan <https://x.example/p>."),
        ('<a href="https://www.x.example/p/">x.example/p</a>', "x.example/p"),
        ('<a href="mailto:ben@x.example?subject=a">Ben</a>', "Ben <ben@x.example>"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ('<a href="https://x.example"><img src="l.png" alt="Logo"></a>', ""),
        ('Yes <img src="e.png" alt="😀">', "Yes 😀"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("a<hr>b", f"a\n{'_' * 32}\nb"),
        ('<p style="display: none">x</p><p hidden>y</p><style>p{}</style><script>z</script>Yes', "Yes"),
        ("<title>x</title><p>unclosed <b>bold", "unclosed bold"),
        ('<span style="mso-hide:all">x</span><div style="max-height:0;overflow:hidden">y</div>Yes', "Yes"),
        ('<i style="opacity:0">x</i><i style="opacity:0.8">Yes</i><i style="fill-opacity:0">.</i>', "Yes."),
        ('<p style="font-size:0px">x<b style="font-size:1em">Yes</b>y</p><p style="font: 0/0 a">z', "Yes\n\nz"),
        ('<p style="font-size:0.9em">Yes</p>', "Yes"),
        ('<body style="display:none"><p>Shown by a script</p></body>', "Shown by a script"),
        ("", ""),
    ],
)
def test_html_reads_as_it_looks(html: str, text: str) -> None:
    assert html_to_text(html) == text


def test_html_nested_thousands_deep_keeps_its_words() -> None:
    assert html_to_text("<div>" * 5_000 + "Yes" + "<blockquote>" * 500 + "No").replace(">", "").split() == ["Yes", "No"]


@pytest.mark.parametrize(
    ("plain", "html", "text"),
    [
        ("We agree with both.\n", "<p>We agree with <b>both</b>.</p>", "We agree with both."),
        ("\n", "<p>We agree.</p>", "We agree."),
        ("No HTML here.\n", "<p>We agree with the first, the second and the third.</p>", None),
    ],
)
def test_plain_form_is_read_unless_it_says_much_less(plain: str, html: str, text: str | None) -> None:
    parsed = parse_email(raw_email(text=plain, html=html))
    assert readable_text(parsed.texts) == text or html_to_text(html)
    assert html_source(parsed.texts) == f"{html}\n"


def test_text_on_both_sides_of_a_file_inside_an_alternative_is_joined() -> None:
    page = ["--m", "Content-Type: text/html", ""]
    parsed = parse_email(
        raw_lines(
            *(
                "Content-Type: multipart/alternative; boundary=a",
                "",
                "--a",
                "Content-Type: multipart/mixed; boundary=m",
                "",
            ),
            *(*page, "<p>Before.</p>", "--m", "Content-Type: application/pdf; name=plan.pdf", "", "%PDF"),
            *(*page, "<p>After.</p>", "--m--", "--a--"),
        )
    )
    assert readable_text(parsed.texts) == "Before.\n\nAfter."
    assert [attached.filename for attached in parsed.attachments] == ["plan.pdf"]


def test_page_that_repeats_the_letter_outside_an_alternative_is_read_once() -> None:
    parsed = parse_email(
        raw_lines(
            *("Content-Type: multipart/mixed; boundary=b", "", "--b", "", "We agree", "with both."),
            *("--b", "Content-Type: text/html", "", "<p>We agree with both.</p>", "--b--"),
        )
    )
    assert readable_text(parsed.texts) == "We agree\nwith both."
