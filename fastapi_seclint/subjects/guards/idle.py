"""Role guards that a project has and that no route uses so far, and how each is written for administrators."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import POSITIONAL, VARIADIC, Form, arguments, last_name, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.rights.considering import considers_rights
from fastapi_seclint.subjects.rights.forbidding import forbids
from fastapi_seclint.subjects.rights.words import is_role, names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ADMINISTRATORS = ("admin", "administrator", "superuser", "superadmin", "super_admin", "root")
_LISTS = re.compile(r"^(list|List|set|Set|tuple|Tuple|frozenset|Iterable|Sequence|Collection)$")
_LESSER = re.compile(r"moderator|editor|owner|manager|member|author|user|viewer|reader|permission|scope")
"""Words of guards that people pass who are no administrators."""
_PARTIAL = re.compile(r"owner|member|author|user|viewer|reader|permission|scope")
"""Words of guards that people pass for something of their own, or for one thing."""


@dataclass(frozen=True, slots=True)
class IdleGuard:
    """A guard as it is written in its own file; `lesser` where nothing says that it is for administrators."""

    module: Module
    form: Form
    function: Function
    lesser: bool


def idle_role_guards(program: Program, known: Collection[Function | None]) -> list[IdleGuard]:
    """The role guards that are not among the `known` ones; what makes guards for several roles is told all the same.

    One that nothing names after administrators counts where the project has no other role guard than this one; one
    for managers and the like, who are no administrators, where the project has no role for those either.
    """
    found = [guard for guard in _role_guards(program) if guard.function not in known or guard.form[0] == "call"]
    administrators = [guard for guard in found if not guard.lesser]
    if administrators or any(item is not None and considers_rights(program, item) for item in known):
        return administrators
    if len(found) != 1 or _PARTIAL.search(_words(found[0].form)):
        return []
    return found if not _LESSER.search(_words(found[0].form)) or not _named_administrators(program) else []


def _role_guards(program: Program) -> Iterator[IdleGuard]:
    for module in program.modules.by_file.values():
        if program.is_test(module) or not module.facts.words & {"Depends", "Security"}:
            continue
        for name, value in list(module.scope.names.items()):
            for option in options(value):
                guard = None
                if isinstance(option, Function) and option.module is module and option.number >= 0:
                    guard = _from_function(program, option)
                elif isinstance(option, Instance) and isinstance(option.cls, Class):
                    guard = _from_instance(program, module, name, option.cls)
                elif isinstance(option, Class) and option.module is module:
                    guard = _from_class(program, option)
                if guard is not None:
                    yield guard


def _from_instance(program: Program, module: Module, name: str, cls: Class) -> IdleGuard | None:
    """A module's object whose class has a `__call__` that asks for rights: `allow_staff = RoleChecker("staff")`."""
    called = cls.namespace.get("__call__")
    statement = next(iter(bound_names(module.facts.module).get(name, [])), None)
    if not isinstance(called, Function) or statement is None or statement[0] not in ("assign", "annassign"):
        return None
    if not _depends_only(program, called, 1) or not considers_rights(program, called):
        return None
    made = statement[-1]
    words = [*_texts(made), name] if made is not None else [name]
    return IdleGuard(module, ["name", statement[1], name], called, not any(_is_administrators(word) for word in words))


def _from_class(program: Program, cls: Class) -> IdleGuard | None:
    """A class whose objects ask for the role that they were made with: `RequireRole(Role.ADMIN)`."""
    called, init = cls.namespace.get("__call__"), cls.namespace.get("__init__")
    if not isinstance(called, Function) or not isinstance(init, Function) or not names_right(cls.name):
        return None
    if not _depends_only(program, called, 1) or not considers_rights(program, called):
        return None
    argument = _asked_role(program, init, 1)
    if argument is None:
        return None
    form: Form = ["call", cls.at, ["name", cls.at, cls.name], [argument], []]
    return IdleGuard(cls.module, form, called, False)


def _from_function(program: Program, function: Function) -> IdleGuard | None:
    """`require_admin` as it is, `require_role` called with the administrators' role."""
    named = names_right(function.name) or is_role(function.name)
    if (
        not (named or _refuses_by_itself(function))
        or _is_handler(program, function)
        or not considers_rights(program, function)
    ):
        return None
    form: Form = ["name", function.at, function.name]
    if not function.module.facts.inside(function.number):
        lesser = not _is_administrators(function.name)
        return IdleGuard(function.module, form, function, lesser) if _depends_only(program, function, 0) else None
    argument = _asked_role(program, function, 0)
    if argument is None:
        return None
    return IdleGuard(function.module, ["call", function.at, form, [argument], []], function, False)


