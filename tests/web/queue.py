"""Emails that wait, for the tests of the queue's pages, and how to decide about one as its page's form does."""

from typing import Any

import httpx2
from selectolax.lexbor import LexborHTMLParser, LexborNode

from intake.web.forms import TOKEN_FIELD
from tests.building import raw_email
from tests.people import ASHA, BEN, DAN, REVIEW
from tests.web.desk import Desk, Visitor


def hold_question(desk: Desk, number: int = 1, **given: Any) -> int:
    """Dan's email to Asha's own address waits; its id."""
    fields = {"sender": f"Dan Morris <{DAN}>", "to": ASHA, "subject": "When is the meeting?"}
    return hold(desk, raw_email(**{**fields, "message_id": f"<q{number}@x.example>", **given}), mailbox="asha")


def hold(desk: Desk, raw: bytes, *, mailbox: str = "review") -> int:
    desk.office.receive(raw, mailbox=mailbox)
    desk.office.cycle()
    email = desk.office.emails()[-1]
    assert email.status.value == "held", (email.status, email.reason)
    return email.id


def forward(**headers: str) -> bytes:
    """Ben's letter as Asha handed it on; without more headers nobody vouches that it was she."""
    text = (
        "Please log this one.\n\n"
        "---------- Forwarded message ---------\n"
        f"From: Ben Hughes <{BEN}>\nDate: Mon, 3 Feb 2020 at 09:12\nSubject: Our view\n"
        f"To: Asha Rahman <{ASHA}>\n\nWe support the draft.\n"
    )
    return raw_email(sender=ASHA, to=REVIEW, subject="Fwd: Our view", text=text, headers=headers)


def filled_in(page: LexborHTMLParser) -> dict[str, str]:
    """The decision form as it stands on the page: what would be sent if nothing were changed."""
    [form] = page.css("form[action$='/decision']")
    fields = {}
    for field in form.css("input, textarea, select"):
        name, kind = field.attributes.get("name"), field.attributes.get("type")
        if not name or name == TOKEN_FIELD or (kind in ("radio", "checkbox") and "checked" not in field.attributes):
            continue
        if field.tag == "select":
            chosen = field.css_first("option[selected]") or field.css_first("option")
            fields[name] = (chosen.attributes.get("value") if chosen else None) or ""
        else:
            fields[name] = field.attributes.get("value") or field.text() or ""
    return fields


def decide(visitor: Visitor, email_id: int, **changed: str) -> httpx2.Response:
    """Open the page, change these fields of its form, send it."""
    fields = filled_in(visitor.page(f"/held/{email_id}"))
    return visitor.post(f"/held/{email_id}/decision", {**fields, **changed})


def one(page: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """The first that matches; there must be one."""
    found = page.css_first(selector)
    assert found is not None, selector
    return found


def text_of(page: LexborHTMLParser) -> str:
    """Everything the page says, in one line."""
    main = page.css_first("main")
    assert main is not None
    return " ".join(main.text().split())
