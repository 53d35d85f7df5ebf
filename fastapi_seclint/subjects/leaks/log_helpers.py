"""Helpers of the project that write what they are given to the log: `audit("import", password=data.password)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.leaks.log_calls import LEVELS, is_log_call, written
from fastapi_seclint.subjects.leaks.logged_secrets import Leak, Leaks

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HELPERS = re.compile(r"(^|_)(log|logs|logged|audit|trace|debug|report|record|track|event|emit|note|journal)(_|$)")
"""Words in the names of functions that are there to write logs."""


def handed_to_logs(program: Program) -> Iterator[tuple[Block, Form, Leak]]:
    """The secrets that such a helper is given: block, its call, what leaks."""
    for block in program.sites.blocks(frozenset(LEVELS)):
        function = block.function
        if function is None or _HELPERS.search(snake(function.name)) is None or program.is_test(block.module):
            continue
        names = _written(block)
        if not any(parameter[0] in names for parameter in function.parameters):
            continue
        for caller, call, bound in callers(program, function):
            if not program.is_test(caller.module):
                leaks = Leaks(program, caller)
                found = (leaks.of(value) for value in _given(function, names, call, bound))
                yield from ((caller, call, leak) for leak in found if leak is not None)


def _written(block: Block) -> set[str]:
    """The names whose texts a block writes to the log."""
    calls = (form for form in block.forms.of("call") if is_log_call(form))
    return {part[2] for call in calls for part in written(call) if part[0] == "name"}


def _given(function: Function, names: set[str], call: Form, bound: bool) -> Iterator[Form]:
    """What a call gives for the parameters of these names."""
    own = function.parameters[1 if bound else 0 :]
    plain = [parameter[0] for parameter in own if parameter[1] not in (VARIADIC, KEYWORDS)]
    rest = {parameter[1] for parameter in own if parameter[0] in names}
    for number, value in enumerate(call[3]):
        if (number < len(plain) and plain[number] in names) or (number >= len(plain) and VARIADIC in rest):
            yield value
    for keyword, value, _ in call[4]:
        if keyword in names or (keyword is not None and keyword not in plain and KEYWORDS in rest):
            yield value
