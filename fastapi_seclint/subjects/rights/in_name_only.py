"""Guards that are named after administrators and never look who of the users it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.records import classes_in
from fastapi_seclint.subjects.owners.states import STATES
from fastapi_seclint.subjects.rights.decisions import decides
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.words import names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LIBRARIES = re.compile(
    r"^(jwt|jose|authlib|joserfc|fastapi|starlette|datetime|time|logging|pydantic|typing|builtins)(\.|$)"
)
_READS = frozenset({"get", "strip", "split", "removeprefix", "lower", "decode", "utcnow", "now", "timestamp"})
_REGISTERS = re.compile(r"^(register|registration|sign[-_]?up|create[-_]account)([-_]\w+)?$", re.I)
_CLAIMS = frozenset({"access", "bearer", "Bearer", "refresh", "type", "token_type", "sub", ""})


def reads_token_only(program: Program, functions: Iterable[Function]) -> bool:
    """Whether functions do nothing but to take a token apart, where users of all kinds have tokens.

    They have where everybody may register. A comparison with anything but a kind of token, a lookup, or a call that is
    not in sight may tell administrators from others.
    """
    return all(_only_reads(program, function) for function in functions) and _everybody_registers(program)


def hands_caller_back(program: Program, function: Function) -> bool:
    """Whether a guard only gives back whom it depends on: nothing in it can refuse anybody but a closed account."""
    idle = without_effect(program, function)
    asked = [form for form in function.forms.of("if") if id(form) not in idle and not _asks_for_state(form)]
    refused = idle | {id(inner) for form in function.forms.of("raise") for inner in walk(form)}
    others = function.forms.of("ifexp", "assert", "compare", "bool", "call", "match", "await", "try")
    return not asked and all(id(form) in refused for form in others)


def _asks_for_state(form: Form) -> bool:
    """Whether all that a condition asks is the state of an account: `if not user.is_active: raise ...`."""
    test = form[2][3] if form[2][0] == "unary" else form[2]
    return (
        test[0] == "attr" and snake(test[3]) in STATES and all(inner[0] == "raise" for inner in form[3]) and not form[4]
    )


def called_after_all_users(program: Program, function: Function) -> str:
    """The name of the class that a guard gives a row of and is called after, if no guard gives one of another class.

    Where boats have owners, and nobody else has an account, `owner` is who is logged in.
    """
    given = _given(program, function)
    if given is None or not snake(function.name).endswith(snake(given.name)) or access.is_admin_name(snake(given.name)):
        return ""
    guards = {id(node.call): node for route in program.routes for node in route.nodes()}
    authenticates = program.guard_model.authenticates
    found = (_given(program, node.function) for node in guards.values() if node.function and authenticates(node.call))
    return given.name if all(cls is None or cls is given for cls in found) else ""


def _given(program: Program, function: Function) -> Class | None:
    """The class of the project that a function says it returns objects of."""
    value = program.interpreter.ask(function.returns, function.module.scope) if function.returns is not None else None
    return next((cls for cls in classes_in(value)), None)


_LOOKS_UP = re.compile(
    r"^(query|select|where|filter(_by)?|get|first|one(_or_none)?|scalars?|scalar_one(_or_none)?|execute|exec|all|find_one"
    r"|get_or_none|options|limit)$"
)
_KEYS = frozenset({"id", "pk", "uuid", "_id", "email", "username", "user_id", "sub", "is_active", "is_deleted"})


def finds_user_only(program: Program, functions: Iterable[Function]) -> bool:
    """Whether functions look a user up by his key and refuse whom they do not find, where everybody may register.

    Nothing in them speaks of a right but their own names, those of their variables and what they say when they refuse.
    """
    return all(_only_looks_up(program, function) for function in functions) and _everybody_registers(program)


def _only_looks_up(program: Program, function: Function) -> bool:
    block = body_of(program, function)
    if block is None or block.forms.of("for", "comp", "match", "with", "sub"):
        return False
    own = block.forms.names_of(lambda _: True)
    own |= {parameter[0] for parameter in function.parameters}
    said = {id(inner) for form in block.forms.of("raise") for inner in walk(form)}
    for form in block.forms.of("attr", "name"):
        if id(form) not in said and names_right(str(form[-1])) and not (form[0] == "name" and form[2] in own):
            return False
    if not all(_is_of_key(form) for form in block.forms.of("compare")):
        return False
    return all(
        id(form) in said or (form[2][0] == "attr" and _LOOKS_UP.match(form[2][3])) or _is_plain(program, block, form)
        for form in block.forms.of("call")
    )


def _is_of_key(compare: Form) -> bool:
    """Whether a comparison finds a row by its key, or asks whether there is one."""
    sides = (compare[2], *compare[4])
    return any((side[0] == "const" and side[2] is None) or (side[0] == "attr" and side[3] in _KEYS) for side in sides)


def _everybody_registers(program: Program) -> bool:
    return any(
        "POST" in route.methods and any(_REGISTERS.match(word) for word in access.segments(route.path)[-2:])
        for route in program.routes
    )


def _only_reads(program: Program, function: Function) -> bool:
    block = body_of(program, function)
    if block is None or decides(function):
        return False
    if any(_may_tell(form) for form in block.forms.of("compare", "sub", "for", "comp")):
        return False
    return all(_is_plain(program, block, form) for form in block.forms.of("call"))


def _may_tell(form: Form) -> bool:
    """Whether a comparison or item may be of one user: not with None, a kind of token, a claim by its name."""
    if form[0] == "sub":
        return not (form[3][0] == "const" and isinstance(form[3][2], str | int))
    if form[0] != "compare":
        return True
    return not all(side[0] == "const" and (side[2] is None or side[2] in _CLAIMS) for side in form[4])


def _is_plain(program: Program, block: Block, call: Form) -> bool:
    """Whether a call is of a library that reads tokens, of the project and so looked at by itself, or of a text."""
    if any(True for _ in called(program, block, call)):
        return True
    known = [option for option in options(ask(program, block, call[2])) if isinstance(option, External)]
    if any(_LIBRARIES.match(option.name) for option in known):
        return True
    return bool(call[2][0] == "attr" and call[2][3] in _READS and call[2][2][0] in ("name", "call", "attr"))
