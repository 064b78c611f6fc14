"""The systemd units in config/systemd are ones that systemd takes, and give intake few rights."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from intake.cli import app

FOLDER = Path(__file__).parent.parent / "config" / "systemd"
UNITS = sorted(FOLDER.glob("intake-*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
MOST_EXPOSED = 3.0  # of 10, as systemd counts


def _analyze(*arguments: str | Path) -> str:
    """Raises CalledProcessError where systemd does not take it."""
    program = shutil.which("systemd-analyze")
    assert program, "systemd is in tests/servers/packages.txt"
    ran = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True)
    return ran.stdout + ran.stderr


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text().replace("/opt/intake/.venv/bin/intake", shutil.which("true") or "")
        (tmp_path / unit.name).write_text(text)
    assert _analyze("verify", *(tmp_path / unit.name for unit in UNITS)) == ""


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_has_few_rights(unit: Path) -> None:
    told = _analyze("security", "--offline=true", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found, told
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_a_service_runs_a_command_that_intake_has(unit: Path) -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"intake\.toml (\w+)", unit.read_text())) <= commands


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_what_a_service_prints_is_kept_for_a_while_and_not_for_ever(unit: Path) -> None:
    namespace = re.search(r"^LogNamespace=(\w+)$", unit.read_text(), re.MULTILINE)
    assert namespace
    kept = (FOLDER / f"journald@{namespace[1]}.conf").read_text()
    assert re.search(r"^\[Journal\]\nMaxRetentionSec=\d+day\nSystemMaxUse=\d+G$", kept, re.MULTILINE)
