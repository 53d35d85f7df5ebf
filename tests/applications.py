"""The shipped applications, imported and served as their users would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

FIXTURES = Path(__file__).parent / "fixtures"
PASSWORD = "correct horse battery staple"


@contextmanager
def serve(folder: Path, database: Path) -> Iterator[TestClient]:
    """A client of `app.main:app` below `folder`, started on a new database; its modules are forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setattr(sys, "dont_write_bytecode", True)
        patch.setenv("SHOP_DATABASE", str(database))
        patch.setenv("SHOP_SECRET_KEY", "a key for tests only, long enough for HS256")
        try:
            from app.main import app

            with TestClient(app, base_url="http://localhost") as client:
                yield client
        finally:
            for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
                del sys.modules[name]


def sign_in(client: TestClient, email: str = "alice@example.com") -> dict[str, str]:
    """Open an account and sign in; gives the token pair that the login route answers with."""
    credentials = {"email": email, "password": PASSWORD}
    assert client.post("/auth/register", json=credentials).status_code == 202
    response = client.post("/auth/login", json=credentials)
    assert response.status_code == 200
    return response.json()


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token."""
    return {"Authorization": f"Bearer {token}"}
