"""Programs that make a mistake or only seem to, put together at random, and the attack that tells which it is.

Each kind has a template whose capital words are replaced by one of several pieces; a piece that stands alone on a line
is indented as the line is.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from textwrap import indent
from types import ModuleType
from typing import Any, NamedTuple

import jwt
from starlette.testclient import TestClient

SECRET = "a-secret-to-sign-tokens-with-0123456789"
FOLDER = Path(__file__).with_name("mistakes")
Load = Callable[[], ModuleType]


class Kind(NamedTuple):
    """The rules that report a mistake, and whether requests show that a program makes it; `load` imports it anew."""

    rules: tuple[str, ...]
    is_made: Callable[[Load], bool]


def make(kind: str, random: Random) -> str:
    """One program of a kind: `template.txt` with a piece of the file of its name for each capital word."""
    pieces = {
        file.stem.upper(): file.read_text(encoding="utf-8").strip("\n").split("\n---\n")
        for file in sorted((FOLDER / kind).glob("*.txt"))
    }
    (text,) = pieces.pop("TEMPLATE")
    for _ in range(3):  # pieces have words for pieces in them
        text = "\n".join(_filled(line, pieces, random) for line in text.splitlines())
    return text + "\n"


def _filled(line: str, pieces: Mapping[str, list[str]], random: Random) -> str:
    word, margin = line.strip(), line[: len(line) - len(line.lstrip())]
    if word in pieces:
        return indent(random.choice(pieces[word]), margin)
    for name in pieces:
        if name in line:
            line = line.replace(name, random.choice(pieces[name]))
    return line


def _codes(module: ModuleType, *requests: dict[str, Any], path: str = "/x") -> list[int]:
    client = TestClient(module.app, raise_server_exceptions=False)
    return [client.post(path, **request).status_code for request in requests]


def _bearer(subject: str) -> dict[str, Any]:
    token = jwt.encode({"sub": subject, "exp": int(time.time()) + 600}, SECRET, "HS256")
    return {"headers": {"Authorization": f"Bearer {token}"}}


def _rights(load: Load) -> bool:
    user, admin = _codes(load(), _bearer("bob"), _bearer("ann"))
    assert admin < 300, admin
    return user < 300


def _limits(load: Load) -> bool:
    sent = [{"data": {"username": "bob", "password": "x"}, "headers": _changing(number)} for number in range(14)]
    codes = _codes(load(), *sent, path="/x/login")
    assert codes[0] == 400, codes
    return 429 not in codes


def _changing(number: int) -> dict[str, str]:
    """What a client sends of itself, other things each time."""
    names = ("X-Forwarded-For", "X_FORWARDED_FOR", "User-Agent")
    return dict.fromkeys(names, f"10.0.{number}.{number}")


def _keys(load: Load) -> bool:
    os.environ |= {"SERVICE_KEY": SECRET}
    assert _codes(load(), *_sent(SECRET))[0] < 300
    del os.environ["SERVICE_KEY"]
    try:
        module = load()
    except (KeyError, ValueError):
        return False  # it does not start without its key
    return any(code < 300 for code in _codes(module, {}, *_sent(""), *_sent("None")))


def _sent(key: str) -> list[dict[str, Any]]:
    return [{"headers": {"X-API-Key": key}}]


def _challenges(load: Load) -> bool:
    client = TestClient(load().app)
    answer = client.post("/x", headers={"Authorization": "Bearer no.such.token"})
    assert answer.status_code == 401, answer.status_code
    return "www-authenticate" not in answer.headers


def _answers(load: Load) -> bool:
    answer = TestClient(load().app, raise_server_exceptions=False).post("/x")
    assert answer.status_code == 500, answer.status_code
    return "the-name-of-the-table" in answer.text


def _cookies(load: Load) -> bool:
    answer = TestClient(load().app, follow_redirects=False).post("/x")
    said = answer.headers["set-cookie"].lower()
    return any(flag not in said for flag in ("httponly", "secure", "samesite"))


def _origins(load: Load) -> bool:
    stranger = {"Origin": "https://evil.example.org", "Cookie": "session=1"}
    said = TestClient(load().app).post("/x", headers=stranger).headers
    allowed = said.get("access-control-allow-origin") == stranger["Origin"]
    return allowed and said.get("access-control-allow-credentials") == "true"


KINDS = {
    "rights": Kind(("missing-authorization",), _rights),
    "limits": Kind(("auth-route-without-rate-limit", "rate-limit-inert"), _limits),
    "keys": Kind(("api-key-matches-missing", "default-secret"), _keys),
    "challenges": Kind(("missing-www-authenticate",), _challenges),
    "answers": Kind(("exception-text-in-response",), _answers),
    "cookies": Kind(("insecure-cookie",), _cookies),
    "origins": Kind(("cors-wildcard-with-credentials",), _origins),
}
