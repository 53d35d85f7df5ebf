"""The shipped applications run, and what `check` says about them is what their `# error` comments say."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from applications import FIXTURES, PASSWORD, bearer, serve, sign_in

import fastapi_seclint

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


@pytest.mark.parametrize("name", SHOPS)
def test_findings_are_the_marked_lines(name: str) -> None:
    folder = FIXTURES / name
    report = fastapi_seclint.check(folder, cwd=folder)
    found = {(finding.rule.name, finding.location.path, finding.location.span.line) for finding in report.findings}
    assert not report.errors
    assert found == marks(folder)


def test_only_the_vulnerable_shop_has_marks() -> None:
    assert not marks(FIXTURES / "shop")
    assert {rule for rule, _, _ in marks(FIXTURES / "shop_vulnerable")} == {
        "cors-wildcard-with-credentials",
        "hardcoded-secret",
        "jwt-expiry-unverified",
        "token-not-validated",
        "unprotected-route",
        "unprotected-router",
    }


@pytest.mark.parametrize("name", SHOPS)
def test_every_route_of_the_running_shop_is_in_the_table(name: str, tmp_path: Path) -> None:
    with serve(FIXTURES / name, tmp_path / "shop.db") as client:
        served = {
            (path, method.upper())
            for path, methods in client.get("/openapi.json").json()["paths"].items()
            for method in methods
        }
    table = fastapi_seclint.routes(FIXTURES / name).table
    assert {(row.path, method) for row in table.routes if row.kind == "http" for method in row.methods} == served
    assert not table.unresolved


@pytest.mark.parametrize("name", SHOPS)
def test_a_stranger_with_a_made_up_token_meets_what_the_table_says(name: str, tmp_path: Path) -> None:
    rows = [row for row in fastapi_seclint.routes(FIXTURES / name).table.routes if row.kind == "http"]
    with serve(FIXTURES / name, tmp_path / "shop.db") as client:
        refused = {
            (method, row.path)
            for row in rows
            for method in row.methods
            if client.request(method, re.sub(r"{\w+}", "1", row.path), headers=bearer("made up")).status_code == 401
        }
    assert {(method, row.path) for row in rows if row.protection == "protected" for method in row.methods} == refused
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


@pytest.mark.parametrize(("name", "falls"), [("shop", False), ("shop_vulnerable", True)])
class TestAttacks:
    """Each marked mistake is a hole that can be walked through; the shop done right withstands the same request."""

    def test_stranger_changes_a_price(self, name: str, falls: bool, tmp_path: Path) -> None:
        database = tmp_path / "shop.db"
        with serve(FIXTURES / name, database) as client:
            add_product(database)
            answer = client.put("/products/1/price", json={"price_cents": 1})
            assert answer.status_code == (204 if falls else 401)
            assert client.get("/products/1").json()["price_cents"] == (1 if falls else 1999)

    def test_stranger_lists_the_accounts(self, name: str, falls: bool, tmp_path: Path) -> None:
        with serve(FIXTURES / name, tmp_path / "shop.db") as client:
            sign_in(client)
            assert client.get("/admin/users").status_code == (200 if falls else 401)

    def test_any_word_is_a_token_for_the_warehouse(self, name: str, falls: bool, tmp_path: Path) -> None:
        with serve(FIXTURES / name, tmp_path / "shop.db") as client:
            assert client.get("/stock", headers=bearer("anything")).status_code == (200 if falls else 401)

    def test_key_from_the_source_forges_a_token(self, name: str, falls: bool, tmp_path: Path) -> None:
        source = (FIXTURES / "shop_vulnerable" / "app" / "settings.py").read_text("utf-8")
        key = re.search(r'SECRET_KEY = "(.*)"', source)
        assert key
        with serve(FIXTURES / name, tmp_path / "shop.db") as client:
            sign_in(client)
            forged = token(key[1], "access", timedelta(hours=1))
            assert client.get("/users/me", headers=bearer(forged)).status_code == (200 if falls else 401)

    def test_expired_token_is_refreshed(self, name: str, falls: bool, tmp_path: Path) -> None:
        with serve(FIXTURES / name, tmp_path / "shop.db") as client:
            sign_in(client)
            from app import settings

            expired = token(settings.SECRET_KEY, "refresh", timedelta(days=-400))
            answer = client.post("/auth/refresh", json={"refresh_token": expired})
            assert answer.status_code == (200 if falls else 401)

    def test_any_website_may_read_with_credentials(self, name: str, falls: bool, tmp_path: Path) -> None:
        with serve(FIXTURES / name, tmp_path / "shop.db") as client:
            headers = client.get("/health", headers={"Origin": "https://evil.example", "Cookie": "a=b"}).headers
            assert headers.get("Access-Control-Allow-Origin") == ("https://evil.example" if falls else None)
            assert headers["Access-Control-Allow-Credentials"] == "true"


def test_after_the_fix_an_expired_token_is_refused_and_a_valid_one_still_works(tmp_path: Path) -> None:
    copy = tmp_path / "shop"
    shutil.copytree(FIXTURES / "shop_vulnerable", copy)
    subprocess.run([sys.executable, "-m", "fastapi_seclint", "fix", str(copy), "--exit-zero"], check=True)
    with serve(copy, tmp_path / "shop.db") as client:
        valid = sign_in(client)["refresh_token"]
        from app import settings

        expired = token(settings.SECRET_KEY, "refresh", timedelta(days=-400))
        assert client.post("/auth/refresh", json={"refresh_token": expired}).status_code == 401
        assert client.post("/auth/refresh", json={"refresh_token": valid}).status_code == 200


def token(key: str, token_type: str, lifetime: timedelta) -> str:
    """A token of the first account, as whoever has the key can make it."""
    return jwt.encode({"sub": "1", "type": token_type, "exp": datetime.now(UTC) + lifetime}, key, algorithm="HS256")


def add_product(database: Path) -> None:
    """Put one product into the catalogue, past the application."""
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO products (name, price_cents, stock) VALUES ('lamp', 1999, 10)")
    connection.close()
