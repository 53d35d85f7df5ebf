"""People write one block in several ways; the facts have it in one."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Any

import pytest

from fastapi_seclint import facts, syntax
from fastapi_seclint.facts.forms import Form, is_leaf


def body(text: str) -> list[Form]:
    """The forms of a function with these statements, without their places."""
    source = "def f(ok, user):\n" + indent(dedent(text), "    ")
    found = facts.extract(syntax.Source("main.py", source, *syntax.parse(source)))
    return [without_places(form) for form in found.body(0)]


def without_places(form: Any) -> Any:
    """A form with every packed place taken out."""
    if not isinstance(form, list):
        return form
    placed = len(form) > 1 and isinstance(form[0], str) and type(form[1]) is int and (len(form) > 2 or is_leaf(form))
    return [without_places(item) for number, item in enumerate(form) if not (placed and number == 1)]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        pytest.param(
            """
            if ok:
                serve()
            else:
                raise Refused()
            """,
            """
            if not ok:
                raise Refused()
            serve()
            """,
            id="a refusal behind else comes first",
        ),
        pytest.param(
            """
            if not ok:
                return serve(user)
            else:
                return None
            """,
            """
            if ok:
                return None
            return serve(user)
            """,
            id="of two answers that which gives nothing is the refusal",
        ),
        pytest.param(
            """
            if not ok:
                raise Refused()
            elif not user:
                raise Unknown()
            else:
                serve()
            """,
            """
            if not ok:
                raise Refused()
            if not user:
                raise Unknown()
            serve()
            """,
            id="a chain of refusals is one after the other",
        ),
        pytest.param(
            """
            error = Refused()
            raise error from None
            """,
            "raise Refused() from None",
            id="what is only raised is raised where it is made",
        ),
        pytest.param(
            """
            wrong = ok != user
            if wrong or user:
                raise Refused()
            """,
            """
            if ok != user or user:
                raise Refused()
            """,
            id="what is only tested is tested where it is found",
        ),
        pytest.param(
            """
            if ok:
                result = serve(user)
                return result
            result = {"user": user}
            return result
            """,
            """
            if ok:
                return serve(user)
            return {"user": user}
            """,
            id="what is only returned is returned where it is made",
        ),
    ],
)
def test_a_block_is_read_in_its_plain_order(written: str, plain: str) -> None:
    assert body(written) == body(plain)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("if ok:\n    serve()\nelse:\n    serve(user)", id="no branch leaves"),
        pytest.param("error = Refused()\nlog(error)\nraise error", id="the error is used before it is raised"),
        pytest.param("same = ok == user\nif same:\n    serve()\nlog(same)", id="the answer is used below"),
        pytest.param("result = serve(user)\nlog(result)\nreturn result", id="the result is used before it is returned"),
        pytest.param("result: User = serve(user)\nreturn result", id="what the result is stands beside it"),
        pytest.param("token = serve(user)\nreturn token", id="what a token is its name says"),
        pytest.param("if (found := find(user)):\n    serve()", id="a test that binds"),
    ],
)
def test_what_means_something_else_stays(text: str) -> None:
    kinds = [form[0] for form in body(text)]
    assert kinds == [type_of(line) for line in text.splitlines() if not line.startswith((" ", "else"))]


def type_of(line: str) -> str:
    """The kind of the form that a line begins."""
    word = line.split()[0]
    if word.startswith("log("):
        return "expr"
    return "assign" if word in ("error", "same", "result", "result:", "token") else word


def test_at_the_top_of_a_module_nothing_moves() -> None:
    text = "if ok:\n    serve()\nelse:\n    raise Refused()\n"
    found = facts.extract(syntax.Source("main.py", text, *syntax.parse(text)))
    assert [form[0] for form in found.module] == ["if"]
