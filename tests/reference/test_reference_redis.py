"""The shared limit against a real Redis server that the test starts on a free loopback port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient

from fastapi_seclint.reference.rate_limits_redis import SharedRateLimit

REDIS = shutil.which("redis-server")

pytestmark = pytest.mark.skipif(REDIS is None, reason="redis-server is not installed")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(REDIS), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen([*command, "--loglevel", "warning"], stdout=subprocess.DEVNULL)
    for _ in range(100):
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}", process
    process.terminate()
    process.wait(timeout=30)


def worker(url: str, scope: str = "login", requests: int = 3) -> TestClient:
    app = FastAPI()

    @app.get("/", dependencies=[Depends(SharedRateLimit(scope, requests, 60, url))])
    def read() -> None: ...

    return TestClient(app, raise_server_exceptions=False)


def test_two_workers_count_together(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    with worker(redis[0]) as one, worker(redis[0]) as two:
        codes = [client.get("/").status_code for client in (one, two, one, two, one)]
    assert codes == [200, 200, 200, 429, 429]


def test_scopes_count_for_themselves(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    with worker(redis[0], "login", 1) as login, worker(redis[0], "register", 1) as register:
        assert [client.get("/").status_code for client in (login, login, register)] == [200, 429, 200]


def test_without_its_store_it_lets_nobody_through(redis: tuple[str, subprocess.Popen[bytes]]) -> None:
    url, process = redis
    with worker(url) as client:
        assert client.get("/").status_code == 200
        process.terminate()
        process.wait(timeout=30)
        assert client.get("/").status_code == 500
