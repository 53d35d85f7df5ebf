"""What a parameter is that its own name does not say, `key`, by what a handler does with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.code.reads import read_of
from fastapi_seclint.subjects.secrets.sent import core, filled
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

UNSAID = re.compile(r"^(key|k|auth|credentials?)$")
"""Names that may be a credential's, and may be those of an entry in a cache."""
_ASKS = re.compile(r"^(validate|verify|check|test|probe|authenticate)_(?:with_|by_)?(\w+)$")
_COMPARES = frozenset({"compare_digest", "safe_str_cmp"})
_AUTHORIZATION = ("authorization", "x-api-key", "api-key", "apikey", "x-auth-token")


def used_as(program: Program, function: Function, name: str) -> Iterator[str]:
    """The names under which a function hands a parameter on, or holds it against what is kept secret.

    `Client(api_key=key)` and `validate_api_key(key)` say `api_key`, as do a test `key != settings.CRON_KEY` and a
    header `{"Authorization": f"Bearer {key}"}`.
    """
    for form in function.forms.of("call"):
        if form[2][0] not in ("name", "attr"):
            continue
        yield from (keyword for keyword, value, _ in form[4] if keyword is not None and _is(value, name))
        yield from _asked(program, function, form, name)
    for form in function.forms.of("compare"):
        if len(form[4]) == 1 and form[3][0] in ("==", "!="):
            yield from _held_against(program, [form[2], form[4][0]], name)
    for form in function.forms.of("dict"):
        for key, value in form[2]:
            header = str(key[2]).lower() if key is not None and key[0] == "const" else ""
            if header in _AUTHORIZATION and _is(filled(value), name):
                yield "api_key"


def _asked(program: Program, function: Function, call: Form, name: str) -> Iterator[str]:
    """What a call takes the parameter for: by its own name, or by that of the parameter which gets it."""
    called_as = last_name(call[2])
    if called_as in _COMPARES:
        yield from ("api_key" for value in call[3] if _is(value, name))
        return
    at = next((number for number, value in enumerate(call[3]) if _is(value, name)), None)
    if at is None:
        return
    said = _ASKS.match(snake(called_as))
    if said is not None and len(call[3]) == 1:
        yield said[2]
    block = body_of(program, function)
    for one, bound in called(program, block, call) if block is not None else ():
        taken = one.parameters[at + 1 if bound else at :]
        yield from (item[0] for item in taken[:1])


def _held_against(program: Program, sides: list[Form], name: str) -> Iterator[str]:
    """`api_key` where one side is the parameter and the other is a setting or constant that is named like a secret."""
    for one, other in ((sides[0], sides[1]), (sides[1], sides[0])):
        if _is(one, name) and any(vocabulary(program).kind(said) for said in _named(core(other))):
            yield "api_key"


def _named(form: Form) -> Iterator[str]:
    yield name_of(form)
    for inner in walk(form):
        read = read_of(inner) if inner[0] == "call" else None
        if read is not None:
            yield read.name
        elif inner[0] == "sub" and inner[3][0] == "const":
            yield str(inner[3][2])


def _is(form: Form, name: str) -> bool:
    return core(form)[::2] == ["name", name]
