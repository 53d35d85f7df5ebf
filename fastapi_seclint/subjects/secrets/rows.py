"""Comparisons that test no credential: columns in a query, the name that a row goes by, a copy to be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import classes_in, is_table

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def no_caller(program: Program, block: Block, given: Form, secret: Form) -> bool:
    """Whether what stands on both sides is data of the program's own: see above."""
    return (
        _is_column(program, block, secret)
        or _names_row(program, block, given, secret)
        or is_of_row(program, block, given)
        or _is_replaced(block, given, secret)
        or _compares_objects(block, given, secret)
    )


def is_of_row(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is a part of a parameter that is a row of the database, which no caller sends."""
    if form[0] != "attr" or form[2][0] != "name" or block.function is None:
        return False
    outside = Block(block.module, None, block.module.scope, NO_STATEMENTS)
    annotations = [item[2] for item in block.function.parameters if item[0] == form[2][2] and item[2] is not None]
    return any(is_table(cls) for item in annotations for cls in classes_in(ask(program, outside, item)))


def is_key_of_row(block: Block, form: Form, *, plain: bool = False) -> bool:
    """Whether an expression is the API key or secret of what was looked up: `client.api_key`, `hook.secret`.

    The row was found by something, `client = find(client_id)`, or is the one of a result. `plain` takes what is called
    just `key` or `token` for one.
    """
    if form[0] != "attr" or form[2][0] != "name" or not isinstance(block.scope, FunctionScope):
        return False
    words = words_of(form[3])
    named = words[-1:] in (["apikey"], ["secret"]) or words[-2:] == ["api", "key"]
    if not named and not (plain and form[3] in _KEYS):
        return False
    given = [item[3] for item in block.scope.assignments(form[2][2]) if item[0] == "assign"]
    calls = [value[2] if value[0] == "await" else value for value in given]
    found = (call for call in calls if call[0] == "call")
    return any(call[3] or call[4] or last_name(call[2]) in _OF_RESULTS for call in found)


_KEYS = frozenset({"key", "token"})
_OF_RESULTS = frozenset({"one", "one_or_none", "scalar_one", "scalar_one_or_none", "first", "scalar"})
"""How SQLAlchemy gives the one row that was found."""


def _is_column(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is a column of a table, which a database compares: `Dataset.key == key`."""
    if form[0] != "attr" or form[2][0] not in ("name", "attr"):
        return False
    return any(isinstance(option, Class) and is_table(option) for option in options(ask(program, block, form[2])))


def _names_row(program: Program, block: Block, given: Form, secret: Form) -> bool:
    """Whether a row's `dataset_key` is compared with another `dataset_key`: the name that it goes by."""
    owner = block.function.owner if block.function is not None else None
    own = secret[0] == "attr" and secret[2][0] == "name" and secret[2][2] == "self"
    words = words_of(name_of(secret))
    plain = words[-1:] == ["key"] and not {"api", "secret"} & set(words) and name_of(given) == name_of(secret)
    return own and plain and owner is not None and is_table(owner)


def _is_replaced(block: Block, given: Form, secret: Form) -> bool:
    """Whether one side is then given to the other: `if kept["key"] == key: return`, `kept["key"] = key`."""
    kinds = ((given[0], secret[0]), (secret[0], given[0]))
    written = [(target, form[3]) for form in block.forms.of("assign") for target in form[2]]
    alike = [(target, value) for target, value in written if (target[0], value[0]) in kinds]
    pairs = [(_plain(given), _plain(secret)), (_plain(secret), _plain(given))] if alike else []
    return any((_plain(target), _plain(value)) in pairs for target, value in alike)


def _compares_objects(block: Block, given: Form, secret: Form) -> bool:
    """Whether an object is compared with another one of its kind: `self.key == other.key` in `__eq__`."""
    function = block.function
    if not (given[0] == secret[0] == "attr" and given[3] == secret[3] and given[2][0] == secret[2][0] == "name"):
        return False
    if function is None or function.owner is None:
        return False
    kinds = {cls.name for cls in function.owner.lineage()}
    annotated = {item[0]: item[2] for item in function.parameters if item[2] is not None}
    said = annotated.get(given[2][2]) or annotated.get(secret[2][2])
    named = said[2] if said is not None and said[0] == "const" else last_name(said) if said is not None else ""
    return function.name in _COMPARING or named in kinds


_COMPARING = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"})


def _plain(form: Form) -> object:
    """A form without the places in it, to be compared with others."""
    if isinstance(form, list):
        return tuple(_plain(item) for number, item in enumerate(form) if number != 1 or not isinstance(item, int))
    return form
