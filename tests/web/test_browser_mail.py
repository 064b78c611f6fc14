"""Our own emails as a mail program that shows HTML shows them: accessible, on a phone too, and loading nothing."""

import email
import email.policy

from intake import jobs
from tests.building import raw_email
from tests.people import BEN, REVIEW
from tests.web.browser import PHONE, WCAG, Front, assert_accessible, assert_fits
from tests.web.test_reply_page import PAGE, fields_of

TEXT = "Dear Ben,\n\nThe map is on page 12: https://county.example/" + "a-long-address/" * 8 + "\n\nThank you."


def test_what_we_send_is_accessible_and_fits_a_phone(front: Front) -> None:
    files = [(f"{'A long name of a file ' * 4}.pdf", "application/pdf", b"%PDF-1.4")]
    front.office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW, attachments=files))
    front.office.cycle()
    asha = front.desk.asha
    asha.post(PAGE, {**fields_of(asha.page(PAGE)), "text": TEXT, "step": "send"})
    jobs.send(front.office.this)
    sent = front.office.sender.sent
    assert [letter.recipient for letter in sent] == [BEN, BEN], "the acknowledgement and the reply"
    page = front.open("/accessibility", size=PHONE)
    page.goto("about:blank")  # where no policy of ours applies
    front.requested.clear()
    for letter in sent:
        shown = email.message_from_bytes(letter.raw, policy=email.policy.default).get_body(("html",))
        assert shown is not None
        page.set_content(shown.get_content())
        assert_accessible(page, rules=WCAG)  # a letter is a part of the mail program's page, and needs no landmarks
        assert_fits(page)
    assert front.requested == []
