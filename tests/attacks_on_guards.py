"""What requests to the programs of `guard_programs` get, in a process of its own.

Run as `attacks_on_guards.py FILE`: the JSON file lists `[module, method]`, standard output gets, for each, the status
codes of strangers and those of somebody with the right credentials.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import jwt
from guard_programs import KEY, SECRET
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

EXPIRES = int(time.time()) + 3600


def ways(key: str, token: str) -> Iterator[dict[str, Any]]:
    """The ways to send a key or a token."""
    yield {"headers": {"X-Key": key}}
    yield {"headers": {"Authorization": f"Bearer {token}"}}
    yield {"headers": {"Cookie": f"session={key}"}}
    yield {"params": {"key": key}}


def heard(client: TestClient, request: dict[str, Any]) -> int:
    """200 where a websocket says something to its client, 403 where it leaves him before."""
    query = "".join(f"?{name}={value}" for name, value in request.get("params", {}).items())
    try:
        with client.websocket_connect(f"/x{query}", headers=dict(request.get("headers", {}))) as connection:
            connection.receive_text()
    except (WebSocketDisconnect, WebSocketDenialResponse, HTTPException):
        return 403
    return 200


def codes(app: Any, method: str, requests: list[dict[str, Any]]) -> list[int]:
    client = TestClient(app, raise_server_exceptions=False)
    if method == "websocket":
        return [heard(client, request) for request in requests]
    return [client.request(method, "/x", **request).status_code for request in requests]


def main() -> None:
    work = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    os.environ |= {"KEY": KEY, "SECRET": SECRET}
    sys.path.insert(0, str(Path(sys.argv[1]).parent))
    forged = jwt.encode({"sub": "ann", "exp": EXPIRES}, "another-secret-of-thirty-two-bytes-or-more", "HS256")
    right = jwt.encode({"sub": "ann", "exp": EXPIRES}, SECRET, "HS256")
    found = []
    for module, method in work:
        with redirect_stdout(StringIO()):
            app = importlib.import_module(module).app
            strange = codes(app, method, [{}, *ways("letmein", forged), *ways("guest", "no.token")])
            found.append([strange, codes(app, method, [*ways(KEY, right)])])
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
