"""Fills in one template within limits, and says in plain words where one is broken.

Templates see the fields they are given and nothing else. They cannot call anything but their own blocks, multiply, or
reach into Python, and their loops, their output and whatever they put together end at a limit: a mistake in one costs
that email, never the worker.

Never puts a field's value into an error.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from itertools import groupby
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
    pass_eval_context,
)
from jinja2.environment import Environment
from jinja2.exceptions import SecurityError, TemplateRuntimeError
from jinja2.filters import FILTERS, make_attrgetter
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import LRUCache, missing
from jinja2.visitor import NodeTransformer

from intake.errors import IntakeError
from intake.outbound.names import person_name
from intake.outbound.template_mistakes import CAPTURED, in_plain_words, nearest, no_filter, no_test

MOST_TURNS = 10_000
MOST_CHARACTERS = 500_000
SUBJECT, TEXT = "The subject", "The text"
"""How a mistake names the parts of a text that is kept in the database."""
_FILTERS = ("default", "first", "last", "length")
_TEXT_FILTERS = ("capitalize", "escape", "lower", "trim", "upper")
_OTHER_TEMPLATES = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport, nodes.Block)
_CAPTURES = (nodes.AssignBlock, nodes.FilterBlock)
_turns: ContextVar[Iterator[int]] = ContextVar("turns a template's loops have left")


class TemplateBroken(IntakeError):
    """A template could not be filled in; correct it and release the email."""

    def __init__(self, what: str, *, place: str | None = None, line: int | None = None) -> None:
        """`place` is the file, or the part of a text in the database."""
        at = f"{place}, line {line}" if line else place
        super().__init__(f"{at}: {what}" if at else what)
        self.what, self.place, self.line = what, place, line


class _TooMuch(Exception):
    """A template went over a limit; the text says which."""


def fill_text(source: str, fields: Mapping[str, object]) -> str:
    """Fill in a text that is kept in the database, such as a template for replies, within the same limits.

    Raises TemplateBroken with one sentence that holds no field's value.
    """
    environment = Templates([])
    return tidy(fill(environment, TEXT, fields, lambda: environment.own(TEXT, source)))


def check_text(source: str, fields: Collection[str], *, place: str = TEXT) -> set[str]:
    """The fields a text from the database names, in any branch.

    Raises TemplateBroken for what filling it in may never come to: one that is not among `fields`, or other templates.
    """
    environment = Templates([])
    try:
        environment.own(place, source)
        tree = environment.parse(source)
    except Exception as error:  # brackets too deep for Python, a number too long for it
        broken: TemplateBroken | None = _broken(error, place, environment, fields)
    else:
        broken = _unknown(tree, fields, place, environment)
    if broken:
        raise broken
    return find_undeclared_variables(tree)


def fill(
    environment: "Templates", name: str, fields: Mapping[str, object], load: Callable[[], Template] | None = None
) -> str:
    """What the template of this name comes to; of one that is no file, what `load` gives. Raises TemplateBroken."""
    turns = _turns.set(iter(range(MOST_TURNS)))
    try:
        return "".join(_bounded(load() if load else environment.get_template(name), fields))
    except Exception as error:  # a template can raise anything
        broken = _broken(error, name, environment, fields)
    finally:
        _turns.reset(turns)
    # Raised outside the except clause: the first error can carry what the fields hold.
    raise broken


def _bounded(template: Template, fields: Mapping[str, object]) -> Iterator[str]:
    left = MOST_CHARACTERS
    for piece in template.generate(fields):
        left -= len(piece)
        if left < 0:
            raise _TooMuch(f"it comes to more than {MOST_CHARACTERS:,} characters")
        yield piece


def _broken(error: Exception, name: str, environment: "Templates", fields: Collection[str]) -> TemplateBroken:
    match error:
        case TemplateNotFound():
            needed = "." if error.name == name else f", which “{name}” needs."
            return TemplateBroken(f"There is no template “{error.name}”{needed}")
        case TemplateSyntaxError():
            line, what = in_plain_words(error, error.source or "", environment.offered)
            return TemplateBroken(_ended(what), place=error.filename or name, line=line)
        case UndefinedError() | _TooMuch():
            what = _with_nearest(str(error), fields)
        case SecurityError():
            what = "it does something templates may not do, such as calling or multiplying"
        case TemplateRuntimeError() if missed := re.match(r"No (filter|test) named '(.+)' found", str(error)):
            what = no_test(missed[2]) if missed[1] == "test" else no_filter(missed[2], environment.offered)
        case RecursionError():
            what = "it includes itself without end, or its brackets go too deep"
        case UnicodeDecodeError():
            what = "it is not a text in UTF-8"
        case TypeError():
            what = "it joins or compares what does not go together, such as a text and a number"
        case _:
            what = f"it could not be filled in ({type(error).__name__})"
    if found := _place(error, environment):
        return TemplateBroken(_ended(what), place=found[0], line=found[1])
    return TemplateBroken(_ended(what), place=name)


def _unknown(
    tree: nodes.Template, fields: Collection[str], place: str, environment: "Templates"
) -> TemplateBroken | None:
    """What asks for what is not there, the first in the text: a field that is none, nor a name the text itself gives;
    a filter or a test, which Jinja2 only misses when a branch is taken; or another template."""
    unknown = find_undeclared_variables(tree) - set(fields)
    found = list[tuple[int, str]]()
    for node in tree.find_all((nodes.Name, nodes.Filter, nodes.Test, *_OTHER_TEMPLATES)):
        match node:
            case nodes.Name() if node.name in unknown and node.ctx == "load":
                what = f"it asks for “{node.name}”, which is not among its fields"
                found.append((node.lineno, _with_nearest(what, fields)))
            case nodes.Filter() if node.name not in environment.filters:
                found.append((node.lineno, no_filter(node.name, environment.offered)))
            case nodes.Test() if node.name not in environment.tests:
                found.append((node.lineno, no_test(node.name)))
            case nodes.Stmt():
                found.append((node.lineno, "it may not use other templates"))
    if not found:
        return None
    line, what = min(found)
    return TemplateBroken(_ended(what), place=place, line=line)


def _with_nearest(what: str, fields: Collection[str]) -> str:
    asked = re.match(r"it asks for “(.+)”", what)
    return what + (nearest(asked[1], fields) if asked else "")


def _ended(what: str) -> str:
    return what if what.endswith("?") else f"{what}."


def _place(error: Exception, environment: "Templates") -> tuple[str, int] | None:
    """The innermost template and line the error came through; Jinja2 gives its frames the template's own file name."""
    assert isinstance(environment.loader, FileSystemLoader)
    folders = (*environment.loader.searchpath, SUBJECT, TEXT)
    frames = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
    return next(((file, line) for file, line in reversed(frames) if file.startswith(folders)), None)


