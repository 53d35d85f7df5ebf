"""A test of rights where a project has none: a guard for administrators on top of the one that says who is calling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.values import Class, External, Function, Mapping, bare_type, options
from fastapi_seclint.subjects.code.imports import closes_circle
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.owners.identity import Guard, guards
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.words import is_administrator, is_role
from fastapi_seclint.subjects.tokens.new_guards import NewGuard

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FLAGS = ("is_admin", "is_superuser", "is_superadmin", "is_super_admin", "is_administrator", "admin", "superuser")
ROLES = ("role", "user_role", "user_type", "account_type")
_NAMES = ("require_admin", "require_administrator", "require_admin_user")
REFUSAL = 'raise {}(status_code=403, detail="Insufficient permissions")'
_MANY = {"list", "List", "set", "Set", "frozenset", "Sequence", "tuple"}


@dataclass(frozen=True, slots=True)
class Right:
    """What is true of who is no administrator, as code with `{}` for the user, and the imports that it takes."""

    missing: str
    imports: tuple[Edit, ...]


def guard_of_rights(program: Program, asked: Sequence[Guard], user: Module) -> NewGuard | None:
    """A guard to be, below one of those that are asked who is calling, for a file that is to depend on it.

    The right is what the class of the guard's users has: a flag for administrators, a role, or a list of roles.
    """
    for guard in reversed(asked):
        function = function_of(guard)
        right = _right_of_given(program, function) if function is not None else None
        made = _below(program, function, right, user) if function is not None and right is not None else None
        if made is not None:
            return made
    return None


def function_of(guard: Guard) -> Function | None:
    """The function at the top of a file that a guard is; None for closures, methods and what is not in sight."""
    function = running(guard.node.call) if guard.node is not None else None
    known = function is not None and function.number >= 0 and function.owner is None and "." not in function.qualname
    return function if known else None


def _name_for(program: Program, function: Function, user: Module) -> str | None:
    """A name that is free in both files: the second guard of a file whose users may need one gets the second name."""
    module = function.module
    asked = (function_of(guard) for route in program.routes for guard in guards(program, route))
    above = {id(other) for other in asked if other is not None and other.module is module and other.at < function.at}
    return next((name for name in _NAMES[len(above) :] if name not in module.facts.words | user.facts.words), None)


def _right_of_given(program: Program, function: Function) -> Right | None:
    """The right of whom a guard gives: by the class that it or handlers annotate, or by the keys of dictionaries."""
    annotated = [(function.module, function.returns)] if function.returns is not None else []
    annotated += list(_taken_as(program, function))
    for module, form in annotated:
        found = _classes(program, module, form)
        if len(found) == 1 and not _is_dictionary(found[0]):
            return right_of_class(program, found[0], function.module)
        if found or names_in(form) & {"dict", "Dict", "Mapping"}:
            break
    else:
        if not _gives_dictionary(program, function):
            return None
    return _right_in_items(program)


def _gives_dictionary(program: Program, function: Function) -> bool:
    """Whether a guard returns what it takes out of a dictionary of people."""
    block = body_of(program, function)
    if block is None:
        return False
    given = {form[2][2] for form in block.forms.of("return") if form[2] is not None and form[2][0] == "name"}
    for name, value in block.forms.bindings():
        match value:
            case ["call", _, ["attr", _, ["name", _, owner], "get"], *_] | ["sub", _, ["name", _, owner], _]:
                kept = options(ask(program, block, ["name", value[1], owner]))
                if name in given and any(isinstance(item, Mapping) for item in kept):
                    return True
    return False


def _taken_as(program: Program, function: Function) -> Iterator[tuple[Module, Form]]:
    """What handlers say of the user that a guard gives them, each with its file."""
    for route in program.routes:
        for guard in guards(program, route):
            handler = route.function
            if handler is None or guard.node is None or running(guard.node.call) is not function:
                continue
            for name, _, annotation, *_ in handler.parameters:
                if name == guard.parameter and annotation is not None:
                    yield handler.module, annotation


def _below(program: Program, function: Function, right: Right, user: Module) -> NewGuard | None:
    module, name = function.module, _name_for(program, function, user)
    written = rendered(function.returns)
    if name is None:
        return None
    depends, marked, imports = _depends(module)
    error, more = http_exception(module)
    asked = f"{depends}({function.name})"
    parameter = f"user: Annotated[{written}, {asked}]" if marked else f"user: {written} = {asked}"
    lines = [
        f"def {name}({parameter}) -> {written}:" if written is not None else f"def {name}(user={asked}):",
        '    """The current user, who has to be an administrator."""',
        f"    if {right.missing.format('user')}:",
        f"        {REFUSAL.format(error)}",
        "    return user",
    ]
    edits: list[Edit] = [InsertStatements(module.path, span_of(function.at), "after", "\n".join(lines))]
    edits += [*imports, *more, *right.imports]
    local = name
    if module is not user:
        local = local_name(user, name, module.name)
        edits.append(
            AddImport(user.path, module.name, name, local if local != name else None, local=True, target=module.path)
        )
    return NewGuard(local, tuple(edits))


def _depends(module: Module) -> tuple[str, bool, tuple[Edit, ...]]:
    """How a file says `Depends`, whether it writes it within `Annotated`, and the import that it needs."""
    names = {
        str(getattr(item, "name", "")).rpartition(".")[2]: name
        for name, value in module.scope.names.items()
        for item in options(value)
        if isinstance(item, External)
    }
    annotated = names.get("Annotated") == "Annotated"
    if "Depends" in names:
        return names["Depends"], annotated, ()
    return "Depends", annotated, (AddImport(module.path, "fastapi", "Depends"),)


def right_of_class(program: Program, cls: Class, module: Module) -> Right | None:
    """The right that users of a class have, for a test in a file."""
    found = {name: annotation for name, annotation, _ in fields(cls)}
    for flag in _FLAGS:
        if flag in found and (flag.startswith("is_") or "bool" in names_in(found[flag])):
            return Right(f"not {{}}.{flag}", ())
    for role in ROLES:
        if role in found:
            said = _administrator(program, cls, found[role], module)
            return Right(f"{{}}.{role} != {said[0]}", said[1]) if said is not None else None
    if "roles" in found and "str" in names_in(found["roles"]) and _MANY & names_in(found["roles"]):
        return Right(f'"{_word(program)}" not in {{}}.roles', ())
    return None


def _right_in_items(program: Program) -> Right | None:
    """The right that the project's dictionaries of people have: a role that is a text, or a flag."""
    known = (*_FLAGS, *ROLES)
    found: set[str] = set()
    quoted = [f'"{word}"'.encode() for word in known]
    for module in program.modules.by_file.values():
        for block in program.sites.speaking(module, *quoted) if not program.is_test(module) else ():
            keys = (key for form in block.forms.of("dict") for key, _ in form[2] if key is not None)
            found.update(key[2] for key in keys if key[0] == "const" and key[2] in known)
    name = next((name for name in known if name in found), None)
    if name is None:
        return None
    return Right(f'not {{}}.get("{name}")' if name in _FLAGS else f'{{}}.get("{name}") != "{_word(program)}"', ())


