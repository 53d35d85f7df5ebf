"""The pre-commit hook, run by pre-commit itself on repositories of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from applications import FIXTURES

ROOT = Path(__file__).resolve().parent.parent
NO_INDEX = re.compile(r"ERROR: (Could not find a version that satisfies|No matching distribution found for).*")


def git(folder: Path, *arguments: str) -> str:
    """The output of a git command that does not depend on who runs it."""
    identity = ["-c", "user.name=tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false"]
    run = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout


def commit_all(folder: Path) -> None:
    """Make a repository of a folder, with one commit."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "all of it")


@pytest.fixture(scope="module")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that holds this working tree as it is, committed or not."""
    folder = tmp_path_factory.mktemp("hook")
    listing = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    commit_all(folder)
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pre-commit keeps the environment that it builds once for all tests here."""
    return tmp_path_factory.mktemp("store")


def try_hook(hook_repository: Path, store: Path, project: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """Run the hook on files of a project; skips when pre-commit cannot install it (no package index)."""
    run = subprocess.run(
        [sys.executable, "-m", "pre_commit", "try-repo", str(hook_repository), "seclint", "--files", *files],
        cwd=project,
        env={**os.environ, "PRE_COMMIT_HOME": str(store), "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    if unavailable := NO_INDEX.search(run.stdout + run.stderr):
        pytest.skip(f"pre-commit could not install the hook, pip says {unavailable[0]}")
    return run


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A repository with one of the shipped applications."""
    folder = tmp_path / "project"
    shutil.copytree(FIXTURES / request.param, folder, ignore=shutil.ignore_patterns("__pycache__"))
    commit_all(folder)
    return folder


@pytest.mark.parametrize("shop", ["shop_vulnerable"], indirect=True)
def test_hook_reports_the_given_file_within_its_project(hook_repository: Path, store: Path, shop: Path) -> None:
    run = try_hook(hook_repository, store, shop, "app/routers/products.py")
    assert run.returncode == 1, run.stdout + run.stderr
    assert "app/routers/products.py" in run.stdout
    assert "unprotected-route" in run.stdout
    assert "token-not-validated" not in run.stdout


@pytest.mark.parametrize("shop", ["shop"], indirect=True)
def test_hook_passes_on_the_shop_done_right(hook_repository: Path, store: Path, shop: Path) -> None:
    run = try_hook(hook_repository, store, shop, "app/main.py", "app/settings.py", "app/routers/admin.py")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Passed" in run.stdout
