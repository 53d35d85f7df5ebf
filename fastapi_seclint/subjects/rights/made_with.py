"""What guards were made to ask for: rights of administrators, none at all, or such as every user has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routers import strings
from fastapi_seclint.program.spelling import snake, words_of
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
from fastapi_seclint.subjects.rights.none_asked import asks_for_none
from fastapi_seclint.subjects.rights.words import names_right, speaks_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OWN_OR_BASIC = re.compile(
    r"(^|[_:. /-])(own|self)$"
    r"|^(basic([-_. ]?access)?|authenticated|everyone|everybody|any[-_. ]?user|logged[-_. ]?in)$",
    re.I,
)
_PLAIN_ROLE = re.compile(r"^(role[-_:.])?(user|member|customer|regular|normal|standard)$", re.I)


def asks_what_everybody_has(node: Node) -> bool:
    """Whether a guard was made to ask for rights, and for such as every user has or has for his own things."""
    asked = asked_for(node.call)
    if asks_for_roles(node.call) and any(_PLAIN_ROLE.match(name) for names in asked for name in names):
        return True
    return bool(asked) and all(any(_OWN_OR_BASIC.search(name) for name in names) for names in asked)


_NO_ROLE_YET = re.compile(r"^(pending|guest|anonymous|banned|blocked|disabled|inactive|unverified|waiting|none)$", re.I)


def lets_plain_users_pass(function: Function) -> bool:
    """Whether all that a guard asks of a role is that it is one of those which users have: `role in {"user", "admin"}`.

    Or that it is none of somebody who is no user yet: `if user.role == "pending": raise ...`.
    """
    asked = [form for form in function.forms.of("compare") if _is_role(form[2])]
    return bool(asked) and all(_asks_for_a_user(form) for form in asked)


def _is_role(form: Form) -> bool:
    while form[0] == "attr" and form[3] == "value":
        form = form[2]
    return bool(form[0] in ("attr", "name") and _ROLE.search(snake(str(form[-1]))))


_ROLE = re.compile(r"(^|_)role$")


def _asks_for_a_user(compare: Form) -> bool:
    match compare:
        case ["compare", _, _, ["in" | "not in"], [["set" | "list" | "tuple", _, items]]]:
            return any(_PLAIN_ROLE.match(_named(item)) for item in items)
        case ["compare", _, _, ["==" | "!="], [side]]:
            return _NO_ROLE_YET.match(_named(side)) is not None
    return False


def _named(form: Form) -> str:
    """What a role is called where it is written down: `"user"`, `Role.USER`, `Role.USER.value`."""
    while form[0] == "attr" and form[3] == "value":
        form = form[2]
    return str(form[-1]) if form[0] in ("const", "attr") else ""


def asks_roles_of_several(guard: Value) -> bool:
    """Whether a guard lets plain users pass and others as well, who may do so with the things of all."""
    names = [name for names in asked_for(guard) for name in names]
    plain = [name for name in names if _PLAIN_ROLE.match(name)]
    return asks_for_roles(guard) and bool(plain) and len(plain) < len(names)


def asks_for_roles(guard: Value) -> bool:
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


def demands_scopes(node: Node) -> bool:
    """Whether a route demands scopes of a guard, whatever they are called."""
    scopes = node.dependency.scopes
    return scopes is not None and not any(
        isinstance(option, Collection) and not option.items and not option.open for option in options(scopes)
    )


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
    """Whether a guard only asks for rights that it was made with, `if self.roles and ...`, and was made without any.

    What stands behind such a condition never runs then, and who may do everything is let in as everybody is.
    """
    if asks_for_none(node.call, function):
        return True
    kept = _kept(node.call, function)
    if kept is None or _hands_on_rights(node.call, function) or _hands_on_scopes(node, function):
        return False
    return _asks_for_nothing(kept, function)


def wraps_for_nothing(program: Program, decorator: Value) -> bool:
    """The same of a decorator whose wrapper asks for what it was made with: `@secured()`, and `if roles and ...`."""
    kept = _kept(decorator, decorator) if isinstance(decorator, Function) else None
    if kept is None or not isinstance(decorator, Function) or decorator.number < 0:
        return False
    numbers = decorator.module.facts.inside(decorator.number)
    inside = [one for number in numbers if (one := program.sites.function(decorator.module, number)) is not None]
    return any(_asks_for_nothing(kept, one) for one in inside) and not any(
        _hands_on_rights(decorator, one) for one in inside
    )


def _asks_for_nothing(kept: Callable[[Form], bool], function: Function) -> bool:
    """Whether all that a function asks about rights stands behind a condition that nothing fulfils."""
    tests = function.forms.of("if", "ifexp", "assert")
    off = [form for form in tests if any(map(kept, _all_of(form[2])))]
    never = {id(inner) for form in off for inner in walk(form[3] if form[0] == "if" else form)}
    given = {repr(_unplaced(form[2])) for form in function.forms.of("return") if id(form) not in never}
    others = [form for form in tests if form not in off and id(form) not in never]
    if any(_hands_on_a_role(call) for call in function.forms.of("call") if id(call) not in never):
        return False
    if _refuses_at_the_end(function):
        loops = [form for form in function.forms.of("for") if not kept(form[3]) and speaks_of_rights(form[3])]
        inside = {id(inner) for loop in loops for inner in walk(loop[4])}
        asked = [form for form in others if form[0] == "if" and any(item[0] == "return" for item in walk(form[3]))]
        return bool(off) and not (
            any(id(form) in inside or _asks_what_it_was_given(kept, function, form[2]) for form in asked)
            or any(speaks_of_rights(form[2]) for form in others)
        )
    return bool(off) and not any(speaks_of_rights(form[2]) and not _gives_back(form, given) for form in others)


def _refuses_at_the_end(function: Function) -> bool:
    """Whether a function refuses whom no condition before let pass."""
    statements = function.statements()
    return bool(statements) and statements[-1][0] == "raise"


def _asks_what_it_was_given(kept: Callable[[Form], bool], function: Function, test: Form) -> bool:
    """Whether a guard leaves a condition to what it was made with: `self.check(user)`, `check(user)` of a factory.

    Or to each of several: `for check in self.checks: if check(user): return user`.
    """
    own = function.parameters[0][0] if function.parameters and function.takes_object else None
    around = set(function.scope.names) if function.scope.kind == "function" else set()
    around |= {form[2][2] for form in function.forms.of("for") if form[2][0] == "name" and not kept(form[3])}
    called = [item[2] for item in walk(test) if item[0] == "call"]
    return any(
        (form[0] == "attr" and form[2][2:] == [own]) or (form[0] == "name" and form[2] in around) for form in called
    )


def _hands_on_a_role(call: Form) -> bool:
    """Whether a call is told which role is needed: `check_access(project, user, ProjectRole.MAPPER)`."""
    return any(
        form[0] == "attr" and form[2][0] == "name" and form[2][2][:1].isupper() and words_of(form[2][2])[-1] in _ROLES
        for form in arguments(call)
    )


_ROLES = frozenset({"role", "roles", "permission", "permissions"})


def _hands_on_rights(guard: Value, function: Function) -> bool:
    """Whether a guard hands on a right that it was made with: `authenticate(token, superuser=superuser)`."""
    names = guard.scope.names if isinstance(guard, Function) else {}
    given = (item for call in function.forms.of("call") for item in arguments(call))
    return any(
        form[0] == "name" and names_right(form[2]) and form[2] in names and not _is_nothing(names[form[2]])
        for form in given
    )


def _hands_on_scopes(node: Node, function: Function) -> bool:
    """Whether a guard hands on the scopes that a route demands of it: `service.find(token, security_scopes)`."""
    names = {
        item[0] for item in function.parameters if item[2] is not None and last_name(item[2]).endswith("SecurityScopes")
    }
    given = (item for call in function.forms.of("call") for item in arguments(call))
    return demands_scopes(node) and any(form[0] == "name" and form[2] in names for form in given)


def _gives_back(form: Form, given: set[str]) -> bool:
    """Whether a branch gives back what every other caller gets: `if user.is_superuser: return user`."""
    return form[0] == "if" and len(given) == 1 and [item[0] for item in form[3]] == ["return"] and not form[4]


def _unplaced(form: Any) -> Any:
    """A form without the places where its parts stand."""
    if type(form) is not list:
        return form
    placed = len(form) > 1 and type(form[0]) is str and type(form[1]) is int
    return [_unplaced(item) for item in (form[:1] + form[2:] if placed else form)]


def _kept(guard: Value, function: Function) -> Callable[[Form], bool] | None:
    """Tells of a condition whether it asks for something that a guard was made without."""
    if isinstance(guard, Instance) and function.parameters:
        own = function.parameters[0][0]
        return lambda atom: (
            atom[0] == "attr" and atom[2][0] == "name" and atom[2][2] == own
            and _is_nothing(guard.attributes.get(atom[3]))
        )  # fmt: skip
    if isinstance(guard, Function) and guard.scope.kind == "function":
        names, own_names = guard.scope.names, {item[0] for item in function.parameters}
        return lambda atom: atom[0] == "name" and atom[2] not in own_names and _is_nothing(names.get(atom[2]))
    return None


def _all_of(test: Form) -> list[Form]:
    return test[3] if test[0] == "bool" and test[2] == "and" else [test]


def _is_nothing(value: Value | None) -> bool:
    kept = list(options(value)) if value is not None else []
    return bool(kept) and all(
        (isinstance(item, Collection) and not item.items and not item.open)
        or (isinstance(item, Const) and not item.value)
        for item in kept
    )


def made_for_administrators(node: Node) -> bool:
    """Whether a guard is an object that was told to let administrators pass: `Depends(AnyLogin(Group.admin))`."""
    given = node.call.arguments if isinstance(node.call, Instance) else None
    for value in [*given.positional, *given.keywords.values()] if given is not None else ():
        for option in options(value):
            said = option.attributes.get("name") if isinstance(option, Instance) else option
            if isinstance(said, Const) and isinstance(said.value, str) and access.is_admin_name(said.value.lower()):
                return True
    return False
