"""What guards were made to ask for: rights of administrators, none at all, or such as every user has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routers import strings
from fastapi_seclint.program.values import (
    Class,
    Collection,
    Const,
    External,
    Function,
    Instance,
    Value,
    options,
    string,
)
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.words import speaks_of_rights

_OWN_OR_BASIC = re.compile(
    r"(^|[_:. /-])(own|self)$"
    r"|^(basic([-_. ]?access)?|authenticated|everyone|everybody|any[-_. ]?user|logged[-_. ]?in)$",
    re.I,
)
_PLAIN_ROLE = re.compile(r"^(role[-_:.])?(user|member|customer|regular|normal|standard)$", re.I)


def asks_what_everybody_has(node: Node) -> bool:
    """Whether a guard was made to ask for rights, and for such as every user has or has for his own things."""
    asked = asked_for(node.call)
    if _asks_for_roles(node.call) and any(_PLAIN_ROLE.match(name) for names in asked for name in names):
        return True
    return bool(asked) and all(any(_OWN_OR_BASIC.search(name) for name in names) for names in asked)


def asks_roles_of_several(guard: Value) -> bool:
    """Whether a guard lets plain users pass and others as well, who may do so with the things of all."""
    names = [name for names in asked_for(guard) for name in names]
    plain = [name for name in names if _PLAIN_ROLE.match(name)]
    return _asks_for_roles(guard) and bool(plain) and len(plain) < len(names)


def _asks_for_roles(guard: Value) -> bool:
    """Whether a guard says that it asks for roles: `require_role("user")`, `RoleChecker(["user"])`."""
    if isinstance(guard, Function):
        return "role" in guard.qualname.lower() or any("role" in name.lower() for name in guard.scope.names)
    return isinstance(guard, Instance) and "role" in guard.cls.name.lower()


def is_same_guard(one: Value, other: Value) -> bool:
    """Whether two guards are one, or were made by one maker to ask for the same."""
    if one is other:
        return True
    if isinstance(one, Function) and isinstance(other, Function):
        alike = one.number == other.number and one.module is other.module
    elif isinstance(one, Instance) and isinstance(other, Instance):
        alike = one.cls is other.cls
    elif isinstance(one, External) and isinstance(other, External):
        alike = one.name == other.name
    else:
        return False
    return alike and bool(asked := asked_for(one)) and asked == asked_for(other)


def asked_for(guard: Value) -> list[list[str]]:
    """What each right is called that a guard was made to ask for."""
    return [names for value in _made_with(guard) for names in _names(value)]


def demanded(node: Node) -> list[list[str]]:
    """What each scope is called that a route demands of a guard: `Security(get_token, scopes=["admin"])`."""
    return list(_names(node.dependency.scopes)) if node.dependency.scopes is not None else []


def _made_with(guard: Value) -> Iterator[Value]:
    """What the maker of a guard was given: the variables around an inner function, the arguments of an object."""
    if isinstance(guard, Function) and guard.scope.kind == "function":
        yield from (value for value in guard.scope.names.values() if isinstance(value, Collection | Const | Instance))
    if isinstance(guard, Instance | External) and guard.arguments is not None:
        yield from (*guard.arguments.positional, *guard.arguments.keywords.values())


def _names(value: Value) -> Iterator[list[str]]:
    """What each right that a value is or lists is called; a sentence is no name of one."""
    for option in options(value):
        for item in option.items if isinstance(option, Collection) else [option]:
            said = [string(item.attributes.get("name"))] if isinstance(item, Instance) else []
            said += [item.name] if isinstance(item, Class) else []
            names = [name for name in (*said, *(strings(Collection("list", [item])) or ())) if name and " " not in name]
            if names:
                yield names


def demands_nothing(node: Node, function: Function) -> bool:
    """Whether a guard only asks for rights that it was made with, `if self.roles and ...`, and was made without any."""
    if not isinstance(node.call, Instance) or not function.parameters:
        return False
    tests = [form[2] for form in function.forms.of("if", "ifexp", "assert") if speaks_of_rights(form[2])]
    return bool(tests) and all(_is_off(node.call, test, function.parameters[0][0]) for test in tests)


def _is_off(guard: Instance, test: Form, own: str) -> bool:
    """Whether a condition starts from an attribute of a guard that is empty."""
    for atom in test[3] if test[0] == "bool" and test[2] == "and" else [test]:
        if atom[0] == "attr" and atom[2][0] == "name" and atom[2][2] == own:
            kept = list(options(guard.attributes.get(atom[3])))
            if kept and all(
                (isinstance(item, Collection) and not item.items and not item.open)
                or (isinstance(item, Const) and not item.value)
                for item in kept
            ):
                return True
    return False


def made_for_administrators(node: Node) -> bool:
    """Whether a guard is an object that was told to let administrators pass: `Depends(AnyLogin(Group.admin))`."""
    given = node.call.arguments if isinstance(node.call, Instance) else None
    for value in [*given.positional, *given.keywords.values()] if given is not None else ():
        for option in options(value):
            said = option.attributes.get("name") if isinstance(option, Instance) else option
            if isinstance(said, Const) and isinstance(said.value, str) and access.is_admin_name(said.value.lower()):
                return True
    return False
