"""`seclint explain`: the way to a handler, what decided about a finding, and what stands on a line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from projects import write

from fastapi_seclint.cli import run

SHOP = {
    "app/__init__.py": "",
    "app/deps.py": """\
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


        def maybe_user(token: str | None = Depends(OAuth2PasswordBearer("login", auto_error=False))) -> dict | None:
            return None if token is None else current_user(token)


        def admin(user: dict = Depends(current_user)) -> dict:
            if user["role"] != "admin":
                raise HTTPException(403)
            return user
        """,
    "app/orders.py": """\
        from fastapi import APIRouter, Depends

        from app.deps import admin, maybe_user, scheme

        router = APIRouter(prefix="/orders")


        @router.get("/", dependencies=[Depends(maybe_user)])
        def listed() -> list:
            return []


        @router.delete(
            "/{order_id}",
        )
        def removed(order_id: int, user: dict = Depends(admin)) -> None:
            print(order_id)


        @router.put("/{order_id}")
        def changed(order_id: int, token: str = Depends(scheme)) -> None:
            database.commit(order_id)
        """,
    "app/main.py": """\
        from fastapi import FastAPI
        from starlette.middleware.gzip import GZipMiddleware

        from app import orders

        app = FastAPI()
        app.add_middleware(GZipMiddleware)
        app.include_router(orders.router, prefix="/api")
        """,
}

Explain = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("SOURCE_DATE_EPOCH", "SECLINT_CONFIG", "SECLINT_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def explain(capsys: pytest.CaptureFixture[str]) -> Explain:
    """`seclint explain PLACE --format json`, read."""

    def call(*arguments: str) -> dict[str, Any]:
        assert run(["explain", *arguments, "--format", "json"]) == 0, capsys.readouterr().err
        value: dict[str, Any] = json.loads(capsys.readouterr().out)
        return value

    return call


def line_of(path: str, text: str) -> str:
    """`FILE:LINE` of the line that has a text."""
    lines = Path(path).read_text(encoding="utf-8").split("\n")
    return f"{path}:{next(number for number, line in enumerate(lines, 1) if text in line)}"


def chain(route: dict[str, Any]) -> list[tuple[str, str, int, list[str]]]:
    return [(link["kind"], link["name"].rpartition(".")[2], link["depth"], link["effects"]) for link in route["chain"]]


@pytest.mark.parametrize("place", ["@router.delete(", '"/{order_id}",', "def removed", "print(order_id)"])
def test_the_way_to_a_protected_handler(explain: Explain, place: str) -> None:
    write(Path(), SHOP)
    (route,) = explain(line_of("app/orders.py", place))["routes"]
    assert (route["path"], route["methods"], route["protection"]) == ("/api/orders/{order_id}", ["DELETE"], "protected")
    assert route["reason"] == "app.deps.admin refuses callers without credentials and with made-up ones"
    assert route["included_through"] == ["app/main.py:8"]
    assert chain(route) == [
        ("middleware", "GZipMiddleware", 0, []),
        ("dependency", "admin", 0, ["authenticates", "authorizes"]),
        ("dependency", "current_user", 1, ["authenticates"]),
        ("dependency", "OAuth2PasswordBearer()", 2, ["scheme only"]),
        ("handler", "removed", 0, []),
    ]
    assert route["chain"][1]["defined"] == {"path": "app/deps.py", "line": 21}
    assert route["chain"][1]["written"] == {"path": "app/orders.py", "line": 16}


def test_what_lets_strangers_in(explain: Explain) -> None:
    write(Path(), SHOP)
    (listed,) = explain(line_of("app/orders.py", "def listed"))["routes"]
    assert chain(listed)[1:3] == [
        ("dependency", "maybe_user", 0, ["optional"]),
        ("dependency", "OAuth2PasswordBearer()", 1, ["optional scheme"]),
    ]
    assert (listed["protection"], listed["reason"]) == (
        "open",
        "nothing on its way refuses a caller without credentials",
    )
    (changed,) = explain(line_of("app/orders.py", "def changed"))["routes"]
    assert "asks for credentials, and nothing verifies them" in changed["reason"]


@pytest.mark.parametrize(
    ("handler", "why"),
    [
        ('@app.get("/health")\ndef health() -> str:\n    return "ok"', "it only tells whether the application is up"),
        (
            '@app.post("/login")\ndef login(name: str, password: str) -> str:\n    return sign_in(name, password)',
            "it is a way in, for people who have no credentials yet",
        ),
        (
            '@app.delete("/rooms/{room}")\ndef removed(room: int) -> dict:\n    return {"detail": "not implemented"}',
            "the handler only says that it is not written yet",
        ),
        (
            '@app.get("/prices")\ndef prices() -> list:\n    return database.prices()',
            "nothing shows that it changes anything or gives away what is somebody's own",
        ),
    ],
)
def test_an_open_route_is_excused_in_words(explain: Explain, handler: str, why: str) -> None:
    guarded = "@app.delete('/me')\ndef me(token=Depends(OAuth2PasswordBearer('login'))):\n    database.delete(token)\n"
    imports = "from fastapi import Depends, FastAPI\nfrom fastapi.security import OAuth2PasswordBearer\n"
    write(Path(), {"main.py": f"{imports}app = FastAPI()\n{handler}\n{guarded}"})
    (route,) = explain("main.py:4")["routes"]
    assert {"rule": "unprotected-route", "why": why} in route["excused"]


def test_an_application_that_asks_nobody_is_excused_as_a_whole(
    explain: Explain, capsys: pytest.CaptureFixture[str]
) -> None:
    handler = '@app.delete("/rooms/{room}")\ndef removed(room: int) -> None:\n    database.delete(room)\n'
    write(Path(), {"main.py": f"from fastapi import FastAPI\napp = FastAPI()\n{handler}"})
    (route,) = explain("main.py:3")["routes"]
    why = "nothing in this application asks who is calling, so open routes are taken for meant"
    assert route["excused"] == [{"rule": "unprotected-route", "why": why}]
    run(["explain", "main.py:3"])
    assert f"  unprotected-route leaves it alone: {why}\n" in capsys.readouterr().out


def test_a_finding_is_explained_with_what_led_to_it(explain: Explain, capsys: pytest.CaptureFixture[str]) -> None:
    write(Path(), SHOP)
    place = line_of("app/orders.py", "def changed")
    names = {item["name"]: item for item in explain(place)["findings"]}
    assert names["token-not-validated"]["status"] == "shown"
    assert run(["explain", place]) == 0
    out = capsys.readouterr().out
    assert "token-not-validated: shown\n" in out
    assert "  confidence " in out
    assert "PUT /api/orders/{order_id} of app.main:app: open\n" in out
    assert "    dependency fastapi.security.oauth2.OAuth2PasswordBearer() [app/deps.py:7]: scheme only" in out


@pytest.mark.parametrize(
    ("configured", "status", "decided"),
    [
        ("", "shown", ""),
        ('ignore = ["FSL101"]', "left out", "left out by `ignore`: FSL101 (seclint.toml:1)"),
        ('select = ["FSL3"]', "left out", "not selected by `select` (seclint.toml:1)"),
        ('[per-path-ignores]\n"*.py" = ["FSL1"]', "left out", "`per-path-ignores` for *.py (seclint.toml:2)"),
        ('[severity]\nFSL101 = "low"', "shown", "severity low by configuration"),
        (
            'min-severity = "high"\n[severity]\nFSL101 = "low"',
            "left out",
            "severity low, and `min-severity` is high",
        ),
    ],
)
def test_the_configuration_that_decided_is_named(explain: Explain, configured: str, status: str, decided: str) -> None:
    write(Path(), {"main.py": 'SECRET_KEY = "4f1c9a7e2b8d6053c1e7f9ab34d2"\n', "seclint.toml": configured + "\n"})
    (found,) = explain("main.py:1", "--rule", "hardcoded-secret")["findings"]
    assert (found["status"], found["decided_by"]) == (status, decided)


def test_the_comment_that_decided_is_named_and_the_secret_is_not(
    explain: Explain, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "4f1c9a7e2b8d6053c1e7f9ab34d2"
    write(Path(), f'SECRET_KEY = "{key}"  # seclint: ignore[FSL101] -- the sandbox key is public\n')
    (found,) = explain("main.py:1", "--rule", "FSL101")["findings"]
    assert found["status"] == "suppressed"
    assert found["decided_by"] == '`ignore` at main.py:1: "the sandbox key is public"'
    write(Path(), f'# seclint: ignore[FSL101] -- the sandbox key is public\nSECRET_KEY = "{key}"\n')
    assert explain("main.py:1")["there"] == ["a comment that suppresses hardcoded-secret at main.py:2"]
    run(["explain", "main.py:2"])
    assert key[:8] not in capsys.readouterr().out


def test_a_public_route_is_explained_by_its_entry(explain: Explain) -> None:
    configuration = '[[public-routes]]\npath = "/api/orders/"\nreason = "the catalogue is for everybody"\n'
    write(Path(), {**SHOP, "seclint.toml": configuration})
    (route,) = explain(line_of("app/orders.py", "def listed"))["routes"]
    assert (route["protection"], route["decided_by"]) == ("public", "public-routes (seclint.toml:1)")
    assert route["reason"] == "the catalogue is for everybody"


def test_a_guard_by_configuration_is_explained_by_its_entry(explain: Explain) -> None:
    write(Path(), {**SHOP, "seclint.toml": '[auth]\ndependencies = ["app.deps:maybe_user"]\n'})
    (route,) = explain(line_of("app/orders.py", "def listed"))["routes"]
    assert route["protection"] == "protected"
    assert route["chain"][1]["note"] == "declared by `auth.dependencies` (seclint.toml:2)"


def test_where_nothing_is_found_it_says_what_is_there(explain: Explain) -> None:
    write(Path(), SHOP)
    found = explain(line_of("app/deps.py", "jwt.decode"))
    assert found["findings"] == []
    assert found["there"][0] == "inside the function current_user, line 10"
    assert "a dependency of 1 route; it authenticates" in found["there"]
    assert found["rules"] > 5
    assert any(name.startswith("jwt-") for name in found["looked"])
    values = {item["name"]: item["value"] for item in found["values"]}
    assert values["algorithms="] == "['HS256']"
    assert values["jwt.decode"] == "jwt.decode, of a library"
    include = explain(line_of("app/main.py", "include_router"))
    assert include["there"] == ["an include, through which 3 routes come"]


def test_values_are_followed_to_where_they_were_written(explain: Explain) -> None:
    write(
        Path(),
        {
            "settings.py": 'import os\n\nHOST = os.environ.get("HOST", "localhost")\nLIMIT = 3\nTOKEN = "abcdefgh"\n',
            "main.py": "import settings\n\nprint(settings.HOST, settings.LIMIT, settings.TOKEN, missing)\n",
        },
    )
    values = {item["name"]: item for item in explain("main.py:3")["values"]}
    assert values["settings.LIMIT"] == {"name": "settings.LIMIT", "value": "3", "path": "settings.py", "line": 4}
    assert values["settings.HOST"]["value"].endswith("else 'localhost'")
    assert values["settings.TOKEN"]["value"] == "a string of 8 characters"


def test_the_rule_that_was_asked_for_answers(explain: Explain) -> None:
    write(Path(), SHOP)
    place = line_of("app/deps.py", "jwt.decode")
    assert explain(place, "--rule", "FSL302")["asked"] == {
        "rule": "jwt-expiry-unverified",
        "says": "it looked here and found nothing wrong",
    }
    write(Path(), {"seclint.toml": 'ignore = ["FSL302"]\n'})
    asked = explain(place, "--rule", "FSL302")["asked"]
    assert asked["says"] == ("it is left out by `ignore`: FSL302 (seclint.toml:1); it would find nothing here either")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["main.py"], "'main.py' is not FILE:LINE"),
        (["main.py:0"], "'main.py:0' is not FILE:LINE"),
        (["missing.py:1"], "missing.py"),
        (["main.py:7"], "main.py ends at line 1"),
        (["broken.py:1"], "broken.py is not part of what is checked: "),
        (["main.py:1", "--rule", "hardcoded-secrte"], "did you mean `hardcoded-secret`?"),
    ],
)
def test_a_place_that_cannot_be_explained(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path(), {"main.py": "x = 1\n", "broken.py": "def f(:\n"})
    assert run(["explain", *arguments]) == 2
    assert complaint in capsys.readouterr().err
