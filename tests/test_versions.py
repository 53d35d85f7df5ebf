"""Versions of libraries, from the files that projects have, and three answers to every question."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint.program.specifiers import Range, parse
from fastapi_seclint.program.versions import Source, Versions

UV_LOCK = """version = 1
requires-python = ">=3.11"

[[package]]
name = "FastAPI"
version = "0.115.2"
source = { registry = "registry" }
dependencies = [
    { name = "starlette" },
]

[[package]]
name = "starlette"
version = "0.40.0"
"""
PIPFILE_LOCK = '{"default": {"fastapi": {"version": "==0.115.2"}}, "develop": {"starlette": {"version": "==0.40.0"}}}'
LOCKS = {
    "uv.lock": UV_LOCK,
    "poetry.lock": UV_LOCK.replace('source = { registry = "registry" }', 'description = "x"\noptional = false'),
    "pdm.lock": UV_LOCK.replace("\n", "\r\n"),
    "pylock.toml": UV_LOCK.replace("[[package]]", "[[packages]]"),
    "Pipfile.lock": PIPFILE_LOCK,
}
DECLARING = {
    "requirements.txt": "# web\nfastapi[standard] >= 0.110, < 0.120 ; python_version > '3.8'\n",
    "requirements-dev.txt": "fastapi>=0.110,<0.120 # why\n",
    "requirements/base.txt": "\n\nfastapi>=0.110,<0.120 --hash=sha256:aa \\\n  --hash=sha256:bb\n",
    "pyproject.toml": "[project]\ndependencies = [\n  'Fast_API (>=0.110,<0.120)',\n  'fastapi>=0.110,<0.120',\n]\n",
    "setup.cfg": "[options]\ninstall_requires =\n    fastapi >=0.110, <0.120\n",
    "Pipfile": "[packages]\nfastapi = '>=0.110,<0.120'\n",
}
IN_PYPROJECT = {
    "optional": "[project.optional-dependencies]\nweb = ['fastapi>=0.110,<0.120']\n",
    "group": "[dependency-groups]\nweb = [{include-group = 'x'}, 'fastapi>=0.110,<0.120']\n",
    "poetry": "[tool.poetry.dependencies]\npython = '^3.11'\nfastapi = '>=0.110,<0.120'\n",
    "poetry table": "[tool.poetry.dependencies]\nfastapi = {version = '>=0.110,<0.120', extras = ['all']}\n",
    "poetry list": "[tool.poetry]\ndependencies.fastapi = [{version = '^0.119'}, {version = '>=0.110,<0.112'}]\n",
    "poetry group": "[tool.poetry.group.web.dependencies]\nfastapi = '>=0.110,<0.120'\n",
    "uv": "[tool.uv]\ndev-dependencies = ['fastapi>=0.110,<0.120']\n",
}


def project(root: Path, files: dict[str, str], at: str = ".") -> Versions:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return Versions.find(root / at)


@pytest.mark.parametrize("name", LOCKS)
def test_locks_give_exact_versions(tmp_path: Path, name: str) -> None:
    versions = project(tmp_path, {name: LOCKS[name]})
    assert versions.exact("fastapi") == versions.at_least("FastApi") == (0, 115, 2)
    assert versions.exact("starlette") == (0, 40)
    assert versions.surely_at_least("fastapi", (0, 115)) is True
    assert versions.surely_at_least("fastapi", (0, 115, 3)) is False
    assert versions.surely_below("fastapi", (0, 115, 3)) is True
    assert versions.surely_below("fastapi", (0, 115, 2)) is False
    assert versions.source("starlette") == Source(tmp_path / name, {"Pipfile.lock": 1, "poetry.lock": 13}.get(name, 12))
    assert versions.notes == ()


def test_a_lock_that_is_written_differently_is_read_too(tmp_path: Path) -> None:
    versions = project(tmp_path, {"uv.lock": "package = [\n {version = '1.2', name = 'x'}]\n"})
    assert versions.exact("x") == (1, 2)
    assert versions.source("x") == Source(tmp_path / "uv.lock", 2)


@pytest.mark.parametrize("name", DECLARING)
def test_declarations_give_bounds(tmp_path: Path, name: str) -> None:
    versions = project(tmp_path, {name: DECLARING[name]})
    assert versions.declared("FastAPI")
    assert (versions.exact("fastapi"), versions.at_least("fastapi")) == (None, (0, 110))
    assert versions.surely_below("fastapi", (0, 120))
    assert not versions.surely_below("fastapi", (0, 119))
    source = versions.source("fastapi")
    assert source is not None
    assert "fastapi" in (tmp_path / name).read_text().split("\n")[source.line - 1]


@pytest.mark.parametrize("form", IN_PYPROJECT)
def test_all_forms_of_pyproject_are_read(tmp_path: Path, form: str) -> None:
    versions = project(tmp_path, {"pyproject.toml": IN_PYPROJECT[form]})
    assert versions.at_least("fastapi") == (0, 110)
    assert versions.surely_below("fastapi", (0, 120))
    assert versions.declared("fastapi")
    assert not versions.declared("python")


def test_nothing_known_is_never_an_answer(tmp_path: Path) -> None:
    versions = project(tmp_path, {"requirements.txt": "fastapi\nhttpx @ git+https://example.org/httpx@1.0\n-e .\n"})
    for name in ("fastapi", "httpx", "absent"):
        assert versions.exact(name) is versions.at_least(name) is None
        assert not versions.surely_at_least(name, (0,))
        assert not versions.surely_below(name, (99,))
    assert [versions.declared(name) for name in ("fastapi", "httpx", "absent")] == [True, True, False]
    assert versions.source("fastapi") == Source(tmp_path / "requirements.txt", 1)
    assert versions.source("absent") is None


def test_lock_before_requirements_before_project_before_extras(tmp_path: Path) -> None:
    files = {
        "uv.lock": UV_LOCK,
        "requirements.txt": "fastapi==0.100\nhttpx==1\n",
        "requirements-dev.txt": "httpx==2\nredis==2\n",
        "pyproject.toml": "[project]\ndependencies = ['redis>=3', 'celery>=3']\n"
        "optional-dependencies.x = ['celery>=2']\n",
    }
    versions = project(tmp_path, files)
    answers = [versions.at_least(name) for name in ("fastapi", "httpx", "redis", "celery")]
    assert answers == [(0, 115, 2), (1,), (2,), (3,)]


def test_what_a_lock_needs_for_others_is_not_declared(tmp_path: Path) -> None:
    assert project(tmp_path, {"uv.lock": UV_LOCK}).declared("starlette")
    versions = project(tmp_path, {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n"})
    assert versions.declared("fastapi")
    assert not versions.declared("starlette")
    assert versions.exact("starlette") == (0, 40)


def test_several_answers_of_one_rank_are_joined(tmp_path: Path) -> None:
    versions = project(tmp_path, {"requirements.txt": "x==1.0; python_version<'3.9'\nx==2.0; python_version>='3.9'\n"})
    assert (versions.exact("x"), versions.at_least("x")) == (None, (1,))
    assert versions.surely_below("x", (2, 0, 1))
    assert not versions.surely_below("x", (2,))


def test_the_nearest_directory_wins_up_to_the_repository(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "above==1\n",
        "repo/.git/HEAD": "",
        "repo/requirements.txt": "fastapi==0.90\ntop==1\n",
        "repo/svc/requirements.txt": "fastapi==0.100\n",
        "repo/svc/app/main.py": "",
    }
    versions = project(tmp_path, files, "repo/svc/app")
    assert [versions.exact(name) for name in ("fastapi", "top", "above")] == [(0, 100), (1,), None]


def test_a_range_takes_its_version_from_a_lock_further_up_if_it_fits(tmp_path: Path) -> None:
    declared = "[project]\ndependencies=['fastapi>=0.110','starlette>=1']\n"
    files = {".git": "", "uv.lock": UV_LOCK, "svc/pyproject.toml": declared}
    versions = project(tmp_path, files, "svc")
    assert versions.exact("fastapi") == (0, 115, 2)
    assert (versions.exact("starlette"), versions.at_least("starlette")) == (None, (1,))


def test_without_a_repository_the_search_ends_where_imports_start(tmp_path: Path) -> None:
    packages = dict.fromkeys(("p/src/a/__init__.py", "p/src/a/b/__init__.py"), "")
    files = {"requirements.txt": "x==1\n", "p/requirements.txt": "y==1\n", **packages}
    versions = project(tmp_path, files, "p/src/a/b")
    assert [versions.exact("y"), versions.exact("x")] == [(1,), None]


def test_requirements_include_others_inside_the_tree(tmp_path: Path) -> None:
    files = {
        "outside.txt": "outside==1\n",
        "p/.git": "",
        "p/requirements.txt": "-r reqs/base.in.txt\n--requirement=requirements/web.txt\n"
        "-c limits.txt\n-r ../outside.txt\n-r gone.txt\n",
        "p/reqs/base.in.txt": "base==1\n-r ../requirements.txt\n",
        "p/requirements/web.txt": "web==1\n",
        "p/requirements/old.txt": "web==0.1\n",
        "p/limits.txt": "base==7\nlimited==2\n",
    }
    versions = project(tmp_path, files, "p")
    answers = {name: versions.exact(name) for name in ("base", "web", "limited", "outside")}
    assert answers["web"] == (1,)
    assert answers["limited"] == (2,)
    assert answers["outside"] is None
    assert [versions.declared(name) for name in answers] == [True, True, False, False]
    assert versions.notes == (f"{tmp_path}/p/gone.txt was ignored: No such file or directory",)


def test_links_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.txt").write_text("x==1\n")
    (tmp_path / "p").mkdir()
    (tmp_path / "p/requirements.txt").symlink_to("../elsewhere.txt")
    assert Versions.find(tmp_path / "p").exact("x") is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pyproject.toml", b"[project\n"),
        ("uv.lock", b"<<<<<<< HEAD\n"),
        ("Pipfile.lock", b"{"),
        ("setup.cfg", b"x\n"),
        ("requirements.txt", b"\xff\xff"),
        ("pyproject.toml", b"a = " + b"[" * 5000),
    ],
)
def test_broken_files_are_noted_and_the_others_count(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    (tmp_path / "requirements-dev.txt").write_text("fastapi==0.100\n")
    versions = Versions.find(tmp_path)
    assert versions.exact("fastapi") == (0, 100)
    (note,) = versions.notes
    assert note.startswith(f"{tmp_path / name} was ignored: ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "project = 1\ntool = []\ndependency-groups = {x = 3, y = [1]}\n"),
        ("pyproject.toml", "[project]\ndependencies = 'fastapi'\noptional-dependencies = 1\ntool.poetry.group.x = 1\n"),
        ("Pipfile.lock", '{"default": {"x": 1, "y": {"version": 3}}, "develop": []}'),
        ("uv.lock", "package = 3\n"),
        ("uv.lock", "package = [1, {name = 'x'}, {name = 1, version = 2}]\n"),
    ],
)
def test_files_of_unexpected_shape_say_nothing(tmp_path: Path, name: str, text: str) -> None:
    versions = project(tmp_path, {name: text})
    assert (versions.exact("x"), versions.declared("fastapi"), versions.notes) == (None, False, ())


def test_utf16_requirements_are_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("fastapi==0.100\r\n".encode("utf-16"))
    assert Versions.find(tmp_path).exact("fastapi") == (0, 100)


def test_the_fingerprint_changes_with_the_files_only(tmp_path: Path) -> None:
    seen = [project(tmp_path, {"requirements.txt": text}).fingerprint() for text in ("a==1", "a==2", "a==1")]
    seen.append(project(tmp_path, {"pyproject.toml": ""}).fingerprint())
    assert seen[0] == seen[2]
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    ("specifier", "lower", "upper", "closed"),
    [
        ("", None, None, False),
        ("==1.2.0", (1, 2), (1, 2), True),
        ("===1.2", (1, 2), (1, 2), True),
        ("==1.2.*", (1, 2), (1, 3), False),
        ("~=1.2.3", (1, 2, 3), (1, 3), False),
        ("~=1.2", (1, 2), (2,), False),
        (">=0.110.0,<0.200,!=0.150", (0, 110), (0, 200), False),
        (">1.2", (1, 2), None, False),
        ("<=2", None, (2,), True),
        (">=1,>=2,<5,<=4", (2,), (4,), True),
        ("^1.2.3", (1, 2, 3), (2,), False),
        ("^0.110.1", (0, 110, 1), (0, 111), False),
        ("^0.0.3", (0, 0, 3), (0, 0, 4), False),
        ("^0", (), (1,), False),
        ("~1.2.3", (1, 2, 3), (1, 3), False),
        ("~1", (1,), (2,), False),
        ("1.2", (1, 2), (1, 2), True),
        ("*", None, None, False),
        ("^1 || ^3", (1,), (4,), False),
        (">=1.0rc1,<v2.0.post1", (1,), (2,), False),
        (">=1!2.0", (2,), None, False),
        ("nonsense", None, None, False),
    ],
)
def test_specifiers(specifier: str, lower: tuple[int, ...] | None, upper: tuple[int, ...] | None, closed: bool) -> None:
    assert parse(specifier) == Range(lower, upper, closed)
