"""Texts of exceptions that are kept in a dictionary of a module, which a handler answers with: the states of jobs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.exception_texts import Caught, tells
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is put into a dictionary: its name, the keys or fields under which the text stands, and the text."""

    store: str
    keys: frozenset[str]
    text: Form


def kept(program: Program, found: Caught) -> Iterator[Form]:
    """The texts of an exception that are kept where a handler of the project takes its answer from."""
    for item in (item for form in walk(found.statements) for item in _put(found, form)):
        if not _is_local(found.block, item.store) and _is_answered(program, item, _around(program, found.block, item)):
            yield item.text


def _is_local(block: Block, name: str) -> bool:
    return isinstance(block.scope, FunctionScope) and block.scope.is_local(name)


def _around(program: Program, block: Block, item: _Kept) -> Block | None:
    """The function around another one whose own the dictionary is; None where it is that of a module."""
    functions, number = block.module.facts.functions, block.number
    while number >= 0 and (number := functions[number][2]) >= 0:
        outer = program.sites.block(block.module, number)
        if outer is not None and _is_local(outer, item.store):
            return outer
    return None


def _put(found: Caught, form: Form) -> Iterator[_Kept]:
    match form:
        case ["assign", _, [["sub", _, ["name", _, store], key]], value] if key[0] != "const":
            for field, text in _telling(found, value):
                yield _Kept(store, frozenset({field} if field else ()), text)
        case ["assign", _, [["sub", _, ["sub", _, ["name", _, store], _], ["const", _, str() as field]]], value] | [
            "assign", _, [["attr", _, ["sub", _, ["name", _, store], _], str() as field]], value
        ]:  # fmt: skip
            if tells(found, value):
                yield _Kept(store, frozenset({field}), value)
        case ["call", _, ["attr", _, ["sub", _, ["name", _, store], _], "update"], given, keywords]:
            for value in (*given, ["call", 0, ["name", 0, "dict"], [], keywords]):
                for field, text in _telling(found, value):
                    yield _Kept(store, frozenset({field} if field else ()), text)


def _telling(found: Caught, value: Form) -> Iterator[tuple[str, Form]]:
    """The parts of what is kept that have the text, each under its key."""
    match value:
        case ["dict", _, pairs]:
            for key, item in pairs:
                if key is not None and key[0] == "const" and tells(found, item):
                    yield str(key[2]), item
        case ["call", _, ["name" | "attr", *_], _, keywords] if keywords:
            for keyword, item, _ in keywords:
                if keyword is not None and tells(found, item):
                    yield keyword, item
        case _ if tells(found, value):
            yield "", value


def _is_answered(program: Program, item: _Kept, around: Block | None) -> bool:
    for block in program.sites.blocks(frozenset({item.store})) if around is None else (around,):
        if block.function is None or not is_handler(program, block.function):
            continue
        if around is None and _is_local(block, item.store):
            continue
        names = {item.store} | _taken(block, item.store)
        given = (form[2] for form in block.forms.of("return") if form[2] is not None)
        if any(_gives(value, names, item.keys) for value in given):
            return True
    return False


def _taken(block: Block, store: str) -> set[str]:
    """The local names of what is taken out of a dictionary."""
    found: set[str] = set()
    for form in block.forms.of("assign", "walrus"):
        target, value = (form[2][0], form[3]) if form[0] == "assign" else (form[2], form[3])
        if target[0] == "name" and value is not None and _gives(value, {store}, frozenset()):
            found.add(target[2])
    return found


def _gives(value: Form, names: set[str], keys: frozenset[str]) -> bool:
    """Whether an answer has what stands under one of the keys, or all that is kept."""
    match value:
        case ["name", _, name]:
            return name in names
        case ["await", _, inner] | ["star", _, inner]:
            return _gives(inner, names, keys)
        case ["sub", _, owner, ["const", _, key]] | ["call", _, ["attr", _, owner, "get"], [["const", _, key], *_], _]:
            return (not keys or key in keys) and _gives(owner, names, frozenset())
        case ["sub", _, owner, _] | ["call", _, ["attr", _, owner, "get" | "copy" | "values" | "model_dump"], _, _]:
            return _gives(owner, names, keys)
        case ["attr", _, owner, field]:
            return field in keys and _gives(owner, names, frozenset())
        case ["dict", _, pairs]:
            return any(_gives(item, names, keys) for _, item in pairs)
        case ["list" | "tuple", _, items]:
            return any(_gives(item, names, keys) for item in items)
        case ["call", _, ["name" | "attr", *_] as called, given, keywords]:
            made = str(called[-1]) in ("list", "dict") or str(called[-1])[:1].isupper()
            return made and any(_gives(item, names, keys) for item in (*given, *(item for _, item, _ in keywords)))
    return False
