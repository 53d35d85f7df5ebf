"""Whether a function tests what it was given, or hands it to something that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.leaks.log_calls import is_log_call

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def looked_at(program: Program, function: Function, names: set[str], depth: int = 2, *, shown: bool = True) -> bool:
    """Whether a function, or one of the project that it hands its names to, tests one of them.

    `depth` is how many calls are followed; without `shown`, a choice of what an answer says is no test.
    """
    if looks_at(function, names, shown=shown):
        return True
    block = body_of(program, function) if depth else None
    if block is None:
        return False
    handed = [item for form in function.forms.of("call") for item in handed_to(program, block, form, names)]
    if any(looked_at(program, inner, given, depth - 1) for inner, given in handed):
        return True
    asked = (form for form in function.forms.of("call") if form[2][0] == "attr" and form[2][2][0] == "name")
    own = (form for form in asked if form[2][2][2] in names)
    return any(method.forms.of("raise") for form in own for method, _ in called(program, block, form))


def looks_at(function: Function, names: set[str], *, shown: bool = True) -> bool:
    """Whether a function tests one of its names, or hands it to something that is named after a test."""
    answers = [] if shown else [form[2] for form in function.forms.of("return") if form[2] and form[2][0] == "dict"]
    answers += [] if shown else [form for form in function.forms.of("call") if is_log_call(form)]
    only_shown = {id(inner) for answer in answers for inner in walk(answer)}
    for form in function.forms.every:
        tested: list[Form] = []
        if id(form) in only_shown:
            continue
        match form:
            case ["if" | "while" | "ifexp" | "assert", _, test, *_]:
                tested = [test]
            case ["bool", _, _, items]:
                tested = items
            case ["compare", _, left, _, others]:
                tested = [left, *others]
            case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], []]:
                tested = [inner]
            case ["call", _, called_, positional, keywords] if credentials.names_verification(str(called_[-1])):
                tested = [*positional, *(value for _, value, _ in keywords)]
        if mentions(tested, names):
            return True
    return False
