"""Enumerations of what may become of an account, `Standing.SUSPENDED` among them, and the fields that hold one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Const, External, Instance, Value, iterate, options
from fastapi_seclint.subjects.passwords.names import is_of_people

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OF_ACCOUNTS = re.compile(r"(^|_)(suspended|banned|deactivated|expelled|frozen|kicked|barred)(_|$)")
_OF_ANYTHING = re.compile(r"(^|_)(blocked|disabled|locked|inactive|terminated|closed)(_|$)")
"""Words for the end of accounts that tasks and doors know, too: they tell where the class is named after people."""
_SHARED = ("status", "state")
"""How fields are called that other things than accounts have as well; the enumeration beside them tells more."""


@answered_once
def state_words(program: Program) -> frozenset[str]:
    """The names of such enumerations, and of the fields of the program's classes that hold a member of one."""
    kinds = {id(cls): cls for cls in _classes(program) if _tells_end(cls)}
    found = {cls.name for cls in kinds.values()}
    for cls in _classes(program):
        for name, annotation, default in cls.fields:
            if not name.endswith(_SHARED) and _holds(cls, annotation, default, kinds):
                found.add(name)
        for name, value in cls.namespace.items() if id(cls) not in kinds else ():
            if not name.endswith(_SHARED) and any(_is_column(option, kinds) for option in options(value)):
                found.add(name)
    return frozenset(found)


def _classes(program: Program) -> Iterator[Class]:
    for module in program.modules.by_file.values():
        if not program.is_test(module):
            values = list(module.scope.names.values())
            yield from (one for one in values if isinstance(one, Class) and one.module is module)


def _tells_end(cls: Class) -> bool:
    """Whether a class is an enumeration with a word for accounts that were closed among its members."""
    members = iterate(cls)
    names = [*_texts(members)] if members is not None else []
    return _has_word(names, is_of_people(cls.name))


def _texts(members: list[Value]) -> Iterator[str]:
    for member in members:
        for part in member.attributes.values() if isinstance(member, Instance) else ():
            if isinstance(part, Const) and isinstance(part.value, str):
                yield part.value


def _has_word(texts: list[str], people: bool) -> bool:
    plain = [snake(text) for text in texts]
    return any(_OF_ACCOUNTS.search(text) or (people and _OF_ANYTHING.search(text)) for text in plain)


def _holds(cls: Class, annotation: Form, default: Value | None, kinds: dict[int, Class]) -> bool:
    """Whether a field holds a member by its annotation, `standing: Standing`, a Literal's texts, or its default."""
    for form in walk([annotation]):
        match form:
            case ["name", _, name]:
                if any(id(option) in kinds for option in options(cls.module.scope.names.get(name))):
                    return True
            case ["sub", _, ["name", _, "Literal"] | ["attr", _, _, "Literal"], texts]:
                words = [str(item[2]) for item in walk([texts]) if item[0] == "const"]
                if _has_word(words, is_of_people(cls.name)):
                    return True
    return any(isinstance(one, Instance) and id(one.cls) in kinds for one in options(default))


def _is_column(value: Value, kinds: dict[int, Class]) -> bool:
    """Whether a field of a table is made for the members: `Column(Enum(Standing))`, `CharEnumField(Standing)`."""
    if not isinstance(value, External) or value.arguments is None:
        return False
    given = [*value.arguments.positional, *value.arguments.keywords.values()]
    return any(id(one) in kinds or _is_column(one, kinds) for item in given for one in options(item))
