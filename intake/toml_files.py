"""TOML files that people write: read from the disk, and what is wrong with one told in a sentence.

Never knows which keys a file may have, and never quotes a value: it may be a password or somebody's address.
"""

import re
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from intake.errors import WrongConfiguration


def read_toml(path: Path, *, remedy: str = "") -> dict[str, Any]:
    """What the file holds. Raises WrongConfiguration; `remedy` is what to do about a file that cannot be read."""
    try:
        # Some editors put a byte order mark in front, which tomllib refuses.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        sentence = f"{path} cannot be read ({error.strerror or type(error).__name__}){remedy and f'; {remedy}'}."
    except UnicodeDecodeError:
        sentence = f"{path} is not UTF-8 text; save it as UTF-8."
    except tomllib.TOMLDecodeError as error:
        sentence = f"{path} is not valid TOML: {error}."
    # Raised outside the except clause: the first error carries the text of the file.
    raise WrongConfiguration(sentence)


def first_mistake(invalid: ValidationError) -> ErrorDetails:
    """The mistake to tell of. Typing errors first: a misspelt key is also reported as a missing one."""
    return min(invalid.errors(include_url=False), key=lambda error: error["type"] != "extra_forbidden")


def mistake_in_words(error: ErrorDetails, name: str, *, known: Iterable[str], key: str, table: str) -> str:
    """One sentence about the value called `name`; `known` are the names it could have had.

    `key` and `table` are what the file's readers call those: "setting" and "section" in a configuration.
    """
    match error["type"]:
        case "extra_forbidden":
            return f"there is no {key} {name}{did_you_mean(str(error['loc'][-1]), known)}"
        case "missing":
            return f"{name} is missing; add it."
        case "value_error":
            # Ours: what is wrong with the value, written to follow its name.
            return f"{name} {error['ctx']['error']}.".lstrip()
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{name} should be a {table} with {key}s of its own."
    return f"{name} {re.sub('^(Input|String|List) ', '', error['msg']).partition(', unable')[0]}."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that does not exist."""
    close = get_close_matches(word, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else "; remove it."
