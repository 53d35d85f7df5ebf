"""Passwords that are handed to functions which call them something else: `store(login, body.password)`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, arguments, mentions
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import called, callers
from fastapi_seclint.subjects.passwords import hashers
from fastapi_seclint.subjects.passwords.hooks import setters
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TAKERS = {"process_bind_param": 1, "db_value": 1, "to_db_value": 1, "__set__": 2}
"""The methods of columns and descriptors that get what a row's field is given, and which parameter that is.

Source: SQLAlchemy `TypeDecorator.process_bind_param(self, value, dialect)` (sqlalchemy/sql/type_api.py), peewee
`Field.db_value(self, value)`, Tortoise `Field.to_db_value(self, value, instance)`, Python's data model, 3.3.2.2
`object.__set__(self, instance, value)`.
"""
_AS_IT_IS = frozenset({"encode", "decode", "strip", "get_secret_value"})

Handed = dict[tuple[str, int], set[str]]
"""The parameters that are given a password, by the file and number of their function."""


def handed(program: Program, spoken: list[Block]) -> Handed:
    """Which parameters the calls in the blocks that speak of passwords give one, those named after passwords aside."""
    found: Handed = {}
    for block in spoken:
        for call in block.forms.of("call"):
            given = [(number, "", value) for number, value in enumerate(call[3])]
            given += [(-1, keyword, value) for keyword, value, _ in call[4] if keyword]
            passed = [item for item in given if _is_password(item[2])]
            if not passed or call[2][0] not in ("name", "attr") or hashers.step_by_name(call[2]):
                continue
            for function, bound in called(program, block, call):
                for name in _parameters(function, bound, passed):
                    found.setdefault((function.module.file, function.number), set()).add(name)
    for function, name in taking(program):
        found.setdefault((function.module.file, function.number), set()).add(name)
    return found


def taking(program: Program) -> Iterator[tuple[Function, str]]:
    """What is called with each value that a password's field is given, and the parameter that is this value.

    Listeners, the column types of the project on a value's way to the database, and descriptors of its own.
    """
    yield from ((function, function.parameters[1][0]) for function in setters(program))
    for module in program.modules.by_file.values():
        for form in module.facts.forms(MODULE).of("class") if not module.facts.words.isdisjoint(_TAKERS) else ():
            for item in form[6]:
                function = program.sites.function(module, item[2]) if item[0] == "def" and item[3] in _TAKERS else None
                at = _TAKERS[item[3]] if function is not None else 0
                if function is not None and len(function.parameters) > at and _is_type_of_password(program, form[2]):
                    yield function, function.parameters[at][0]


def _is_type_of_password(program: Program, name: str) -> bool:
    """Whether a column or attribute that is named after a password has a type of this name."""
    for block in program.sites.blocks(frozenset({name})):
        for form in block.forms.of("assign", "annassign"):
            target = form[2][0] if form[0] == "assign" else form[2]
            named = form[-1] is not None and target[0] == "name" and naming(target[2])
            if named and mentions(form[-1], {name}):
                return True
    return False


def blocks_of(program: Program, found: Handed) -> Iterator[Block]:
    """The bodies of the functions that are given a password."""
    for module in program.modules.by_file.values():
        for number in range(len(module.facts.functions)) if not program.is_test(module) else ():
            block = program.sites.block(module, number) if (module.file, number) in found else None
            if block is not None:
                yield block


@lru_cache(maxsize=256)
def only_given_passwords(program: Program, function: Function) -> bool:
    """Whether all in sight who call a function, tests aside, hand it a password: what it does is done to those."""
    outside = [call for block, call, _ in callers(program, function) if not program.is_test(block.module)]
    return all(any(map(_is_password, arguments(call))) for call in outside)


def _parameters(function: Function, bound: bool, passed: list[tuple[int, str, Form]]) -> Iterator[str]:
    names = [item[0] for item in function.parameters]
    for position, keyword, _ in passed:
        at = position + bound
        name = keyword if keyword in names else names[at] if position >= 0 and at < len(names) else ""
        if name and not naming(name):
            yield name


def _is_password(form: Form) -> bool:
    """Whether an argument is named after a password as it was typed."""
    while form[0] == "call" and form[2][0] == "attr" and form[2][3] in _AS_IT_IS:
        form = form[2][2]
    return form[0] in ("name", "attr") and naming(str(form[-1])) == "plain"