def tidy(text: str) -> str:
    """At most one empty line at a time, none at the ends: templates need not care for those their conditions leave."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _paragraphs(text: str) -> list[str]:
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _pieces(text: str) -> Iterator[tuple[str, str | list[str]]]:
    """The paragraphs, and the lists that stand in them: lines that begin with a hyphen and a space."""
    for paragraph in _paragraphs(text):
        for is_list, lines in groupby(paragraph.splitlines(), key=lambda line: line.startswith("- ")):
            kept = list(lines)
            yield ("list", [line[2:] for line in kept]) if is_list else ("paragraph", "\n".join(kept))


def _counted(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if next(_turns.get(), None) is None:
            raise _TooMuch(f"its loops go round more than {MOST_TURNS:,} times")
        yield value


def _blank_for_none(value: Any) -> Any:
    _size(value)
    return "" if value is None else value


def _size(value: Any) -> int:
    """In characters. A list is not written out: one that holds another twice, again and again, fills the memory."""
    if isinstance(value, list | tuple | dict):
        raise _TooMuch("it writes out a list as a whole; go through it with “{% for … %}”")
    return len(value) if isinstance(value, str) else len(str(value))


def _within(size: int) -> None:
    if size > MOST_CHARACTERS:
        raise _TooMuch(f"it comes to more than {MOST_CHARACTERS:,} characters")


def _of_text(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, for texts and numbers only."""

    @wraps(filter_)
    def filtered(value: Any, *more: Any) -> Any:
        _size(value)
        return filter_(value, *more)

    return filtered


