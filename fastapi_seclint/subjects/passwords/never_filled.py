"""Models with a field for a password that a route never fills: a SELECT without it, a request that may not have it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.models import MAKING
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.records import classes_in
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SELECT = re.compile(r"^\s*select\s+(?!\*)(?:distinct\s+)?(?P<columns>.*?)\s+from\s", re.I | re.S)
_COUNT = re.compile(r"count\(\s*\*\s*\)", re.I)
_ASKS = frozenset({"query", "select", "find", "find_one", "find_all", "scalars", "get_or_none"})
_DEPTH = 3


def selected_without(program: Program, function: Function, column: str) -> bool:
    """Whether a handler and the functions below it read by SQL that names its columns, and not this one."""
    functions = list(reached(program, function, _DEPTH))
    texts = [form[2] for one in functions for form in one.forms.of("const") if isinstance(form[2], str)]
    found = [text for text in texts if re.match(r"\s*select\s", text, re.I)]
    named = [match for text in found if (match := _SELECT.match(text)) is not None]
    if not found or len(named) < len(found) or any(_asks(one) for one in functions):
        return False
    listed = [_COUNT.sub("", match["columns"]) for match in named]
    return not any("*" in columns or column in columns for columns in listed)


def _asks(function: Function) -> bool:
    """Whether a function asks an object mapper for rows: `select(User)`, `User.all()`."""
    calls = [form[2] for form in function.forms.of("call")]
    classes = (form for form in calls if form[0] == "attr" and form[2][0] == "name" and form[2][2][:1].isupper())
    mapped = any(form[3] in ("all", "filter", "get") for form in classes)
    return mapped or any(last_name(form) in _ASKS for form in calls)


def sent_back(program: Program, route: Route, block: Block, cls: Class) -> str:
    """The parameter of a handler, of this class, that is all it gives back: what was sent; empty when it is another."""
    given = [form[2] for form in block.forms.of("return") if form[2] is not None]
    names = {form[2] for form in given if form[0] == "name"}
    if route.endpoint is None or len(names) != 1 or any(form[0] != "name" for form in given):
        return ""
    name = names.pop()
    for parameter in parameters(route.endpoint):
        annotation = program.walker.resolver.annotation(parameter)
        if parameter.name == name and annotation is not None and cls in classes_in(annotation):
            return str(name)
    return ""


def refused_when_sent(block: Block, name: str, field: str) -> bool:
    """Whether a handler refuses a request that has a password in it: `if data.password: raise ...`."""
    for form in block.forms.of("if"):
        sent = _truths(form[2])
        named = (item for item in sent if item[0] == "attr" and item[3] == field and item[2][0] == "name")
        if form[3][-1][0] == "raise" and any(item[2][2] == name for item in named):
            return True
    return False


def _truths(test: Form) -> list[Form]:
    """The expressions of which one that is true is enough: `a or b`."""
    return [item for part in test[3] for item in _truths(part)] if test[0] == "bool" and test[2] == "or" else [test]


@answered_once
def is_never_given(program: Program, cls: Class, field: str) -> bool:
    """Whether a field that is nothing by default is given by none of the calls that make objects of a class.

    The project makes some, and sets the field nowhere else: whoever keeps a login there does so somewhere else.
    """
    if _is_in_a_dictionary(program, field):
        return False
    found = 0
    for block in program.sites.blocks(frozenset({cls.name})):
        if program.is_test(block.module):
            continue
        for form in block.forms.of("call"):
            function = form[2]
            if function[0] == "attr" and function[2][-1] == cls.name and function[3] in MAKING:
                return False
            if last_name(function) == cls.name:
                found += 1
                if form[3] or any(keyword in (None, field) for keyword, _, _ in form[4]):
                    return False
    written = (
        target
        for block in program.sites.blocks(frozenset({field}))
        for form in block.forms.of("assign")
        for target in form[2]
    )
    return found > 0 and not any(target[0] == "attr" and target[3] == field for target in written)


@answered_once
def _is_in_a_dictionary(program: Program, field: str) -> bool:
    """Whether a dictionary has a field for a key, of which FastAPI may make an object to send."""
    quoted = f'"{field}"'.encode()
    return any(
        key is not None and key[2:] == [field]
        for module in program.modules.by_file.values()
        if not program.is_test(module)
        for block in program.sites.speaking(module, quoted)
        for form in block.forms.of("dict")
        for key, _ in form[2]
    )
