"""Attributes that objects of the project answer with: `JSONResponse({"detail": self.detail})` in a method of theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.leaks.exception_texts import DUMPS, Caught, tells
from fastapi_seclint.subjects.leaks.passed_on import SENT, reaches_answer

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

WHOLE = "*"
"""Stands for all attributes of an object, where it is sent as a whole."""
_WHOLE = re.compile(r"^(asdict|vars|jsonable_encoder|dict)$")
_KNOWN: WeakKeyDictionary[Program, dict[int, frozenset[str]]] = WeakKeyDictionary()


def answered_fields(program: Program, cls: Class) -> frozenset[str]:
    """The attributes that methods of a class put into a response, or return to somebody who does; found once."""
    known = _KNOWN.setdefault(program, {})
    if id(cls) not in known:
        known[id(cls)] = frozenset()  # a method may call one that calls it
        methods = (item for base in cls.lineage() if isinstance(base, Class) for item in base.namespace.values())
        own = [item for item in methods if isinstance(item, Function) and item.number >= 0 and item.parameters]
        known[id(cls)] = frozenset(name for method in own for name in _answered(program, method))
    return known[id(cls)]


def _answered(program: Program, method: Function) -> Iterator[str]:
    own = method.parameters[0][0]
    for form in method.forms.of("call"):
        if SENT.search(last_name(form[2])):
            yield from _read(arguments(form), own)
    given = [form[2] for form in method.forms.of("return") if form[2] is not None]
    given += [value for form in given if form[0] == "name" for value in _put_under(method, form[2])]
    read = set(_read(given, own))
    if read and reaches_answer(program, method, frozenset()):
        yield from read


def _put_under(method: Function, name: str) -> Iterator[Form]:
    """What a local name is given, or a dictionary with that name under a key: `data["detail"] = repr(self.cause)`."""
    for form in method.forms.of("assign", "annassign"):
        for target in form[2] if form[0] == "assign" else [form[2]]:
            owner = target[2] if target[0] == "sub" else target
            if owner[0] == "name" and owner[2] == name and form[-1] is not None:
                yield form[-1]


def _read(forms: list[Form], own: str) -> Iterator[str]:
    """The attributes of the object itself that expressions have, all of them where it is dumped.

    What is only asked about is not told: `self.error is not None`.
    """
    asked = {id(inner) for form in walk(forms) for inner in walk(_asked(form))}
    for form in (one for one in walk(forms) if id(one) not in asked):
        match form:
            case ["call", _, function, [["name", _, name]], _] if name == own and _WHOLE.match(last_name(function)):
                yield WHOLE
            case ["call", _, ["attr", _, ["name", _, name], dump], *_] if name == own and dump in DUMPS:
                yield WHOLE
            case ["attr", _, ["name", _, name], kept] if name == own:
                yield WHOLE if kept == "__dict__" else kept


def _asked(form: Form) -> list[Form]:
    """The parts of an expression that only decide something, or are counted."""
    match form:
        case ["compare", *_] | ["unary", _, "not", _] | ["call", _, ["name", _, "bool" | "len" | "isinstance"], *_]:
            return [form]
        case ["ifexp", _, test, _, _]:
            return [test]
    return []


def kept_in_object(program: Program, found: Caught) -> Iterator[Form]:
    """The texts of an exception that a method keeps in its object, which answers with them: `self.detail = str(e)`."""
    function = found.block.function
    owner = function.owner if function is not None else None
    if function is None or owner is None or not function.parameters:
        return
    own = function.parameters[0][0]
    for form in walk(found.statements):
        match form:
            case ["assign", _, targets, value] if tells(found, value):
                names = {target[3] for target in targets if target[0] == "attr" and target[2][2:] == [own]}
                if names and {WHOLE, *names} & answered_fields(program, owner):
                    yield value
