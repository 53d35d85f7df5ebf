"""What is known of a function before a stranger's call of it is followed: what it wraps, whether it may refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Bound, Function, Value, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def is_response(function: Function) -> bool:
    """Whether a function makes a response, as `unauthorized()` does."""
    return function.number >= 0 and function.module.facts.body_mentions(function.number, b'Response"')


def may_talk(value: Value) -> bool:
    """Whether a function that is given a connection may send something; one that only listens tells nothing."""
    function = value.function if isinstance(value, Bound) else value
    if not isinstance(function, Function) or function.number < 0:
        return True
    return function.module.facts.body_mentions(function.number, b'"send')


def unwrapped(function: Function) -> Function:
    """What a function wraps in the end, or itself."""
    while isinstance(wrapped := next(options(function.wraps), None), Function) and wrapped is not function:
        function = wrapped
    return function


def sounds_like_check(name: str) -> bool:
    """Whether a function is there to refuse some, by its name."""
    return (
        credentials.names_guardian(name)
        or credentials.names_privilege(name)
        or name.startswith(("check", "ensure", "assert"))
    )


def _only_raises(function: Function) -> bool:
    """Whether a function never comes back: its last statement raises, as in `def refuse() -> NoReturn`."""
    facts = function.module.facts
    return facts.body_mentions(function.number, b'["raise"') and function.statements()[-1][0] == "raise"


def may_guard(walk_: Walk, function: Function) -> bool:
    """Whether a call without credentials in its arguments may still refuse: a closure, or a reader of the request."""
    if function.number < 0 or function is walk_.function:
        return False
    if function.scope is walk_.scope or _only_raises(function):
        return True
    facts = function.module.facts
    return facts.body_mentions(function.number, b'["raise"') and (
        "<locals>" in function.qualname
        or credentials.names_guardian(function.name)
        or any(facts.body_mentions(function.number, word) for word in _UNAUTHORIZED)
    )


_UNAUTHORIZED = (b",401]", b"UNAUTHORIZED")
