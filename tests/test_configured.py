"""What the configuration does to a run: guards and exceptions act, and entries that match nothing are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import write

from fastapi_seclint.cli import run

KEY = 'SECRET_KEY = "4f1c9a7e2b8d6053c1e7f9ab34d2"\n'
APP = {
    "app/__init__.py": "",
    "app/auth.py": """\
        import os

        import jwt
        from fastapi import Depends, HTTPException
        from fastapi.security import OAuth2PasswordBearer

        scheme = OAuth2PasswordBearer(tokenUrl="login")


        def current_user(token: str = Depends(scheme)) -> dict:
            try:
                return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
            except jwt.InvalidTokenError:
                raise HTTPException(401) from None


        def visitor() -> str:
            return "somebody"


        def wanted(role: str):
            def look() -> str:
                return role

            return look


        class Gate:
            def __init__(self, app) -> None:
                self.app = app

            async def __call__(self, scope, receive, send) -> None:
                await self.app(scope, receive, send)
        """,
    "app/main.py": """\
        from fastapi import Depends, FastAPI

        from app.auth import Gate, current_user, visitor, wanted

        app = FastAPI()
        app.add_middleware(Gate)


        @app.get("/me")
        def me(user: dict = Depends(current_user)) -> dict:
            return user


        @app.delete("/a/{number}", dependencies=[Depends(visitor)])
        def first(number: int) -> None:
            database.delete(number)


        @app.delete("/b/{number}", dependencies=[Depends(wanted("clerk"))])
        def second(number: int) -> None:
            database.delete(number)
        """,
}

Seclint = Callable[..., tuple[int, str, str]]


@pytest.fixture
def seclint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Seclint:
    """The command in an empty repository: exit code, standard output, standard error."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("SOURCE_DATE_EPOCH", "SECLINT_CONFIG", "SECLINT_FORMAT", "SECLINT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def found(seclint: Seclint, *arguments: str) -> list[tuple[str, str, int]]:
    """(rule, path, line) of the findings of `seclint check`."""
    report: dict[str, Any] = json.loads(seclint("check", "--format", "json", *arguments)[1])
    return [(one["name"], one["path"], one["range"]["start"]["line"]) for one in report["findings"]]


def open_routes(seclint: Seclint, configuration: str) -> list[int]:
    """The lines of the routes that `unprotected-route` finds in `APP` under a configuration."""
    write(Path(), {**APP, "seclint.toml": configuration})
    return [line for name, _, line in found(seclint) if name == "unprotected-route"]


@pytest.mark.parametrize(
    ("configuration", "lines"),
    [
        ("", [15, 20]),
        ('[auth]\ndependencies = ["app.auth.visitor"]\n', [20]),
        ('[auth]\ndependencies = ["app.auth:visitor"]\n', [20]),
        ('[auth]\ndependencies = ["*.visitor"]\n', [20]),
        ('[auth]\nadmin-dependencies = ["app.auth.visitor"]\n', [20]),
        ('[auth]\nfactories = ["app.auth.wanted"]\n', [15]),
        ('[auth]\noptional-dependencies = ["app.auth.visitor"]\n', [20]),
        ('[auth]\nmiddleware = ["app.auth.Gate"]\n', []),
        ('[[public-routes]]\npath = "/a/{number}"\nreason = "a game for everybody"\n', [20]),
        ('[[public-routes]]\npath = "/a/*"\nmethods = ["delete"]\nreason = "a game for everybody"\n', [20]),
        ('[[public-routes]]\npath = "/a/*"\nmethods = ["GET"]\nreason = "a game for everybody"\n', [15, 20]),
        ('[[public-routes]]\npath = "/**"\nreason = "a game for everybody"\n', []),
    ],
)
def test_declared_guards_and_public_routes_act_on_rules(seclint: Seclint, configuration: str, lines: list[int]) -> None:
    assert open_routes(seclint, configuration) == lines


def test_an_optional_guard_that_is_declared_does_not_protect(seclint: Seclint) -> None:
    write(Path(), {**APP, "seclint.toml": '[auth]\noptional-dependencies = ["app.auth.current_user"]\n'})
    rows = {row["path"]: row["protection"] for row in json.loads(seclint("routes", "--format", "json")[1])["routes"]}
    assert rows["/me"] == "open"


def test_an_admin_guard_that_is_declared_authorizes(seclint: Seclint) -> None:
    write(Path(), {**APP, "seclint.toml": '[auth]\nadmin-dependencies = ["app.auth.visitor"]\n'})
    rows = {row["path"]: row["guards"] for row in json.loads(seclint("routes", "--format", "json")[1])["routes"]}
    assert rows["/a/{number}"]["authorization"] == ["app.auth.visitor"]


LOGIN = """\
import traffic
from fastapi import Depends, FastAPI, Form, HTTPException

from app.users import verify

app = FastAPI()


@app.post("/login", dependencies=[Depends(traffic.slowly)])
def login(username: str = Form(), password: str = Form()) -> str:
    if not verify(username, password):
        raise HTTPException(401)
    return "welcome"
"""


