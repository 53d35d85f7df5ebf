"""Applications that share no file are read apart: what one of them does says nothing about another."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import Mark, found_marks, manual
from projects import Files, gathered_of, write

import fastapi_seclint
from fastapi_seclint import catalogue, engine
from fastapi_seclint.engine.planning import Options
from fastapi_seclint.fixing import fix
from fastapi_seclint.fixing import write as write_fixed
from fastapi_seclint.outcome import Report
from fastapi_seclint.program.apart import apart

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
TOKENS = """
    import os
    from datetime import datetime, timedelta, timezone

    import jwt
    from fastapi import FastAPI
    from limits_of_ours import few

    app = FastAPI()


    def token(name: str, kind: str, life: timedelta) -> str:
        claims = {"sub": name, "type": kind, "exp": datetime.now(timezone.utc) + life}
        return jwt.encode(claims, os.environ["KEY"], algorithm="HS256")


    def both(name: str) -> list[str]:
        return [token(name, "access", timedelta(minutes=15)), token(name, "refresh", timedelta(days=14))]
"""
GUARD = """
    import os

    import jwt
    from fastapi import Depends, FastAPI, HTTPException
    from fastapi.security import OAuth2PasswordBearer

    app = FastAPI()
    bearer = OAuth2PasswordBearer(tokenUrl="token")


    def caller(token: str = Depends(bearer)) -> str:
        try:
            claims = jwt.decode(token, os.environ["KEY"], algorithms=["HS256"], options={"require": ["exp", "sub"]})
        except jwt.InvalidTokenError:
            raise HTTPException(401, "no", headers={"WWW-Authenticate": "Bearer"}) from None
        return claims["sub"]


    @app.get("/me")
    def me(name: str = Depends(caller)) -> str:
        return name
