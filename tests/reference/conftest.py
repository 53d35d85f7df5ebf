"""The reference application with settings of its own, once as an object and once behind a real server."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_seclint.reference import application, login
from fastapi_seclint.reference.passwords import hash_password
from fastapi_seclint.reference.settings import get_settings

KEY = "k" * 32
PASSWORD = "correct horse battery"


def environment(folder: Path) -> dict[str, str]:
    return {
        "SECRET_KEY": KEY,
        "DATABASE_PATH": str(folder / "reference.sqlite"),
        "ALLOWED_ORIGINS": "https://app.example.com",
        "ALLOWED_HOSTS": "testserver, 127.0.0.1",
    }


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    for limit in (login.login_by_address, login.login_by_account, login.register_by_address):
        limit._seen.clear()
    application.refresh_by_address._seen.clear()
    yield
    get_settings.cache_clear()


@pytest.fixture
def app(settings: None) -> FastAPI:
    return application.create_app()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, base_url="https://testserver") as client:
        yield client


def add_user(path: str, email: str, role: str = "user", active: bool = True) -> None:
    """A user with the usual password, put straight into the database."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "INSERT INTO users (email, hashed_password, role, is_active) VALUES (?, ?, ?, ?)",
            (email, hash_password(PASSWORD), role, active),
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of the application under uvicorn, on a free loopback port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", "fastapi_seclint.reference.application:create_app"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"],
        env={**os.environ, **environment(tmp_path), "HTTPS": "false"},
        cwd=tmp_path,
    )
    try:
        yield _when_up(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _when_up(url: str, process: subprocess.Popen[bytes]) -> str:
    for _ in range(300):
        assert process.poll() is None, "uvicorn ended"
        try:
            httpx.get(url)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return url
    raise AssertionError("uvicorn did not answer")
