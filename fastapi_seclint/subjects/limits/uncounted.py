"""Limits of the package `limits` that never count, or whose answer nobody looks at (limits/strategies.py).

`test` only asks whether a request would still pass, and `hit` counts one and says whether it may pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ASKING = frozenset({"test", "get_window_stats"})


def uncounted(program: Program) -> Iterator[tuple[Block, Form, str]]:
    """Each call that limits nothing, with `test` or `hit`."""
    modules = program.modules.by_file.values()
    if not any(name.split(".")[0] == "limits" for module in modules for name in module.facts.imports):
        return
    calls = list(_calls(program))
    counted = any(form[2][3] == "hit" for _, form in calls)
    asked = any(form[2][3] in _ASKING for _, form in calls)
    for block, form in calls:
        if form[2][3] == "test" and not counted:
            yield block, form, "test"
        elif form[2][3] == "hit" and not asked and _is_dropped(block, form):
            yield block, form, "hit"


def _calls(program: Program) -> Iterator[tuple[Block, Form]]:
    for block in program.sites.blocks(_ASKING | {"hit"}):
        for form in block.forms.of("call") if not program.is_test(block.module) else ():
            if form[2][0] == "attr" and form[2][3] in _ASKING | {"hit"} and _is_strategy(program, block, form[2][2]):
                yield block, form


def _is_strategy(program: Program, block: Block, owner: Form) -> bool:
    found = options(ask(program, block, owner))
    return any(
        isinstance(option, External) and option.name.startswith("limits.") and option.name.endswith("RateLimiter()")
        for option in found
    )


def _is_dropped(block: Block, call: Form) -> bool:
    """Whether a call is a statement of its own."""
    plain = (form[2][2] if form[2][0] == "await" else form[2] for form in block.forms.of("expr"))
    return any(form is call for form in plain)
