"""Fills in the templates of outgoing emails: a subject, a plain text and an HTML page for each kind.

A file is looked for in each override folder under `<slug>/email/`, then in each under `email/`, then in the product's
own `templates/email/`: an administrator may replace one file and leave the rest. A changed or added file counts from
the next email on.

Templates see the fields they are given and nothing else. They cannot call anything but their own blocks, multiply, or
reach into Python, and their loops and their output end at a limit: a mistake in one costs that email, never the worker.

Never decides what is owed or to whom, and never puts a field's value into an error.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from traceback import walk_tb
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    nodes,
)
from jinja2.environment import Environment
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import BlockReference, Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from intake.errors import IntakeError, WrongConfiguration

MOST_TURNS = 10_000
MOST_CHARACTERS = 500_000
LONGEST_NAME = 60
_FILTERS = ("capitalize", "default", "escape", "first", "join", "last", "length", "lower", "trim", "upper", "urlize")
# Kinds of document whose ending is no top-level domain (zip and mov are): mail programs do not make a link of them.
_ENDINGS = re.compile(
    r"bmp|csv|doc[mx]?|eml|gif|heic|html?|jpe?g|mp[34]|msg|od[pst]|pdf|png|ppt[mx]?|rtf|tiff?|txt|wav|xls[mx]?|xml",
    re.I,
)
_turns: ContextVar[Iterator[int]] = ContextVar("turns a template's loops have left")


class TemplateBroken(IntakeError):
    """A template could not be filled in; correct it and release the email."""


class _TooMuch(Exception):
    """A template went over a limit; the text says which."""


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
        self._environments: dict[str, _Environment] = {}

    def render(self, kind: str, fields: Mapping[str, object], *, slug: str) -> Rendered:
        """Fill in `<kind>.subject.txt`, `<kind>.txt` and `<kind>.html`.

        Raises TemplateBroken with one sentence that names the file and the line, and no field's value.
        """
        environment = self._environments.get(slug) or self._environments.setdefault(slug, self._environment(slug))
        return Rendered(
            subject=_one_line(_fill(environment, f"{kind}.subject.txt", fields)),
            text=_tidy(_fill(environment, f"{kind}.txt", fields)),
            html=_tidy(_fill(environment, f"{kind}.html", fields)),
        )

    def _environment(self, slug: str) -> "_Environment":
        own = [folder / slug / "email" for folder in self._folders] + [folder / "email" for folder in self._folders]
        return _Environment([*own, product_folder("templates") / "email"])


def product_folder(name: str) -> Path:
    """The product's own `templates` or `config`: inside the installed package, or at the top of the checkout."""
    package = Path(__file__).parents[1]
    for folder in (package / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise WrongConfiguration(f"The product's own folder “{name}” is missing; install it again.")


def fill_text(source: str, fields: Mapping[str, object]) -> str:
    """Fill in a text that is kept in the database, such as a template for replies, within the same limits.

    Raises TemplateBroken with one sentence that holds no field's value.
    """
    environment = _Environment([])
    return _tidy(_fill(environment, "The text", fields, lambda: environment.from_string(source)))


def size_wording(size: int) -> str:
    """A number of bytes in words: "812 bytes", "34 kB", "1.4 MB", "36 MB"."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    if size < 999_500:
        return f"{(size + 500) // 1000} kB"
    megabytes = size / 1_000_000
    return f"{megabytes:.1f}".removesuffix(".0") + " MB" if megabytes < 9.95 else f"{megabytes:.0f} MB"


def inert_name(filename: str) -> str:
    """A sender's file name as we may repeat it: at most 60 letters, digits, spaces, underscores and hyphens.

    The one dot kept stands before the ending of a known kind of document; every other becomes an underscore. So nothing
    a stranger puts into a file name turns into a link in our email, and the name stays one its owner knows again:
    "report.docm.example.com" reads "report_docm_example_com".
    """
    stem, dot, ending = unicodedata.normalize("NFC", filename).rpartition(".")
    if not _ENDINGS.fullmatch(ending):
        stem, dot, ending = f"{stem}{dot}{ending}", "", ""
    kept = "".join(character if _is_plain(character) else " " for character in stem.replace(".", "_"))
    short = " ".join(kept.split())[: LONGEST_NAME - len(dot + ending)].strip()
    return f"{short or 'unnamed'}{dot}{ending}"


def person_name(name: str) -> str:
    """A sender's name for "Dear …", or "" where it holds anything a name does not need: it is a stranger's text too."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    looks_like_a_name = re.fullmatch(r"(?=.*[^\W\d_])(?:[^\W\d_]|['’ -]|\.(?= |$))+", plain) is not None
    return plain if looks_like_a_name and len(plain) <= LONGEST_NAME else ""


def _is_plain(character: str) -> bool:
    # Marks belong to letters in many scripts.
    return character.isalnum() or character in "_-" or unicodedata.category(character).startswith("M")


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if next(_turns.get(), None) is None:
            raise _TooMuch(f"its loops go round more than {MOST_TURNS:,} times")
        yield value


def _blank_for_none(value: Any) -> Any:
    return "" if value is None else value


class _Missing(StrictUndefined):
    """A field that was not given. The sentence names it only when the template does: a part can be a field's value."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_obj is missing and not self._undefined_hint:
            return f"it asks for “{self._undefined_name}”, which is not among its fields"
        return "it asks for a part that a field does not have"


class _Folders(FileSystemLoader):
    """Also notices a file added in front of the one in use; FileSystemLoader only notices changes to that one."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source, file, is_unchanged = super().get_source(environment, template)
        return source, file, lambda: is_unchanged() and self._first(template) == Path(file)

    def _first(self, template: str) -> Path | None:
        return next((path for folder in self.searchpath if (path := Path(folder, template)).is_file()), None)


class _Environment(ImmutableSandboxedEnvironment):
    # "x" * 10**9 and "%999999999d" % 1 fill the memory in one step.
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(
            loader=_Folders([normpath(folder) for folder in folders]),
            undefined=_Missing,
            finalize=_blank_for_none,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.globals.clear()
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters |= {"counted": _counted, "paragraphs": _paragraphs, "person_name": person_name}

    def is_safe_callable(self, obj: Any) -> bool:
        # Not even methods of text: "".ljust(10**9). Nor macros: one from a .txt file would not be escaped in an .html.
        # A missing field may be called, to say that it is missing.
        return isinstance(obj, BlockReference | StrictUndefined)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        # Every loop counts its turns, all loops of one email together.
        for loop in list(source.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno, environment=self)
        return super()._generate(source, name, filename, defer_init)


def _fill(
    environment: _Environment, name: str, fields: Mapping[str, object], load: Callable[[], Template] | None = None
) -> str:
    turns = _turns.set(iter(range(MOST_TURNS)))
    try:
        return "".join(_bounded(load() if load else environment.get_template(name), fields))
    except Exception as error:  # a template can raise anything
        sentence = _sentence(error, name, environment)
    finally:
        _turns.reset(turns)
    # Raised outside the except clause: the first error can carry what the fields hold.
    raise TemplateBroken(sentence)


def _bounded(template: Template, fields: Mapping[str, object]) -> Iterator[str]:
    left = MOST_CHARACTERS
    for piece in template.generate(fields):
        left -= len(piece)
        if left < 0:
            raise _TooMuch(f"it comes to more than {MOST_CHARACTERS:,} characters")
        yield piece


def _sentence(error: Exception, name: str, environment: _Environment) -> str:
    match error:
        case TemplateNotFound():
            return f"There is no template “{error.name}”" + ("." if error.name == name else f", which “{name}” needs.")
        case TemplateSyntaxError():
            first, _, _ = (error.message or "it is not a template").partition(". ")
            return f"{error.filename or name}, line {error.lineno}: {first.rstrip('.')}."
        case UndefinedError() | _TooMuch():
            what = str(error)
        case SecurityError():
            what = "it does something templates may not do, such as calling or multiplying"
        case _:
            what = f"it could not be filled in ({type(error).__name__})"
    return f"{_place(error, environment) or name}: {what}."


def _place(error: Exception, environment: _Environment) -> str | None:
    """The innermost template and line the error came through; Jinja2 gives its frames the template's own file name."""
    assert isinstance(environment.loader, FileSystemLoader)
    folders = tuple(environment.loader.searchpath)
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    return next((f"{file}, line {line}" for file, line in reversed(frames) if file.startswith(folders)), None)


def _one_line(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _tidy(text: str) -> str:
    """At most one empty line at a time, none at the ends: templates need not care for those their conditions leave."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"
