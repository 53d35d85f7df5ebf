"""The shipped applications, imported and served as their users would."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from running_shop import ENTRIES, PASSWORD, environment

__all__ = ["ENTRIES", "FIXTURES", "PASSWORD", "bearer", "serve", "sign_in"]

FIXTURES = Path(__file__).parent / "fixtures"


@contextmanager
def serve(folder: Path, database: Path, entry: str = "app.main") -> Iterator[TestClient]:
    """A client of an application below `folder`, started on a new database; its modules are forgotten afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setattr(sys, "dont_write_bytecode", True)
        for name, value in environment(folder, database).items():
            patch.setenv(name, value)
        packages = {name.removesuffix(".py") for name in os.listdir(folder)}
        try:
            with TestClient(importlib.import_module(entry).app, base_url="http://localhost") as client:
                yield client
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
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
