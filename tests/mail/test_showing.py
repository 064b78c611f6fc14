"""What of an email is shown, and what of it never is."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from intake.mail import showing
from intake.mail.showing import (
    StoredEmail,
    TooMuchToShow,
    clean_html,
    header_text,
    picture_type,
    show_email,
    show_stored,
)
from tests.building import raw_email
from tests.outlook_files import msg_file

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"

# Each tries to run, load, send or lead somewhere. The words beside the trick have to stay.
HOSTILE = [
    "<script>alert(1)</script>words",
    "<scr<script>ipt>alert(1)</scr</script>ipt>words",
    "<img src=x onerror=alert(1)>words",
    "<img src='https://remote.example/a.png' srcset='https://remote.example/b.png 2x'>words",
    "<picture><source srcset='https://remote.example/a.png'><img src='https://remote.example/a.png'></picture>words",
    "<body background='https://remote.example/a.png' onload=alert(1)>words",
    "<table background='https://remote.example/a.png'><tr><td background='https://remote.example/b.png'>words</table>",
    "<div style=\"background:url('https://remote.example/a.png')\">words</div>",
    "<div style='background-image:u\\72l(https://remote.example/a.png)'>words</div>",
    "<div style='width:expression(alert(1))'>words</div>",
    "<div style='behavior:url(https://remote.example/a.htc);-moz-binding:url(https://remote.example/a.xml)'>words</div>",
    "<div style='list-style-image:url(https://remote.example/a.png);cursor:url(https://remote.example/a.cur)'>words</div>",
    "<div style='color:red;/*;*/background:image-set(\"https://remote.example/a.png\" 1x)'>words</div>",
    "<style>@import 'https://remote.example/a.css'; body{display:none}</style>words",
    "<link rel=stylesheet href='https://remote.example/a.css'>words",
    "<meta http-equiv=refresh content='0;url=https://remote.example/'>words",
    "<base href='https://remote.example/' target=_top>words",
    "<iframe src='https://remote.example/'></iframe>words",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>words",
    "<object data='https://remote.example/a.swf'></object><embed src='https://remote.example/a.swf'>words",
    "<video poster='https://remote.example/a.png'><source src='https://remote.example/a.mp4'></video>words",
    "<audio src='https://remote.example/a.mp3' autoplay></audio>words",
    "<form action='https://remote.example/'><input name=password type=password><button>words</button></form>",
    "<form><button formaction='javascript:alert(1)'>words</button></form>",
    "<a href='javascript:alert(1)'>words</a>",
    "<a href='java\nscript:alert(1)'>words</a>",
    "<a href='&#106;avascript:alert(1)'>words</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>words</a>",
    "<a href='vbscript:msgbox(1)'>words</a>",
    "<a href='https://remote.example/' target=_top ping='https://remote.example/p'>words</a>",
    "<svg><script>alert(1)</script></svg>words",
    "<svg><image href='https://remote.example/a.png'/><a xlink:href='javascript:alert(1)'>x</a></svg>words",
    "words<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>words",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'></svg>words",
    "<math><annotation-xml encoding='text/html'><style><img src=x onerror=alert(1)></style></math>words",
    "words<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)></style></form>",
    "<select><template><img src=x onerror=alert(1)></template></select>words",
    "<template><script>alert(1)</script></template>words",
    "<textarea><img title='</textarea><img src=x onerror=alert(1)>'></textarea>words",
    "<xmp><img title='</xmp><img src=x onerror=alert(1)>'></xmp>words",
    "<!--><img src=x onerror=alert(1)>-->words",
    "<![CDATA[<img src=x onerror=alert(1)>]]>words",
    "<?xml-stylesheet href='https://remote.example/a.xsl'?>words",
    "<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'>words",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>words",
    "<p title='&quot;><img src=x onerror=alert(1)>'>words</p>",
    "<p id=x name=y class=govuk-button accesskey=x tabindex=1 contenteditable autofocus onfocus=alert(1)>words</p>",
    "<details open ontoggle=alert(1)>words</details>",
    "<marquee onstart=alert(1)>words</marquee>",
    "<p is=x-y slot=z>words</p>",
    "<div style='position:fixed;top:0;left:0;width:100%;z-index:9'>words</div>",
    "<div style='margin-top:-900px'>words</div>",
    "words<img src='\x00https://remote.example/a.png'>",
    "words\x00<scr\x00ipt>alert(1)</script>",
]
ALLOWED_ATTRIBUTES = {*(name for names in showing._ATTRIBUTES.values() for name in names), "class"} - {"href"}


@pytest.mark.parametrize("trick", HOSTILE)
def test_nothing_runs_loads_sends_or_leads_anywhere(trick: str) -> None:
    shown = clean_html(trick, {}).html
    page = LexborHTMLParser(f"<body>{shown}</body>")
    nodes = list(page.css("body *"))
    assert {node.tag for node in nodes} <= showing._TAGS - {"a"}
    for node in nodes:
        assert set(node.attributes) <= ALLOWED_ATTRIBUTES
        assert (node.attributes.get("src") or "data:image/png;").startswith("data:image/")
        assert not re.search(r"url|expression|fixed|behaviou?r|\\|@|-\d", node.attributes.get("style") or "")
    assert "words" in (page.body.text() if page.body else "")


@pytest.mark.parametrize("trick", HOSTILE)
def test_what_was_made_safe_stays_as_it_is_when_read_again(trick: str) -> None:
    """Mutation: markup that turns into something else each time it is parsed and written."""
    once = clean_html(trick, {}).html
    body = LexborHTMLParser(f"<body>{once}</body>").body
    assert body is not None
    again = clean_html(body.inner_html or "", {}).html
    assert _plain(again) == _plain(once)


def _plain(html: str) -> str:
    return re.sub(r' class="\w+"', "", html)


def test_ordinary_layout_stays() -> None:
    html = (
        "<h1>Our answer</h1><p style=\"color: #123456; margin: 0 0 12px; font-family: 'Segoe UI', Arial\">Yes, "
        '<b>we agree</b>.</p><ul><li>One</li></ul><table width="600"><tr><td colspan="2">Cell</td></tr></table>'
    )
    shown = clean_html(html, {}).html
    assert "<h1>Our answer</h1>" in shown
    assert "color:#123456" in shown
    assert "margin:0 0 12px" in shown
    assert "<b>we agree</b>" in shown
    assert '<table width="600">' in shown
    assert '<td colspan="2">' in shown


def test_link_shows_where_it_really_leads_and_cannot_be_clicked() -> None:
    shown = clean_html('<a href="https://evil.example/?a=1&amp;b=2">https://bank.example</a>', {}).html
    assert shown == (
        '<span class="link">https://bank.example</span><span class="target"> [https://evil.example/?a=1&amp;b=2]</span>'
    )


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("https://school.example/", "school.example"),
        ("https://school.example/a", "<b>https://school.example/a</b>"),
        ("mailto:ben@school.example", "ben@school.example"),
    ],
)
def test_link_that_says_where_it_leads_is_not_told_twice(target: str, words: str) -> None:
    assert clean_html(f'<a href="{target}">{words}</a>', {}).html == f'<span class="link">{words}</span>'


def test_links_inside_one_another_are_all_unmade() -> None:
    nested = '<a href="https://a.example"><table><td><a href="https://b.example">words</a></td></table></a>'
    shown = clean_html(nested, {}).html
    assert "href" not in shown
    assert "[https://a.example]" in shown
    assert "[https://b.example]" in shown


def test_long_target_is_cut_and_cannot_turn_its_reading_round() -> None:
    shown = clean_html(f'<a href="https://evil.example/\u202e{"x" * 500}">words</a>', {}).html
    assert "\u202e" not in shown
    assert "[https://evil.example/" in shown
    assert len(shown) < 300


def test_remote_pictures_are_counted_wherever_they_hide() -> None:
    html = (
        '<img src="https://remote.example/1.png"><img src="//remote.example/2.png"><img src="HTTP://remote.example/3">'
        '<table background="https://remote.example/4.png"><tr><td style="background:url(https://remote.example/5.png)">'
    )
    shown = clean_html(html, {})
    assert shown.remote_pictures == 5
    assert "remote.example" not in shown.html


def test_own_pictures_are_shown_by_their_bytes_and_not_by_their_labels() -> None:
    raw = _with_pictures("photo@school.example", PNG, "image/svg+xml")
    shown = show_email(raw)
    assert shown.html is not None
    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}"' in shown.html
    assert shown.remote_pictures == 0


def test_svg_is_never_a_picture_whatever_it_calls_itself() -> None:
    shown = show_email(_with_pictures("photo@school.example", SVG, "image/png"))
    assert shown.html is not None
    assert "src=" not in shown.html
    assert picture_type(SVG) is None


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_how_it_begins(content: bytes, kind: str | None) -> None:
    assert picture_type(content) == kind


def test_pictures_stop_when_there_are_too_many_bytes_of_them() -> None:
    large = PNG + bytes(showing.LARGEST_PICTURE - len(PNG))
    shown = clean_html('<img src="cid:a">' * 50, {"a": large})
    assert shown.html.count("data:image/png") == showing.LARGEST_PICTURES // showing.LARGEST_PICTURE
    assert shown.html.count("<img") == 50
    assert "src=" not in clean_html('<img src="cid:a">', {"a": large + b"x"}).html


def test_percent_encoded_content_id_is_found() -> None:
    assert "data:image/png" in clean_html('<img src="cid:a%40b">', {"a@b": PNG}).html


def test_five_megabytes_are_cut_and_said_to_be() -> None:
    shown = clean_html("<p style='color:red'>words</p>" * 200_000, {})
    assert shown.is_cut
    assert len(shown.html) < 3 * showing.LONGEST_HTML


@pytest.mark.parametrize("tag", ["div", "table><tr><td", "b", "blockquote", "font"])
def test_what_is_nested_too_deeply_loses_its_boxes_and_not_its_words(tag: str) -> None:
    shown = clean_html(f"<{tag}>" * 3_000 + "words", {}).html
    deepest = depth = 0
    for closing in re.findall(r"<(/?)(?!img|br)[a-z]", shown):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    assert depth == 0
    assert deepest <= showing.DEEPEST
    assert "words" in shown


def test_markup_that_a_parser_multiplies_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "LONGEST_SHOWN", 100_000)
    fonts = "".join(f"<font size={number}>" for number in range(300))
    with pytest.raises(TooMuchToShow):
        clean_html(fonts + "<p>words</p>" * 3_000 + "".join(f"<font color={n}><p>" for n in range(300)), {})


def test_email_without_html_has_only_text() -> None:
    shown = show_email(raw_email(text="We agree."))
    assert (shown.html, shown.text) == (None, "We agree.")


def test_header_is_shown_line_by_line_with_raw_bytes_made_readable() -> None:
    raw = b"\r\nReceived: from a\r\n by b\r\nSubject: Sch\xfcler\r\nX-Empty:\r\n\r\nSubject: body\r\n"
    assert header_text(raw).splitlines() == ["Received: from a by b", "Subject: Schüler", "X-Empty: "]


def test_stored_bytes_that_changed_are_not_shown(tmp_path: Path) -> None:
    raw = raw_email(text="We agree.")
    path, sha256 = tmp_path / "email", hashlib.sha256(raw).hexdigest()
    assert show_stored(StoredEmail(path, sha256)) is None
    path.write_bytes(raw)
    assert show_stored(StoredEmail(path, sha256)) == show_email(raw)
    path.write_bytes(raw[:-1])
    assert show_stored(StoredEmail(path, sha256)) is None


def _with_pictures(content_id: str, content: bytes, content_type: str) -> bytes:
    encoded = base64.encodebytes(content)
    return (
        b"From: ben@school.example\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n"
        b'--B\nContent-Type: text/html\n\n<p>Look</p><img src="cid:%s">\n'
        b"--B\nContent-Type: %s\nContent-ID: <%s>\nContent-Transfer-Encoding: base64\n\n%s\n--B--\n"
        % (content_id.encode(), content_type.encode(), content_id.encode(), encoded)
    )


def test_header_of_a_file_saved_by_outlook_is_its_emails() -> None:
    lines = header_text(msg_file({0x0037: "Our response"})).splitlines()
    assert "Subject: Our response" in lines
