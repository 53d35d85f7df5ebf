"""The fix of a missing check of ownership: the object that was looked up is compared with the caller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function, Value
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.comparing import (
    LOOKS_UP,
    has_column,
    looked_up_anywhere,
    owner_of,
    refusal,
    sides,
    tested_for_absence,
)
from fastapi_seclint.subjects.owners.handed_callers import given_as, handed, taking
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.owners.introducing import introduced
from fastapi_seclint.subjects.owners.kept_callers import kept_callers
from fastapi_seclint.subjects.owners.service_fixes import compared_with_kept, looked_up_by_sibling
from fastapi_seclint.subjects.owners.statement_fixes import narrowed
from fastapi_seclint.subjects.owners.ties import Tie
from fastapi_seclint.subjects.owners.using import callers_of, takes_id

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def compared(
    program: Program, route: Route, variable: str, field: str, tie: Tie | None, sibling: Route | None = None
) -> Fix | None:
    """The owner compared with the caller after the object is looked up; None where that is not easy.

    A handler that is not given its caller gets him as a `sibling` does.
    """
    field = field or (owner_of(tie) if tie is not None else "")
    inside = tie is not None and tie.caller == "self"  # the methods of an object compare with what that keeps
    if inside and kept_callers(program, route):
        return compared_with_kept(program, route, variable, field)
    given = any(guard.parameter for guard in guards(program, route))
    if not given and sibling is not None and sibling.endpoint is not None and route.function is not None:
        added = introduced(program, route.function, sibling)
        fix = added and _compared(program, sibling.endpoint, route.function, added[0], variable, field, tie)
        return replace(fix, edits=(added[1], *fix.edits)) if added and fix else None
    loading = _loading(program, route, variable)
    fixes = (_compared(program, call, handler, caller, variable, field, tie) for call, handler, caller in loading)
    found = next((fix for fix in fixes if fix is not None), None) or _given(program, route, variable, field, tie)
    return (
        found or _in_statement(program, route, variable, field) or compared_with_kept(program, route, variable, field)
    )


def _in_statement(program: Program, route: Route, variable: str, field: str) -> Fix | None:
    """The owner asked for by a statement that changes or removes the object without looking it up."""
    caller = next((guard.parameter for guard in guards(program, route) if guard.parameter), "")
    if route.function is None or route.endpoint is None or not caller:
        return None
    both = sides(program, route.endpoint, caller, field, None)
    return narrowed(route.function, variable, both[0], f"{caller}{both[1]}") if both is not None else None


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
        both = sides(program, route.endpoint, caller, field, tie if usable else None)
        refusals = [form for form in node.function.forms.of("raise") if form[2] is not None]
        same = node.function.module is route.function.module and len(refusals) == 1
        if both is None or callers_of(program, node):
            continue
        raised, imports = refusal(route.function.module, ["if", 0, None, refusals, []] if same else None)
        lines = f"if {name}{both[0]} != {caller}{both[1]}:\n    {raised}"
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
    found = looked_up_anywhere(handler, variable)
    if found is None:
        before = _looked_up_before(program, call, handler, caller, variable, field)
        return before or _looked_up_inside(program, call, handler, caller, variable, field, tie)
    statements, number, name = found
    if singular(name) != name:
        return None
    usable = tie is not None and (snake(tie.thing) == name or tie.owner == field)
    both = sides(program, call, caller, field, tie if usable else None)
    if both is None:
        return None
    mine, his = both
    absent, after = tested_for_absence(statements, number, name)
    condition = f"{name}{mine} != {caller}{his}"
    test = condition if absent else f"{name} is None or {condition}"
    raised, imports = refusal(handler.module, after if absent else None)
    lines = f"if {test}:\n    {raised}"
    edits: tuple[Edit, ...] = (InsertStatements(handler.module.path, span_of(after[1]), "after", lines), *imports)
    return Fix(f"compare the owner with {caller}", False, edits)


def _looked_up_before(
    program: Program, call: Value, handler: Function, caller: str, variable: str, field: str
) -> Fix | None:
    """The same for what a method of a service looks up and changes at once: its sibling that only looks comes first."""
    looking = looked_up_by_sibling(program, handler, variable, LOOKS_UP)
    both = sides(program, call, caller, field, None) if looking is not None else None
    if looking is None or both is None:
        return None
    raised, imports = refusal(handler.module, None)
    test = f"{looking.name} is None or {looking.name}{both[0]} != {caller}{both[1]}"
    lines = f"{looking.name} = {looking.code}\nif {test}:\n    {raised}"
    edit = InsertStatements(handler.module.path, span_of(looking.before[1]), "before", lines)
    return Fix(f"look it up first, and compare the owner with {caller}", False, (edit, *imports))


def _looked_up_inside(
    program: Program, call: Value, handler: Function, caller: str, variable: str, field: str, tie: Tie | None
) -> Fix | None:
    """The same in a function that only this handler calls: it is given the owner.

    It refuses as what is not there, or asks for the object among those of the owner.
    """
    inner = taking(program, handler, variable)
    if inner is None:
        return None
    function, number, handing = inner
    found = looked_up_anywhere(function, number)
    usable = tie is not None and found is not None and snake(tie.thing) == found[2]
    both = sides(program, call, caller, field, tie if usable else None)
    owner = both[0].strip(".") if both is not None else ""
    if both is None or not owner.isidentifier() or any(item[0] == owner for item in function.parameters):
        return None
    known = given_as(function, handing, caller)
    his = f"{known}{both[1]}" if known else owner
    edits = _refusing(function, found, both[0], his, "raise")
    if not edits:
        asks = narrowed(function, number, both[0], his, lambda name: has_column(program, function, name, owner))
        edits = asks.edits if asks is not None else _refusing(function, found, both[0], his, "return")
    added = () if known else handed(program, handler, function, handing, owner, f"{caller}{both[1]}")
    return Fix(f"compare the owner with {caller}", False, (*added, *edits)) if edits else None


def _refusing(
    function: Function, found: tuple[list[Form], int, str] | None, mine: str, his: str, way: str
) -> tuple[Edit, ...]:
    """The comparison behind the test for absence of an object that a function looks up, if that leaves this way."""
    if found is None:
        return ()
    absent, after = tested_for_absence(*found)
    if not absent or after[0] != "if":
        return ()
    last = after[3][-1]
    if last[0] != way or (way == "return" and len(after[3]) > 1):
        return ()
    refused, imports = refusal(function.module, after)
    if way == "return":
        answer = "" if last[2] is None else code(last[2])
        if answer is None:
            return ()
        refused, imports = f"return {answer}".rstrip(), ()
    lines = f"if {found[2]}{mine} != {his}:\n    {refused}"
    return (InsertStatements(function.module.path, span_of(after[1]), "after", lines), *imports)
