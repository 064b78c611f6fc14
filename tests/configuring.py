"""One configuration in two forms: what an office is opened with, and the file its commands read."""

import json
from typing import Any

Sections = dict[str, dict[str, Any]]
"""A section's settings by its name as TOML has it, such as `mailboxes.review`."""


def as_toml(given: Sections) -> str:
    # A string or number of JSON is one of TOML, too.
    lines = [[f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in given[name].items())] for name in given]
    return "\n".join(line for section in lines for line in section)


def as_tree(given: Sections) -> dict[str, Any]:
    tree: dict[str, Any] = {name: section for name, section in given.items() if "." not in name}
    boxes = {name.partition(".")[2]: section for name, section in given.items() if "." in name}
    return {**tree, "mailboxes": boxes}
