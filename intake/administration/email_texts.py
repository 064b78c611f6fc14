"""The texts an administrator writes emails in: added, changed, restored, chosen, removed. Each change is a new version.

A text is saved only when it can be filled in for everybody it is tried with, so that it breaks here and not on the day
it is due. Never fills one in for sending (`outbound/rendering.py` does).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from typing import Literal

import sqlalchemy as sa
from pydantic import Field
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from intake.accounts.access import Access
from intake.administration.changing import ChangedMeanwhile, last_change
from intake.administration.mistakes import checked, one_at_a_time
from intake.errors import Mistakes, NotFound, NotPossible
from intake.outbound.filling import SUBJECT, TEXT, check_text
from intake.outbound.rendering import Renderer, TemplateBroken
from intake.outbound.testing_texts import Example, preview
from intake.outbound.texts import KINDS, Kind, OwnText, newest_version
from intake.store.consultation_keys import Line, Part
from intake.store.consultations import Consultation
from intake.store.history import note
from intake.store.mailings import EmailTemplate, EmailTemplateVersion, ReminderRule
from intake.store.users import User

LONGEST_SUBJECT = 500
LONGEST_TEXT = 50_000


@dataclass(frozen=True, slots=True)
class Saving:
    """Who saves a text, when, with what it is tried, and which version they had before them."""

    user: User
    now: datetime
    renderer: Renderer
    base_url: str
    examples: Sequence[Example]
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A version and who wrote it."""

    row: EmailTemplateVersion
    writer: str


@dataclass(frozen=True, slots=True)
class Template:
    """An administrator's template: its newest version in each language, and the rules that choose it."""

    row: EmailTemplate
    newest: Mapping[str, Written]
    rules: Sequence[str]

    @property
    def last(self) -> Written | None:
        return max(self.newest.values(), key=lambda one: (one.row.at, one.row.id), default=None)


@dataclass(frozen=True, slots=True)
class KindTexts:
    """A kind of email, and an administrator's templates for it. `used` is None for the product's own words."""

    key: str
    kind: Kind
    templates: Sequence[Template]

    @property
    def used(self) -> Template | None:
        return next((one for one in self.templates if one.row.is_default), None)

    @property
    def free_name(self) -> str:
        """ "Invitation", or "Invitation 2" where there is a text of this name."""
        taken = {one.row.name.lower() for one in self.templates}
        names = (self.kind.name, *(f"{self.kind.name} {number}" for number in range(2, len(taken) + 2)))
        return next(name for name in names if name.lower() not in taken)


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """A line of two versions that are compared."""

    change: Literal["same", "added", "removed"]
    text: str


class _Named(Part):
    name: Line = Field(max_length=80)


class _Typed(Part):
    subject: Line = Field(max_length=LONGEST_SUBJECT)
    text: str = Field(min_length=1, max_length=LONGEST_TEXT)


def texts_of(session: Session, consultation: Consultation) -> list[KindTexts]:
    """Every kind, with the templates for it by name."""
    rows = session.exec(_standing(consultation.id).order_by(col(EmailTemplate.name), col(EmailTemplate.id))).all()
    templates = [_template(session, row) for row in rows]
    return [KindTexts(key, kind, [one for one in templates if one.row.kind == key]) for key, kind in KINDS.items()]


def visible_template(session: Session, access: Access, template_id: int) -> EmailTemplate:
    """Raises NotFound, also for one that was removed."""
    row = session.get(EmailTemplate, template_id)
    if row is None or row.removed_at:
        raise NotFound
    access.require(row.consultation_id)
    return row


def text_in_use(session: Session, consultation_id: int, kind_key: str) -> EmailTemplate | None:
    """The text of ours that this kind is written from; None for the product's own words."""
    own = _standing(consultation_id).where(EmailTemplate.kind == kind_key, col(EmailTemplate.is_default))
    return session.exec(own).first()


def template_of(session: Session, row: EmailTemplate) -> Template:
    return _template(session, row)


def add_template(
    session: Session, consultation: Consultation, kind_key: str, given: Mapping[str, object], saving: Saving
) -> EmailTemplate:
    """A template that begins with the product's own words, in each language. The first of its kind is used at once.

    `given`: name. Raises Mistakes.
    """
    if kind_key not in KINDS:
        raise Mistakes({"kind": "Choose which email it is for."})
    name = _free_name(session, consultation.id, kind_key, given)
    is_first = text_in_use(session, consultation.id, kind_key) is None
    row = EmailTemplate(consultation_id=consultation.id, kind=kind_key, name=name, is_default=is_first)
    session.add(row)
    session.flush()
    for language in KINDS[kind_key].languages:
        own = saving.renderer.source(kind_key, slug=consultation.slug, language=language)
        _add_version(session, row, own, 1, saving)
    note(session, row, "added", now=saving.now, actor=saving.user.actor, consultation=consultation.id)
    return row


