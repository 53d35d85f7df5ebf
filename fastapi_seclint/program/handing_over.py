"""Functions that leave all their work to another one: `return await service.current_user(token)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, named_arguments
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.values import Bound, Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

_DEPTH = 3


def worker(interpreter: Interpreter, function: Function) -> Function:
    """The function of the project that does the work of another one, itself where it does its own.

    It is handed parameters only, each under the name that it has there, so that what is said of a name holds for both;
    or it is a method of a parameter which is handed nothing else, `return accounts.current()`, or both take nothing.
    """
    for _ in range(_DEPTH):
        call = _only_call(function)
        inner = None if call is None else _called(interpreter, function, call)
        if call is None or inner is None or inner is function or not _is_handed_names(function, inner, call):
            break
        function = inner
    return function


def _only_call(function: Function) -> Form | None:
    """The call that a function returns, where its body is nothing else."""
    if function.number < 0:
        return None
    statements = [form for form in function.statements() if form[0] != "expr" or form[2][0] != "const"]
    given: Form | None = statements[0][2] if len(statements) == 1 and statements[0][0] == "return" else None
    if given is not None and given[0] == "await":
        given = given[2]
    return given if given is not None and given[0] == "call" and given[2][0] in ("name", "attr") else None


def _called(interpreter: Interpreter, function: Function, call: Form) -> Function | None:
    with interpreter.asking():
        possible = list(options(FunctionScope(interpreter, function).ask(call[2])))
    found = possible[0].function if possible and isinstance(possible[0], Bound) else possible[0] if possible else None
    return found if len(possible) == 1 and isinstance(found, Function) and found.number >= 0 else None


def _is_handed_names(function: Function, inner: Function, call: Form) -> bool:
    """Whether a call hands over parameters of the function alone, at least one, each to one of the same name."""
    own = {form[0] for form in function.parameters}
    alone = function.owner is not None and function.kind != "static" and len(own) == 1
    if not call[3] and not call[4] and (alone or not own):
        return True
    if not call[3] and not call[4]:
        return bool(call[2][0] == "attr" and call[2][2][0] == "name" and call[2][2][2] in own)
    bound = inner.owner is not None and inner.kind != "static"
    taken = [form[0] for form in inner.parameters][bound:]
    given = named_arguments(call, taken)
    named = [value[2] for name, value in given if value[0] == "name" and value[2] == name]
    return bool(named) and len(named) == len(call[3]) + len(call[4]) and own.issuperset(named)