def _administrator(
    program: Program, cls: Class, annotation: Form | None, module: Module
) -> tuple[str, tuple[Edit, ...]] | None:
    """The role of administrators in a field, as code: a member of its enumeration, or a text."""
    value = ask(program, program.sites.top(cls.module), annotation) if annotation is not None else None
    found = [inner for option in options(value) for inner in access.classes(option)]
    if len(found) == 1:
        kind = found[0]
        above = [name for name in kind.namespace if is_role(name)]
        member = next(
            (name for name in kind.namespace if is_administrator(name)), above[0] if len(above) == 1 else None
        )
        if member is None or not any("Enum" in base for base in kind.external_bases()):
            return None
        named = _named(program, kind, module)
        return (f"{named[0]}.{member}", named[1]) if named is not None else None
    if found or (annotation is not None and "str" not in names_in(annotation)):
        return None
    return f'"{_word(program)}"', ()


def _classes(program: Program, module: Module, annotation: Form) -> list[Class]:
    """The classes of the project in an annotation of a file."""
    said = ask(program, program.sites.top(module), annotation)
    return list({id(cls): cls for option in options(bare_type(said)) for cls in access.classes(option)}.values())


def _is_dictionary(cls: Class) -> bool:
    return "typing.TypedDict" in cls.external_bases()


def _named(program: Program, cls: Class, module: Module) -> tuple[str, tuple[Edit, ...]] | None:
    """How a file says a class, and the import that it needs; None where that would close a circle."""
    for name, value in module.scope.names.items():
        if any(option is cls for option in options(value)):
            return name, ()
    if "." in cls.qualname or closes_circle(program, cls.module, module):
        return None
    name = local_name(module, cls.name, cls.module.name)
    alias = None if name == cls.name else name
    return name, (AddImport(module.path, cls.module.name, cls.name, alias, local=True, target=cls.module.path),)


def _word(program: Program) -> str:
    """What the project calls the role of administrators."""
    for word in ("admin", "administrator", "superuser", "superadmin", "super_admin", "root"):
        for module in program.modules.by_file.values():
            if not program.is_test(module) and module.facts.speaking(f'"{word}"]'.encode()):
                return word
    return "admin"
