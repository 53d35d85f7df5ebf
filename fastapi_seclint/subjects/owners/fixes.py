"""The fix of a missing check of ownership: the object that was looked up is compared with the caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, mentions, span_of
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belongings import key_of_people, singular
from fastapi_seclint.subjects.owners.handed_callers import given_as, handed, taking
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.owners.introducing import introduced
from fastapi_seclint.subjects.owners.service_fixes import looked_up_by_sibling
from fastapi_seclint.subjects.owners.statement_fixes import narrowed
from fastapi_seclint.subjects.owners.ties import Tie
from fastapi_seclint.subjects.owners.using import callers_of, takes_id
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOOKS_UP = re.compile(
    r"^(get|find|fetch|load|read|lookup|select|retrieve|first|one|scalar|one_or_none|by_id|query)(_\w+)?$"
)
_OTHERS = re.compile(r"_(all|many|list|count)$|_and_")
"""Several objects, or one that is changed already when it is returned: `find_one_and_update`."""


def compared(
    program: Program, route: Route, variable: str, field: str, tie: Tie | None, sibling: Route | None = None
) -> Fix | None:
    """The owner compared with the caller after the object is looked up; None where that is not easy.

    A handler that is not given its caller gets him as a `sibling` does.
    """
    given = any(guard.parameter for guard in guards(program, route))
    if not given and sibling is not None and sibling.endpoint is not None and route.function is not None:
        added = introduced(program, route.function, sibling)
        fix = added and _compared(program, sibling.endpoint, route.function, added[0], variable, field, tie)
        return replace(fix, edits=(added[1], *fix.edits)) if added and fix else None
    loading = _loading(program, route, variable)
    fixes = (_compared(program, call, handler, caller, variable, field, tie) for call, handler, caller in loading)
    found = next((fix for fix in fixes if fix is not None), None) or _given(program, route, variable, field, tie)
    return found or _in_statement(program, route, variable, field)


def _in_statement(program: Program, route: Route, variable: str, field: str) -> Fix | None:
    """The owner asked for by a statement that changes or removes the object without looking it up."""
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if route.function is None or route.endpoint is None or not caller:
        return None
    sides = _sides(program, route.endpoint, caller, field, None)
    return narrowed(route.function, variable, sides[0], f"{caller}{sides[1]}") if sides is not None else None


def _given(program: Program, route: Route, variable: str, field: str, tie: Tie | None) -> Fix | None:
    """The owner of an object that a dependency looks up for the handler, compared where the handler begins."""
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if route.function is None or route.endpoint is None or not caller:
        return None
    for node in route.dependencies:
        name = node.parameter or ""
        if node.function is None or name in ("", caller) or not takes_id(node, {variable}) or singular(name) != name:
            continue
        usable = tie is not None and (snake(tie.thing) == name or tie.owner == field)
        sides = _sides(program, route.endpoint, caller, field, tie if usable else None)
        refusals = [form for form in node.function.forms.of("raise") if form[2] is not None]
        same = node.function.module is route.function.module and len(refusals) == 1
        if sides is None or callers_of(program, node):
            continue
        raised, imports = _raised(route.function.module, ["if", 0, None, refusals, []] if same else None)
        lines = f"if {name}{sides[0]} != {caller}{sides[1]}:\n    {raised}"
        path, at = route.function.module.path, span_of(route.function.at)
        return Fix(
            f"compare the owner with {caller}", False, (InsertStatements(path, at, "first-in-body", lines), *imports)
        )
    return None


def _loading(program: Program, route: Route, variable: str) -> Iterator[tuple[Value, Function, str]]:
    """The handler or the dependencies that may look the object up, each with the parameter that holds the caller."""
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if route.function is not None and route.endpoint is not None and caller:
        yield route.endpoint, route.function, caller
    for node in route.nodes():
        held = sorted(callers_of(program, node))
        if node.function is not None and len(held) == 1 and takes_id(node, {variable}):
            yield node.call, node.function, held[0]


def _compared(
    program: Program, call: Value, handler: Function, caller: str, variable: str, field: str, tie: Tie | None
) -> Fix | None:
    found = _looked_up(handler, variable)
    if found is None:
        before = _looked_up_before(program, call, handler, caller, variable, field)
        return before or _looked_up_inside(program, call, handler, caller, variable, field, tie)
    number, name = found
    if singular(name) != name:
        return None
    usable = tie is not None and (snake(tie.thing) == name or tie.owner == field)
    sides = _sides(program, call, caller, field, tie if usable else None)
    if sides is None:
        return None
    mine, his = sides
    statements = handler.statements()
    absent, after = _tested_for_absence(statements, number, name)
    condition = f"{name}{mine} != {caller}{his}"
    test = condition if absent else f"{name} is None or {condition}"
    raised, imports = _raised(handler.module, after if absent else None)
    lines = f"if {test}:\n    {raised}"
    edits: tuple[Edit, ...] = (InsertStatements(handler.module.path, span_of(after[1]), "after", lines), *imports)
    return Fix(f"compare the owner with {caller}", False, edits)


def _looked_up_before(
    program: Program, call: Value, handler: Function, caller: str, variable: str, field: str
) -> Fix | None:
    """The same for what a method of a service looks up and changes at once: its sibling that only looks comes first."""
    looking = looked_up_by_sibling(program, handler, variable, _LOOKS_UP)
    sides = _sides(program, call, caller, field, None) if looking is not None else None
    if looking is None or sides is None:
        return None
    raised, imports = _raised(handler.module, None)
    test = f"{looking.name} is None or {looking.name}{sides[0]} != {caller}{sides[1]}"
    lines = f"{looking.name} = {looking.code}\nif {test}:\n    {raised}"
    edit = InsertStatements(handler.module.path, span_of(looking.before[1]), "before", lines)
    return Fix(f"look it up first, and compare the owner with {caller}", False, (edit, *imports))


def _looked_up_inside(
    program: Program, call: Value, handler: Function, caller: str, variable: str, field: str, tie: Tie | None
) -> Fix | None:
    """The same in a method that only this handler calls: it is given the owner, and refuses as what is not there."""
    inner = taking(program, handler, variable)
    found = _looked_up(inner[0], inner[1]) if inner is not None else None
    if inner is None or found is None:
        return None
    function, _, handing = inner
    number, name = found
    usable = tie is not None and snake(tie.thing) == name
    sides = _sides(program, call, caller, field, tie if usable else None)
    owner = sides[0].strip(".") if sides is not None else ""
    if sides is None or not owner.isidentifier() or any(item[0] == owner for item in function.parameters):
        return None
    absent, after = _tested_for_absence(function.statements(), number, name)
    if not absent or after[0] != "if" or after[3][-1][0] != "raise":
        return None
    raised, imports = _raised(function.module, after)
    known = given_as(function, handing, caller)
    added = () if known else handed(handler, function, handing, owner, f"{caller}{sides[1]}")
    lines = f"if {name}{sides[0]} != {f'{known}{sides[1]}' if known else owner}:\n    {raised}"
    compares = InsertStatements(function.module.path, span_of(after[1]), "after", lines)
    edits = (*added, compares, *imports)
    return Fix(f"compare the owner with {caller}", False, edits)


def _raised(module: Module, absence: Form | None) -> tuple[str, tuple[Edit, ...]]:
    """What refuses: the answer for an object that is not there, so that nobody can tell the two apart."""
    last = absence[3][-1] if absence is not None and absence[0] == "if" else None
    said = code(last[2]) if last is not None and last[0] == "raise" and last[2] is not None else None
    if said is not None:
        return f"raise {said}", ()
    exception, imports = _exception(module)
    return f'raise {exception}(status_code=404, detail="Not found")', imports


def _looked_up(handler: Function, variable: str) -> tuple[int, str] | None:
    """The statement of the handler that looks the object up, and the name that it gives it."""
    for number, form in enumerate(handler.statements()):
        if form[0] != "assign" or len(form[2]) != 1 or form[2][0][0] != "name":
            continue
        value = form[3][2] if form[3][0] == "await" else form[3]
        used = mentions(value, {variable})
        last = str(value[2][-1]) if value[0] == "call" and value[2][0] in ("name", "attr") else ""
        looks = value[0] == "sub" or (_LOOKS_UP.match(last) is not None and _OTHERS.search(last) is None)
        if used and looks:
            return number, str(form[2][0][2])
    return None


def _tested_for_absence(statements: list[Form], number: int, name: str) -> tuple[bool, Form]:
    """Whether the next statement leaves when nothing was found, and the statement after which the object is there."""
    following = statements[number + 1] if number + 1 < len(statements) else None
    if (
        following is not None
        and following[0] == "if"
        and any(inner[0] in ("raise", "return") for inner in following[3])
    ):
        match following[2]:
            case ["unary", _, "not", ["name", _, tested]] if tested == name:
                return True, following
            case ["compare", _, ["name", _, tested], ["is" | "=="], [["const", _, None]]] if tested == name:
                return True, following
    return _is_subscript(statements[number]), statements[number]


def _is_subscript(form: Form) -> bool:
    return bool(form[3][0] == "sub")


def _sides(program: Program, call: Value, caller: str, field: str, tie: Tie | None) -> tuple[str, str] | None:
    """How to write the owner of the object and the identity of the caller, behind their names."""
    if tie is not None:
        return (tie.mine, tie.his) if tie.caller and (tie.his or tie.caller == caller) else None
    if not field:
        return None
    cls = _class_of(program, call, caller)
    names = [name for name, _, _ in fields(cls)] if cls is not None else []
    stem = field.rpartition("_")[2]
    wanted = next((name for name in (stem, "id") if name in names), "") if "_" in field else ""
    if not wanted or stem not in ("id", "email", "username", wanted):
        wanted = key_of_people(program, field)
    return (f".{field}", f".{wanted}") if wanted in names else None


def _class_of(program: Program, call: Value, caller: str) -> Class | None:
    for parameter in parameters(call):
        if parameter.name == caller:
            return next(access.classes(program.walker.resolver.type_of(parameter)), None)
    return None


def _exception(module: Module) -> tuple[str, tuple[Edit, ...]]:
    """How a file says `HTTPException`, and the import that it needs for that."""
    for name, value in module.scope.names.items():
        for item in options(value):
            if isinstance(item, External) and item.name.endswith(".HTTPException") and item.name.startswith("fastapi"):
                return name, ()
    name = local_name(module, "HTTPException", "fastapi")
    return name, (AddImport(module.path, "fastapi", "HTTPException", None if name == "HTTPException" else name),)
