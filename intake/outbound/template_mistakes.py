"""What is wrong with a template, in words its writer understands: where it stands, and what to write instead.

Jinja2's own words are for programmers, and they name the line where it gave up rather than the one to mend. Never sees
what the fields hold.
"""

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError

_TAG = re.compile(r"{%[-+]?\s*(?P<word>\w+)?")
_CLOSES = {"endif": "if", "endfor": "for", "endset": "set"}
_WORDS = ("if", "elif", "else", "endif", "for", "endfor", "set")
_BRACES = {"end of print statement": ("{{", "}}"), "end of statement block": ("{%", "%}")}
_CURLY = "“”‘’"
CAPTURED = "a text may not keep or filter a part of itself; write “{% set name = … %}”"


def nearest(name: str, names: Collection[str]) -> str:
    """ "; did you mean “closing”?", or "" where nothing is like it."""
    close = get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"; did you mean “{close[0]}”?" if close else ""


def in_plain_words(error: TemplateSyntaxError, source: str, filters: Collection[str]) -> tuple[int, str]:
    """The line to mend, counted from 1, and what is wrong there, without a full stop."""
    said = error.message or ""
    if (said.startswith("Unexpected end of template") or "closed" in said) and (open_tag := _unclosed(source)):
        line, word = open_tag
        if found := re.match(r"Encountered unknown tag '(\w+)'", said):
            return error.lineno, _unknown_tag(found[1], inside=word)
        return line, f"“{{% {word} … %}}” is never closed; write “{{% end{word} %}}” where it ends"
    return error.lineno, _plain(said, filters)


def no_filter(name: str, filters: Collection[str]) -> str:
    return f"there is no “|{name}”, only {', '.join(sorted(filters))}{nearest(name, filters)}"


def no_test(name: str) -> str:
    return f"there is no “is {name}”"


def _plain(said: str, filters: Collection[str]) -> str:
    if said == CAPTURED:
        return said
    match re.findall(r"'([^']*)'", said):
        case [name, *_] if said.startswith("No filter named"):
            return no_filter(name, filters)
        case [word, *_] if said.startswith("Encountered unknown tag"):
            return _unknown_tag(word)
        case [end] if said.startswith("unexpected end of template, expected") and end in _BRACES:
            opens, closes = _BRACES[end]
            return f"“{opens}” is not closed; write “{closes}” after it"
        case [end] if said.startswith("Expected an expression") and end in _BRACES:
            opens, closes = _BRACES[end]
            return f"“{opens} {closes}” says nothing" if opens == "{{" else "the condition of “{% … %}” is missing"
        case [end, found] if said.startswith("expected token") and end in _BRACES:
            return _too_much(_BRACES[end], found)
        case [wanted, found] if said.startswith("expected token"):
            return f"“{wanted}” is expected where “{found}” stands"
        case [brace, *_] if said.startswith("unexpected ") and set(brace) <= set("{}%[]()"):
            return (
                f"“{brace}” stands where it cannot; a field is written “{{{{ name }}}}”, a condition “{{% if name %}}”"
            )
    return _about_characters(said)


def _about_characters(said: str) -> str:
    if found := re.match(r"unexpected char (['\"])(.+)\1 at", said):
        if found[2] in _CURLY:
            return "curly quotation marks cannot stand between braces; write straight ones"
        return "a quotation mark is not closed" if found[2] in "'\"" else f"“{found[2]}” cannot stand between braces"
    if said.startswith("Missing end of comment"):
        return "“{#” begins a remark that is never closed; write “#}” after it"
    if said.startswith("tag name expected"):
        return "“{% %}” says nothing"
    return "what stands between braces here cannot be understood; a field is written “{{ name }}”"


def _unknown_tag(word: str, inside: str | None = None) -> str:
    if inside:
        return f"“{{% {word} %}}” stands where “{{% end{inside} %}}” is expected"
    if opens := _CLOSES.get(word):
        return f"“{{% {word} %}}” stands without its “{{% {opens} … %}}”"
    if word in ("else", "elif"):
        return f"“{{% {word} %}}” stands outside “{{% if … %}}”"
    return f"there is no “{{% {word} %}}”{nearest(word, _WORDS)}"


def _too_much(braces: tuple[str, str], found: str) -> str:
    opens, closes = braces
    if found == "=":
        return "“=” cannot stand in a condition; to compare, write “==”"
    return f"“{opens} … {closes}” holds more than it can, at “{found}”; a field’s name has no spaces"


def _unclosed(source: str) -> tuple[int, str] | None:
    """The line and the word of the innermost tag that is never closed."""
    opened = list[tuple[int, str]]()
    for line, word in _tags(source):
        if word in ("if", "for"):
            opened.append((line, word))
        elif _CLOSES.get(word) and opened:
            if opened[-1][1] != _CLOSES[word]:
                break
            opened.pop()
    return opened[-1] if opened else None


def _tags(source: str) -> Iterator[tuple[int, str]]:
    for found in _TAG.finditer(source):
        yield source.count("\n", 0, found.start()) + 1, found["word"] or ""