@pass_eval_context
def _urlized(context: EvalContext, value: Any) -> str:
    _size(value)
    text: str = FILTERS["urlize"](context, value)
    _within(len(text))
    return text


@pass_eval_context
def _join(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Jinja2's, which squares the length of a text in one step, where what it comes to is known to be bearable."""
    part = make_attrgetter(context.environment, attribute) if attribute is not None else None
    parts = [part(one) for one in value] if part else list(value)
    _within(sum(map(_size, parts)) + _size(d) * len(parts))
    text: str = FILTERS["join"](context, parts, d)
    return text


class _Measured(NodeTransformer):
    """Writes `a ~ b` as `[a, b]|join`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802  # Jinja2 calls it by the node's name
        self.generic_visit(node)
        parts = nodes.List(node.nodes, lineno=node.lineno, environment=self._environment)
        return nodes.Filter(parts, "join", [], [], None, None, lineno=node.lineno, environment=self._environment)


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
        return source, file, lambda: is_unchanged() and self.first(template) == Path(file)

    def first(self, template: str) -> Path | None:
        return next((path for folder in self.searchpath if (path := Path(folder, template)).is_file()), None)


class Templates(ImmutableSandboxedEnvironment):
    """The templates in some folders, and texts from the database beside them."""

    # "x" * 10**9 and "%999999999d" % 1 fill the memory in one step.
    intercepted_binops = frozenset({"*", "**", "%", "+"})

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
        self.filters |= {name: _of_text(FILTERS[name]) for name in _TEXT_FILTERS}
        self.filters |= {"counted": _counted, "join": _join, "urlize": _urlized}
        self.filters |= {"paragraphs": _paragraphs, "person_name": person_name, "pieces": _pieces}
        self._own = LRUCache(100)

    @property
    def offered(self) -> list[str]:
        """The filters a template's writer may use."""
        return [name for name in self.filters if name not in ("counted", "pieces")]

    def own(self, place: str, source: str) -> Template:
        """A text from the database, compiled once: a mailing is the same for thousands.

        It may not keep what a part of it comes to: doubled a few dozen times, that fills the memory.
        """
        made: Template | None = self._own.get((place, source))
        if made is None:
            if captured := next(self.parse(source).find_all(_CAPTURES), None):
                raise TemplateSyntaxError(CAPTURED, captured.lineno)
            code = self.compile(source, filename=place)
            made = self._own[place, source] = self.template_class.from_code(self, code, self.make_globals(None))
        return made

    def has(self, name: str) -> bool:
        assert isinstance(self.loader, _Folders)
        return self.loader.first(name) is not None

    def source(self, name: str) -> str:
        """A file's text without the remark at its beginning. Raises TemplateBroken."""
        assert isinstance(self.loader, _Folders)
        path = self.loader.first(name)
        if path is None:
            raise TemplateBroken(f"There is no template “{name}”.")
        return re.sub(r"\A(\s*{#.*?#})+\s*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()

    def is_safe_callable(self, obj: Any) -> bool:
        # Not even methods of text: "".ljust(10**9). Nor macros: one from a .txt file would not be escaped in an .html.
        # A missing field may be called, to say that it is missing.
        return isinstance(obj, BlockReference | StrictUndefined)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        is_list = isinstance(left, list | tuple) or isinstance(right, list | tuple)
        if operator != "+" or is_list:
            raise SecurityError
        if isinstance(left, str) and isinstance(right, str):
            _within(len(left) + len(right))
        return left + right

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        source = _Measured(self).visit(source)
        # Every loop counts its turns, all loops of one email together.
        for loop in list(source.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno, environment=self)
        return super()._generate(source, name, filename, defer_init)
