"""What a test reads off a page, and the buttons of pages that start a mailing."""

from typing import Any

from selectolax.lexbor import LexborHTMLParser

from intake.store.emails import OutgoingEmail
from tests.web.desk import Desk, Visitor


def text_of(tree: LexborHTMLParser, selector: str = "main") -> str:
    found = tree.css_first(selector)
    assert found is not None, selector
    return " ".join(found.text().split())


def hidden(tree: LexborHTMLParser, name: str) -> str:
    """A hidden field of the page's first form that has it."""
    found = tree.css_first(f"main form[method=post] [name={name}]")
    assert found is not None, name
    return found.attributes["value"] or ""


def send_looked_at(visitor: Visitor, path: str) -> LexborHTMLParser:
    """Where the page's button to send leads."""
    page = visitor.page(path)
    fields: dict[str, Any] = {}
    form = next(node for node in page.css("main form[method=post]") if node.css_first("[name=seen]"))
    for node in form.css("input[type=hidden]"):
        fields.setdefault(node.attributes["name"] or "", []).append(node.attributes["value"] or "")
    return visitor.follow(visitor.post(form.attributes["action"] or "", fields))


def mailed(desk: Desk, kind: str) -> list[OutgoingEmail]:
    return [row for row in desk.office.outgoing() if row.kind == kind]
