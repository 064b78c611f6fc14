"""What the pages of mailings that are started by hand share: exactly who gets one and who does not, the email as any of
them would get it, a test of it to oneself, and the start.

Knows no rule; `intake/administration/notices.py` says who gets what, and when nothing can be sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Response
from sqlmodel import Session

from intake.administration.consultations import visible_consultation
from intake.administration.email_texts import text_in_use
from intake.administration.notices import Look, Notice, OthersByNow, key_of, start
from intake.deadlines import clock_wording
from intake.errors import NotPossible
from intake.outbound.rechecking import quiet_end
from intake.outbound.rendering import Rendered, Renderer, TemplateBroken
from intake.outbound.testing_texts import Example, preview, send_test
from intake.outbound.verdicts import Recipient, Verdict
from intake.store.consultations import Consultation, sending_address
from intake.web.asking import Asking
from intake.web.editing import Done, attempt
from intake.web.forms import Form
from intake.web.showing import page, redirect
from intake.wording import plural

LISTED = 100
Beside = Callable[[Session, Consultation], dict[str, Any]]
"""What else a page shows."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """One such page. `query`: what in its address says whom it is for, and of what."""

    slug: str
    name: str  # of the page, below its consultation's
    template: str
    look: Look
    beside: Beside
    query: Sequence[tuple[str, str]] = ()

    def about(self, notice: Notice) -> "ByHand":
        """With the change of the closing time that is the latest now, wherever the address named none."""
        return replace(self, query=[("change", str(notice.change.id))]) if notice.change else self

    def address(self, **more: object) -> str:
        query = urlencode([*self.query, *((key, value) for key, value in more.items() if value)])
        return f"/consultations/{self.slug}/{self.name}{f'?{query}' if query else ''}"


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the recipients, as many as are listed at once; before and after them others may be."""

    rows: Sequence[Verdict]
    number: int
    pages: int
    total: int


def show(asking: Asking, this: ByHand, *, given: Form | None = None, **more: Any) -> Response:
    asked = given or Form(asking.request.query_params)
    with asking.this.database.reading() as session:
        consultation = visible_consultation(session, asking.access, this.slug)
        fields = {"own": f"/consultations/{this.slug}", "by_hand": this, **this.beside(session, consultation)}
        try:
            notice = this.look(session, consultation, asking.now)
        except NotPossible as reason:
            fields |= {"notice_of": None, "impossible": str(reason)}
        else:
            fields |= {"by_hand": this.about(notice), **_fields(session, asking, notice, asked)}
    fields |= {"consultation": consultation, "zone": consultation.zone, "given": given, **more}
    return page(asking, this.template, **fields)


def send_to_oneself(asking: Asking, this: ByHand, form: Form) -> Response:
    """Send the email that is shown to whoever looks at it."""
    key = form.text("show")
    done: str | None = f"A test is on its way to {asking.user.address}. Nobody else gets it."
    with asking.this.database.transaction() as session:
        consultation = visible_consultation(session, asking.access, this.slug)
        notice = this.look(session, consultation, asking.now)
        example = _example(asking, notice, notice.find(key))
        domain = asking.this.settings.mail.message_id_domain
        try:
            send_test(session, *_with(asking, notice), example, message_id_domain=domain, **_when(asking))
        except TemplateBroken:
            done = None  # the page says what is wrong with the text
    return redirect(asking, this.address(show=key), notice=done)


def begin(asking: Asking, this: ByHand, form: Form, what: str) -> Response:
    """Start it, with those who were listed when the page was shown. `what`: one of them, such as "invitation"."""

    def change(session: Session) -> Done:
        consultation = visible_consultation(session, asking.access, this.slug)
        mailing, number = start(
            session,
            consultation,
            this.look,
            seen=form.text("seen"),
            message_id_domain=asking.this.settings.mail.message_id_domain,
            user=asking.user,
            now=asking.now,
        )
        are, they_are = ("is", "it is") if number == 1 else ("are", "they are")
        done = f"{plural(number, what)} {are} queued. This page shows how far {they_are}."
        return Done(f"/mailings/{mailing.id}", done)

    try:
        return attempt(asking, change, lambda **more: show(asking, this, **more))
    except OthersByNow as meanwhile:
        return show(asking, this, status=409, mistakes={"who": str(meanwhile)})


def quiet_until(consultation: Consultation, now: datetime) -> str:
    """ "8am": when the quiet hours that it is in end; nothing when it is in none."""
    ends_at = quiet_end(consultation, now)
    return clock_wording(ends_at, consultation.zone) if ends_at else ""


def _fields(session: Session, asking: Asking, notice: Notice, asked: Form) -> dict[str, Any]:
    recipient = notice.find(asked.text("show"))
    rendered, trouble = _rendered(session, asking, notice, recipient)
    return {
        "notice_of": notice,
        "going": _part(notice.going, asked.number("gets")),
        "others": _part(notice.others, asked.number("not")),
        "recipient": recipient,
        "key_of": key_of,
        "rendered": rendered,
        "trouble": trouble,
        "sender": sending_address(session, notice.consultation),
        "waits_until": quiet_until(notice.consultation, asking.now),
        "text_path": _text_path(session, notice),
    }


def _text_path(session: Session, notice: Notice) -> str:
    """Where what the email says is changed: our own text, or the page on which one is begun."""
    own = text_in_use(session, notice.consultation.id, notice.kind)
    return f"/texts/{own.id}" if own else f"/consultations/{notice.consultation.slug}/texts/{notice.kind}"


def _part(verdicts: Sequence[Verdict], asked: int | None) -> Part:
    pages = max(1, -(-len(verdicts) // LISTED))
    number = min(max(asked or 1, 1), pages)
    return Part(verdicts[(number - 1) * LISTED : number * LISTED], number, pages, len(verdicts))


def _rendered(
    session: Session, asking: Asking, notice: Notice, recipient: Recipient | None
) -> tuple[Rendered | None, str | None]:
    """As it would go now; or why it cannot be written."""
    example = _example(asking, notice, recipient)
    try:
        return preview(session, *_with(asking, notice), example, **_when(asking)), None
    except TemplateBroken as broken:
        return None, str(broken)


def _example(asking: Asking, notice: Notice, recipient: Recipient | None) -> Example:
    if recipient is None:
        return Example(notice.kind, asking.user)
    return Example.to(recipient, notice.kind, asking.user, notice.change)


def _with(asking: Asking, notice: Notice) -> tuple[Renderer, Consultation]:
    return asking.this.renderer, notice.consultation


def _when(asking: Asking) -> dict[str, Any]:
    return {"now": asking.now, "base_url": asking.this.settings.web.base_url}
