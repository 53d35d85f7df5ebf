"""A shop like those of tests/fixtures, started in this process with its people in it, for `attack.py` and the tests."""

from __future__ import annotations

import os
import re
import secrets
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

PASSWORD = "correct horse battery staple"
ENTRIES = {
    "shop": "app.main",
    "partners": "app.partners.main",
    "backoffice": "app.backoffice",
    "hooks": "app.hooks",
}
"""The applications of the project; each is a process of its own in production."""

_REQUIRED = re.compile(r"environ\[\"(\w+)\"\]")
_ADDRESSES = count(1)


def environment(folder: Path, database: Path) -> dict[str, str]:
    """What an operator sets before the start: everything that the code reads and has no value of its own for."""
    given = {"SHOP_DATABASE": str(database), "SHOP_INVOICES": str(database.parent / "invoices")}
    for file in sorted(folder.rglob("*.py")):
        for name in _REQUIRED.findall(file.read_text("utf-8")):
            hosts, origins = "localhost,127.0.0.1", "https://shop.example.com"
            secret = secrets.token_urlsafe(32)
            given.setdefault(name, hosts if "HOST" in name else origins if "ORIGIN" in name else secret)
    return given


@contextmanager
def started(folder: Path, database: Path) -> Iterator[dict[str, Any]]:
    """The applications of a folder by name, started on a database; its modules are forgotten afterwards."""
    before, written = dict(os.environ), sys.dont_write_bytecode
    os.environ.update(environment(folder, database))
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    packages = {file.name.removesuffix(".py") for file in folder.iterdir()}
    try:
        apps = {name: import_module(module).app for name, module in ENTRIES.items()}
        with ExitStack() as stack:
            for app in apps.values():
                stack.enter_context(TestClient(app, base_url="http://localhost"))
            yield apps
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = written
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]


@dataclass
class Shop:
    """A running shop: who is who in it, and a connection from a new address for every request that asks for one."""

    folder: Path
    database: Path
    apps: dict[str, Any]
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, app: str = "shop", **headers: str) -> TestClient:
        """Somebody at an address that was never seen before; cookies are kept."""
        number = next(_ADDRESSES)
        address = (f"10.0.{number // 250}.{number % 250 + 1}", 50000)
        return TestClient(self.apps[app], base_url="http://localhost", client=address, headers=headers)

    def user(self, name: str, app: str = "shop") -> TestClient:
        """One of the people of the shop, signed in."""
        return self.client(app, Authorization=f"Bearer {self.tokens[name]['access_token']}")

    def sql(self, statement: str, *values: object) -> list[Any]:
        """Ask or change the database past the applications, as an employee or a thief with a copy of it would."""
        with sqlite3.connect(self.database) as connection:
            rows = connection.execute(statement, values).fetchall()
        connection.close()
        return rows

    def setting(self, name: str) -> Any:
        """A value of the running shop's settings."""
        return getattr(sys.modules["app.settings"], name)

    def sign_up(self, name: str, role: str = "customer") -> None:
        """Open an account and sign in."""
        credentials = {"email": f"{name}@example.com", "password": PASSWORD}
        assert self.client().post("/auth/register", json=credentials).status_code == 202
        self.sql("UPDATE users SET role = ? WHERE email = ?", role, credentials["email"])
        answer = self.client().post("/auth/login", json=credentials)
        assert answer.status_code == 200, answer.text
        self.tokens[name] = answer.json()


@contextmanager
def opened(folder: Path, place: Path) -> Iterator[Shop]:
    """A shop of its own below `place`, with customers, staff, products and orders."""
    database = place / "shop.db"
    with started(folder, database) as apps:
        shop = Shop(folder, database, apps)
        for name, role in (("alice", "customer"), ("mallory", "customer"), ("sam", "staff"), ("ada", "admin")):
            shop.sign_up(name, role)
        for product in ("lamp", "chair"):
            shop.sql("INSERT INTO products (name, price_cents, stock) VALUES (?, 1999, 100)", product)
        yield shop
