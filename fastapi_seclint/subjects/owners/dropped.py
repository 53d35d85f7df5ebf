"""Functions that are handed the caller to look a thing up among his own, and never read that parameter.

`find_note(db, note_id, me.id)`: its neighbours compare `owner_id` with what they are handed, and here the line is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, mentions, named_arguments, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route, path_variables, taken_as
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.implementations import has_no_body
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.owners.same_right import is_for_administrators
from fastapi_seclint.subjects.owners.services import ignores_given
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 3


def dropped(program: Program, route: Route) -> str:
    """The parameter that a function by the path's id is handed for the caller and drops, or an empty string.

    Other functions of its file compare what they are handed under that name; who may do everything is not asked.
    """
    handler = route.function
    block = body_of(program, handler) if handler is not None and path_variables(route.path) else None
    callers = caller_names(program, route) if block is not None else set()
    if handler is None or block is None or not callers:
        return ""
    ids = {taken_as(handler, name) for name in path_variables(route.path)}
    lost = next(_of_calls(program, block, callers, ids, _DEPTH), "")
    lost = lost or next(_of_objects(program, block, callers, ids), "")
    if not lost or any(is_for_administrators(program, guard) for guard in asked_before(program, route)):
        return ""
    return lost


def _of_calls(program: Program, block: Block, callers: set[str], ids: set[str], depth: int) -> Iterator[str]:
    for call in block.forms.of("call") if depth else ():
        if any(value[0] == "star" for value in call[3]) or any(keyword is None for keyword, _, _ in call[4]):
            continue
        if not mentions(arguments(call), callers) or not any(_is_id(value, ids) for value in arguments(call)):
            continue
        found = list(called(program, block, call))
        if len(found) != 1:
            continue
        function, bound = found[0]
        names = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        pairs = named_arguments(call, names)
        his = {name for name, value in pairs if mentions(value, callers)}
        inner_ids = {name for name, value in pairs if _is_id(value, ids)}
        inner = body_of(program, function)
        if inner is None or not his or not inner_ids or not _loads(inner, inner_ids) or has_no_body(function):
            continue
        uses = _uses(inner, his)
        if not uses and not function.module.facts.inside(function.number):
            yield from (name for name in sorted(his) if _is_compared(program, function, name))
            continue
        if all(_hands_on(form, inner_ids) for form in uses):
            yield from _of_calls(program, inner, his, inner_ids, depth - 1)
        if uses:
            return  # it was looked up among the caller's things, and what comes behind is about that one


def _of_objects(program: Program, block: Block, callers: set[str], ids: set[str]) -> Iterator[str]:
    """The same of objects that are made for the caller, `Notes(db, owner_id=me.id).delete(note_id)`."""
    for call in block.forms.of("call"):
        if call[2][0] != "attr" or not any(_is_id(value, ids) for value in arguments(call)):
            continue
        maker = _made(block, call[2][2])
        if maker is None or not any(mentions(value, callers) for value in arguments(maker)):
            continue
        found = [option for option in options(ask(program, block, maker[2])) if isinstance(option, Class)]
        if len(found) == 1:
            yield from ignores_given(program, found[0], maker, callers, str(call[2][3]))


def _made(block: Block, form: Form) -> Form | None:
    """The call that makes an object, where it has a name or none."""
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        found = block.scope.assignments(form[2])
        form = found[0][-1] if len(found) == 1 and found[0][0] == "assign" else form
    return form if form[0] == "call" else None


def _is_id(value: Form, ids: set[str]) -> bool:
    """Whether a value is one of the ids, or made of it alone: `UUID(note_id)`."""
    if value[0] == "call" and len(value[3]) == 1 and not value[4]:
        value = value[3][0]
    return value[0] == "name" and value[2] in ids


def _loads(block: Block, ids: set[str]) -> bool:
    """Whether a function picks something by an id: it is compared, or handed on."""
    compared = (item for form in block.forms.of("compare") for item in (form[2], *form[4]))
    handed = (item for form in block.forms.of("call") if not logs(form) for item in arguments(form))
    return any(_is_id(item, ids) for item in (*compared, *handed))


def _uses(block: Block, names: set[str]) -> list[Form]:
    """What uses one of some names: the calls that are handed it, the name itself elsewhere; logs are no use."""
    written = [call for call in block.forms.of("call") if logs(call)]
    passed = {id(item) for call in written for item in walk(call[3:])}
    calls = [form for form in block.forms.of("call") if form not in written and mentions(arguments(form), names)]
    within = {id(item) for call in calls for item in walk(arguments(call))}
    plain = [form for form in block.forms.of("name") if form[2] in names and id(form) not in passed | within]
    return [*calls, *plain]


def _hands_on(form: Form, ids: set[str]) -> bool:
    return form[0] == "call" and any(_is_id(value, ids) for value in arguments(form))


def _is_compared(program: Program, function: Function, name: str) -> bool:
    """Whether another function of the same file compares what it is handed under a name."""
    return any(
        other is not function and any(parameter[0] == name for parameter in other.parameters) and _compares(other, name)
        for other in _functions(program, function.module)
    )


def _functions(program: Program, module: Module) -> Iterator[Function]:
    for number in range(len(module.facts.functions)):
        function = program.sites.function(module, number)
        if function is not None:
            yield function


def _compares(function: Function, name: str) -> bool:
    for form in function.forms.of("compare"):
        compared = (form[2], *form[4]) if form[3] in (["=="], ["!="]) else ()
        if any(item[0] == "name" and item[2] == name for item in compared):
            return True
    return any(
        keyword == name and value[0] == "name" and value[2] == name
        for form in function.forms.of("call") if str(form[2][-1]).startswith(("filter", "find", "get_or_none"))
        for keyword, value, _ in form[4]
    )  # fmt: skip
