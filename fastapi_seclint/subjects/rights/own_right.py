"""Fixes that ask the user's own right where the client's word decides: `user.role` in place of a header."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, AddParameter, Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, line_of, names_in, span_of
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.fixes import depends_name
from fastapi_seclint.subjects.guards.swapping import imported, usable_name
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.built import built_of_rights, makes_object
from fastapi_seclint.subjects.rights.entries import right_of_entry
from fastapi_seclint.subjects.rights.sent import Input, Sent, names_sent_right, source
from fastapi_seclint.subjects.rights.sent_rights import input_of
from fastapi_seclint.subjects.rights.words import is_administrator
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asked_of_user(program: Program, function: Function, found: Input, test: Form) -> Fix | None:
    """The fix that tests the right of the user that the function has, or gets from the project's guard."""
    sides = [test[2], *test[4]] if test[0] == "compare" else [test]
    sent = next((side for side in sides if source(found, side) is not None), None)
    if sent is None:
        return None
    flag = test[0] != "compare"
    for name, cls in _users(program, function):
        right = _right(cls, flag, source(found, sent)) if name not in found.bodies else ""
        if right:
            return _fix(function, sent, f"{name}.{right}", ())
    for parameter in parameters(function):
        entry = right_of_entry(program, parameter, flag, source(found, sent))
        if entry and parameter.name not in found.bodies and _is_guarded(program, parameter):
            return _fix(function, sent, f'{parameter.name}["{entry}"]', ())
    for guard, cls in _guards(program, function):
        right = _right(cls, flag, source(found, sent))
        added = _parameter(program, function, guard, cls) if right and not _only_believes(program, guard) else None
        if added is not None:
            return _fix(function, sent, f"{added[0]}.{right}", added[1])
    return _by_flag(program, function, test)


def _by_flag(program: Program, function: Function, test: Form) -> Fix | None:
    """`user.is_admin` in place of `role == "admin"`, where users have a flag for that role and no name of one."""
    match test:
        case ["compare", _, left, ["==" | "!=" as operator], [right]]:
            role = next((side[2] for side in (left, right) if side[0] == "const"), None)
        case _:
            return None
    if not is_administrator(role):
        return None
    found: list[tuple[str, Class, tuple[Edit, ...]]] = [(name, cls, ()) for name, cls in _users(program, function)]
    for name, cls, edits in [*found, *_introduced(program, function)]:
        flag = _right(cls, True, None)
        if flag:
            code = f"{name}.{flag}" if operator == "==" else f"not {name}.{flag}"
            edit = ReplaceExpression(function.module.path, span_of(test[1]), code)
            return Fix(f"ask the user's own {flag}", False, (*edits, edit))
    return None


def _introduced(program: Program, function: Function) -> Iterator[tuple[str, Class, tuple[Edit, ...]]]:
    for guard, cls in _guards(program, function):
        added = _parameter(program, function, guard, cls)
        if added is not None:
            yield added[0], cls, added[1]


def _fix(function: Function, sent: Form, code: str, edits: tuple[Edit, ...]) -> Fix:
    edit = ReplaceExpression(function.module.path, span_of(sent[1]), code)
    right = code.removesuffix('"]').rpartition('"')[2].rpartition(".")[2]
    return Fix(f"ask the user's own {right}", False, (*edits, edit))


def _right(cls: Class, flag: bool, sent: Sent | None) -> str:
    """The field of a class that says the same right, a flag where a flag was asked."""
    names = [name for name, _, _ in fields(cls) if names_sent_right(name)]
    names += [name for base in cls.lineage() if isinstance(base, Class) for name in base.namespace if _is_right(name)]
    names += [name for name in set_by_constructor(cls) if _is_right(name)]
    fit = [name for name in dict.fromkeys(names) if (name.startswith("is_") or "admin" in name) is flag]
    same = [name for name in fit if sent is not None and sent.name.lower().replace("-", "_").endswith(name)]
    return next(iter([*same, *fit]), "")


def set_by_constructor(cls: Class) -> Iterator[str]:
    """The attributes that the constructor of a class gives its objects."""
    for base in cls.lineage():
        made = base.namespace.get("__init__") if isinstance(base, Class) else None
        for form in made.forms.of("assign", "annassign") if isinstance(made, Function) else ():
            targets = form[2] if form[0] == "assign" else [form[2]]
            parts = [part for target in targets for part in (target[2] if target[0] == "tuple" else [target])]
            yield from (part[3] for part in parts if part[0] == "attr" and part[2][2:] == ["self"])


def _is_right(name: str) -> bool:
    return not name.startswith("_") and names_sent_right(name)


def _users(program: Program, function: Function) -> Iterator[tuple[str, Class]]:
    """The parameters of a function that a guard fills, with their classes."""
    for parameter in parameters(function):
        if not _is_guarded(program, parameter):
            continue
        for cls in access.classes(program.walker.resolver.type_of(parameter)):
            yield parameter.name, cls


def _is_guarded(program: Program, parameter: Parameter) -> bool:
    """Whether a guard fills a parameter."""
    found = program.walker.resolver.dependency_of(parameter)
    return found is not None and any(program.guard_model.authenticates(option) for option in options(found[1]))


def _guards(program: Program, function: Function) -> list[tuple[Function, Class]]:
    """The guards of the project that a function can name, with what they give; those that demand more go first."""
    found: list[tuple[Function, Class]] = []
    for value in wiring(program).callables:
        guard = running(value)
        if not isinstance(value, Function) or guard is None or guard.returns is None or guard is function:
            continue
        if usable_name(program, function.module, guard, line_of(function.at)) and program.guard_model.authenticates(
            value
        ):
            answer = program.interpreter.ask(guard.returns, guard.scope)
            found += [(guard, cls) for option in options(answer) for cls in access.classes(option)]
    known = [guard for guard, _ in found]
    found.sort(key=lambda pair: -sum(_below(program, pair[0], other) for other in known))
    return found


def _only_believes(program: Program, guard: Function) -> bool:
    """Whether what a guard gives has the right that the client sent in it."""
    return makes_object(guard) and built_of_rights(program, guard, input_of(program, guard)) is not None


def _below(program: Program, guard: Function, other: Function) -> bool:
    tops = program.walker.resolver.of_callable(guard)
    return any(node.runs is other for top in tops for node in top.walk())


def _parameter(
    program: Program, function: Function, guard: Function, cls: Class
) -> tuple[str, tuple[Edit, ...]] | None:
    """A parameter that the guard fills: its name, and the edits that bring it."""
    module = function.module
    taken = {item[0] for item in function.parameters}
    taken |= names_in(function.statements())
    name = next((free for free in ("user", "current_user", "caller") if free not in taken), None)
    known = module.scope.local(cls.name)
    if name is None or (known is not None and known is not cls) or "." in cls.qualname:
        return None
    depends, imports = depends_name(module)
    guarded = usable_name(program, module, guard, line_of(function.at))
    code = f"{name}: {cls.name} = {depends}({guarded})"
    edits: tuple[Edit, ...] = (AddParameter(module.path, span_of(function.at), code), *imports)
    if known is None:
        edits += (AddImport(module.path, cls.module.name, cls.name, local=True, target=cls.module.path),)
    return name, (*edits, *imported(module, guard, guarded))
