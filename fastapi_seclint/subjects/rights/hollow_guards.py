"""Guards that are named after a right, or made to ask for one, and let everybody pass: the test that they lack."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.forms import names_in, span_of
from fastapi_seclint.program.callables import Parameter, parameters, running
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Collection, Const, Function, Instance, Value, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.owners.belongings import singular
from fastapi_seclint.subjects.owners.identity import Guard
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.new_guards import REFUSAL, ROLES, Right, function_of, right_of_class
from fastapi_seclint.subjects.rights.words import is_administrator, is_role, names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ROLE = re.compile(r"role|allowed|required|needed|user_type|account_type", re.I)
_NO_ROLE = re.compile(r"[:./ ]")
"""What the names of rights have in them, and those of roles have not."""


def filled_in(program: Program, asked: Sequence[Guard]) -> Fix | None:
    """The test that a guard is named after, `def admin_only(user = Depends(current_user))`, where it refuses nobody."""
    for guard in asked:
        function = function_of(guard) or _start_of(guard)
        name = guard.name.rpartition(".")[2]
        if function is None or not names_right(name) or function.forms.of("raise") or _is_of_others(name):
            continue
        for parameter, cls in _users(program, function):
            right = right_of_class(program, cls, function.module)
            if right is not None:
                said = f"let {guard.name} refuse who is no administrator"
                return _refusing(function, said, parameter.name, right)
    return None


def asking_for_its_roles(program: Program, asked: Sequence[Guard]) -> Fix | None:
    """The test for the roles that a guard was made with, `Depends(require("admin"))`, where it refuses nobody."""
    for guard in asked:
        call = guard.node.call if guard.node is not None else None
        function = running(call) if isinstance(call, Function | Instance) else None
        if call is None or function is None or function.number < 0 or function.forms.of("raise"):
            continue
        roles = list(_roles_of(call, function))
        users = list(_users(program, function))
        if len(roles) != 1 or len(users) != 1 or _looks_at(function, asked_for := roles[0]):
            continue
        parameter, cls = users[0]
        role = _role_of(program, cls, asked_for.kind)
        if role:
            missing = f"{{}}.{role} {'not in' if asked_for.several else '!='} {asked_for.written}"
            said = f"let {guard.name} ask for {asked_for.written}"
            return _refusing(function, said, parameter.name, Right(missing, ()))
    return None


def _is_of_others(name: str) -> bool:
    """Whether a guard is named after a role that is not that of administrators: `editors_only`."""
    words = [*words_of(name), *map(singular, words_of(name))]
    return any(is_role(word) and not is_administrator(word) for word in words) and not any(map(is_administrator, words))


def _start_of(guard: Guard) -> Function | None:
    """The `__init__` that FastAPI calls where a class is the guard."""
    made = guard.node.call if guard.node is not None else None
    function = running(made) if isinstance(made, Class) else None
    return function if function is not None and function.number >= 0 else None


def _users(program: Program, function: Function) -> Iterator[tuple[Parameter, Class]]:
    """The parameters of a guard that another dependency fills, each with the one class of the project that it is."""
    resolver = program.walker.resolver
    for parameter in parameters(function):
        found = list(access.classes(resolver.type_of(parameter)))
        if resolver.dependency_of(parameter) is not None and len(found) == 1:
            yield parameter, found[0]


@dataclass(frozen=True, slots=True)
class _Roles:
    """What a guard was made with, as its code says it; `several` of them or one; the enumeration that has them."""

    written: str
    several: bool
    kind: Class | None


def _roles_of(guard: Value, function: Function) -> Iterator[_Roles]:
    """What a guard was made with that are texts, or members of one enumeration."""
    kept: dict[str, Value] = {}
    if isinstance(guard, Instance) and function.parameters:
        own = function.parameters[0][0]
        kept = {f"{own}.{name}": value for name, value in guard.attributes.items()}
    elif isinstance(guard, Function) and guard.scope.kind == "function":
        kept = {name: value for name, value in guard.scope.names.items() if not isinstance(value, Function)}
    for written, value in kept.items():
        found = list(options(value))
        several = len(found) == 1 and isinstance(found[0], Collection) and not found[0].open
        items = found[0].items if several and isinstance(found[0], Collection) else found
        kinds = {id(item.cls): item.cls for item in items if isinstance(item, Instance) and _is_member(item)}
        texts = [item for item in items if isinstance(item, Const) and isinstance(item.value, str)]
        if items and len(texts) == len(items):
            if not _are_roles(written, [str(item.value) for item in texts]):
                continue
            yield _Roles(written, several, None)
        elif items and len(kinds) == 1 and all(isinstance(item, Instance) and id(item.cls) in kinds for item in items):
            kind = next(iter(kinds.values()))
            yield _Roles(written, several, kind if isinstance(kind, Class) else None)


def _are_roles(written: str, texts: list[str]) -> bool:
    """Whether texts that a guard was made with can be compared with a role: rights, `"orders:delete"`, cannot."""
    if any(_NO_ROLE.search(text) for text in texts):
        return False
    return _ROLE.search(written) is not None or all(map(is_role, texts))


def _is_member(item: Instance) -> bool:
    return isinstance(item.cls, Class) and any("Enum" in base for base in item.cls.external_bases())


def _looks_at(function: Function, roles: _Roles) -> bool:
    """Whether a guard looks at what it was made with already."""
    name = roles.written.rpartition(".")[2]
    return any(form[-1] == name for form in function.forms.of("name", "attr"))


def _role_of(program: Program, cls: Class, kind: Class | None) -> str:
    """The field of users of a class that has their role: a text, or a member of an enumeration; empty for none."""
    found = {name: annotation for name, annotation, _ in fields(cls)}
    role = next((name for name in ROLES if name in found), "")
    if not role:
        return ""
    if kind is None:
        return role if "str" in names_in(found[role]) else ""
    annotation = found[role]
    said = ask(program, program.sites.top(cls.module), annotation) if annotation is not None else None
    return role if any(one is kind for option in options(said) for one in access.classes(option)) else ""


def _refusing(function: Function, said: str, user: str, right: Right) -> Fix:
    error, imports = http_exception(function.module)
    lines = f"if {right.missing.format(user)}:\n    {REFUSAL.format(error)}"
    insert = InsertStatements(function.module.path, span_of(function.at), "first-in-body", lines)
    return Fix(said, False, (insert, *imports, *right.imports))
