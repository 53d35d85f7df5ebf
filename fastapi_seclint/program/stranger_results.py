"""What functions give a stranger's request: the members of tuples, coroutines that nobody awaits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import ASYNC, Form, last_name
from fastapi_seclint.program.kinds import CLEAN, FALSE, TRUE, Kinds
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.values import Bound, Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def members(walk_: Walk, form: Form | None) -> tuple[Kinds, ...]:
    """The kinds of the members of a tuple that is returned: `return False, None`."""
    return tuple(_member(walk_, item) for item in form[2]) if form is not None and form[0] == "tuple" else ()


def _member(walk_: Walk, form: Form) -> Kinds:
    if form[0] == "const" and isinstance(form[2], bool):
        return TRUE if form[2] else FALSE
    return walk_.kinds(form) if form[0] in ("name", "attr", "const") else CLEAN


def never_runs(walk_: Walk, form: Form) -> bool:
    """Whether a statement only makes a coroutine that nobody awaits: `authenticate(request)`."""
    if form[0] != "call":
        return False
    called = next(options(walk_.value(form[2])), None)
    function = called.function if isinstance(called, Bound) else called
    return isinstance(function, Function) and bool(function.flags & ASYNC) and not function.decorators


def verifies(function: Function) -> bool:
    """Whether a function verifies tokens or signatures itself, whatever the cookie is called that they are in."""
    return any(
        last_name(form[2]) in _VERIFIERS and len(form[3]) + len(form[4]) > 1 and "json" not in spelled(form[2])
        for form in function.forms.of("call")
    )


_VERIFIERS = frozenset({"decode", "unsign", "loads", "compare_digest", "decode_token", "verify_token"})
"""With a key or another argument, as `jwt.decode(token, key)` has; `raw.decode("utf-8")` has none."""
