"""Dictionaries of a project that keep the people whom a guard makes out of nothing but the subject of a token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Kept:
    """A dictionary on a module's level, the file that it is in, what is made of a subject."""

    name: str
    module: Module
    cls: Class


def kept_people(program: Program, block: Block, subject: Form, name: str) -> Iterator[Kept]:
    """The dictionaries of people of the class that a block makes from a subject, by what the subject is there.

    `name` is what the block calls the subject, if anything. `{"a@b.c": User(email="a@b.c")}` keeps them by `email`;
    one that is annotated, `people: dict[str, User] = {}`, by what somebody who puts one in says.
    """
    for cls, field in _made(program, block, subject, name):
        for module in program.modules.by_file.values():
            for form in module.facts.module if not program.is_test(module) else ():
                if form[0] in ("assign", "annassign") and (kept := _kept(program, module, form, cls, field)):
                    yield kept


def _made(program: Program, block: Block, subject: Form, name: str) -> Iterator[tuple[Class, str]]:
    """The classes that a block calls with the subject, and for which of their fields."""
    for call in block.forms.of("call"):
        for field, value, _ in call[4]:
            if field and (value is subject or (name and value[0] == "name" and value[2] == name)):
                yield from ((item, field) for item in options(ask(program, block, call[2])) if isinstance(item, Class))


def _kept(program: Program, module: Module, form: Form, cls: Class, field: str) -> Kept | None:
    target = form[2][0] if form[0] == "assign" and len(form[2]) == 1 else form[2]
    value = form[-1]
    if target[0] != "name" or value is None:
        return None
    outside = Block(module, None, module.scope, NO_STATEMENTS)
    keyed = any(_is_under(key, made, field) and _is_one(program, outside, made, cls) for key, made in _items(value))
    empty = value[0] == "dict" and not value[2] and form[0] == "annassign"
    if empty and _is_of(program, outside, form[3], cls) and _is_filled(program, target[2], field):
        return Kept(target[2], module, cls)
    return Kept(target[2], module, cls) if keyed else None


def _items(value: Form) -> Iterator[tuple[Form, Form]]:
    """The keys and values of a dictionary display or comprehension."""
    if value[0] == "dict":
        yield from ((key, item) for key, item in value[2] if key is not None)
    elif value[0] == "comp" and value[2] == "dict":
        yield value[3], value[4]


def _is_under(key: Form, made: Form, field: str) -> bool:
    """Whether something is kept under its own field: `"a": User(email="a")`, `{user.email: user for user in ...}`."""
    if made[0] == "name":
        return bool(key[0] == "attr" and key[2][0] == "name" and key[2][2] == made[2] and key[3] == field)
    return made[0] == "call" and any(
        name == field and value[0] == key[0] and value[2:] == key[2:] for name, value, _ in made[4]
    )


def _is_one(program: Program, outside: Block, made: Form, cls: Class) -> bool:
    if made[0] == "name":
        return True
    return any(isinstance(item, Class) and cls in item.lineage() for item in options(ask(program, outside, made[2])))


def _is_of(program: Program, outside: Block, annotation: Form, cls: Class) -> bool:
    """Whether an annotation says a dictionary of such people: `dict[str, User]`."""
    named = [form for form in walk(annotation) if form[0] == "name"]
    if len(named) < 2 or named[0][2] not in ("dict", "Dict"):
        return False
    return any(isinstance(item, Class) and cls in item.lineage() for item in options(ask(program, outside, named[-1])))


def _is_filled(program: Program, name: str, field: str) -> bool:
    """Whether somebody puts a person into a dictionary under what the field says: `people[body.email] = person`."""
    for block in program.sites.blocks(frozenset({name})):
        for form in block.forms.of("assign"):
            for target in form[2]:
                if target[0] == "sub" and last_name(target[2]) == name and target[3][-1] == field:
                    return True
        for form in block.forms.of("call"):
            if last_name(form[2]) == "setdefault" and form[3] and form[3][0][-1] == field:
                return True
    return False