def _refuses_by_itself(function: Function) -> bool:
    """Whether a function answers 403 for what its caller is not, whatever both are called: `if not cook.is_chef`."""
    return not function.module.facts.inside(function.number) and forbids(function)


def _asked_role(program: Program, function: Function, first: int) -> Form | None:
    """The administrators' role for the one thing that a factory has to be told, from the first that a caller gives."""
    required = [item for item in function.parameters[first:] if item[3] is None]
    if len(required) != 1 or "role" not in required[0][0]:
        return None
    return _role_argument(program, function, required[0])


def _depends_only(program: Program, function: Function, first: int) -> bool:
    """Whether all parameters, from the first that FastAPI fills, are dependencies, and there is one."""
    resolver = program.walker.resolver
    asks = [item for item in parameters(function)[first:] if resolver.dependency_of(item) is not None]
    return bool(asks) and len(asks) == len(function.parameters) - first


def _role_argument(program: Program, function: Function, parameter: Form) -> Form | None:
    """The administrators' role as a factory wants it: a member of an enumeration, a text, a list of these."""
    annotation, kind = parameter[2], parameter[1]
    value: Form | None = None
    for inner in walk(annotation) if annotation is not None else ():
        for option in options(program.interpreter.ask(inner, function.scope)) if inner[0] == "name" else ():
            if isinstance(option, Class):
                member = next((name for name in option.namespace if name.lower() in _ADMINISTRATORS), None)
                if member is None:
                    return None
                value = ["attr", function.at, inner, member]
    if value is None:
        if not _has_administrators(program, function):
            return None
        role = _administrators_role(program)
        value = ["const", function.at, role] if role else None
    listed = annotation is not None and any(item[0] == "name" and _LISTS.match(item[2]) for item in walk(annotation))
    if value is not None and kind == POSITIONAL and (listed or (annotation is None and parameter[0].endswith("roles"))):
        return ["list", function.at, [value]]
    return value if kind in (POSITIONAL, VARIADIC) else None


def _has_administrators(program: Program, factory: Function) -> bool:
    """Whether administrators are among whom a factory may be told of: others are named where it is used elsewhere."""
    name = factory.owner.name if factory.owner is not None else factory.name
    told = [
        str(form[-1]).lower()
        for block in program.sites.blocks(frozenset({name}))
        for call in (block.forms.of("call") if not program.is_test(block.module) else ())
        if last_name(call[2]) == name
        for form in walk(arguments(call))
        if form[0] in ("attr", "const")
    ]
    return not told or any(_is_administrators(word) for word in told)


def _administrators_role(program: Program) -> str:
    """What the project calls the role of administrators; `admin` where it names no role at all."""
    named = _named_administrators(program)
    return next((role for role in _ADMINISTRATORS if role in named), "admin")


@lru_cache(maxsize=1)
def _named_administrators(program: Program) -> set[str]:
    """The roles of administrators that the project has as texts; paths and tags are none."""
    named: set[str] = set()
    for module in program.modules.by_file.values():
        if not program.is_test(module):
            for number in range(-1, len(module.facts.functions)):
                for role in _ADMINISTRATORS:
                    if role not in named and module.facts.body_mentions(number, b'"%b"]' % role.encode()):
                        named |= {role} if number >= 0 or not _only_tags(module, role) else set()
    return named


def _only_tags(module: Module, role: str) -> bool:
    """Whether a file says a role outside of functions only where it tags routes: `APIRouter(tags=["admin"])`."""
    forms = list(walk(module.facts.module))
    tags = [value for form in forms if form[0] == "call" for keyword, value, _ in form[4] if keyword == "tags"]
    tagged = {id(inner) for value in tags for inner in walk(value)}
    return all(id(form) in tagged for form in forms if form[0] == "const" and form[2] == role)


def _is_handler(program: Program, function: Function) -> bool:
    return any(route.function is function for route in program.routes)


def _is_administrators(word: str) -> bool:
    plain = word.lower()
    return "admin" in plain or "superuser" in plain or (is_role(word) and not _LESSER.search(plain))


def _texts(form: Form) -> list[str]:
    return [str(inner[-1]) for inner in walk(form) if inner[0] in ("const", "name", "attr")]


def _words(form: Form) -> str:
    return " ".join(_texts(form)).lower()
