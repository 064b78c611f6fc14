"""What the browser gets beside the pages: built from npm packages, without GOV.UK's branding, and from nowhere else."""

import json
import re
from pathlib import Path

import pytest

from intake.web.showing import STATIC
from tests.test_house import ROOT

ASSETS = ROOT / "intake" / "web" / "assets"


def test_style_sheet_has_no_branding_of_govuk_and_loads_nothing() -> None:
    """Its font, crown and crest belong to GOV.UK; the design system may be used without them."""
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    assert "govuk-button" in css
    assert re.findall(r"(?i)transport|crown|crest|@font-face|@import|url\(", css) == []


def test_script_names_no_address() -> None:
    assert re.findall(r"https?://[^\s\"']+", (STATIC / "app.js").read_text(encoding="utf-8")) == []


def test_licence_of_what_is_built_in_stands_beside_it() -> None:
    assert "Permission is hereby granted" in (STATIC / "licences.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folder", "names"),
    [(ASSETS, {"govuk-frontend", "sass"}), (ROOT / "tests" / "servers" / "openid", {"oidc-provider"})],
    ids=["pages", "openid"],
)
def test_lock_of_npm_packages_holds_versions_and_hashes_and_no_address(folder: Path, names: set[str]) -> None:
    text = (folder / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: facts for name, facts in json.loads(text)["packages"].items() if name}
    assert {f"node_modules/{name}" for name in names} <= packages.keys()
    assert [name for name, facts in packages.items() if not facts["integrity"].startswith("sha512-")] == []
    assert "://" not in text
