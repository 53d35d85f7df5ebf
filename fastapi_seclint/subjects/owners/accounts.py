"""The tables whose rows log in: those that keep the hash of a password, or that guards look callers up in."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, string
from fastapi_seclint.subjects.owners.records import classes_returned, is_table
from fastapi_seclint.subjects.passwords.names import is_at_a_server, is_password, naming
from fastapi_seclint.subjects.payloads.models import fields

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@lru_cache(maxsize=1)
def tables_of_accounts(program: Program) -> frozenset[str]:
    """The names of the tables of accounts, in lower case, as foreign keys write them."""
    return frozenset(name for cls in tables(program) if _keeps_password(cls) for name in written(cls))


@lru_cache(maxsize=1)
def tables_of_people(program: Program) -> frozenset[str]:
    """The names of `classes_of_people`."""
    return frozenset(name for cls in classes_of_people(program) for name in written(cls))


@lru_cache(maxsize=1)
def classes_of_people(program: Program) -> list[Class]:
    """The tables whose rows people log in as, by a name or address; a camera's account is nobody's."""
    found = []
    for cls in tables(program):
        named = [name for name, _, _ in fields(cls)]
        known = not _LOGIN_NAMES.isdisjoint(map(snake, named)) and not is_at_a_server(named)
        if known and any(is_password(name, people=True) for name in named):
            found.append(cls)
    return found


_LOGIN_NAMES = frozenset(
    {"username", "user_name", "email", "email_address", "login", "phone", "phone_number", "mobile"}
)


@lru_cache(maxsize=1)
def tables(program: Program) -> list[Class]:
    """The tables of the project, those of tests aside."""
    found = []
    for module in program.modules.by_file.values():
        for value in () if program.is_test(module) else list(module.scope.names.values()):
            if isinstance(value, Class) and value.module is module and is_table(value):
                found.append(value)
    return found


@lru_cache(maxsize=1)
def tables_of_callers(program: Program) -> frozenset[str]:
    """The names of the tables whose rows a guard gives as those who are logged in, whatever they keep.

    What takes an id of the path, or asks a guard that has found the caller, gives something else.
    """
    found: set[str] = set()
    seen: set[int] = set()
    for route in program.routes:
        for node in route.nodes():
            function = node.function
            if function is None or id(function) in seen or program.is_test(function.module):
                continue
            seen.add(id(function))
            given = _rows(program, function)
            if given and _finds_another(program, route, node):
                continue
            if given and program.guard_model.authenticates(node.call):
                found.update(name for cls in given for name in written(cls))
    return frozenset(found)


def _rows(program: Program, function: Function) -> list[Class]:
    """The tables that a function says it gives a row of."""
    return [cls for cls in classes_returned(program, function) if is_table(cls)]


def _finds_another(program: Program, route: Route, node: Node) -> bool:
    """Whether a dependency looks for what a path names, or for what belongs to a caller whom another one has found."""
    if any(item.name in variable_names(route) for item in parameters(node.call)):
        return True
    below = (one.function for child in node.children for one in child.walk())
    return any(one is not None and bool(_rows(program, one)) for one in below)


def written(cls: Class) -> set[str]:
    """How foreign keys write the table of a class."""
    table = string(cls.namespace.get("__tablename__"))
    return {table.lower()} if table else {cls.name.lower(), snake(cls.name)}


def _keeps_password(cls: Class) -> bool:
    return any(naming(name) == "kept" for name, _, _ in fields(cls))
