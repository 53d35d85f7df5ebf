"""What a lifespan lends to requests: `yield {"mailer": Mailer()}` is `request.state.mailer` in every handler.

Source: starlette/routing.py, `Router.lifespan` puts what is yielded into the state of the scope (Starlette 0.26).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Const, Function, Mapping, Value, join, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def lent(interpreter: Interpreter, name: str) -> Value | None:
    """What the lifespans of the applications in sight yield under a name, None where none of them does."""
    if interpreter.lent[0] != len(interpreter.lifespans):
        interpreter.lent = (len(interpreter.lifespans), {})
        for function in list(interpreter.lifespans):
            for form in function.forms.of("yield"):
                _note(interpreter, function, form[2], interpreter.lent[1])
    return interpreter.lent[1].get(name)


def _note(interpreter: Interpreter, function: Function, given: Form | None, found: dict[str, Value]) -> None:
    from fastapi_seclint.program.inside import FunctionScope

    scope = FunctionScope(interpreter, function)
    for option in options(scope.ask(given)) if given is not None else ():
        for key, value in option.items if isinstance(option, Mapping) else ():
            if isinstance(key, Const) and isinstance(key.value, str):
                found[key.value] = join([found[key.value], value]) if key.value in found else value
