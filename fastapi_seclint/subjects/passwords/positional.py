"""Rows and objects whose fields are given by position: `Member(mail, password)`.

Rows are made like dataclasses, objects of plain classes by the constructor that stands in them.

Source: https://docs.sqlalchemy.org/en/20/orm/dataclasses.html, `MappedAsDataclass` and `init=False`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.values import Class, Const, External, Instance, Value, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program.sites import Block
    from fastapi_seclint.subjects.passwords.followed import Passwords

_MAPPED = "MappedAsDataclass"


def by_name(known: Passwords, block: Block, call: Form) -> Form:
    """A call that makes such a row or object with each of its values under its name; any other as it is."""
    if not call[3] or any(value[0] == "star" for value in call[3]):
        return call
    made = next((one for one in options(ask(known.program, block, call[2])) if isinstance(one, Class)), None)
    if made is None:
        return call
    mapped = any(name.rpartition(".")[2] == _MAPPED for name in made.external_bases())
    names = _columns(made) if mapped else _taken(made)
    if len(names) < len(call[3]):
        return call
    named = [[name, value, value[1]] for name, value in zip(names, call[3], strict=False)]
    return [*call[:3], [], [*named, *call[4]], *call[5:]]


def _taken(cls: Class) -> list[str]:
    """The parameters of the constructor of a plain class, in order; empty where it has none of its own."""
    made = method_of(Instance(cls), "__init__")
    if made is None or made.number < 0:
        return []
    return [parameter[0] for parameter in made.parameters[1:] if parameter[1] not in (VARIADIC, KEYWORDS)]


def _columns(cls: Class) -> list[str]:
    """The columns that are given in order, those of bases first."""
    found: dict[str, bool] = {}
    for base in reversed([one for one in cls.lineage() if isinstance(one, Class)]):
        found |= {name: _is_given(base.namespace.get(name)) for name, _, _ in base.fields}
    return [name for name, given in found.items() if given]


def _is_given(column: Value | None) -> bool:
    told = column.arguments.get("init") if isinstance(column, External) and column.arguments is not None else None
    return not (isinstance(told, Const) and told.value is False)
