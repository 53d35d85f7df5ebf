"""What is installed is what the checkout holds: the wheel carries the rule pages and the type marker, and runs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from fastapi_seclint import catalogue

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = {"click", "libcst", "pathspec", "tomli"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel that hatchling builds from this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (file,) = folder.glob("*.whl")
    return zipfile.ZipFile(file)


def test_the_wheel_holds_the_package_and_its_pages(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    pages = {f"fastapi_seclint/rules/{page.name}" for page in (ROOT / "rules").glob("*.md")}
    package = {path for path in (ROOT / "fastapi_seclint").rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert "fastapi_seclint/py.typed" in names
    assert pages | {path.relative_to(ROOT).as_posix() for path in package} <= names
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"fastapi_seclint"}


def test_the_wheel_asks_for_four_libraries(wheel: zipfile.ZipFile) -> None:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(wheel.read(name).decode())
    required = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {line.partition(">")[0] for line in required} == RUNTIME
    assert metadata["Requires-Python"] == ">=3.11"


def test_an_unpacked_wheel_finds_its_pages(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    wheel.extractall(tmp_path / "site")
    rule = catalogue.rules()[0]
    run = subprocess.run(
        [sys.executable, "-m", "fastapi_seclint", "rule", rule.name, "--format", "markdown"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    page = (ROOT / "rules" / f"{rule.name}.md").read_text("utf-8")
    assert page.splitlines()[0] in run.stdout


def test_an_editable_install_finds_the_pages_beside_the_package() -> None:
    for rule in catalogue.rules():
        assert catalogue.page(rule) == (ROOT / "rules" / f"{rule.name}.md").read_text("utf-8")
