"""What a call of a function that only gives something back comes to, as if the caller had written it himself."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.substitution import bound, substituted
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_BUILTINS = frozenset(dir(builtins))
_BINDING = ("comp", "lambda", "walrus", "yield", "yieldfrom")


def written_out(program: Program, block: Block, call: Form) -> Form | None:
    """What `shown(user)` stands for where `def shown(row): return row.to_dict()`: `user.to_dict()`, where the call is.

    None for functions that do more, for methods of objects, and where a name means something else to the caller.
    """
    found = [*called(program, block, call)] if call[0] == "call" and call[2][0] == "name" else []
    if len(found) != 1 or found[0][1]:
        return None
    function, _ = found[0]
    given_back = _given_back(function)
    if given_back is None or any(form[0] in _BINDING for form in walk(given_back)):
        return None
    table = bound(function.parameters, call, False)
    names = names_in(given_back) - {item[0] for item in function.parameters} - _BUILTINS
    if table is None or (names and (function.module is not block.module or names & _locals(block))):
        return None
    written: Form = substituted(given_back, table, call[1])
    return written


def _given_back(function: Function) -> Form | None:
    statements = [item for item in function.statements() if not (item[0] == "expr" and item[2][0] == "const")]
    match statements:
        case [["return", _, value]] if not function.decorators:
            given: Form | None = value
            return given
    return None


def _locals(block: Block) -> set[str]:
    """The names that a caller has for itself."""
    function = block.function
    own = {item[0] for item in function.parameters} if function is not None else set()
    return own | set(bound_names(block.statements)) if function is not None else set()
