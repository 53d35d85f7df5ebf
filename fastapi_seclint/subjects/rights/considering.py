"""Which functions decide something by roles, permissions or scopes, themselves or in what they call."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.decisions import decides
from fastapi_seclint.subjects.rights.forbidding import forbids, says_forbidden
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@lru_cache(maxsize=1)
def _answers(program: Program) -> dict[tuple[str, int], bool]:
    return {}


def considers_rights(program: Program, function: Function, depth: int = 1, users: str = "") -> bool:
    """Whether a function, or one of the project that it calls, decides something by roles, permissions or scopes.

    `users` is a class that everybody who is logged in is of, whatever right its name speaks of: `Owner`.
    """
    if users:
        plain = frozenset({users, snake(users)})
        return any(
            decides(inner, plain, plain, idle=without_effect(program, inner)) or forbids(inner)
            for inner in reached(program, function, depth, always=True)
        )
    known = _answers(program)
    key = (function.module.file, function.number)
    if key not in known:
        connection = _connection(function)
        way = reached(program, function, depth, always=True)
        known[key] = any(_decides(program, inner, connection) or forbids(inner) for inner in way)
        known[key] = known[key] or _refuses_deep_below(program, function)
    return known[key]


def _refuses_deep_below(program: Program, function: Function) -> bool:
    """Whether a function that a guard comes to by others answers 403 and decides by rights itself."""
    way = reached(program, function, always=True)
    return any(says_forbidden(inner) and _decides(program, inner, _connection(inner)) for inner in way)


def _connection(function: Function) -> frozenset[str]:
    """What a function calls the connection that ASGI gives it, which is no scope of OAuth."""
    return frozenset({"scope"} if any(parameter[0] == "scope" for parameter in function.parameters) else ())


def _decides(program: Program, function: Function, sent: frozenset[str] = frozenset()) -> bool:
    return decides(function, sent, idle=without_effect(program, function))
