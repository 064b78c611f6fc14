"""Keeps a distribution without the pages' CSS and JavaScript from being built. Editable installs come before them."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("intake/web/static")


class PagesAreBuilt(BuildHookInterface):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        missing = [name for name in ("app.css", "app.js", "favicon.svg") if not (self.root / BUILT / name).is_file()]
        if missing and version != "editable":
            self.app.abort(f"The pages are not built: {BUILT} lacks {', '.join(missing)}. Run: make setup")
