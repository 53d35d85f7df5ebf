"""The shipped applications run, and what `check` says about them is what their `# error` comments say."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from applications import ENTRIES, FIXTURES, PASSWORD, bearer, serve, sign_in
from attacks import ATTACKS, Attack
from honest import HONEST
from running_shop import Shop, opened

import fastapi_seclint
from fastapi_seclint.catalogue import rules
from fastapi_seclint.rule import PERSONAS, Persona

SHOPS = ["shop", "shop_vulnerable"]
MARK = re.compile(r"# error: (?P<names>[\w, -]+)$")


def marks(folder: Path) -> set[tuple[str, str, int]]:
    """(rule, file, line) of every `# error: rule` comment below a folder."""
    return {
        (name.strip(), file.relative_to(folder).as_posix(), number)
        for file in folder.rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
        for name in mark["names"].split(",")
    }


def found(folder: Path, persona: Persona) -> set[tuple[str, str, int]]:
    """(rule, file, line) of every finding below a folder."""
    report = fastapi_seclint.check(folder, cwd=folder, persona=persona)
    assert not report.errors
    return {(finding.rule.name, finding.location.path, finding.location.span.line) for finding in report.findings}


def test_findings_are_the_marked_lines() -> None:
    folder = FIXTURES / "shop_vulnerable"
    assert found(folder, "auditor") == marks(folder)


@pytest.mark.parametrize("persona", PERSONAS)
def test_nobody_finds_anything_in_the_shop_done_right(persona: Persona) -> None:
    assert not found(FIXTURES / "shop", persona)


def test_the_vulnerable_shop_makes_every_mistake_of_the_guide() -> None:
    made = {rule for rule, _, _ in marks(FIXTURES / "shop_vulnerable")}
    assert made == {rule.name for rule in rules() if rule.guide}


@pytest.mark.parametrize("name", SHOPS)
def test_every_route_of_the_running_shop_is_in_the_table(name: str, tmp_path: Path) -> None:
    table = fastapi_seclint.routes(FIXTURES / name).table
    assert not table.unresolved
    assert {app.name for app in table.apps} == {f"{entry}:app" for entry in ENTRIES.values()}
    for entry in ENTRIES.values():
        served = set()
        with serve(FIXTURES / name, tmp_path / "shop.db", entry) as client:
            for mount in ("", "/club") if entry == "app.main" else ("",):
                paths = client.get(f"{mount}/openapi.json").json()["paths"]
                served |= {(mount + path, method.upper()) for path, methods in paths.items() for method in methods}
        rows = [row for row in table.routes if row.kind == "http" and row.app == f"{entry}:app"]
        assert {(row.path, method) for row in rows for method in row.methods} == served


@pytest.mark.parametrize("name", SHOPS)
def test_a_stranger_with_made_up_credentials_meets_what_the_table_says(name: str, tmp_path: Path) -> None:
    rows = [row for row in fastapi_seclint.routes(FIXTURES / name).table.routes if row.kind == "http"]
    forged = token("a key that nobody gave to the forger, long enough", "access", timedelta(hours=1))
    keys = dict.fromkeys(("X-API-Key", "X-Feed-Key", "X-Hook-Token"), "made up")
    made_up = {**bearer(forged), **keys, "Cookie": f"club_refresh={forged}"}
    refused = set()
    for entry in ENTRIES.values():
        with serve(FIXTURES / name, tmp_path / "shop.db", entry) as client:
            for row in (row for row in rows if row.app == f"{entry}:app"):
                for method in row.methods:
                    path = re.sub(r"{\w+}", "1", row.path) + "?product_id=1"
                    junk = client.request(method, f"{path}&key=made%20up", headers=made_up).status_code
                    if junk in (401, 403) and client.request(method, path).status_code in (401, 403, 422):
                        refused.add((row.app, method, row.path))
    protected = {(row.app, method, row.path) for row in rows if row.protection == "protected" for method in row.methods}
    assert protected == refused
    assert {row.protection for row in rows} == {"protected", "open"}


@pytest.mark.parametrize("name", SHOPS)
def test_customer_signs_in_and_orders(name: str, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with serve(FIXTURES / name, database) as client:
        add_product(database)
        headers = bearer(sign_in(client)["access_token"])
        assert client.get("/users/me", headers=headers).json()["email"] == "alice@example.com"
        order = client.post("/orders", json={"product_id": 1, "quantity": 2}, headers=headers)
        assert order.status_code == 201
        assert client.get("/orders", headers=headers).json() == [order.json()]
        stranger = bearer(sign_in(client, "mallory@example.com")["access_token"])
        assert client.delete(f"/orders/{order.json()['id']}", headers=stranger).status_code == 404
        assert client.delete(f"/orders/{order.json()['id']}", headers=headers).status_code == 204


@pytest.mark.parametrize("name", SHOPS)
def test_passwords_are_hashed_and_guessing_is_limited(name: str, tmp_path: Path) -> None:
    database = tmp_path / "shop.db"
    with serve(FIXTURES / name, database) as client:
        sign_in(client)
        assert PASSWORD.encode() not in database.read_bytes()
        wrong = {"email": "alice@example.com", "password": "not the password"}
        answers = [client.post("/auth/login", json=wrong).status_code for _ in range(9)]
    assert answers == [401] * 8 + [429]


@pytest.mark.parametrize("name", SHOPS)
def test_responses_carry_security_headers(name: str, tmp_path: Path) -> None:
    with serve(FIXTURES / name, tmp_path / "shop.db") as client:
        response = client.get("/health")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get("/health", headers={"Host": "elsewhere.example"}).status_code == 400


@pytest.fixture(scope="class", params=SHOPS)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Each of the shops, with its people in it."""
    with opened(FIXTURES / request.param, tmp_path_factory.mktemp(request.param)) as shop:
        yield shop