"""


def programs(root: Path, files: Files) -> list[set[str]]:
    """The files of each program of a project, by their paths in it."""
    unit, gathered = gathered_of(root, files)
    return [{facts.path for _, facts in part} for part in apart(unit.project.root, gathered.files)]


def names(report: Report) -> set[str]:
    return {finding.rule.name for finding in report.findings}


def test_examples_side_by_side_are_found_as_each_alone(tmp_path: Path) -> None:
    """The first programs of all pages in one folder: what is marked in each, and nothing else."""
    rules = {rule.name: rule for rule in catalogue.rules() if rule.run and rule.persona == "regular"}
    promised: set[Mark] = set()
    for page, kind, number, project in manual(rules, 2):
        if list(project.files) == ["main.py"]:
            path = f"{page.rule.replace('-', '_')}_{kind}_{number}.py"
            write(tmp_path, {path: project.files["main.py"]})
            promised |= {Mark(path, mark.line, mark.rule) for mark in project.marks}
    assert len(promised) > 50
    assert found_marks(fastapi_seclint.check(tmp_path, cwd=tmp_path, cache=False)) == promised


def test_the_tokens_of_one_application_are_not_those_of_another(tmp_path: Path) -> None:
    alone = fastapi_seclint.check(write(tmp_path / "alone", {"guard.py": GUARD}), cache=False)
    beside = fastapi_seclint.check(write(tmp_path / "two", {"guard.py": GUARD, "tokens.py": TOKENS}), cache=False)
    one = {"guard.py": GUARD + "\n\n    from tokens import both\n", "tokens.py": TOKENS}
    connected = fastapi_seclint.check(write(tmp_path / "one", one), cache=False)
    assert "jwt-type-unchecked" not in names(alone) | names(beside)
    assert "jwt-type-unchecked" in names(connected)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.py": APP, "b.py": APP}, [{"a.py"}, {"b.py"}]),
        ({"a.py": APP, "b.py": "from fastapi import APIRouter\n"}, [{"a.py", "b.py"}]),
        ({"a.py": APP, "b.py": APP, "c.py": "import a, b\n"}, [{"a.py", "b.py", "c.py"}]),
        ({"a.py": APP, "b.py": APP, "c.py": "x = 1\n"}, [{"a.py"}, {"b.py"}, {"c.py"}]),
        (
            {"a.py": APP, "b.py": APP, "run.py": 'import uvicorn\n\nuvicorn.run("a:app")\n'},
            [{"a.py", "run.py"}, {"b.py"}],
        ),
        (
            {"a/main.py": APP, "a/plugins/x.py": "x = 1\n", "b/main.py": APP},
            [{"a/main.py", "a/plugins/x.py"}, {"b/main.py"}],
        ),
        (
            {"a/main.py": f"import importlib\n{APP}importlib.import_module(name)\n", "a/api/x.py": APP, "b.py": APP},
            [{"a/main.py", "a/api/x.py"}, {"b.py"}],
        ),
        (
            {"shop/__init__.py": "NAME = 'shop'\n", "shop/a.py": APP, "shop/b.py": APP},
            [{"shop/__init__.py", "shop/a.py", "shop/b.py"}],
        ),
        (
            {"shop/__init__.py": "", "shop/a.py": APP, "shop/b.py": APP},
            [{"shop/__init__.py", "shop/a.py"}, {"shop/__init__.py", "shop/b.py"}],
        ),
        (
            {"a/main.py": f"import pkgutil\n{APP}pkgutil.iter_modules(['x'])\n", "b/main.py": APP, "x/y.py": ""},
            [{"a/main.py", "x/y.py"}, {"b/main.py"}],
        ),
        (
            {
                "a/main.py": f"import importlib\n{APP}importlib.import_module(name)\n",
                "b/main.py": f"import importlib\nimport settings\n{APP}importlib.import_module(settings.FEATURES[0])\n",
                "settings.py": 'FEATURES = ["plugins.x"]\n',
                "plugins/x.py": APP,
            },
            [{"a/main.py"}, {"b/main.py", "plugins/x.py", "settings.py"}],
        ),
        (
            {
                "a.py": APP,
                "b.py": APP,
                "tests/conftest.py": "",
                "tests/test_a.py": "def test() -> None:\n    from a import app\n",
            },
            [{"a.py", "tests/conftest.py", "tests/test_a.py"}, {"b.py"}],
        ),
    ],
    ids=[
        *("two", "router", "imported", "script", "served", "below", "loaded", "package", "empty-package"),
        *("loaded-elsewhere", "loaded-as-told", "tests"),
    ],
)
def test_what_belongs_together(tmp_path: Path, files: Files, expected: list[set[str]]) -> None:
    assert programs(tmp_path, files) == expected


def test_routes_and_explanations_of_all_of_them(tmp_path: Path) -> None:
    write(tmp_path, {"b.py": GUARD, "a.py": GUARD.replace("/me", "/you")})
    table = fastapi_seclint.routes(tmp_path, cwd=tmp_path, cache=False).table
    assert [(row.app, row.path) for row in table.routes if row.kind == "http"] == [("a:app", "/you"), ("b:app", "/me")]
    for path, route in (("a.py", "/you"), ("b.py", "/me")):
        line = (tmp_path / path).read_text(encoding="utf-8").split("\n").index(f'@app.get("{route}")') + 1
        explained, failures = engine.explain(tmp_path / path, line, Options(cwd=tmp_path, cache=False))
        assert [row.path for row in explained.routes] == [route]
        assert failures == ()


def test_fixes_of_two_applications_share_a_package_and_are_done_in_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (
        "import hashlib\n\n\ndef kept(password: str) -> str:\n    return hashlib.md5(password.encode()).hexdigest()\n"
    )
    write(tmp_path, {f"{name}.py": f"{APP}\n\n{kept}\n" for name in ("first", "second")})
    monkeypatch.chdir(tmp_path)

    def analyse(overlay: dict[Path, str] | None = None) -> Report:
        return fastapi_seclint.check(Path(), cache=False, overlay=overlay or {}, select=("fast-password-hash",))

    outcome = fix(analyse, cwd=tmp_path, allow_unsafe=True)
    assert write_fixed(outcome) == ()
    assert {"first.py", "second.py", "security/passwords.py"} <= outcome.changed.keys()
    assert analyse().findings == ()
    assert not fix(analyse, cwd=tmp_path, allow_unsafe=True).changed


def test_what_a_fix_brings_is_imported_from_the_folder_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = "import hashlib\n\n\ndef kept(password: str) -> str:\n    return hashlib.md5(password.encode()).hexdigest()"
    write(tmp_path, {f"{name}/main.py": f"{APP}\n\n{kept}\n" for name in ("first", "second")})
    monkeypatch.chdir(tmp_path)

    def analyse(overlay: dict[Path, str] | None = None) -> Report:
        return fastapi_seclint.check(Path(), cache=False, overlay=overlay or {}, select=("fast-password-hash",))

    outcome = fix(analyse, cwd=tmp_path, allow_unsafe=True)
    for name in ("first", "second"):
        assert "from security.passwords import hash_password\n" in outcome.changed[f"{name}/main.py"][1]
        assert f"{name}/security/passwords.py" in outcome.changed


def test_what_a_fix_brings_is_imported_through_packages_that_say_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = "import hashlib\n\n\ndef kept(password: str) -> str:\n    return hashlib.md5(password.encode()).hexdigest()"
    empty = {f"{folder}/__init__.py": "" for folder in ("all", "all/first", "all/second")}
    write(tmp_path, empty | {f"all/{name}/main.py": f"{APP}\n\n{kept}\n" for name in ("first", "second")})
    monkeypatch.chdir(tmp_path)

    def analyse(overlay: dict[Path, str] | None = None) -> Report:
        return fastapi_seclint.check(Path(), cache=False, overlay=overlay or {}, select=("fast-password-hash",))

    outcome = fix(analyse, cwd=tmp_path, allow_unsafe=True)
    for name in ("first", "second"):
        wanted = f"from all.{name}.security.passwords import hash_password\n"
        assert wanted in outcome.changed[f"all/{name}/main.py"][1]
