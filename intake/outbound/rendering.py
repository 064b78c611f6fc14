"""Fills in the templates of outgoing emails: a subject, a plain text and an HTML page for each kind.

A file is looked for in each override folder under `<slug>/email/`, then in each under `email/`, then in the product's
own `templates/email/`: an administrator may replace one file and leave the rest. A changed or added file counts from
the next email on. A language other than English has files of its own, such as `reminder.cy.txt`.

A text from the database, and a kind without a page of its own, goes through the shell: `shell.txt` puts around it what
no text may leave out (the way to stop such emails, the line replies stand above), and `shell.html` lays out the result,
so that the page says what the text says.

Never decides what is owed or to whom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from intake.errors import WrongConfiguration
from intake.outbound.filling import SUBJECT, TEXT, TemplateBroken, Templates, fill, fill_text, tidy
from intake.outbound.names import inert_name, person_name, size_wording
from intake.outbound.texts import OwnText
from intake.store.people import ENGLISH

__all__ = [
    "Rendered",
    "Renderer",
    "TemplateBroken",
    "fill_text",
    "inert_name",
    "person_name",
    "product_folder",
    "size_wording",
]
OPT_OUT = "opt_out_url"
"""The field by which a mailing carries the way out of it: one that has it always goes through the shell."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """An email as people read it. `subject` is one line."""

    subject: str
    text: str
    html: str


class Renderer:
    """Fills in templates, each compiled once for each consultation. Safe to share between threads."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """`folders`: the administrator's own, the first one first; the product's templates always come last."""
        self._folders = tuple(folders)
        self._environments: dict[str, Templates] = {}

    def render(
        self,
        kind: str,
        fields: Mapping[str, object],
        *,
        slug: str,
        language: str = ENGLISH,
        own: OwnText | None = None,
    ) -> Rendered:
        """Fill in `own`, else `<kind>.subject.txt`, `<kind>.txt` and, where there is one, `<kind>.html`.

        In another language than English `<kind>.<language>.subject.txt` and so on, where there are such files. Raises
        TemplateBroken with one sentence that names the file and the line, and no field's value.
        """
        environment = self._of(slug)
        if own:
            subject = fill(environment, SUBJECT, fields, lambda: environment.own(SUBJECT, own.subject))
            body = fill(environment, TEXT, fields, lambda: environment.own(TEXT, own.text))
            return _in_shell(environment, own.language, subject, body, fields)
        stem, language = _stem(environment, kind, language)
        subject, body = (fill(environment, f"{stem}.{part}", fields) for part in ("subject.txt", "txt"))
        if OPT_OUT in fields or not environment.has(f"{stem}.html"):
            return _in_shell(environment, language, subject, body, fields)
        return Rendered(_one_line(subject), tidy(body), tidy(fill(environment, f"{stem}.html", fields)))

    def source(self, kind: str, *, slug: str, language: str = ENGLISH) -> OwnText:
        """The files of a kind as an administrator may begin a text of theirs from. What the shell adds is left out."""
        environment = self._of(slug)
        stem, language = _stem(environment, kind, language)
        subject, text = (environment.source(f"{stem}.{part}") for part in ("subject.txt", "txt"))
        return OwnText(" ".join(subject.split()), text.removeprefix("{{ reply_marker }}").lstrip(), language)

    def _of(self, slug: str) -> Templates:
        return self._environments.get(slug) or self._environments.setdefault(slug, self._environment(slug))

    def _environment(self, slug: str) -> Templates:
        own = [folder / slug / "email" for folder in self._folders] + [folder / "email" for folder in self._folders]
        return Templates([*own, product_folder("templates") / "email"])


def product_folder(name: str) -> Path:
    """The product's own `templates` or `config`: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise WrongConfiguration(f"The product's own folder “{name}” is missing; install it again.")


def _stem(environment: Templates, kind: str, language: str) -> tuple[str, str]:
    """What a kind's files begin with in this language, and the language they are in."""
    if language != ENGLISH and environment.has(f"{kind}.{language}.txt"):
        return f"{kind}.{language}", language
    return kind, ENGLISH


def _in_shell(environment: Templates, language: str, subject: str, body: str, fields: Mapping[str, object]) -> Rendered:
    fields = {OPT_OUT: None, "reply_marker": None, **fields, "language": language, "subject": _one_line(subject)}
    shell, _ = _stem(environment, "shell", language)
    text = tidy(fill(environment, f"{shell}.txt", {**fields, "text": tidy(body)}))
    html = fill(environment, "shell.html", {**fields, "text": text})
    return Rendered(_one_line(subject), text, tidy(html))


def _one_line(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
