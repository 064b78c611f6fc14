"""The product's own mailings: each says what people need, in English and Welsh, and no text can drop the way out."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from intake.outbound import acknowledging
from intake.outbound.filling import check_text
from intake.outbound.mailing_fields import fields
from intake.outbound.rendering import Rendered, Renderer
from intake.outbound.texts import (
    KINDS,
    OFFICERS_MAILINGS,
    PUBLIC_MAILINGS,
    OwnText,
    language_of,
    newest_text,
    own_text,
)
from intake.store.consultations import Consultation, DeadlineChange, OnlineForm, consultation_by_slug
from intake.store.emails import EmailStatus, InboundEmail, OutgoingEmail, OutgoingStatus
from intake.store.mailings import ConsultationDocument, EmailTemplate, EmailTemplateVersion, Mailing
from intake.store.people import Consultee
from intake.store.responses import Response
from intake.store.users import Role, User
from tests.building import raw_email
from tests.office import CLOSES_AT, Office, open_office
from tests.people import ASHA, BEN, CAROL, REVIEW

SLUG, BASE_URL = "improving-education-outcomes", "https://intake.example"
CLOSING = "11:59pm on Friday 28 February 2020"
WELSH_CLOSING = "11:59pm ddydd Gwener 28 Chwefror 2020"
TOKEN = "kAmNf0w6Zr3Q0p0h9v3dZrj1"
OWN = OwnText("Our subject", "Our words.\n\n- one\n- two", "en")


class Mailroom:
    """An office in the middle of its consultation, and the emails it owes."""

    def __init__(self, office: Office, session: Session) -> None:
        self.office, self.session, self.now = office, session, office.now
        self.consultation: Consultation = consultation_by_slug(session, SLUG)
        document = ConsultationDocument(
            consultation_id=self.consultation.id,
            position=1,
            name="The draft review",
            url="https://county.example/draft",
        )
        self.asha = User(address=ASHA, name="Asha Rahman", role=Role.officer, created_at=self.now)
        session.add_all([document, self.asha])
        session.flush()

    def email(self, kind: str, **given: Any) -> OutgoingEmail:
        outgoing = OutgoingEmail(
            kind=kind,
            once_key=kind,
            consultation_id=self.consultation.id,
            consultee_id=None if kind in OFFICERS_MAILINGS else self.consultee("Larkmead Trust").id,
            user_id=self.asha.id if kind in OFFICERS_MAILINGS else None,
            recipient_address=CAROL,
            recipient_name="Carol Lewis",
            message_id=f"<{kind}@intake.example>",
            queued_at=self.now,
            due_at=self.now,
            opt_out_token=TOKEN,
        )
        return outgoing.sqlmodel_update(given)

    def consultee(self, organisation: str) -> Consultee:
        return self.session.exec(select(Consultee).where(Consultee.organisation == organisation)).one()

    def filled(self, outgoing: OutgoingEmail, **more: Any) -> Mapping[str, object]:
        return fields(self.session, outgoing, self.now, base_url=BASE_URL, **more)

    def rendered(self, outgoing: OutgoingEmail, *, language: str = "en", own: OwnText | None = None) -> Rendered:
        given = self.filled(outgoing, language=language)
        return Renderer([]).render(outgoing.kind, given, slug=SLUG, language=language, own=own)

    def text(self, kind: str, *, language: str = "en", **given: Any) -> str:
        """Subject and text."""
        rendered = self.rendered(self.email(kind, **given), language=language)
        return f"{rendered.subject}\n{rendered.text}"

    def write(self, text: str, *, language: str = "en", kind: str = "reminder", is_default: bool = True) -> int:
        row = EmailTemplate(consultation_id=self.consultation.id, kind=kind, name=text, is_default=is_default)
        self.session.add(row)
        self.session.flush()
        self.add_version(row.id, text, language=language)
        return row.id

    def add_version(self, template_id: int, text: str, *, language: str = "en", number: int = 1) -> None:
        written: dict[str, Any] = {"subject": "Ours", "text": text, "at": self.now, "user_id": self.asha.id}
        self.session.add(EmailTemplateVersion(template_id=template_id, language=language, number=number, **written))
        self.session.flush()


@pytest.fixture
def mailroom(tmp_path: Path) -> Iterator[Mailroom]:
    with open_office(tmp_path, polled=False) as office, office.database.transaction() as session:
        yield Mailroom(office, session)


def shown(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html.partition("<body")[2].partition(">")[2]))


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("kind", [*PUBLIC_MAILINGS, *OFFICERS_MAILINGS])
def test_fields_are_those_the_administrator_is_told_of(mailroom: Mailroom, kind: str) -> None:
    given = set(mailroom.filled(mailroom.email(kind)))
    assert given - {"opt_out_url"} == set(KINDS[kind].fields)
    assert ("opt_out_url" in given) is (kind in PUBLIC_MAILINGS)


@pytest.mark.parametrize(("kind", "language"), [(kind, one) for kind in KINDS for one in KINDS[kind].languages])
def test_products_own_words_name_known_fields_alone_and_all_that_are_needed(kind: str, language: str) -> None:
    own = Renderer([]).source(kind, slug=SLUG, language=language)
    check_text(own.subject, KINDS[kind].fields)
    assert set(KINDS[kind].needs) <= check_text(own.text, KINDS[kind].fields)
    assert own.language == language


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("kind", PUBLIC_MAILINGS)
def test_every_public_mailing_names_the_closing_time_whom_to_ask_and_the_way_out(
    mailroom: Mailroom, kind: str, language: str
) -> None:
    text = mailroom.text(kind, language=language)
    assert (CLOSING if language == "en" else WELSH_CLOSING) in text
    assert "Education review team: education.review@county.example" in text
    assert f"{BASE_URL}/stop/{TOKEN}" in text
    assert ("It never affects a response" if language == "en" else "Nid yw byth yn effeithio ar ymateb") in text
    assert (CLOSING not in text) or language == "en"


@pytest.mark.parametrize("language", ["en", "cy"])
@pytest.mark.parametrize("kind", ["invitation", "reminder", "deadline-extended"])
def test_whoever_may_still_answer_is_told_where_to_and_what_to_read(
    mailroom: Mailroom, kind: str, language: str
) -> None:
    text = mailroom.text(kind, language=language)
    assert f"{REVIEW} {'or' if language == 'en' else 'neu'} {ASHA}" in text
    assert "- The draft review: https://county.example/draft" in text


@pytest.mark.parametrize(("language", "law"), [("en", "freedom of information"), ("cy", "ryddid gwybodaeth")])
def test_invitation_carries_the_privacy_notice_as_it_is_the_first_contact(
    mailroom: Mailroom, language: str, law: str
) -> None:
    text = mailroom.text("invitation", language=language)
    assert "We use what you send us to review the draft." in text
    assert law in text


@pytest.mark.parametrize(("language", "said"), [("en", "fill in the form at"), ("cy", "llenwch y ffurflen yn")])
def test_invitation_says_what_it_is_about_and_where_the_form_is(mailroom: Mailroom, language: str, said: str) -> None:
    form = f"{said} {BASE_URL}/respond/{SLUG}"
    assert form not in mailroom.text("invitation", language=language)
    mailroom.consultation.about = "Which outcomes come first.\n\nAnd how we measure them."
    mailroom.consultation.online_form = OnlineForm.question_a_page
    text = mailroom.text("invitation", language=language)
    assert "\n\nWhich outcomes come first.\n\nAnd how we measure them.\n\n" in text
    assert form in text
    assert form in mailroom.text("reminder", language=language)
    mailroom.consultation.archived_at = mailroom.now
    assert form not in mailroom.text("invitation", language=language)


def test_invitation_before_the_opening_asks_to_wait_for_it(mailroom: Mailroom) -> None:
    assert "Please do not send" not in mailroom.text("invitation")
    mailroom.consultation.opens_at = mailroom.now + timedelta(days=1)
    text = mailroom.text("invitation")
    assert "opens at 10:30am on Thursday 13 February 2020. Please do not send your response before then." in text


@pytest.mark.parametrize(("language", "said"), [("en", "If you have just answered"), ("cy", "Os ydych newydd ymateb")])
def test_reminder_says_whom_it_waits_for_and_that_emails_may_cross(
    mailroom: Mailroom, language: str, said: str
) -> None:
    text = mailroom.text("reminder", language=language)
    assert said in text
    assert "Larkmead Trust" in text


def test_greeting_repeats_only_what_is_a_name(mailroom: Mailroom) -> None:
    assert "Dear Carol Lewis," in mailroom.text("reminder")
    assert "Annwyl Carol Lewis," in mailroom.text("reminder", language="cy")
    assert "Hello," in mailroom.text("reminder", recipient_name="visit example.com")
    assert "Helo," in mailroom.text("reminder", recipient_name="", language="cy")


@pytest.mark.parametrize(("days", "said"), [(7, "There is more time"), (-7, "There is less time")])
def test_new_closing_time_is_told_beside_the_one_people_were_told(mailroom: Mailroom, days: int, said: str) -> None:
    mailroom.consultation.closes_at = CLOSES_AT + timedelta(days=days)
    change = DeadlineChange(
        consultation_id=mailroom.consultation.id,
        at=mailroom.now,
        user_id=mailroom.asha.id,
        before=CLOSES_AT,
        after=CLOSES_AT,  # and it moved again since: the email names what stands
        reason="Snow",
    )
    mailroom.session.add(change)
    mailroom.session.flush()
    mailing = _mailing(mailroom, "deadline-extended", deadline_change_id=change.id)
    text = mailroom.text("deadline-extended", mailing_id=mailing.id)
    assert said in text
    assert f"The closing time is now 11:59pm on Friday {6 if days > 0 else 21} " in text
    assert f"We told you before that it was {CLOSING}." in text
    assert "Snow" not in text


def test_outcome_names_the_document_and_the_persons_own_references(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        for sender in (BEN, CAROL, BEN):
            office.receive(raw_email(sender=sender, to=REVIEW, message_id=f"<{len(office.emails())}@x.example>"))
            office.cycle()
        with office.database.transaction() as session:
            mailroom = Mailroom(office, session)
            mailroom.consultation.outcome_url = "https://county.example/final"
            text = mailroom.text("outcome", recipient_address=BEN, consultee_id=None)
            assert "https://county.example/final" in text
            assert "The reference of what you sent us: IEO-0001, IEO-0003" in text


def test_officers_are_told_what_waits_and_where(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.cycle()
        with office.database.transaction() as session:
            mailroom = Mailroom(office, session)
            _hold_and_fail(mailroom)
            reminder = mailroom.rendered(mailroom.email("officer-reminder"))
            assert reminder.subject == "Improving education outcomes: 1 unread, 1 held, 1 failed"
            assert "came back: 1" in reminder.text
            assert "closes in 16 days, at 11:59pm" in reminder.text
            assert f"{BASE_URL}/responses?consultation={SLUG}&status=unread" in reminder.text
            assert "/stop/" not in reminder.text
            digest = mailroom.rendered(mailroom.email("digest"))
            assert digest.subject.endswith("1 new, 1 in all, 1 of 2 consultees answered")
            assert "- school: 1 of 1 (100%)\n- trust: 0 of 1 (0%)" in digest.text


def test_digest_counts_what_is_new_since_the_one_before(mailroom: Mailroom) -> None:
    earlier = _mailing(mailroom, "digest", due_at=mailroom.now - timedelta(days=7))
    missed = _mailing(mailroom, "digest", due_at=mailroom.now - timedelta(days=3), missed_at=mailroom.now)
    this = _mailing(mailroom, "digest")
    assert len({earlier.id, missed.id, this.id}) == 3
    assert "Since 10:30am on Wednesday 5 February 2020:" in mailroom.text("digest", mailing_id=this.id)


@pytest.mark.parametrize("kind", [*PUBLIC_MAILINGS, *OFFICERS_MAILINGS])
def test_page_says_what_the_text_says(mailroom: Mailroom, kind: str) -> None:
    for language in KINDS[kind].languages:
        rendered = mailroom.rendered(mailroom.email(kind), language=language)
        assert words(shown(rendered.html)) == words(rendered.text.replace("\n- ", "\n"))
        assert f'<html lang="{"cy" if language == "cy" else "en-GB"}">' in rendered.html


@pytest.mark.parametrize("kind", PUBLIC_MAILINGS)
def test_whatever_an_administrator_writes_the_way_out_stays(mailroom: Mailroom, kind: str) -> None:
    rendered = mailroom.rendered(mailroom.email(kind), own=OWN)
    assert rendered.subject == "Our subject"
    assert rendered.text.startswith("Our words.\n")
    assert f"{BASE_URL}/stop/{TOKEN}" in rendered.text
    assert f'href="{BASE_URL}/stop/{TOKEN}"' in rendered.html
    assert "<li>one</li>" in rendered.html


def test_page_of_its_own_among_the_councils_files_cannot_drop_the_way_out(mailroom: Mailroom, tmp_path: Path) -> None:
    own = tmp_path / "own" / "email"
    own.mkdir(parents=True)
    (own / "reminder.html").write_text("A page without it", encoding="utf-8")
    given = mailroom.filled(mailroom.email("reminder"))
    assert f"/stop/{TOKEN}" in Renderer([own.parent]).render("reminder", given, slug=SLUG).html


def test_text_of_its_mailing_comes_before_the_kinds_and_that_before_the_products(mailroom: Mailroom) -> None:
    outgoing = mailroom.email("reminder")
    assert own_text(mailroom.session, outgoing) is None
    mailroom.write("the kind's")
    named = mailroom.write("the mailing's", is_default=False)
    assert _text_of(mailroom, outgoing) == "the kind's"
    mailing = _mailing(mailroom, "reminder", template_id=named)
    outgoing.mailing_id = mailing.id
    assert _text_of(mailroom, outgoing) == "the mailing's"
    mailroom.session.get_one(EmailTemplate, named).removed_at = mailroom.now
    assert _text_of(mailroom, outgoing) == "the kind's"
    assert own_text(mailroom.session, mailroom.email("invitation")) is None


def test_newest_version_counts_in_the_consultees_language_or_else_in_english(mailroom: Mailroom) -> None:
    template_id = mailroom.write("first")
    mailroom.add_version(template_id, "second", number=2)
    outgoing, larkmead = mailroom.email("reminder"), mailroom.consultee("Larkmead Trust")
    assert _text_of(mailroom, outgoing) == "second"
    larkmead.language = "cy"
    assert (_text_of(mailroom, outgoing), language_of(mailroom.session, outgoing)) == ("second", "en")
    mailroom.add_version(template_id, "yn Gymraeg", language="cy")
    assert (_text_of(mailroom, outgoing), language_of(mailroom.session, outgoing)) == ("yn Gymraeg", "cy")
    assert mailroom.filled(outgoing)["closing"] == WELSH_CLOSING


def test_welsh_consultee_without_a_text_of_ours_gets_the_products_welsh(mailroom: Mailroom) -> None:
    mailroom.consultee("Larkmead Trust").language = "cy"
    outgoing = mailroom.email("reminder")
    assert (own_text(mailroom.session, outgoing), language_of(mailroom.session, outgoing)) == (None, "cy")


def test_template_that_has_no_version_is_none(mailroom: Mailroom) -> None:
    assert newest_text(mailroom.session, 99, "cy") is None


def test_acknowledgement_of_a_welsh_consultee_is_in_welsh(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        with office.database.transaction() as session:
            heathfield = session.exec(select(Consultee).order_by(col(Consultee.id))).first()
            assert heathfield is not None
            heathfield.language = "cy"
        office.receive(raw_email(sender=BEN, to=REVIEW))
        office.cycle()
        with office.database.reading() as session:
            response = session.exec(select(Response)).one()
            assert response.consultee_id is not None
        [sent] = office.outgoing()
        assert (sent.subject or "").startswith("[IEO-0001] Rydym wedi cael eich ymateb")
        assert "Cyrhaeddodd ni mewn pryd, am 10:30am ddydd Mercher 12 Chwefror 2020." in (sent.text or "")
        assert sent.kind == acknowledging.KIND


def _text_of(mailroom: Mailroom, outgoing: OutgoingEmail) -> str | None:
    own = own_text(mailroom.session, outgoing)
    return own.text if own else None


def _mailing(mailroom: Mailroom, kind: str, **given: Any) -> Mailing:
    told = {
        "consultation_id": mailroom.consultation.id,
        "kind": kind,
        "due_at": mailroom.now,
        "created_at": mailroom.now,
    }
    mailing = Mailing(**{**told, **given})
    mailroom.session.add(mailing)
    mailroom.session.flush()
    return mailing


def _hold_and_fail(mailroom: Mailroom) -> None:
    """A held email, a failed one, and one of ours that was refused."""
    for status in (EmailStatus.held, EmailStatus.failed):
        mailroom.session.add(
            InboundEmail(
                raw_sha256=status.value,
                size=1,
                collected_at=mailroom.now,
                status=status,
                consultation_id=mailroom.consultation.id,
            )
        )
    mailroom.session.add(mailroom.email("reminder", once_key="refused", status=OutgoingStatus.failed))
    mailroom.session.flush()
