"""TOML written for people: the few kinds of value a consultation's file has. Never reads TOML; `tomllib` does."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


def to_toml(content: Mapping[str, Any]) -> str:
    """Text, lists of text, instants, numbers and truth values, then tables and arrays of tables. None is left out."""
    plain, tables = [], []
    for key, value in content.items():
        match value:
            case None:
                continue
            case Mapping():
                tables.append(f"\n[{key}]\n{to_toml(value)}")
            case [Mapping(), *_]:
                tables += [f"\n[[{key}]]\n{to_toml(part)}" for part in value]
            case _:
                plain.append(f"{key} = {_value(value)}\n")
    return "".join([*plain, *tables])


def local_instant(at: datetime, zone: ZoneInfo) -> datetime:
    """The time on people's clocks there; with its offset only in the hour that comes twice, as the clocks go back."""
    local = at.astimezone(zone)
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local if comes_twice else local.replace(tzinfo=None)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.isoformat()
        case list():
            return f"[{', '.join(_value(part) for part in value)}]"
        case str() if "\n" in value:
            return '"""\n' + "\n".join(_quoted(line)[1:-1] for line in value.split("\n")) + '"""'
        case str():
            return _quoted(value)
    raise TypeError(f"no TOML for {type(value).__name__}")


def _quoted(text: str) -> str:
    # A TOML basic string is a JSON string, but for DEL, which TOML wants escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