def save_text(
    session: Session, row: EmailTemplate, language: str, given: Mapping[str, object], saving: Saving
) -> EmailTemplateVersion | None:
    """The next version in this language; None where nothing is different. `given`: subject, text.

    Raises Mistakes, and ChangedMeanwhile when `saving.seen` is no longer the newest.
    """
    newest = _locked_newest(session, row, language, saving)
    own = checked_text(session, row, language, given, saving)
    if newest and (newest.subject, newest.text) == (own.subject, own.text):
        return None
    version = _add_version(session, row, own, saving.seen + 1, saving)
    note(session, row, "changed", now=saving.now, actor=saving.user.actor, **_place(version))
    return version


def restore_version(
    session: Session, row: EmailTemplate, language: str, number: int, saving: Saving
) -> EmailTemplateVersion:
    """What an earlier version says, as the newest. Raises NotFound, Mistakes or ChangedMeanwhile."""
    _locked_newest(session, row, language, saving)
    former = version_of(session, row, language, number)
    own = checked_text(session, row, language, {"subject": former.subject, "text": former.text}, saving)
    version = _add_version(session, row, own, saving.seen + 1, saving)
    note(session, row, "restored", now=saving.now, actor=saving.user.actor, **_place(version), restored=number)
    return version


def checked_text(
    session: Session, row: EmailTemplate, language: str, given: Mapping[str, object], saving: Saving
) -> OwnText:
    """What was typed, when it names no unknown field and can be filled in with every example. Raises Mistakes."""
    typed, kind = checked(_Typed, given), KINDS[row.kind]
    own = OwnText(typed.subject, typed.text, language)
    try:
        check_text(own.subject, kind.fields, place=SUBJECT)
        named = check_text(own.text, kind.fields, place=TEXT)
        if missing := [name for name in kind.needs if name not in named]:
            raise Mistakes({"text": _needed(missing)})
        _try(session, row, own, saving)
    except TemplateBroken as broken:
        mistakes = mistake_of(broken)
    else:
        return own
    raise Mistakes(mistakes)


def mistake_of(broken: TemplateBroken) -> dict[str, str]:
    """The sentence beside the field it is in."""
    line = f"Line {broken.line}: " if broken.line and broken.place == TEXT else ""
    sentence = f"{line}{broken.what}"
    return {"subject" if broken.place == SUBJECT else "text": sentence[:1].upper() + sentence[1:]}


def rename_template(
    session: Session, row: EmailTemplate, given: Mapping[str, object], *, user: User, now: datetime
) -> None:
    """Raises Mistakes."""
    name = _free_name(session, row.consultation_id, row.kind, given, but=row.id)
    if name != row.name:
        row.name = name
        note(session, row, "renamed", now=now, actor=user.actor)


def choose_template(session: Session, row: EmailTemplate, *, is_used: bool, user: User, now: datetime) -> None:
    """Used for its kind wherever no other is chosen, in place of any other; or no longer."""
    if row.is_default == is_used:
        return
    session.execute(
        sa.update(EmailTemplate)
        .where(col(EmailTemplate.consultation_id) == row.consultation_id, col(EmailTemplate.kind) == row.kind)
        .values(is_default=False)
    )
    row.is_default = is_used
    session.flush()
    note(session, row, "chosen" if is_used else "set-aside", now=now, actor=user.actor)


def remove_template(session: Session, row: EmailTemplate, *, user: User, now: datetime) -> None:
    """Raises NotPossible while a rule chooses it. Its versions stay, as sent mail was written from them."""
    if rules := _rules(session, row):
        named = " and ".join(f"“{name}”" for name in rules)
        raise NotPossible(f"The reminder rules {named} use this text; choose another one there first.")
    row.removed_at, row.is_default = now, False
    session.flush()
    note(session, row, "removed", now=now, actor=user.actor)


def versions(session: Session, row: EmailTemplate, language: str) -> list[Written]:
    """The newest first."""
    found = session.execute(
        sa.select(EmailTemplateVersion, col(User.name))
        .join(User, col(User.id) == col(EmailTemplateVersion.user_id))
        .where(col(EmailTemplateVersion.template_id) == row.id, col(EmailTemplateVersion.language) == language)
        .order_by(col(EmailTemplateVersion.number).desc())
    )
    return [Written(version, writer) for version, writer in found]


