"""What officers and administrators come for, from end to end in a browser, with the worker's passes between.

Each journey is made with a mouse and with the keyboard alone, without JavaScript, on a phone and at 400 % zoom, as far
as the ways differ for it.
"""

import email
import email.policy
from dataclasses import dataclass

import pytest
from sqlmodel import select

from intake.accounts.passwords import hashed
from intake.store.emails import OutgoingStatus
from intake.store.users import User
from tests.accounts.staff import PASSWORD, add_second_factor, code_of
from tests.building import raw_bounce, raw_email
from tests.databases import both_databases
from tests.people import ADAM, ASHA, BEN, CAROL, DAN, REVIEW
from tests.web.browser import DESKTOP, PHONE, ZOOMED, Front
from tests.web.desk import ADMISSIONS_SLUG
from tests.web.hands import Keyboard, Mouse


@dataclass(frozen=True, slots=True)
class Way:
    """How a journey is made."""

    name: str
    size: tuple[int, int] = DESKTOP
    javascript: bool = True
    hands: type[Mouse] = Mouse

    def begin(self, front: Front, path: str, *, who: str | None = None) -> Mouse:
        return self.hands(front.open(path, who=who, size=self.size, javascript=self.javascript))


WITH_MOUSE, WITH_KEYBOARD = Way("mouse"), Way("keyboard", hands=Keyboard)
WITHOUT_JAVASCRIPT = Way("without-javascript", javascript=False)
ON_A_PHONE, ZOOMED_IN = Way("phone", size=PHONE), Way("zoomed", size=ZOOMED)


def ways(*given: Way) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("way", given, ids=lambda way: way.name)


def _signs_in(front: Front, hands: Mouse) -> None:
    with front.office.database.transaction() as session:
        asha = session.exec(select(User).where(User.address == ASHA)).one()
        asha.password_hash = hashed(PASSWORD)
        session.add(asha)
    secret = add_second_factor(front.office, ASHA)
    front.later(minutes=1)
    hands.write("Email address", ASHA)
    hands.write("Password", PASSWORD)
    hands.press("Sign in")
    hands.write("Code", code_of(secret, front.office.now))
    hands.press("Continue")


def _an_officers_morning(front: Front, way: Way) -> None:
    """Sign in, find the letter about buses, read and consider it, answer it; Ben reads the answer."""
    for number, (sender, text) in enumerate(((BEN, "The buses on Mill Lane leave too early."), (CAROL, "We agree."))):
        front.office.receive(raw_email(sender=sender, to=REVIEW, text=text, message_id=f"<{number}@x.example>"))
    front.office.cycle()
    hands = way.begin(front, "/responses")
    _signs_in(front, hands)
    page = hands.page
    assert page.url.endswith("/responses"), "the page that was asked for comes after signing in"
    hands.write("Search what people wrote, subjects, names and organisations", "mill lane")
    hands.press("Search")
    assert page.locator("tbody tr").count() == 1
    hands.follow("IEO-0001")
    assert "The buses on Mill Lane leave too early." in page.inner_text("main")
    hands.press("Mark as considered")
    assert "Considered" in page.inner_text(".app-standing")
    hands.follow("Reply")
    hands.write("Your reply", "Thank you. We are asking the bus company.")
    hands.press("Look at it before it goes")
    hands.press("Send the reply")
    front.office.cycle()
    sent = front.office.sender.sent[-1]
    letter = email.message_from_bytes(sent.raw, policy=email.policy.default).get_body(("plain",))
    assert sent.recipient == BEN
    assert letter is not None
    assert "We are asking the bus company." in letter.get_content()
    page.reload()
    assert "Thank you. We are asking the bus company." in page.inner_text("#correspondence ~ ol")


@ways(WITH_KEYBOARD, WITHOUT_JAVASCRIPT, ON_A_PHONE, ZOOMED_IN)
def test_an_officer_signs_in_finds_reads_considers_and_answers_a_letter(front: Front, way: Way) -> None:
    _an_officers_morning(front, way)


@both_databases
def test_an_officers_morning_is_the_same_on_each_database(front: Front) -> None:
    _an_officers_morning(front, WITH_MOUSE)


