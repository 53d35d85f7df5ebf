"""The security guide itself as a test, where it is at hand: what it calls wrong is reported, what is right is not.

The guide's blocks are fragments. Each is put where it would stand: after the imports and names that it takes for
granted, and inside a handler when it speaks of a request. `tests/cases/guide.md` has the same mistakes in other words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest
from pages import ROOT

import fastapi_seclint

GUIDE = ROOT.parent / "shared" / "guide.md"
MARKS = 11

pytestmark = pytest.mark.skipif(not GUIDE.is_file(), reason="the guide is not at hand")

MODULE = """\
import os
from datetime import datetime, timedelta, timezone

import jwt
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Security, status
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, OAuth2PasswordRequestForm
from passlib.context import CryptContext
from pydantic import BaseModel

app = FastAPI()
"""
KEYS = 'SECRET_KEY = os.environ["SECRET_KEY"]\nALGORITHM = "HS256"\n'
HANDLER = """
class Registration(BaseModel):
    email: str
    password: str


pwd_context = CryptContext(schemes=["bcrypt"], deprecated="auto")


def hash_password(password: str) -> str:
    return pwd_context.hash(password)


def verify_password(plain: str, hashed: str) -> bool:
    return pwd_context.verify(plain, hashed)


@app.post("/items")
def handle(request: Registration, user=Depends(get_user), stored_hash: str = "", plain_password: str = ""):
"""
LOGIN = (
    HANDLER.partition("@app.post")[0]
    + '@app.post("/auth/login")\ndef handle(form_data: OAuth2PasswordRequestForm = Depends()):\n'
    "    user = get_user_by_email(form_data.username)\n    password = form_data.password"
)
DECODER = "\ndef read(token: str):\n"


@dataclass(frozen=True)
class Example:
    """A marked part of a block: its heading, its words after the mark, and its code."""

    heading: str
    words: str
    code: str
    right: bool


def examples() -> list[Example]:
    """Every part of a Python block that is marked WRONG or CORRECT, in order."""
    found = []
    heading = ""
    parts = re.compile(r"(^#{2,3} [^\n]*$|^```python\n.*?^```$)", re.M | re.S)
    for part in parts.split(GUIDE.read_text(encoding="utf-8")):
        if part.startswith("#"):
            heading = part.strip("# \n")
        elif part.startswith("```python"):
            code = part.removeprefix("```python\n").removesuffix("```")
            for piece in re.split(r"^(?=# (?:WRONG|CORRECT) -- )", code, flags=re.M)[1:]:
                mark, _, words = piece.partition("\n")[0].partition(" -- ")
                found.append(Example(heading, words, piece, mark == "# CORRECT"))
    return found


# The words after the mark, the rules that stand for the mistake, and where the fragment stands.
WRONG = {
    "storing plaintext": (("plaintext-password",), HANDLER),
    "using MD5 or SHA256 (fast hashes, easily brute-forced)": (("fast-password-hash",), HANDLER),
    "comparing hashes directly (timing attack vulnerable)": (("password-hash-compared",), HANDLER),
    "allows any website to call your API": (("cors-wildcard-with-credentials", "cors-wildcard-methods-or-headers"), ""),
    "secret in source code": (("hardcoded-secret", "credentials-in-url"), ""),
    "decoding without expiry validation": (("jwt-expiry-unverified", "jwt-algorithms-missing"), KEYS + DECODER),
    "any origin, all methods, all headers": (("cors-wildcard-origin", "cors-wildcard-methods-or-headers"), ""),
    "tells attacker which field is wrong": (("leaky-login-error",), LOGIN),
    "returns 401 for unauthenticated users on public endpoints": (("public-route-requires-token",), ""),
    "access and refresh tokens are interchangeable": (("jwt-untyped",), KEYS),
    "no rate limiting on login": (("auth-route-without-rate-limit",), ""),
}
# The heading of a right side, the rule that must be silent, and where the fragment stands. Erratum 9 of the guide: the
# one answer for both cases still takes longer for a known user (login-timing-leak, pedantic).
RIGHT = {
    "hash on registration": (("plaintext-password", "fast-password-hash", "password-hash-compared"), HANDLER),
    "verify on login": (("plaintext-password", "password-hash-compared"), HANDLER),
    "explicit origins": (("cors-wildcard-with-credentials", "cors-wildcard-origin", "cors-origins-not-a-list"), ""),
    "from environment": (("hardcoded-secret", "default-secret", "credentials-in-url"), ""),
    "let the library enforce expiry (default behavior)": (
        ("jwt-expiry-unverified", "jwt-algorithms-missing"),
        KEYS + DECODER,
    ),
    "explicit whitelist": (("cors-wildcard-origin", "cors-wildcard-methods-or-headers"), ""),
    "same error for both cases": (("leaky-login-error",), LOGIN),
    "auto_error=False for optional auth": (("public-route-requires-token", "optional-auth-unchecked"), ""),
    "tokens have explicit types": (("jwt-untyped", "jwt-type-unchecked"), KEYS),
}


def found(example: Example, prelude: str, folder: Path) -> set[str]:
    """The names of the rules that report something in an example."""
    code = example.code.replace(" ...})", " 4102444800})").replace('"exp": ...', '"exp": 4102444800')
    inside = prelude.rstrip("\n").endswith(":") or prelude.rstrip("\n").endswith("form_data.password")
    text = MODULE + prelude + (indent(code, "    ") if inside else code)
    (folder / "main.py").write_text(text, encoding="utf-8")
    report = fastapi_seclint.check(".", cwd=folder, isolated=True)
    assert report.errors == ()
    first = text[: len(text) - len(code)].count("\n")
    return {finding.rule.name for finding in report.findings if inside or finding.location.span.line > first}


def marked(right: bool) -> list[Example]:
    return [example for example in examples() if example.right is right] if GUIDE.is_file() else []


def test_the_guide_marks_eleven_mistakes_and_the_tables_know_all_marks() -> None:
    assert len(marked(False)) == MARKS
    assert {example.words for example in marked(False)} == set(WRONG)
    assert {example.words for example in marked(True)} == set(RIGHT)


@pytest.mark.parametrize("example", marked(False), ids=lambda example: example.words)
def test_what_the_guide_calls_wrong_is_reported(example: Example, tmp_path: Path) -> None:
    rules, prelude = WRONG[example.words]
    assert set(rules) <= found(example, prelude, tmp_path)


@pytest.mark.parametrize("example", marked(True), ids=lambda example: example.words)
def test_what_the_guide_calls_correct_is_not(example: Example, tmp_path: Path) -> None:
    rules, prelude = RIGHT[example.words]
    assert not set(rules) & found(example, prelude, tmp_path)
