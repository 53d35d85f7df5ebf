"""What a dictionary has under a key, wherever the item is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.implementers import heirs
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Mapping, iterate, options, string
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.implementations import overridden
from fastapi_seclint.subjects.code.origins import DEPTH, Holder, Origin, ask, origins, written_at

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


ARRIVED = "arrived"
"""The container of an item that was followed to where it is used, through whatever made the dictionary."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a dictionary has under a key: the value's expression, the whole item, and the form that it is part of.

    `container` is a dictionary display, a call (`dict(key=...)`) or the statement `name[key] = ...`; `holder` is what
    the container is given to. `shared` where one value is that of all keys: `dict.fromkeys(names, False)`; `several`
    where it has more than this one.
    """

    block: Block
    key: str
    form: Form
    span: Span
    container: Form
    holder: Holder | None = None
    shared: bool = False
    several: bool = False


def items(
    program: Program, block: Block, form: Form, key: str, holder: Holder | None = None, depth: int = DEPTH
) -> Iterator[Item]:
    """What the dictionary that an expression stands for has under a string key, wherever that is written.

    `depth` is how many dictionaries are looked into, one inside the other: one may be made of itself.
    """
    found = [item for origin in origins(program, block, form, holder) if depth
             for item in _in_display(program, origin, key, depth)]  # fmt: skip
    for inner, value in (*overridden(program, block, form), *_of_heirs(program, block, form)) if depth else ():
        found += items(program, inner, value, key, None, depth - 1)
    yield from found
    later = list(put_later(program, block, form, key))
    yield from later
    if depth and not found and not later:
        yield from _put_elsewhere(program, block, form, key)


def _of_heirs(program: Program, block: Block, form: Form) -> Iterator[tuple[Block, Form]]:
    """The dictionaries that subclasses have in place of the own one that a block speaks of, `self.options`."""
    owner = block.function.owner if block.function is not None else None
    if owner is None or form[0] != "attr" or form[2][2:] != ["self"]:
        return
    for cls in heirs(program, owner):
        for option in options(cls.namespace.get(form[3])) if cls is not owner else ():
            place = option.place if isinstance(option, Mapping) else None
            written = written_at(program, place) if place is not None and not program.is_test(cls.module) else None
            if written is not None:
                yield written


def _put_elsewhere(program: Program, block: Block, form: Form, key: str) -> Iterator[Item]:
    """What other code has put into the dictionary that an expression stands for, `self._flags["verify_exp"] = False`.

    Only what is written there as a constant is told.
    """
    for option in options(ask(program, block, form)) if form[0] in ("name", "attr", "call") else ():
        value = option.get(key) if isinstance(option, Mapping) else None
        for one in options(value) if value is not None else ():
            place = one.place if isinstance(one, Const) else None
            written = written_at(program, place, ("const",)) if place is not None else None
            if written is None:
                continue
            for statement in written[0].forms.of("assign"):
                if statement[3] is written[1] and statement[2][0][0] == "sub":
                    yield Item(written[0], key, written[1], span_of(statement[1]), statement)


def put_later(program: Program, block: Block, form: Form, key: str) -> Iterator[Item]:
    """What is put under a key of a dictionary that has a name, in the block or where the name comes from."""
    if form[0] == "name":
        yield from _put(block, form[2], key)
        if isinstance(block.scope, FunctionScope) and not block.scope.is_local(form[2]):
            yield from _put(program.sites.top(block.module), form[2], key)


def _in_display(program: Program, origin: Origin, key: str, depth: int) -> Iterator[Item]:
    block, form = origin.block, origin.form
    required = origin.passed is not None and origin.passed[3] is None
    holder = None if required else origin.holder
    found: list[Item] = []
    match form:
        case ["dict", *_]:
            yield from _last_of(program, block, form, key, holder, depth)
            return
        case ["call", _, ["attr", _, owner, "copy"], [], []]:
            spread = [owner]
        case ["call", _, ["attr", _, ["name", _, "dict"], "fromkeys"], [keys, value], []]:
            found += _shared_in(program, block, keys, value, (form, key), holder)
            spread = []
        case ["comp", _, "dict", ["name", _, name], value, [[["name", _, target], keys, []]]] if name == target:
            found += _shared_in(program, block, keys, value, (form, key), holder)
            spread = []
        case ["comp", _, "dict", _, value, _] if isinstance(origin.value, Mapping):
            listed = origin.value.get(key) is not None
            found += [Item(block, key, value, span_of(form[1]), form, holder, True, True)] if listed else []
            spread = []
        case ["call", _, _, positional, keywords]:
            found += _named_in(block, keywords, key, form, holder)
            spread = [*positional, *(value for name, value, _ in keywords if name is None)]
        case ["binop", _, "|", left, right]:
            spread = [left, right]
        case _:
            spread = []
    for value in () if found else reversed(spread):
        found += () if found else items(program, block, value, key, None, depth - 1)
    yield from found[-1:]


def _last_of(
    program: Program, block: Block, display: Form, key: str, holder: Holder | None, depth: int
) -> Iterator[Item]:
    """The item under a key of a display: the last one there, or that of what is spread below it."""
    for number in reversed(range(len(display[2]))):
        name, value = pair = display[2][number]
        if name is None:
            found = [*items(program, block, value, key, None, depth - 1)]
        else:
            found = [*_paired_in(block, ["dict", display[1], [pair]], key, holder)]
        if found:
            yield from (replace(item, container=display) if name is not None else item for item in found[-1:])
            return


def _shared_in(
    program: Program, block: Block, keys: Form, value: Form, sought: tuple[Form, str], holder: Holder | None
) -> Iterator[Item]:
    """The item of a dictionary that has the same under each of some keys; `sought` is the dictionary and the key."""
    container, key = sought
    listed = [one for option in options(ask(program, block, keys)) for one in iterate(option) or []]
    if any(string(one) == key for one in listed):
        yield Item(block, key, value, span_of(container[1]), container, holder, True, len(listed) > 1)


def _put(block: Block, name: str, key: str) -> Iterator[Item]:
    """What a block puts under a key of a named dictionary: `name[key] = ...`, `name.update(...)`, `name |= {...}`."""
    for form in block.forms.every:
        match form:
            case ["assign", at, [["sub", _, ["name", _, owner], ["const", _, index]]], value]:
                if owner == name and index == key:
                    yield Item(block, key, value, span_of(at), form)
            case ["augassign", _, "|", ["name", _, owner], ["dict", *_] as value] if owner == name:
                yield from _paired_in(block, value, key, None)
            case ["call", _, ["attr", _, ["name", _, owner], "update"], given, keywords] if owner == name:
                yield from _named_in(block, keywords, key, form, None)
                for argument in given:
                    if argument[0] == "dict":
                        yield from _paired_in(block, argument, key, None)


def _paired_in(block: Block, display: Form, key: str, holder: Holder | None) -> Iterator[Item]:
    for name, value in display[2]:
        if name is not None and name[0] == "const" and name[2] == key:
            start, end = span_of(name[1]), span_of(value[1])
            span = Span(start.line, start.column, end.end_line, end.end_column)
            yield Item(block, key, value, span, display, holder)


def _named_in(block: Block, keywords: list[Form], key: str, call: Form, holder: Holder | None) -> Iterator[Item]:
    for name, value, at in keywords:
        if name == key:
            yield Item(block, key, value, span_of(at), call, holder)
