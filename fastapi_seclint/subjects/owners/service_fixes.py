"""The owner compared where a service works with the object: by the caller whom it keeps, or by looking it up before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.forms import ASYNC, Form, span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Function, Instance, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.comparing import looked_up, refusal, sides, tested_for_absence
from fastapi_seclint.subjects.owners.handed_callers import taking
from fastapi_seclint.subjects.owners.services import kept_caller
from fastapi_seclint.subjects.owners.using import callers_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ID = re.compile(r"(^|_)(id|uuid|pk)$")
_ONE = frozenset(
    {"by", "id", "uuid", "pk", "one", "single", "or", "none", "404", "fail", "item", "object", "obj", "row"}
)
_CHANGES = frozenset({"commit", "flush", "save", "delete", "remove", "update", "pop", "add", "setattr"})


@dataclass(frozen=True, slots=True)
class Looking:
    """A statement that has a service change an object, and how its sibling looks that object up: name and code."""

    before: Form
    name: str
    code: str


def compared_with_kept(program: Program, route: Route, variable: str, field: str) -> Fix | None:
    """The owner compared with the caller whom a service keeps, `notes.user`; None where that is not easy.

    In the handler where it gets the object, else in the method that it calls, if nobody else calls that one.
    """
    handler = route.function
    for node in route.dependencies if handler is not None else ():
        kept = kept_caller(program, node, callers_of(program, node))
        if kept is None or handler is None or not node.parameter:
            continue
        both = sides(program, kept.cls, kept.parameter, field, None)
        if both is None and field and _ID.search(kept.parameter):
            both = f".{field}", ""
        found, function, owner = looked_up(handler, variable), handler, node.parameter
        inner = taking(program, handler, variable) if found is None else None
        if inner is not None and inner[0].owner is not None and inner[0].owner in kept.cls.lineage():
            found, function, owner = looked_up(inner[0], inner[1]), inner[0], inner[0].parameters[0][0]
        if found is None or both is None or singular(found[1]) != found[1] or kept.part not in ("", both[1]):
            continue
        absent, after = tested_for_absence(function.statements(), *found)
        test = f"{found[1]}{both[0]} != {owner}.{kept.attribute}{both[1].removeprefix(kept.part)}"
        raised, imports = refusal(function.module, after if absent else None)
        lines = f"if {test if absent else f'{found[1]} is None or {test}'}:\n    {raised}"
        insert = InsertStatements(function.module.path, span_of(after[1]), "after", lines)
        return Fix(f"compare the owner with {owner}.{kept.attribute}", False, (insert, *imports))
    return None


def looked_up_by_sibling(program: Program, handler: Function, variable: str, looks: re.Pattern[str]) -> Looking | None:
    """How to look up what the first call with `variable` changes, by a method of the same object named like `looks`."""
    block = body_of(program, handler)
    taken = {parameter[0] for parameter in handler.parameters}
    for statement in handler.statements() if block is not None else ():
        call = _call(statement)
        match call:
            case ["call", _, ["attr", _, ["name", _, owner], method], [*given], _] if owner in taken:
                if not any(item[2:] == [variable] for item in given) or block is None:
                    continue
            case _:
                continue
        target = statement[2][0][2] if statement[0] == "assign" and statement[2][0][0] == "name" else "found"
        if target in taken:
            return None
        for cls in _classes(ask(program, block, call[2][2])):
            for name, one in sorted(cls.namespace.items()):
                if name == method or not looks.match(name) or not isinstance(one, Function) or not _only_looks(one):
                    continue
                if not _by_id(name, {*words_of(variable), *words_of(cls.name)}):
                    continue
                waits = bool(one.flags & ASYNC)
                if not waits or handler.flags & ASYNC:
                    return Looking(statement, target, f"{'await ' if waits else ''}{owner}.{name}({variable})")
        return None
    return None


def _by_id(name: str, words: set[str]) -> bool:
    """Whether a method looks up the thing itself by its id, `get_note_or_404`; not its lines, nor one by its title."""
    return {singular(word) for word in words_of(name)[1:]} <= {*map(singular, words), *_ONE}


def _call(statement: Form) -> Form:
    """The call that a statement is made of; something else where it is none."""
    value: Form | None = statement[3] if statement[0] == "assign" else None
    if statement[0] in ("return", "expr"):
        value = statement[2]
    if value is None:
        return ["none"]
    return list(value[2]) if value[0] == "await" else value


def _classes(value: Value) -> Iterator[Class]:
    for option in options(value):
        cls = option.cls if isinstance(option, Instance) else option
        if isinstance(cls, Class):
            yield cls


def _only_looks(function: Function) -> bool:
    """Whether a method takes one thing, the id, and changes nothing."""
    needed = [item[0] for item, default in zip(function.parameters, function.defaults, strict=True) if default is None]
    calls = {str(form[2][-1]) for form in function.forms.of("call") if form[2][0] in ("name", "attr")}
    stores = any(target[0] in ("attr", "sub") for form in function.forms.of("assign") for target in form[2])
    return len(needed) == 2 and function.kind == "function" and not calls & _CHANGES and not stores
