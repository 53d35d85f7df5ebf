"""Functions of the project that answer with a text they are given: `def refuse(detail): raise HTTPException(...)`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SENDING = frozenset({"send_text", "send_json"})
IsAnswer = Callable[["Program", Block, Form], bool]


def told(program: Program, block: Block, call: Form, is_answer: IsAnswer) -> Iterator[Form]:
    """The arguments of a call that a function of the project puts into the error which it answers with."""
    for function, bound in called(program, block, call):
        names = [item[0] for item in function.parameters]
        sent = _sent(program, function, is_answer)
        rest = any(item[1] == KEYWORDS and item[0] in sent for item in function.parameters)
        yield from (value for keyword, value, _ in call[4] if keyword in sent or (rest and keyword not in names))
        positional = names[int(bound) :]
        yield from (value for name, value in zip(positional, call[3], strict=False) if name in sent)


def _sent(program: Program, function: Function, is_answer: IsAnswer) -> set[str]:
    """The parameters of a function that go, as they are or in a text, into what it raises or sends."""
    body = body_of(program, function)
    raised = [form[2] for form in body.forms.of("raise") if form[2] is not None] if body is not None else []
    made = [call for call in raised if body is not None and call[0] == "call" and is_answer(program, body, call)]
    given = [value for call in made for value in (*call[3], *(value for key, value, _ in call[4] if key == "detail"))]
    calls = body.forms.of("call") if body is not None else []
    given += [value for call in calls if last_name(call[2]) in _SENDING for value in call[3]]
    names = {item[0] for item in function.parameters}
    return {name for value in given for name in _names(value) if name in names}


def _names(form: Form) -> Iterator[str]:
    match form:
        case ["name", _, name]:
            yield name
        case ["fstr", _, parts]:
            for part in parts:
                if part[0] == "fmt":
                    yield from _names(part[2])
        case ["call", _, ["name", _, "str"], [inner], []]:
            yield from _names(inner)
        case ["dict", _, pairs]:
            for _, value in pairs:
                yield from _names(value)