@pytest.mark.parametrize(
    ("configuration", "count"),
    [
        ("", 1),
        ('[rate-limit]\ndependencies = ["traffic.slowly"]\n', 0),
        ("[rate-limit]\nproxy = true\n", 0),
    ],
)
def test_declared_limits_act(seclint: Seclint, configuration: str, count: int) -> None:
    write(Path(), {"main.py": LOGIN, "seclint.toml": configuration})
    assert [name for name, _, _ in found(seclint)].count("auth-route-without-rate-limit") == count


ADMIN = """\
from fastapi import Depends, FastAPI

from app.auth import current_user, visitor

app = FastAPI()


@app.delete("/admin/users/{number}", dependencies=[Depends(visitor)])
def remove(number: int, user: dict = Depends(current_user)) -> None:
    database.delete(number)
"""


def test_a_declared_admin_guard_acts_on_routes_for_administrators(seclint: Seclint) -> None:
    files = {**APP, "app/main.py": ADMIN, "seclint.toml": ""}
    write(Path(), files)
    assert "missing-authorization" in {name for name, _, _ in found(seclint)}
    write(Path(), {"seclint.toml": '[auth]\nadmin-dependencies = ["app.auth.visitor"]\n'})
    assert "missing-authorization" not in {name for name, _, _ in found(seclint)}


OPEN_ROUTER = """\
from fastapi import APIRouter, Depends, FastAPI

from app.auth import current_user, scheme

app = FastAPI()
items = APIRouter(prefix="/items", dependencies=[Depends(current_user)])
admin = APIRouter(prefix="/admin")
jobs = APIRouter(prefix="/jobs")


@items.delete("/{number}")
def first(number: int) -> None:
    database.delete(number)


@admin.delete("/{number}")
def second(number: int) -> None:
    database.delete(number)


@admin.post("/{number}")
def third(number: int) -> None:
    database.add(number)


@jobs.post("/")
def fourth(token: str = Depends(scheme)) -> None:
    database.add(1)


app.include_router(items)
app.include_router(admin)
app.include_router(jobs)
"""


def test_public_routes_and_guards_act_on_routers_and_schemes(seclint: Seclint) -> None:
    write(Path(), {**APP, "app/main.py": OPEN_ROUTER, "seclint.toml": ""})
    names = {name for name, _, _ in found(seclint)}
    assert {"unprotected-router", "token-not-validated"} <= names
    public = '[[public-routes]]\npath = "/{}/**"\nreason = "a sandbox that is reset every night"\n'
    write(Path(), {"seclint.toml": public.format("admin") + public.format("jobs")})
    assert not {"unprotected-router", "unprotected-route", "token-not-validated"} & {n for n, _, _ in found(seclint)}


def test_values_that_are_no_secrets_are_declared(seclint: Seclint) -> None:
    write(Path(), {"main.py": KEY, "seclint.toml": '[secrets]\nallow-values = ["4f1c9a7e2b8d6053c1e7f9ab34d2"]\n'})
    assert found(seclint) == []


def test_exceptions_for_paths_and_severities_act(seclint: Seclint) -> None:
    write(Path(), {"scripts/a.py": KEY, "app.py": KEY})
    assert {path for _, path, _ in found(seclint)} == {"scripts/a.py", "app.py"}
    write(Path(), {"seclint.toml": '[per-path-ignores]\n"scripts/**" = ["hardcoded-secret"]\n'})
    assert {path for _, path, _ in found(seclint)} == {"app.py"}
    write(Path(), {"seclint.toml": 'fail-on = "high"\n[severity]\nFSL1 = "low"\n'})
    assert seclint("check")[0] == 0
    assert seclint("check", "--min-severity", "medium")[1].startswith("Found nothing")


STALE = """\
ignore = ["FSL302", "hardcoded-secret"]
[auth]
dependencies = ["app.auth.current_user", "app.auth.gone"]
middleware = ["app.auth.Gate", "app.auth.Wall"]
factories = ["app.auth.wanted", "app.auth.made"]
[per-path-ignores]
"app/settings.py" = ["FSL302"]
"scripts/**" = ["FSL101"]
[[public-routes]]
path = "/a/*"
reason = "a game for everybody"
[[public-routes]]
path = "/c/*"
methods = ["GET"]
reason = "gone for a year"
"""


