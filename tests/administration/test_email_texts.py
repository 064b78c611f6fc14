"""An administrator's texts: begun from the product's own, refused while they break, kept in versions, chosen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session, select

from intake.administration.changing import ChangedMeanwhile
from intake.administration.email_texts import (
    Saving,
    add_template,
    choose_template,
    compared,
    remove_template,
    rename_template,
    restore_version,
    save_text,
    texts_of,
    version_of,
    versions,
)
from intake.administration.text_examples import choices, helps, to_try
from intake.errors import Mistakes, NotFound, NotPossible
from intake.outbound.mailing_fields import INERT_TOKEN
from intake.outbound.rendering import Rendered, Renderer
from intake.outbound.testing_texts import Example, preview, send_test
from intake.outbound.texts import KINDS, own_text
from intake.schedules import Anchor
from intake.store.consultations import Consultation, consultation_by_slug
from intake.store.emails import OutgoingEmail
from intake.store.mailings import Audience, EmailTemplate, EmailTemplateVersion, ReminderRule
from intake.store.users import Role, User
from tests.building import raw_email
from tests.databases import both_databases
from tests.office import DURING, MAIL_DOMAIN, Office, open_office
from tests.people import ADAM, BEN, CAROL, REVIEW

SLUG = "improving-education-outcomes"
GOOD = {
    "subject": "Please respond to {{ consultation_title }}",
    "text": "{{ greeting }}\n\nIt closes at {{ closing }}.",
}


class Writing:
    """Adam, at the reminder texts of the review."""

    def __init__(self, office: Office, session: Session) -> None:
        self.office, self.session = office, session
        self.consultation: Consultation = consultation_by_slug(session, SLUG)
        self.adam = User(address=ADAM, name="Adam Clarke", role=Role.administrator, created_at=office.now)
        session.add(self.adam)
        session.flush()

    def saving(self, seen: int = 1, kind: str = "reminder") -> Saving:
        examples = to_try(self.session, self.consultation, kind, self.adam)
        return Saving(self.adam, self.office.now, Renderer([]), "https://intake.example", examples, seen)

    def add(self, kind: str = "reminder", name: str = "Ours") -> EmailTemplate:
        return add_template(self.session, self.consultation, kind, {"name": name}, self.saving(kind=kind))

    def refused(self, row: EmailTemplate, **given: str) -> dict[str, str]:
        with pytest.raises(Mistakes) as wrong:
            save_text(self.session, row, "en", {**GOOD, **given}, self.saving(kind=row.kind))
        return wrong.value.by_field

    def reminder_to(self, address: str) -> OutgoingEmail:
        [choice] = [
            one
            for one in choices(self.session, self.consultation, "reminder", self.adam)
            if one.example.address == address
        ]
        return OutgoingEmail(
            kind="reminder",
            once_key="reminder",
            consultation_id=self.consultation.id,
            consultee_id=choice.example.consultee_id,
            recipient_address=address,
            message_id="<1@intake.example>",
            queued_at=self.office.now,
            due_at=self.office.now,
        )


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Writing]:
    with open_office(tmp_path, polled=False) as office, office.database.transaction() as session:
        yield Writing(office, session)


def test_text_begins_with_the_products_own_words_in_each_language(writing: Writing) -> None:
    row = writing.add()
    for language in ("en", "cy"):
        [begun] = versions(writing.session, row, language)
        own = Renderer([]).source("reminder", slug=SLUG, language=language)
        assert (begun.row.subject, begun.row.text, begun.writer) == (own.subject, own.text, "Adam Clarke")


@pytest.mark.parametrize("kind", KINDS)
def test_products_own_words_may_be_saved_as_they_are(writing: Writing, kind: str) -> None:
    row = writing.add(kind)
    for language in KINDS[kind].languages:
        own = Renderer([]).source(kind, slug=SLUG, language=language)
        given = {"subject": own.subject, "text": own.text + "\n\nBye"}
        saved = save_text(writing.session, row, language, given, writing.saving(kind=kind))
        assert saved is not None
        assert saved.number == 2


def test_first_text_of_a_kind_is_used_at_once_and_a_second_only_where_it_is_chosen(writing: Writing) -> None:
    first, second = writing.add(name="First"), writing.add(name="Second")
    save_text(writing.session, first, "en", GOOD, writing.saving())
    assert (first.is_default, second.is_default) == (True, False)
    used = own_text(writing.session, writing.reminder_to(CAROL))
    assert used is not None
    assert used.text == GOOD["text"]
    choose_template(writing.session, second, is_used=True, user=writing.adam, now=writing.office.now)
    assert [one.used and one.used.row.name for one in texts_of(writing.session, writing.consultation)][2] == "Second"
    choose_template(writing.session, second, is_used=False, user=writing.adam, now=writing.office.now)
    assert own_text(writing.session, writing.reminder_to(CAROL)) is None


def test_two_texts_for_one_kind_have_two_names(writing: Writing) -> None:
    row = writing.add(name="Ours")
    with pytest.raises(Mistakes):
        writing.add(name="ours")
    other = writing.add(kind="invitation", name="Ours")
    rename_template(writing.session, row, {"name": "Last reminder"}, user=writing.adam, now=writing.office.now)
    assert (row.name, other.name) == ("Last reminder", "Ours")


@pytest.mark.parametrize(
    ("given", "field", "sentence"),
    [
        (
            {"text": "{{ closing }}\n\n{{ organization }}"},
            "text",
            "Line 3: it asks for “organization”, which is not among its fields; did you mean “organisation”?",
        ),
        (
            {"text": "{{ closing }}\n{% if has_opened %}\nwelcome"},
            "text",
            "Line 2: “{% if … %}” is never closed; write “{% endif %}” where it ends.",
        ),
        (
            {"text": "{{ closing }}{% if has_closed %}{{ reference }}{% endif %}"},
            "text",
            "Line 1: it asks for “reference”, which is not among its fields.",
        ),
        ({"text": "{{ closing|upcase }}"}, "text", "Line 1: there is no “|upcase”, only"),
        ({"text": "{{ closing }}\n{{ organisation + 1 }}"}, "text", "Line 2: it joins or compares what does not go"),
        ({"text": "{{ closing }}{% include 'base.html' %}"}, "text", "Line 1: it may not use other templates."),
        ({"text": "{{ closing.__class__ }}"}, "text", "Line 1: it does something templates may not do"),
        ({"text": "Hello"}, "text", "Put {{ closing }} into the text"),
        ({"text": ""}, "text", "Enter the text."),
        ({"subject": ""}, "subject", "Enter the subject."),
        ({"subject": "{{ titel }}"}, "subject", "It asks for “titel”, which is not among its fields."),
        ({"subject": "{{ contact_phone }}"}, "subject", "The subject is empty for some of those it goes to."),
    ],
)
def test_text_that_breaks_is_refused_with_its_line_in_plain_words(
    writing: Writing, given: dict[str, str], field: str, sentence: str
) -> None:
    mistakes = writing.refused(writing.add(), **given)
    assert mistakes[field].startswith(sentence)


def test_acknowledgement_without_the_reference_is_refused(writing: Writing) -> None:
    row = writing.add("acknowledgement")
    assert writing.refused(row, text="Thank you.") == {
        "text": "Put {{ reference }} into the text: whoever gets the email needs it."
    }


def test_text_that_breaks_for_one_consultee_alone_is_refused(writing: Writing) -> None:
    text = "{{ closing }}{% if organisation == 'Larkmead Trust' %}{{ organisation + 1 }}{% endif %}"
    assert "joins or compares" in writing.refused(writing.add(), text=text)["text"]


def test_each_change_is_a_version_and_nothing_different_is_none(writing: Writing) -> None:
    row = writing.add()
    assert save_text(writing.session, row, "en", GOOD, writing.saving()) is not None
    assert save_text(writing.session, row, "en", GOOD, writing.saving(seen=2)) is None
    assert [one.row.number for one in versions(writing.session, row, "en")] == [2, 1]
    assert [one.row.number for one in versions(writing.session, row, "cy")] == [1]


def test_second_of_two_that_save_at_once_is_told_who_was_first(writing: Writing) -> None:
    row = writing.add()
    save_text(writing.session, row, "en", GOOD, writing.saving())
    with pytest.raises(ChangedMeanwhile) as lost:
        save_text(writing.session, row, "en", {**GOOD, "subject": "Mine"}, writing.saving(seen=1))
    assert lost.value.last is not None
    assert (lost.value.last.action, lost.value.last.actor) == ("changed", writing.adam.actor)


def test_restored_version_is_a_new_one_and_the_others_stay(writing: Writing) -> None:
    row = writing.add()
    save_text(writing.session, row, "en", GOOD, writing.saving())
    restored = restore_version(writing.session, row, "en", 1, writing.saving(seen=2))
    first = version_of(writing.session, row, "en", 1)
    assert (restored.number, restored.subject, restored.text) == (3, first.subject, first.text)
    assert len(versions(writing.session, row, "en")) == 3
    with pytest.raises(NotFound):
        restore_version(writing.session, row, "en", 9, writing.saving(seen=3))


def test_versions_are_compared_line_by_line(writing: Writing) -> None:
    row = writing.add()
    save_text(writing.session, row, "en", GOOD, writing.saving())
    save_text(writing.session, row, "en", {**GOOD, "text": GOOD["text"] + "\nPlease."}, writing.saving(seen=2))
    lines = compared(version_of(writing.session, row, "en", 2), version_of(writing.session, row, "en", 3))
    assert [line.text for line in lines if line.change != "same"] == ["Please."]
    assert [line.change for line in lines if line.text == GOOD["subject"]] == ["same"]


def test_text_that_a_rule_chooses_is_not_removed(writing: Writing) -> None:
    row = writing.add()
    rule = ReminderRule(
        consultation_id=writing.consultation.id,
        name="Three days before",
        audience=Audience.unanswered,
        anchor=Anchor.closing,
        clock=writing.office.now.time(),
        template_id=row.id,
        set_at=writing.office.now,
    )
    writing.session.add(rule)
    writing.session.flush()
    with pytest.raises(NotPossible, match="“Three days before”"):
        remove_template(writing.session, row, user=writing.adam, now=writing.office.now)
    rule.removed_at = writing.office.now
    remove_template(writing.session, row, user=writing.adam, now=writing.office.now)
    assert own_text(writing.session, writing.reminder_to(CAROL)) is None


def test_preview_shows_the_text_as_one_consultee_would_get_it(writing: Writing) -> None:
    row = writing.add()
    save_text(writing.session, row, "en", GOOD, writing.saving())
    consultee_id = writing.reminder_to(CAROL).consultee_id
    example = Example("reminder", writing.adam, consultee_id=consultee_id, template_id=row.id)
    shown = _preview(writing, example)
    assert shown.subject == "Please respond to Improving education outcomes"
    assert "It closes at 11:59pm on Friday 28 February 2020." in shown.text
    assert f"https://intake.example/stop/{INERT_TOKEN}" in shown.text


def test_test_email_says_so_goes_to_the_user_alone_and_stops_nothing(writing: Writing) -> None:
    outgoing = send_test(
        writing.session,
        Renderer([]),
        writing.consultation,
        Example("reminder", writing.adam, consultee_id=writing.reminder_to(CAROL).consultee_id),
        message_id_domain=MAIL_DOMAIN,
        now=writing.office.now,
        base_url="https://intake.example",
    )
    assert outgoing.recipient_address == ADAM
    assert (outgoing.given_subject or "").startswith("[Test] Reminder: Improving education outcomes")
    assert "https://intake.example/stop/test" in (outgoing.given_text or "")
    assert (outgoing.opt_out_token, outgoing.mailing_id, outgoing.consultee_id) == (None, None, None)


@pytest.mark.parametrize("kind", KINDS)
def test_where_there_is_nobody_yet_the_example_is_made_up_and_says_so(writing: Writing, kind: str) -> None:
    example = Example(kind, writing.adam)
    fields, made_up = helps(
        writing.session,
        writing.consultation,
        example,
        "en",
        now=writing.office.now,
        base_url="https://intake.example",
    )
    assert [one.name for one in fields] == list(KINDS[kind].fields)
    assert bool(made_up) is (not kind.startswith(("officer", "digest")))
    assert _preview(writing, example).subject


def test_acknowledgement_is_shown_with_the_latest_responses(tmp_path: Path) -> None:
    with open_office(tmp_path) as office:
        office.receive(raw_email(sender=f"Ben Hughes <{BEN}>", to=REVIEW))
        office.cycle()
        with office.database.transaction() as session:
            writing = Writing(office, session)
            [choice] = choices(session, writing.consultation, "acknowledgement", writing.adam)
            assert choice.name == "IEO-0001, Heathfield Primary School, Ben Hughes"
            assert "IEO-0001" in _preview(writing, choice.example).subject


@both_databases
def test_two_that_save_one_after_the_other_make_two_versions(tmp_path: Path, database_kind: str) -> None:
    with open_office(tmp_path, polled=False) as office:
        with office.database.transaction() as session:
            writing = Writing(office, session)
            row_id, user_id = writing.add().id, writing.adam.id
        for number in (1, 2):
            with office.database.transaction() as session:
                row, user = session.get_one(EmailTemplate, row_id), session.get_one(User, user_id)
                saving = Saving(user, office.now, Renderer([]), "https://intake.example", [], number)
                save_text(session, row, "en", {**GOOD, "subject": f"{number}"}, saving)
        with office.database.reading() as session:
            row = session.exec(select(EmailTemplate)).one()
            assert [one.row.subject for one in versions(session, row, "en")][:2] == ["2", "1"]


def _preview(writing: Writing, example: Example) -> Rendered:
    return preview(
        writing.session,
        Renderer([]),
        writing.consultation,
        example,
        now=writing.office.now,
        base_url="https://intake.example",
    )


def test_long_texts_of_many_empty_lines_are_compared_all_the_same() -> None:
    """With each empty line held against each other one this took minutes."""
    empty = "\n" * 10_000
    before, after = (
        EmailTemplateVersion(
            template_id=1,
            language="en",
            number=number,
            subject="x",
            text=f"{word}\n\n" * 5_000 + empty,
            at=DURING,
            user_id=1,
        )
        for number, word in enumerate(("a", "b"), start=1)
    )
    lines = compared(before, after)
    assert {(one.change, one.text) for one in lines if one.text} == {("same", "x"), ("removed", "a"), ("added", "b")}
