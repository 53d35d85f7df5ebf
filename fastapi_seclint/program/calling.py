"""Which call the set-up code is in: where the function is called that makes or includes something."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Place

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter


def innermost_call(interpreter: Interpreter) -> Place | None:
    """Where the function that runs was called; None for what a module does itself.

    The context has a function and the place of its call one behind the other, and a pair of numbers for each loop.
    """
    for call, function in pairwise(reversed(interpreter.context)):
        match function, call:
            case (str(), int()), (str(file), int(at)) if (module := interpreter.modules.by_file.get(file)) is not None:
                return Place(module, at)
    return None
