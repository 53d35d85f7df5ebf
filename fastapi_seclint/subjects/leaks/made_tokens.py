"""Tokens that code makes itself, whatever it calls them: signed ones, cookies of sessions, codes in links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, last_name, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.leaks.one_time_codes import made_code
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SIGNED = ("jwt.encode()", "jose.jwt.encode()", "joserfc.jwt.encode()")
_RANDOM = frozenset({"token_urlsafe", "token_hex", "token_bytes"})
"""What Python's `secrets` makes for those who may do something with it: docs.python.org/3/library/secrets.html."""

_ORIGINS = word_set(
    "token tokens jwt encode headers credentials secret secrets auth oauth urlsafe hex cookies authorization bearer"
)


def made_token(program: Program, block: Block, form: Form) -> str:
    """What token an expression is that the project makes, in words, or an empty string."""
    if form[0] not in ("name", "call"):
        return ""
    if is_signed_token(program, block, form):
        return "a signed token"
    if code := _code(program, block, form):
        return code
    if form[0] == "name" and _is_random(block, form[2]) and _is_set_as_cookie(block, form[2]):
        return f"`{form[2]}`, which is put in a cookie,"
    if form[0] == "name" and any(_is_address(block, item) for item in _assigned(block, form[2])):
        return f"`{form[2]}`, which has a token in it,"
    return ""


def _code(program: Program, block: Block, form: Form) -> str:
    """What one-time code an expression is that a function of the project makes up, in words."""
    given = [awaited(item) for item in _assigned(block, form[2])] if form[0] == "name" else [form]
    call = next((item for item in given if made_code(program, block, item)), None)
    return f"the one-time code of `{last_name(call[2])}()`" if call is not None else ""


def is_signed_token(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is what a token library signed, by functions of the project too."""
    return any(isinstance(option, External) and option.name in _SIGNED for option in options(ask(program, block, form)))


def _assigned(block: Block, name: str) -> list[Form]:
    scope = block.scope
    given = scope.assignments(name) if isinstance(scope, FunctionScope) else []
    return [item[3] for item in given if item[0] == "assign"]


def _is_random(block: Block, name: str) -> bool:
    return any(item[0] == "call" and last_name(item[2]) in _RANDOM for item in _assigned(block, name))


def _is_set_as_cookie(block: Block, name: str) -> bool:
    for call in block.forms.of("call"):
        if last_name(call[2]) == "set_cookie":
            given = [*call[3][1:2], *(value for keyword, value, _ in call[4] if keyword == "value")]
            if any(item[0] == "name" and item[2] == name for item in given):
                return True
    return False


def _is_address(block: Block, form: Form) -> bool:
    """Whether a text is a link with something random in its query or at its end: `f"{site}/in?code={code}"`."""
    if form[0] != "fstr":
        return False
    for before, part in zip(form[2], form[2][1:], strict=False):
        said = str(before[2]) if before[0] == "const" else ""
        behind = part[0] == "fmt" and said.endswith(("=", "/")) and ("?" in said or "/" in said)
        if behind and any(item[0] == "name" and _is_random(block, item[2]) for item in walk(part[2])):
            return True
    return False


def tells_of_token(value: Form) -> bool:
    """Whether a value is read or made by something that is named after tokens."""
    spoken = (str(item[-1]) for item in walk(value) if item[0] in ("name", "attr", "const"))
    return any(_ORIGINS & set(words_of(text)) for text in spoken)