class TestAttacks:
    """Marked mistakes are holes that can be walked through; the shop done right withstands the same deed."""

    @pytest.mark.parametrize("attack", ATTACKS, ids=[attack.rule for attack in ATTACKS])
    def test_falls_where_the_mistake_is(self, running: Shop, attack: Attack) -> None:
        assert attack.succeeds(running) == (running.folder.name == "shop_vulnerable")

    @pytest.mark.parametrize(("story", "served"), HONEST, ids=[story for story, _ in HONEST])
    def test_honest_people_are_served(self, running: Shop, story: str, served: Callable[[Shop], bool]) -> None:
        assert served(running), story

    def test_visitors_are_welcome_where_they_should_be(self, running: Shop) -> None:
        expected = 401 if running.folder.name == "shop_vulnerable" else 200
        assert running.client().get("/recommendations").status_code == expected


@pytest.fixture(scope="module")
def repaired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the vulnerable shop with all fixes made."""
    copy = tmp_path_factory.mktemp("repaired") / "shop"
    shutil.copytree(FIXTURES / "shop_vulnerable", copy)
    fix(copy)
    return copy


def fix(folder: Path) -> None:
    command = ["-m", "fastapi_seclint", "check", str(folder), "--fix", "--unsafe-fixes", "--persona", "pedantic"]
    subprocess.run([sys.executable, *command, "--exit-zero", "--no-cache"], check=True)


def test_after_the_fixes_attacks_fail_and_honest_people_are_served(repaired: Path, tmp_path: Path) -> None:
    assert not found(repaired, "pedantic")
    with opened(repaired, tmp_path) as shop:
        assert [attack.rule for attack in ATTACKS if attack.succeeds(shop)] == []
        assert [story for story, served in HONEST if not served(shop)] == []
        assert shop.client().get("/recommendations").status_code == 200


def test_a_second_run_of_the_fixes_changes_nothing(repaired: Path) -> None:
    before = {file: file.read_text("utf-8") for file in repaired.rglob("*.py")}
    fix(repaired)
    assert {file: file.read_text("utf-8") for file in repaired.rglob("*.py")} == before


def test_the_script_of_the_demo_tells_what_it_did() -> None:
    command = [sys.executable, str(FIXTURES.parent.parent / "scripts" / "attack.py"), str(FIXTURES / "shop_vulnerable")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert f"{len(ATTACKS)} of {len(ATTACKS)} attacks work, {len(HONEST)} of {len(HONEST)} honest people" in run.stdout


def token(key: str, token_type: str, lifetime: timedelta) -> str:
    """A token of the first account, as whoever has the key can make it."""
    return jwt.encode({"sub": "1", "type": token_type, "exp": datetime.now(UTC) + lifetime}, key, algorithm="HS256")


def add_product(database: Path) -> None:
    """Put one product into the catalogue, past the application."""
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO products (name, price_cents, stock) VALUES ('lamp', 1999, 10)")
    connection.close()