def version_of(session: Session, row: EmailTemplate, language: str, number: int) -> EmailTemplateVersion:
    """Raises NotFound."""
    found = session.exec(
        select(EmailTemplateVersion).where(
            EmailTemplateVersion.template_id == row.id,
            EmailTemplateVersion.language == language,
            EmailTemplateVersion.number == number,
        )
    ).first()
    if found is None:
        raise NotFound
    return found


def compared(before: EmailTemplateVersion, after: EmailTemplateVersion) -> list[ComparedLine]:
    """Their lines, the subject first: what `after` left out of `before`, what it added, and what stayed.

    In a text of hundreds of lines the commonest, such as empty ones, hold nothing together: the time it takes would
    grow with the cube of their number.
    """
    former, later = ([one.subject, "", *one.text.splitlines()] for one in (before, after))
    lines = list[ComparedLine]()
    for tag, start, end, new_start, new_end in SequenceMatcher(None, former, later, autojunk=True).get_opcodes():
        if tag == "equal":
            lines += [ComparedLine("same", line) for line in former[start:end]]
            continue
        lines += [ComparedLine("removed", line) for line in former[start:end]]
        lines += [ComparedLine("added", line) for line in later[new_start:new_end]]
    return lines


def _standing(consultation_id: int) -> SelectOfScalar[EmailTemplate]:
    return select(EmailTemplate).where(
        EmailTemplate.consultation_id == consultation_id, col(EmailTemplate.removed_at).is_(None)
    )


def _template(session: Session, row: EmailTemplate) -> Template:
    newest = {
        language: found[0] for language in KINDS[row.kind].languages if (found := versions(session, row, language)[:1])
    }
    return Template(row, newest, _rules(session, row))


def _rules(session: Session, row: EmailTemplate) -> Sequence[str]:
    """The names of the rules that choose it."""
    own = select(ReminderRule.name).where(ReminderRule.template_id == row.id, col(ReminderRule.removed_at).is_(None))
    return session.exec(own.order_by(col(ReminderRule.name))).all()


def _free_name(
    session: Session, consultation_id: int, kind_key: str, given: Mapping[str, object], *, but: int | None = None
) -> str:
    name = checked(_Named, given).name
    others = _standing(consultation_id).where(
        EmailTemplate.kind == kind_key, col(EmailTemplate.id).is_distinct_from(but)
    )
    if name.lower() in {one.name.lower() for one in session.exec(others)}:
        raise Mistakes({"name": "There is a text of this name for this kind of email already; choose another."})
    return name


def _locked_newest(session: Session, row: EmailTemplate, language: str, saving: Saving) -> EmailTemplateVersion | None:
    """Of two that save at once the second waits here, and then sees the first one's version."""
    session.refresh(row, with_for_update=True)
    newest = newest_version(session, row.id, language)
    if (newest.number if newest else 0) == saving.seen:
        return newest
    raise ChangedMeanwhile(last_change(session, row))


def _add_version(
    session: Session, row: EmailTemplate, own: OwnText, number: int, saving: Saving
) -> EmailTemplateVersion:
    version = EmailTemplateVersion(
        template_id=row.id,
        language=own.language,
        number=number,
        subject=own.subject,
        text=own.text,
        at=saving.now,
        user_id=saving.user.id,
    )
    with one_at_a_time():
        session.add(version)
        session.flush()
    return version


def _place(version: EmailTemplateVersion) -> dict[str, object]:
    return {"language": version.language, "number": version.number}


def _needed(missing: Sequence[str]) -> str:
    named = " and ".join(f"{{{{ {name} }}}}" for name in missing)
    return f"Put {named} into the text: whoever gets the email needs it."


def _try(session: Session, row: EmailTemplate, own: OwnText, saving: Saving) -> None:
    """Raises TemplateBroken for the first example that it cannot be filled in for, or has no subject or words for."""
    consultation = session.get_one(Consultation, row.consultation_id)
    for example in saving.examples:
        rendered = preview(
            session,
            saving.renderer,
            consultation,
            replace(example, kind=row.kind, own=own),
            now=saving.now,
            base_url=saving.base_url,
        )
        if not rendered.subject:
            raise TemplateBroken("the subject is empty for some of those it goes to.", place=SUBJECT)
