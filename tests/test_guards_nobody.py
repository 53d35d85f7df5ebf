"""Objects that stand for nobody: what their classes say of them is what guards find of strangers."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import routes
from projects_guarded import READ, protection

PEOPLE = """
class Person:
    is_authenticated = True
    is_staff = True
    role = "cook"
    number: int | None = 7
class Member(Person): ...
class AnonymousUser(Person):
    is_authenticated = False
    is_staff = False
    number = None
    def __init__(self):
        self.role = "guest"
        self.active = True
def caller(request: Request):
    try:
        jwt.decode(request.headers.get("authorization", ""), "k", algorithms=["HS256"])
    except jwt.PyJWTError:
        return AnonymousUser()
    return Member()
"""
ASKED = [
    ("not who.is_authenticated", "protected"),
    ("not who.is_staff", "protected"),
    ("who.number is None", "protected"),
    ("who.role != 'cook'", "protected"),
    ("who.role not in ('cook', 'waiter')", "protected"),
    ("who.role not in ('cook', 'guest')", "open"),
    ("not who.active", "open"),
    ("not who", "open"),
    ("not isinstance(who, Member)", "protected"),
    ("isinstance(who, AnonymousUser)", "protected"),
    ("not isinstance(who, Person)", "open"),
    ("not isinstance(who, (Member, AnonymousUser))", "open"),
    ("not isinstance(who, Member | AnonymousUser)", "open"),
]


@pytest.mark.parametrize(("asked", "expected"), ASKED)
def test_who_stands_for_nobody_is_what_his_class_says(asked: str, expected: str, tmp_path: Path) -> None:
    guard = f"def g(who=Depends(caller)):\n    if {asked}:\n        raise HTTPException(403)\n"
    assert (
        protection(tmp_path, f"{PEOPLE}{guard}@app.delete('/x', dependencies=[Depends(g)])\ndef x(): ...\n") == expected
    )


REMEMBERED = """
import jwt
from fastapi import Depends, FastAPI, HTTPException, Request
app = FastAPI(openapi_url=None)
class AnonymousUser: ...
def remember(request: Request):
    try:
        request.state.user = jwt.decode(request.headers["authorization"], "k", algorithms=["HS256"])
    except (KeyError, jwt.PyJWTError):
        request.state.user = AnonymousUser()
def guard(request: Request):
    if not request.state.user:
        raise HTTPException(401)
"""
TWO = [
    "@app.get('/visited')\ndef visited(seen=Depends(remember)): ...\n",
    "@app.get('/kept')\ndef kept(found=Depends(guard)): ...\n",
]


@pytest.mark.parametrize("order", [TWO, TWO[::-1]])
def test_what_a_guard_of_one_route_leaves_is_not_there_for_others(order: list[str], tmp_path: Path) -> None:
    found = routes(tmp_path, REMEMBERED + "".join(order))
    assert {path: row.protection for path, row in found.items()} == {"/visited": "open", "/kept": "protected"}


LEAVING = """
class Missing(Exception): ...
class quiet:
    def __enter__(self): ...
    def __exit__(self, kind, value, trace):
        if {asked}:
            return True
        return False
def g(token=Depends(HTTPBearer())):
    with quiet():
        return jwt.decode(token.credentials, "k", algorithms=["HS256"])
"""


@pytest.mark.parametrize(("asked", "expected"), [("kind is Missing", "protected"), ("kind is jwt.PyJWTError", "open")])
def test_what_lets_another_failure_go_lets_no_bad_token_in(asked: str, expected: str, tmp_path: Path) -> None:
    text = LEAVING.format(asked=asked)
    assert protection(tmp_path, f"{text}@app.get('/x')\ndef x(who=Depends(g)): ...\n") == expected


SHOWN = """
import inspect
def g(**given):
    if given.get("strict", True):
        try:
            jwt.decode(given.get("token") or "", "k", algorithms=["HS256"])
        except jwt.PyJWTError:
            raise HTTPException(401)
g.__signature__ = inspect.Signature(
    [inspect.Parameter("token", inspect.Parameter.KEYWORD_ONLY, default=Depends(oauth2_scheme))]
)
"""


def test_what_no_parameter_gives_is_what_is_taken_in_its_place(tmp_path: Path) -> None:
    assert protection(tmp_path, f"{SHOWN}{READ}".replace("x():", "x(who=Depends(g)):")) == "protected"


NARROW = """
from contextlib import contextmanager, suppress
@contextmanager
def patient():
    try:
        yield
    except jwt.ExpiredSignatureError:
        print("late")
class Lock:
    def __enter__(self): ...
    def __exit__(self, kind, value, trace):
        return self.token_given_back(kind)
    def token_given_back(self, kind):
        return False
def g(token=Depends(HTTPBearer())):
    with {manager}:
        try:
            return jwt.decode(token.credentials, "k", algorithms=["HS256"])
        except jwt.InvalidTokenError:
            raise HTTPException(401)
"""
MANAGERS = [
    ("patient()", "protected"),
    ("Lock()", "protected"),
    ("suppress(jwt.ExpiredSignatureError)", "protected"),
    ("suppress(OSError, HTTPException)", "open"),
    ("suppress(*ERRORS)", "open"),
    ("suppress(Exception)", "open"),
]


@pytest.mark.parametrize(("manager", "expected"), MANAGERS)
def test_a_refusal_in_a_block_is_let_go_where_its_kind_is(manager: str, expected: str, tmp_path: Path) -> None:
    text = NARROW.replace("{manager}", manager)
    assert protection(tmp_path, f"{text}@app.get('/x')\ndef x(who=Depends(g)): ...\n") == expected
