"""Websockets whose guards close, tell and leave, and answers that are written in the code."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import routes

HEAD = """
    import os, jwt
    from fastapi import FastAPI, HTTPException, Request, Response, WebSocket
    from fastapi.responses import JSONResponse
    app = FastAPI()

    def decode(token):
        try:
            return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])
        except jwt.PyJWTError:
            raise HTTPException(401)

    async def shut(websocket):
        try:
            await websocket.close(code=1002)
        except RuntimeError:
            pass

    async def member(websocket, token):
        try:
            await websocket.accept()
            if not token:
                await websocket.close(code=1002)
                return None
        except RuntimeError:
            return None
        try:
            found = decode(token)
        except HTTPException:
            await shut(websocket)
            return None
        return found

    async def stream(websocket, *, token=None, room=None):
        if not room:
            return
        found = await member(websocket=websocket, token=token)
        if not found:
            return
        await websocket.send_text(found["sub"])

    async def shout(websocket, *, token=None):
        found = await member(websocket=websocket, token=token)
        await websocket.send_text(str(found))

    @app.websocket("/x")
    async def x(websocket: WebSocket, token: str | None = None, room: str | None = None):
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("await stream(websocket, token=token, room=room)", "protected"),
        ("return await stream(websocket, token=token, room=room)", "protected"),
        ("await shout(websocket, token=token)", "open"),
        ("await stream(websocket, token=token, room=room)\nawait websocket.send_text(str(websocket.url))", "open"),
    ],
)
def test_a_handler_may_leave_its_client_to_another_function(tmp_path: Path, body: str, expected: str) -> None:
    assert _protection(tmp_path, HEAD, body) == expected


TELLS = """
await websocket.accept()
if not token:
    await websocket.send_text(ANSWER)
    return
try:
    found = decode(token)
except HTTPException:
    await websocket.send_json({"error": "wrong token"})
    return
await websocket.send_text(found["sub"])
"""


@pytest.mark.parametrize(("answer", "expected"), [('"no token"', "protected"), ("room", "open")])
def test_a_client_that_is_told_what_is_written_and_left_is_refused(tmp_path: Path, answer: str, expected: str) -> None:
    assert _protection(tmp_path, HEAD, TELLS.replace("ANSWER", answer)) == expected


ASIDE = """
    POSTS = {}
    def who(request):
        try:
            return decode(request.headers.get("authorization", ""))
        except HTTPException:
            return None
    @app.get("/y")
    def y(request: Request, number: int = 0):
"""


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        ('return {"error": "no such number"}', "protected"),
        ("return Response(status_code=304)", "protected"),
        ('return JSONResponse({"error": "no"}, 404)', "protected"),
        ("return []", "protected"),
        ("return POSTS", "unknown"),
        ("return JSONResponse(POSTS)", "unknown"),
        ('POSTS.clear()\n    return {"ok": True}', "unknown"),
    ],
)
def test_an_answer_aside_that_is_written_in_the_code_lets_nobody_in(tmp_path: Path, branch: str, expected: str) -> None:
    body = f"if number < 0:\n    {branch}\nif not who(request):\n    raise HTTPException(401)\nreturn POSTS"
    assert _protection(tmp_path, HEAD.rpartition("@app")[0].rstrip() + ASIDE, body, "/y") == expected


def _protection(tmp_path: Path, head: str, body: str, path: str = "/x") -> str:
    inner = body.strip().replace("\n", "\n" + " " * 8)
    return routes(tmp_path, f"{head}        {inner}\n")[path].protection


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ('request.headers.get("X-Shop-Request") != "true"', "open"),
        ('request.headers.get("X-Requested-With") != "XMLHttpRequest"', "open"),
        ('request.headers.get("X-Shop-Request") != os.environ["SHOP_KEY"]', "protected"),
        ('request.headers.get("X-Shop-Request") != "t8-Lq2-v71"', "protected"),
    ],
)
def test_a_flag_that_everybody_may_send_proves_nothing(tmp_path: Path, test: str, expected: str) -> None:
    body = f"if {test}:\n    raise HTTPException(403)\nreturn POSTS"
    assert _protection(tmp_path, HEAD.rpartition("@app")[0].rstrip() + ASIDE, body, "/y") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('if "aws.event" not in request.scope:\n    raise HTTPException(401)\nreturn POSTS', "protected"),
        ('if "headers" not in request.scope:\n    raise HTTPException(401)\nreturn POSTS', "open"),
        ('if "aws.event" in request.scope:\n    number = 2\nreturn POSTS', "open"),
    ],
)
def test_what_a_gateway_puts_into_the_scope_is_not_there_for_strangers(
    tmp_path: Path, body: str, expected: str
) -> None:
    assert _protection(tmp_path, HEAD.rpartition("@app")[0].rstrip() + ASIDE, body, "/y") == expected


SIGNED = """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    KEYS = {}
    def partner_key():
        if "partner" not in KEYS:
            with open(os.environ["PARTNER_KEY"], "rb") as file:
                KEYS["partner"] = load_pem_public_key(file.read())
        return KEYS["partner"]
    @app.get("/y")
    def y(request: Request):
        key = partner_key()
        signature = bytes.fromhex(request.headers["X-Signature"])
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("key.verify(signature, b'partner')\nreturn 1", "protected"),
        ("fits = key.verify(signature, b'partner')\nreturn 1", "unknown"),
    ],
)
def test_an_answer_that_nobody_takes_is_none(tmp_path: Path, line: str, expected: str) -> None:
    """What verifies a signature and gives nothing raises for a wrong one."""
    assert _protection(tmp_path, HEAD.rpartition("@app")[0].rstrip() + SIGNED, line, "/y") == expected
