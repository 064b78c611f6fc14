"""The built wheel is the whole product: templates and example configuration travel inside it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
SHOW_A_PAGE = """
from starlette.testclient import TestClient
from intake.jobs import open_installation
from intake.settings import Settings
from intake.web.app import make_app
from intake.web.showing import asset
smtp = {"host": "127.0.0.1", "security": "none"}
database, mail = {"url": "sqlite:///intake.sqlite3"}, {"message_id_domain": "intake.county.example"}
this = open_installation(Settings(database=database, files={"path": "files"}, mail=mail, smtp=smtp))
client = TestClient(make_app(this), base_url=this.settings.web.base_url)
print(client.get("/accessibility").status_code, client.get(asset("app.css")).status_code)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built here, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("consultation_intake-*.whl")
    return built


@pytest.fixture
def packed(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_carries_every_module_and_template(packed: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "intake").rglob("*.py")}
    templates = {f"intake/{path.relative_to(ROOT).as_posix()}" for path in _files(ROOT / "templates")}
    assert modules | templates <= packed


@pytest.mark.parametrize("example", ["intake.example.toml", "demo.toml"])
def test_wheel_carries_the_example_configuration(packed: set[str], example: str) -> None:
    assert f"intake/config/{example}" in packed


def test_wheel_carries_the_demos_emails_and_consultations(packed: set[str]) -> None:
    config = ROOT / "config"
    samples = [*_files(config / "demo"), *_files(config / "consultations")]
    assert {f"intake/config/{path.relative_to(config).as_posix()}" for path in samples} <= packed


def test_wheel_carries_the_built_pages_and_not_what_they_are_built_from(packed: set[str]) -> None:
    built = ("app.css", "app.js", "favicon.svg", "licences.txt")
    assert {f"intake/web/static/{name}" for name in built} <= packed
    assert not [name for name in packed if name.startswith("intake/web/assets/")]


def test_a_wheel_without_the_built_pages_is_never_made(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", ".ci/pages_are_built.py", "intake/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    ran = subprocess.run(build, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "The pages are not built: intake/web/static lacks app.css" in ran.stderr
    assert not list(tmp_path.rglob("*.whl"))


def test_wheel_carries_no_tests_and_no_operators_own_configuration(packed: set[str]) -> None:
    assert not [name for name in packed if name.startswith("tests/")]
    assert "intake/config/intake.toml" not in packed


def test_an_installed_wheel_runs_the_whole_product_from_what_it_carries(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); sys.argv[1:] = ['demo', '--once', '--json'];"
        "import intake.cli; assert intake.__file__.startswith(sys.path[0]), intake.__file__; intake.cli.main()"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    counts = json.loads(ran.stdout)
    # The writer of the letter that an officer forwarded is not told.
    assert (counts["acknowledgements"], counts["failed"]) == (counts["responses"] - 1, 0)
    assert counts["responses"] >= 15


def test_an_installed_wheel_shows_its_pages(wheel: Path, tmp_path: Path) -> None:
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    script = f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n" + SHOW_A_PAGE
    ran = subprocess.run([sys.executable, "-I", "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert ran.stdout.split() == ["200", "200"]


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