@ways(WITH_MOUSE, WITH_KEYBOARD, WITHOUT_JAVASCRIPT, ON_A_PHONE, ZOOMED_IN)
def test_an_officer_decides_on_a_held_email_and_sees_what_came_of_it(front: Front, way: Way) -> None:
    question = raw_email(sender=f"Dan Morris <{DAN}>", to=ASHA, subject="When is the meeting?")
    front.office.receive(question, mailbox="asha")
    front.office.cycle()
    hands = way.begin(front, "/", who=ASHA)
    hands.menu("Held (1)")
    hands.follow("When is the meeting?")
    hands.choose("Record it on its own")
    hands.choose("A question")
    hands.press("Decide")
    assert "It will be recorded within a minute." in hands.page.inner_text("main")
    front.office.cycle()
    hands.follow("Decided lately")
    hands.follow("IEO-0001")
    assert "Question" in hands.page.inner_text(".app-standing")
    assert [sent.recipient for sent in front.office.sender.sent] == [DAN]


@ways(WITH_KEYBOARD, ON_A_PHONE, WITHOUT_JAVASCRIPT)
def test_an_administrator_extends_a_closing_time_after_seeing_what_that_changes(front: Front, way: Way) -> None:
    hands = way.begin(front, f"/consultations/{ADMISSIONS_SLUG}", who=ADAM)
    hands.follow("Extend or move the closing time")
    for part, text in (("Day", "13"), ("Month", "3"), ("Year", "2020"), ("Time", "5pm")):
        hands.write(part, text)
    hands.press("See what it changes")
    assert "5pm on Friday 13 March 2020" in hands.page.inner_text("main")
    hands.press("Change the closing time")
    assert "There is a problem" in hands.page.inner_text("main"), "it takes a reason"
    hands.write("Why does the closing time change?", "Two schools had no heating for a week.")
    hands.press("Change the closing time")
    assert "It closes at 5pm on Friday 13 March 2020 now." in hands.page.inner_text("main")


@ways(WITH_KEYBOARD, ZOOMED_IN)
def test_an_administrator_sets_up_a_consultation_that_takes_in_mail(front: Front, way: Way) -> None:
    hands = way.begin(front, "/", who=ADAM)
    hands.menu("Consultations")
    hands.follow("Set up a consultation")
    hands.write("Title", "Library opening hours")
    opens, closes = (hands.page.get_by_role("group", name=name) for name in ("It opens", "It closes"))
    for group, parts in ((opens, ("1", "2", "2020", "9am")), (closes, ("31", "3", "2020", "5pm"))):
        for label, text in zip(("Day", "Month", "Year", "Time"), parts, strict=True):
            hands.write_into(group.get_by_label(label, exact=True), text)
    hands.write("Published email address", "libraries@county.example")
    hands.write("Contact’s name", "Library team")
    hands.write("Contact’s email address", "library.team@county.example")
    hands.press("Set it up")
    assert "It opened in the past." in hands.page.inner_text("main")
    hands.press("Set it up")
    assert "Library opening hours" in hands.page.inner_text("h1")
    front.office.receive(raw_email(sender=BEN, to="libraries@county.example"))
    front.office.cycle()
    assert front.office.responses()[-1].reference.endswith("-0001")
    hands.page.reload()
    assert "1 response" in hands.page.inner_text("main")


@ways(WITH_MOUSE, WITHOUT_JAVASCRIPT)
def test_an_acknowledgement_that_came_back_is_corrected_and_sent_again(front: Front, way: Way) -> None:
    front.office.receive(raw_email(sender=BEN, to=REVIEW))
    front.office.cycle()
    (ours,) = front.office.outgoing()
    front.office.receive(raw_bounce(of=ours.message_id, address=BEN))
    front.office.cycle()
    hands = way.begin(front, "/", who=ASHA)
    hands.menu("Outgoing mail")
    hands.follow("Came back (1)")
    hands.follow(BEN)
    hands.write("To this address", "office@heathfield.example")
    hands.press("Send it again")
    front.office.cycle()
    assert front.office.sender.sent[-1].recipient == "office@heathfield.example"
    assert [row.status for row in front.office.outgoing()] == [OutgoingStatus.bounced, OutgoingStatus.sent]
