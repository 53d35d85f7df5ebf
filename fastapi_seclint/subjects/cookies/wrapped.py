"""Cookies that a function sets with what its callers give it: `def put(response, **kw): response.set_cookie(**kw)`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form
from fastapi_seclint.program.sites import Block, Call
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import callers

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def handed_on(program: Program, block: Block, form: Form) -> list[Call]:
    """A call of `set_cookie` as the callers of its function fill it, each in its own place.

    Empty where the function hands no `**` of its own on, or nobody calls it.
    """
    function = block.function
    if function is None:
        return []
    rest = next((item[0] for item in function.parameters if item[1] == KEYWORDS), None)
    spread = any(keyword is None and value[:1] == ["name"] and value[2] == rest for keyword, value, _ in form[4])
    if rest is None or not spread:
        return []
    return [
        Call(outer, _filled(function, rest, form, call, bound), "set_cookie", program.interpreter)
        for outer, call, bound in callers(program, function)
        if not program.is_test(outer.module)
    ]


def _filled(function: Function, rest: str, form: Form, call: Form, bound: bool) -> Form:
    """The call with the arguments of a caller in place of the parameters, and with what the caller adds."""
    given = dict(_arguments(function, call, bound))
    names = {item[0] for item in function.parameters}

    def put_in(value: Form) -> Form:
        return given.get(value[2], value) if value[0] == "name" else value

    own = [[keyword, put_in(value), at] for keyword, value, at in form[4] if keyword or value[2:] != [rest]]
    added = [item for item in call[4] if item[0] is None or item[0] not in names]
    return ["call", call[1], form[2], [put_in(value) for value in form[3]], [*own, *added]]


def _arguments(function: Function, call: Form, bound: bool) -> Iterator[tuple[str, Form]]:
    names = [item[0] for item in function.parameters if item[1] < KEYWORDS][int(bound) :]
    yield from zip(names, call[3], strict=False)
    yield from ((keyword, value) for keyword, value, _ in call[4] if keyword in names)
