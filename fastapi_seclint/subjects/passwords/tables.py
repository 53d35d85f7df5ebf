"""Tables without a class: those that a function is told by their name, and those of SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeGuard

from fastapi_seclint.facts.forms import Form, last_name, named_arguments
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, Value, options, string
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.passwords.mappings import IDENTITY
from fastapi_seclint.subjects.passwords.names import is_password
from fastapi_seclint.subjects.passwords.spoken import blocks

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

TABLES = ("sqlalchemy.Table()", "sqlalchemy.schema.Table()", "sqlalchemy.sql.schema.Table()")
"""How SQLAlchemy makes a table that no class has."""
_RUNS = frozenset({"fetch_all", "fetch_one", "execute", "exec", "scalars", "scalar", "iterate"})


def statement_text(form: Form, given: Mapping[str, str]) -> str:
    """What a statement says whose table is one of the names that are given: `f"SELECT * FROM {table}"`.

    A value that is not known is left out as `?`.
    """
    match form:
        case ["const", _, str() as text]:
            return text
        case ["name", _, name]:
            return given.get(name, "?")
        case ["fmt", _, value, *_]:
            return statement_text(value, given) if value[0] == "name" else "?"
        case ["fstr", _, parts]:
            return "".join(statement_text(part, given) for part in parts)
        case ["binop", _, "+", left, right]:
            return statement_text(left, given) + statement_text(right, given)
    return ""


def bound_texts(block: Block, call: Form, function: Function, bound: bool) -> dict[str, str]:
    """The parameters of a function that a call gives a text for, with the text."""
    names = [item[0] for item in function.parameters][1 if bound else 0 :]
    pairs = named_arguments(call, names)
    return {name: value[2] for name, value in pairs if name and value[0] == "const" and isinstance(value[2], str)}


def filled_tables(program: Program) -> Iterator[tuple[str, Iterable[str]]]:
    """The names that are given to a call together with a dictionary, `insert("users", {...})`, and its keys."""
    for block in blocks(program):
        for form in block.forms.of("call"):
            match form:
                case ["call", _, _, [["const", _, str() as table], *rest], _] if table.isidentifier():
                    for value in (*rest, *(value for _, value, _ in form[4])):
                        shown = _written(block, value)
                        if shown[0] == "dict":
                            yield table, [str(key[2]) for key, _ in shown[2] if key is not None and key[0] == "const"]


def declared_tables(program: Program) -> Iterator[tuple[str, Iterable[str]]]:
    """The tables of SQLAlchemy that a program declares, by their names in the database, and their columns.

    Those of Core, `Table("users", metadata, Column("name"), ...)`, and those of classes with a `__tablename__`.
    """
    for block in program.sites.blocks(frozenset({"Table", "__tablename__"})):
        if program.is_test(block.module):
            continue
        for form in block.forms.of("call"):
            match form:
                case ["call", _, function, [["const", _, str() as table], *parts], _] if last_name(function) == "Table":
                    columns = [
                        part[3][0] for part in parts if part[0] == "call" and last_name(part[2]) == "Column" and part[3]
                    ]
                    yield table, [str(name[2]) for name in columns if name[0] == "const"]
        for form in block.forms.of("class"):
            named = [(item, part) for item in form[6] if item[0] in ("assign", "annassign") for part in _targets(item)]
            told = next(
                (item[-1][2] for item, name in named if name == "__tablename__" and item[-1][0] == "const"), None
            )
            if isinstance(told, str):
                yield told, [name for _, name in named]


def _targets(statement: Form) -> list[str]:
    targets = statement[2] if statement[0] == "assign" else [statement[2]]
    return [str(target[2]) for target in targets if target[0] == "name"]


def column_of_table(program: Program, block: Block, call: Form) -> str:
    """The password's column of a table of SQLAlchemy Core that whole rows are asked for."""
    columns = asked_table(program, block, call)
    people = any(IDENTITY.match(name) for name in columns)
    return next((name for name in columns if is_password(name, people)), "")


def asked_table(program: Program, block: Block, call: Form) -> list[str]:
    """The columns of the table of SQLAlchemy Core that a call gives whole rows of: `fetch_all(users.select())`."""
    at = call
    while at[0] in ("call", "attr", "await"):
        if at[0] == "call" and last_name(at[2]) in _RUNS and at[3]:
            return _columns(program, block, _written(block, at[3][0]))
        at = at[2]
        if at[0] == "name":
            at = _written(block, at)
    return []


def _columns(program: Program, block: Block, query: Form) -> list[str]:
    """The columns of the table that a query asks for as a whole, `users.select()` or `select(users)`."""
    while query[0] == "call":
        match query:
            case ["call", _, ["attr", _, owner, "select"], [], []]:
                return _of_table(ask(program, block, owner))
            case ["call", _, ["name" | "attr", *_] as function, [["name" | "attr", *_] as table], []]:
                if function[-1] == "select":
                    return _of_table(ask(program, block, table))
            case ["call", _, ["attr", _, _, "with_only_columns"], *_]:
                return []
        query = query[2][2] if query[2][0] == "attr" else query[2]
    return []


def _of_table(value: Value) -> list[str]:
    for option in options(value):
        if isinstance(option, External) and option.name in TABLES and option.arguments is not None:
            columns = [item for given in option.arguments.positional for item in options(given)]
            names = [string(item.arguments.get("name", 0)) for item in columns if _is_column(item) and item.arguments]
            return [name for name in names if name]
    return []


def _is_column(value: Value) -> TypeGuard[External]:
    return isinstance(value, External) and value.name.startswith("sqlalchemy.") and value.name.endswith(".Column()")


def _written(block: Block, form: Form) -> Form:
    """The display that a local name was assigned last."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return form
    above = (item for item in block.scope.assignments(form[2]) if item[0] == "assign" and item[1] < form[1])
    found = [item for item in above if not holds(item[1], form[1])]  # `row = dict(row)` is not its own
    return found[-1][3] if found else form
