"""A call of a function that only refuses reads as the refusal, whatever file the function is in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest

import fastapi_seclint
from fastapi_seclint import facts, syntax
from fastapi_seclint.discovery import SourceFile
from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import Program

DENY = """
from fastapi import HTTPException, status

def deny(code, why="no", **more):
    raise HTTPException(code, why, **more)
"""


def read(files: Mapping[str, str]) -> Program:
    """The program that the texts of some files make."""
    found = []
    for path, text in files.items():
        source = syntax.Source(path, dedent(text), *syntax.parse(dedent(text)))
        file = Path("/project") / PurePosixPath(path)
        found.append((SourceFile(file, path), facts.extract(source)))
    return Program(Path("/project"), found)


def statements(files: Mapping[str, str], path: str = "main.py") -> list[Form]:
    """The statements of the last function of a file, as rules read them."""
    module = read(files).modules.by_file[f"/project/{path}"]
    return module.facts.body(len(module.facts.functions) - 1)


def raised(form: Form) -> tuple[str, list[object], dict[str, object]]:
    """What a statement raises: the name, and the constants that it is given."""
    assert form[0] == "raise", form
    _, _, function, positional, keywords = form[2]
    return function[2], [item[2] for item in positional], {name: value[2] for name, value, _ in keywords}


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("deny(401, 'gone')", id="a statement"),
        pytest.param("return deny(401, 'gone')", id="returned"),
        pytest.param("raise deny(code=401, why='gone')", id="by keywords"),
    ],
)
def test_a_function_of_the_file(statement: str) -> None:
    written = statements({"main.py": f"{DENY}\ndef look():\n    {statement}\n"})
    assert raised(written[0]) == ("HTTPException", [401, "gone"], {})


@pytest.mark.parametrize(
    ("brought", "call"),
    [
        pytest.param("from errors import deny", "deny(403, headers=None)", id="by name"),
        pytest.param("from errors import deny as no", "no(403, headers=None)", id="under another name"),
        pytest.param("import errors", "errors.deny(403, headers=None)", id="through the module"),
    ],
)
def test_a_function_of_another_file(brought: str, call: str) -> None:
    main = f"{brought}\n\ndef look():\n    {call}\n"
    assert raised(statements({"errors.py": DENY, "main.py": main})[0]) == (
        "HTTPException",
        [403, "no"],
        {"headers": None},
    )


def test_functions_that_refuse_through_one_another() -> None:
    errors = f"{DENY}\ndef unauthorized(why):\n    deny(status.HTTP_401_UNAUTHORIZED, why)\n"
    main = "from errors import unauthorized\n\ndef look():\n    unauthorized('gone')\n"
    (form,) = statements({"errors.py": errors, "main.py": main})
    assert form[0] == "raise"
    assert form[2][3][0][3] == "HTTP_401_UNAUTHORIZED"


def test_a_test_in_the_function() -> None:
    errors = """
    from fastapi import HTTPException

    def ensure(condition, why):
        if not condition:
            raise HTTPException(403, why)
    """
    main = "from errors import ensure\n\ndef look(user):\n    ensure(user.is_admin, 'admins only')\n"
    (form,) = statements({"errors.py": errors, "main.py": main})
    assert form[0] == "if"
    assert form[2][2:4] == ["not", form[2][3]]
    assert form[2][3][3] == "is_admin"
    assert raised(form[3][0]) == ("HTTPException", [403, "admins only"], {})


def test_tests_of_what_is_given_and_what_the_file_knows() -> None:
    text = """
    from fastapi import Depends, HTTPException

    class Checks:
        async def own(self, thing, user):
            if thing is None:
                raise HTTPException(404)
            if thing.owner != user.id or thing.id in LOCKED:
                raise HTTPException(403)

    LOCKED = {3}

    async def look(one, me, checks: Checks = Depends()):
        await checks.own(one, me)
    """
    first, second = statements({"main.py": text})
    assert (raised(first[3][0])[1], raised(second[3][0])[1]) == ([404], [403])
    assert second[2][3][0][2][2][2] == "one"


def test_or_a_refusal() -> None:
    written = statements({"main.py": f"{DENY}\ndef look(user):\n    found = user or deny(404)\n    found.read()\n"})
    assert [form[0] for form in written] == ["assign", "if", "expr"]


def test_a_method() -> None:
    text = """
    from fastapi import HTTPException

    class Refusing:
        def refuse(self, why):
            raise HTTPException(401, why)

    class Service(Refusing):
        def look(self):
            self.refuse("gone")
    """
    assert raised(statements({"main.py": text})[0]) == ("HTTPException", [401, "gone"], {})


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def deny(*given):\n    raise HTTPException(*given)", id="arguments that are not named"),
        pytest.param(
            "def deny(code):\n    if (odd := code % 2):\n        raise HTTPException(code)", id="a test that binds"
        ),
        pytest.param("async def deny(code):\n    if odd(code):\n        raise HTTPException(code)", id="not awaited"),
        pytest.param("@traced\ndef deny(code):\n    raise HTTPException(code)", id="a decorator"),
        pytest.param("def deny(code):\n    raise NotImplementedError(code)", id="not written yet"),
    ],
)
def test_others_are_left_alone(text: str) -> None:
    main = f"from fastapi import HTTPException\n\n{text}\n\ndef look():\n    deny(401)\n"
    assert [form[0] for form in statements({"main.py": main})] == ["expr"]


def test_no_fix_gives_a_function_what_it_does_not_take(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(
        dedent("""
        import os
        import jwt
        from fastapi import Depends, FastAPI, HTTPException
        from fastapi.security import OAuth2PasswordBearer

        app = FastAPI()

        def deny(code, why):
            raise HTTPException(code, why)

        def caller(token: str = Depends(OAuth2PasswordBearer("token"))):
            try:
                return jwt.decode(token, os.environ["KEY"], algorithms=["HS256"])["sub"]
            except jwt.InvalidTokenError:
                deny(401, "log in again")

        @app.get("/me")
        def me(user: str = Depends(caller)):
            return user
        """)
    )
    report = fastapi_seclint.check(tmp_path, cwd=tmp_path)
    found = [finding for finding in report.findings if finding.rule.name == "missing-www-authenticate"]
    assert [(finding.location.span.line, finding.fix) for finding in found] == [(16, None)]