def test_what_matches_nothing_is_told(seclint: Seclint) -> None:
    write(Path(), {**APP, "app/settings.py": KEY, "seclint.toml": STALE})
    assert "stale-configuration" not in {name for name, _, _ in found(seclint)}
    stale = [(path, line) for name, path, line in found(seclint, "--strict") if name == "stale-configuration"]
    assert stale == [("seclint.toml", line) for line in (1, 3, 4, 5, 7, 8, 12)]
    assert found(seclint, "--strict", "--no-cache") == found(seclint, "--strict")
    code, out, _ = seclint("config", "check")
    assert code == 1
    assert [line.partition("; remove")[0] for line in out.splitlines()] == [
        "seclint.toml:1: `ignore`: FSL302 finds nothing in this project",
        "seclint.toml:3: `auth.dependencies`: no dependency or decorator of a route is named app.auth.gone",
        "seclint.toml:4: `auth.middleware`: no middleware is named app.auth.Wall",
        "seclint.toml:5: `auth.factories`: no dependency or decorator of a route is named app.auth.made",
        "seclint.toml:7: `per-path-ignores`: FSL302 finds nothing in app/settings.py",
        "seclint.toml:8: `per-path-ignores`: no file matches scripts/**",
        "seclint.toml:12: no route matches the public route GET /c/*",
    ]


def test_stale_configuration_fails_a_strict_run_whatever_the_gate(seclint: Seclint) -> None:
    write(Path(), {"main.py": "x = 1\n", "seclint.toml": 'ignore = ["FSL302"]\n'})
    assert seclint("check")[0] == 0
    assert seclint("check", "--fail-on", "never", "--strict")[0] == 1
    assert seclint("check", "main.py", "--strict")[0] == 0
    assert seclint("config", "check")[0] == 1
    write(Path(), {"main.py": "x = 1\n", "seclint.toml": 'select = ["FSL1"]\n'})
    assert seclint("config", "check")[:2] == (0, "Every entry of the configuration matches something.\n")


def test_only_the_whole_of_what_the_configuration_is_for_is_judged(seclint: Seclint) -> None:
    write(Path(), {**APP, "scripts/x.py": "x = 1\n", "seclint.toml": '[auth]\ndependencies = ["app.auth.visitor"]\n'})
    assert seclint("config", "check", "scripts")[0] == 0
    write(Path(), {"base.toml": 'ignore = ["FSL302"]\n', "seclint.toml": 'extend = "base.toml"\n'})
    assert seclint("config", "check")[0] == 0


def test_the_configuration_is_checked_on_the_directory_that_it_is_for(seclint: Seclint) -> None:
    write(Path(), {**APP, "seclint.toml": '[auth]\ndependencies = ["app.auth.gone"]\n'})
    whole = seclint("config", "check")
    assert whole[0] == 1
    assert seclint("config", "check", "app", "app/main.py") == whole
    elsewhere = seclint("config", "check", "app", "--config", "seclint.toml")
    assert elsewhere == (0, "", "seclint: note: seclint.toml lies outside of app, so its entries are not judged\n")
    assert seclint("config", "check", "--isolated")[1:] == (
        "",
        "seclint: note: no configuration file for ., so every value is the default\n",
    )


def test_a_mistake_in_the_configuration_ends_with_2(seclint: Seclint) -> None:
    write(Path(), {"main.py": "x = 1\n", "seclint.toml": '\npersonna = "auditor"\n'})
    code, _, err = seclint("config", "check")
    assert code == 2
    assert "seclint.toml:2: unknown key `personna`, did you mean `persona`?" in err
    write(Path(), {"seclint.toml": '[suppressions]\nunsuppressible = ["hardcoded-secrt"]\n'})
    code, _, err = seclint("config", "show")
    assert code == 2
    assert "seclint.toml:2: unknown rule `hardcoded-secrt`, did you mean `hardcoded-secret`?" in err


def test_every_effective_value_is_shown_with_its_origin(seclint: Seclint) -> None:
    write(
        Path(),
        {
            "base.toml": 'persona = "pedantic"\n',
            "pyproject.toml": """\
                [tool.seclint]
                extend = "base.toml"
                ignore = ["FSL302"]

                [tool.seclint.suppressions]
                require-reason = "error"

                [[tool.seclint.public-routes]]
                path = "/health"
                reason = "the load balancer asks"

                [tool.seclint.per-path-ignores]
                "scripts/**" = ["FSL1"]
                """,
            "app/main.py": "x = 1\n",
        },
    )
    code, out, _ = seclint("config", "show", "app/main.py")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "# configuration file: pyproject.toml"
    for line in (
        'persona = "pedantic" # base.toml:1',
        'ignore = ["FSL302"] # pyproject.toml:3',
        'fail-on = "low" # default',
        'suppressions.require-reason = "error" # pyproject.toml:6',
        'public-routes[/health] = {path = "/health", reason = "the load balancer asks"} # pyproject.toml:8',
        'per-path-ignores.scripts/** = ["FSL1"] # pyproject.toml:13',
        "auth.dependencies = [] # default",
    ):
        assert line in lines
    values = json.loads(seclint("config", "show", "--format", "json")[1])
    assert values["file"] == "pyproject.toml"
    assert values["values"]["persona"] == {"value": "pedantic", "origin": "base.toml:1"}
    assert seclint("config", "show", "--isolated")[1].startswith("# configuration file: none")
