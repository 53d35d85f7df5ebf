"""A fix that puts a guard to use for the first time is made, and what is wrong with that guard is mended after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastapi_seclint.cli import run

BILLS = """\
import os

import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer

SECRET_KEY = os.environ["SECRET_KEY"]
BILLS = {1: 20, 2: 35}
bearer = OAuth2PasswordBearer(tokenUrl="login")
app = FastAPI()


def current_name(request: Request):
    token = request.cookies.get("access_token")
    if token is None:
        raise HTTPException(status_code=401, detail="not signed in")
    try:
        return jwt.decode(token, SECRET_KEY, algorithms=["HS256"]).get("sub")
    except jwt.PyJWTError:
        raise HTTPException(status_code=401, detail="session has expired")


@app.get("/bills")
def bills(name: str = Depends(current_name)):
    return list(BILLS)


@app.delete("/bills/{number}")
def tear(number: int, token: str = Depends(bearer)):
    del BILLS[number]
"""


def test_refusals_of_a_guard_that_comes_into_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "main.py").write_text(BILLS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    rules = "--select=token-not-validated,missing-www-authenticate"
    run(("fix", "--isolated", "--no-cache", "--persona=pedantic", "--unsafe-fixes", rules, "."))
    said = capsys.readouterr().err
    assert "not fixed" not in said
    assert "fixed 3 findings" in said
    fixed = (tmp_path / "main.py").read_text(encoding="utf-8")
    assert '@app.delete("/bills/{number}", dependencies=[Depends(current_name)])' in fixed
    assert fixed.count('headers={"WWW-Authenticate": "Bearer"}') == 2
