"""Tokens that are read for a log entry and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, is_none, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TELLING = frozenset({"raise", "yield", "yieldfrom", "global", "nonlocal", "augassign", "delete"})
_PURE = frozenset({"len", "str", "repr", "bool", "int", "float", "dict", "list", "sorted", "tuple", "set", "type"})
_LOOKS = frozenset({"get", "keys", "items", "values", "copy"})


def only_logged(program: Program, block: Block, call: Form) -> bool:
    """Whether what a call reads from a token goes into a log and nowhere else.

    Log calls are all that speaks of the claims, or the function gives nothing back, refuses nothing, keeps nothing, and
    hands them to the log alone.
    """
    if _is_only_spoken_of(block, call):
        return True
    function = block.function
    if function is None or is_handler(program, function) or not any(map(_writes, block.forms.of("call"))):
        return False
    if any(form[0] in _TELLING or (form[0] == "return" and not is_none(form[2])) for form in block.forms.every):
        return False
    names: set[str] = set()
    for form in block.forms.of("assign", "annassign", "walrus"):
        targets = form[2] if form[0] == "assign" else [form[2]]
        if form[-1] is None or not _mentions(form[-1], call, names):
            continue
        if any(target[0] != "name" for target in targets):
            return False
        names.update(target[2] for target in targets)
    return all(_is_harmless(form, call, names) for form in block.forms.of("call"))


def only_reported(block: Block, call: Form) -> bool:
    """Whether a token is read where an exception is told of and goes on: in an `except` that ends in `raise`."""
    ending = (statements for form in block.forms.of("try") for _, _, statements, _ in form[3] if statements)
    return any(
        any(item is call for item in walk(statements)) and not any(item[0] == "return" for item in walk(statements))
        for statements in ending
        if statements[-1][0] == "raise" and statements[-1][2] is None
    )


def _is_only_spoken_of(block: Block, call: Form) -> bool:
    """Whether the claims are read in a call that logs them, or into a name that only such calls mention."""
    logged = [item for form in block.forms.of("call") if _writes(form) for item in walk([form[3], form[4]])]
    if any(item is call for item in logged):
        return True
    given = [form for form in block.forms.of("assign") if form[3] is call]
    names = {target[2] for form in given for target in form[2] if target[0] == "name"}
    targets = {id(target) for form in given for target in form[2]}
    kept = all(target[0] == "name" for form in given for target in form[2])
    told = {id(item) for item in logged}
    uses = [form for form in block.forms.of("name") if form[2] in names and id(form) not in targets]
    return kept and bool(uses) and all(id(form) in told for form in uses)


def _is_harmless(form: Form, call: Form, names: set[str]) -> bool:
    """Whether a call does not get the claims, or only looks at them or logs them."""
    given = arguments(form)
    if form is call or not any(_mentions(value, call, names) for value in given):
        return True
    function = form[2]
    pure = (function[0] == "name" and function[2] in _PURE) or (function[0] == "attr" and function[3] in _LOOKS)
    return pure or _writes(form)


def _writes(form: Form) -> bool:
    return is_log_call(form) or is_print(form)


def _mentions(value: Form, call: Form, names: set[str]) -> bool:
    return any(form is call or (form[0] == "name" and form[2] in names) for form in walk(value))
