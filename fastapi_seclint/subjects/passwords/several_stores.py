"""Several objects of one class that keeps whatever it is given: which of them is given passwords."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.owners.records import classes_in
from fastapi_seclint.subjects.passwords.dumping import DUMPS
from fastapi_seclint.subjects.passwords.names import naming
from fastapi_seclint.subjects.passwords.showing import password_field

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def keeps_no_password(program: Program, block: Block, call: Form) -> bool:
    """Whether a method is called on one of several stores of a class, and all it is given has no password in it.

    `articles.find(number)` gives no account where `accounts = Store()` stands beside `articles = Store()`.
    """
    if call[2][0] != "attr":
        return False
    objects = [one for one in options(ask(program, block, call[2][2])) if isinstance(one, Instance)]
    kinds = {id(one.cls): one.cls for one in objects if isinstance(one.cls, Class)}
    if not objects or len(kinds) != 1:
        return False
    cls = next(iter(kinds.values()))
    if cls.place is None or len(_stores(program, cls)) < 2:
        return False
    filled = _filled(program, cls)
    return not any(one.place is None or str(one.place) in filled for one in objects)


@answered_once
def _stores(program: Program, cls: Class) -> frozenset[str]:
    """Where files of the project make objects of a class for good."""
    found = set()
    for module in program.modules.by_file.values():
        for _, value in module.scope.known():
            for option in options(value):
                if isinstance(option, Instance) and option.cls is cls and option.place is not None:
                    found.add(str(option.place))
    return frozenset(found)


@answered_once
def _filled(program: Program, cls: Class) -> frozenset[str]:
    """The objects of a class, by where they are made, of whose methods one is given a password or what may have one."""
    methods = frozenset(name for name, value in cls.namespace.items() if isinstance(value, Function))
    found = set()
    for block in program.sites.blocks(methods):
        for call in block.forms.of("call"):
            if call[2][0] == "attr" and call[2][3] in methods and any(_may_hold(program, block, call)):
                for option in options(ask(program, block, call[2][2])):
                    if isinstance(option, Instance) and option.cls is cls:
                        found.add(str(option.place))
    return frozenset(found)


def _may_hold(program: Program, block: Block, call: Form) -> Iterator[bool]:
    """Whether what a call gives has a password in it, or nobody knows: names of keywords and keys, models, dumps."""
    for keyword, value, _ in call[4]:
        if keyword is None:
            yield _is_of_people(program, block, value)
        elif naming(keyword):
            yield True
    for value in (*call[3], *(value for _, value, _ in call[4])):
        for form in walk(value):
            if form[0] == "dict":
                yield from (naming(str(key[2])) != "" for key, _ in form[2] if key is not None and key[0] == "const")
                yield from (_is_of_people(program, block, item) for key, item in form[2] if key is None)
        dumps = value[0] == "call" and value[2][0] == "attr" and value[2][3] in DUMPS
        if dumps or value[0] == "name" or (value[0] == "call" and str(value[2][-1])[:1].isupper()):
            classes = _classes(program, block, value)
            yield any(password_field(cls) for cls in classes) if classes or value[0] == "name" else True


def _is_of_people(program: Program, block: Block, value: Form) -> bool:
    """Whether what is spread has a password in it, or nobody knows what it has."""
    classes = _classes(program, block, value)
    return not classes or any(password_field(cls) for cls in classes)


def _classes(program: Program, block: Block, value: Form) -> list[Class]:
    """The classes of what is given, seen by its value or by the annotation of the parameter that holds it."""
    inner = value[2][2] if value[0] == "call" and value[2][0] == "attr" and value[2][3] in DUMPS else value
    given = options(ask(program, block, inner))
    found = [one.cls for one in given if isinstance(one, Instance) and isinstance(one.cls, Class)]
    for item in block.function.parameters if block.function is not None and inner[0] == "name" else ():
        if item[0] == inner[2] and item[2] is not None:
            found += classes_in(ask(program, block, item[2]))
    return found
