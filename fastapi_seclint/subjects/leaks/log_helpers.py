"""Helpers of the project that write what they are given to the log: `audit("import", password=data.password)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import started
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.leaks.log_calls import LEVELS, PRINTS, is_log_call, is_print, pieces, written
from fastapi_seclint.subjects.leaks.logged_secrets import Leak, Leaks
from fastapi_seclint.subjects.leaks.texts_inside import LINK, secret_in

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HELPERS = re.compile(r"(^|_)(log|logs|logged|audit|trace|debug|report|record|track|event|emit|note|journal)(_|$)")
"""Words in the names of functions that are there to write logs."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a call gives such a helper: its secrets, in texts or alone, and whether the helper only writes them."""

    block: Block
    call: Form
    leaks: list[Leak]
    only: bool
    helper: Function


def handed_to_logs(program: Program) -> Iterator[Handed]:
    """The calls that give such a helper a secret."""
    for block in program.sites.blocks(LEVELS | PRINTS):
        function = block.function
        if function is None or not is_there_to_log(function) or program.is_test(block.module):
            continue
        names = _written(block)
        if not any(parameter[0] in names for parameter in function.parameters):
            continue
        only = _only_writes(block, names)
        for caller, call, bound in (*callers(program, function), *started(program, function)):
            if not program.is_test(caller.module):
                leaks, given = Leaks(program, caller), [*_given(function, names, call, bound)]
                found = [leaks.of(part) for value in given for part in pieces(value)]
                if not any(found):
                    found += [Leak(LINK, value) for value in given if secret_in(program, caller, value) == LINK]
                if secrets := [leak for leak in found if leak is not None]:
                    yield Handed(caller, call, secrets, only, function)


def is_there_to_log(function: Function) -> bool:
    """Whether a function, or the class whose method it is, is called after logs: `Audit.write`."""
    owner = function.owner.name if function.owner is not None and not function.name.startswith("__") else ""
    return any(_HELPERS.search(snake(name)) for name in (function.name, owner))


def _entries(block: Block) -> list[Form]:
    return [form for form in block.forms.of("call") if is_log_call(form) or is_print(form)]


def _written(block: Block) -> set[str]:
    """The names whose texts a block writes to the log, or prints."""
    return {part[2] for call in _entries(block) for part in written(call) if part[0] == "name"}


def _only_writes(block: Block, names: set[str]) -> bool:
    """Whether a block does nothing with these names but write them."""
    inside = {id(form) for call in _entries(block) for form in walk(call)}
    return all(id(form) in inside for form in block.forms.of("name") if form[2] in names)


def _given(function: Function, names: set[str], call: Form, bound: bool) -> Iterator[Form]:
    """What a call gives for the parameters of these names."""
    own = function.parameters[1 if bound else 0 :]
    plain = [parameter[0] for parameter in own if parameter[1] not in (VARIADIC, KEYWORDS)]
    rest = {parameter[1] for parameter in own if parameter[0] in names}
    for number, value in enumerate(call[3]):
        if (number < len(plain) and plain[number] in names) or (number >= len(plain) and VARIADIC in rest):
            yield value
    for keyword, value, _ in call[4]:
        if keyword in names or (keyword not in plain and KEYWORDS in rest):
            yield value
