"""Rights under names of the project's own: what a guard asks of its caller before it answers 403."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.using import callers_of
from fastapi_seclint.subjects.rights.forbidding import FORBIDDEN, STANDING, says_forbidden
from fastapi_seclint.subjects.rights.words import names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CALLER = re.compile(r"(^|_)(user|client|caller|member|account|principal|me|actor|person|staff|customer)$")


@lru_cache(maxsize=1)
def tested_rights(program: Program) -> frozenset[str]:
    """The fields of a caller by which some guard or handler refuses: `if me.rank < minimum: raise 403`."""
    found: set[str] = set()
    seen: set[tuple[str, int]] = set()
    for route in program.routes:
        for function, node in [*((node.function, node) for node in route.nodes()), (route.function, None)]:
            if function is None or function.number < 0 or (key := (function.module.file, function.number)) in seen:
                continue
            seen.add(key)
            if says_forbidden(function):
                callers = callers_of(program, node) if node is not None else caller_names(program, route)
                found.update(_asked(function, callers))
    return frozenset(found) | ranking(program)


@lru_cache(maxsize=1)
def ranking(program: Program) -> frozenset[str]:
    """The fields that a property is made of by whose name some guard refuses: `is_staff` asks `self.kind in STAFF`."""
    named = {
        item[3]
        for module in program.modules.by_file.values()
        if not program.is_test(module)
        for number in module.facts.speaking(*FORBIDDEN)
        for form in module.facts.forms(number).of("if", "ifexp", "assert")
        for item in walk([form[2]])
        if item[0] == "attr" and item[2][0] == "name" and _CALLER.search(snake(item[2][2])) and names_right(item[3])
    }
    return frozenset(
        str(side[3])
        for module in program.modules.by_file.values()
        if named & module.facts.words and "property" in module.facts.words
        for number, (name, _, _) in enumerate(module.facts.functions)
        if name.rpartition(".")[2] in named
        for form in module.facts.forms(number).of("compare")
        for side in (form[2], *form[4])
        if side[0] == "attr" and side[2][::2] == ["name", "self"] and STANDING.search(snake(side[3]))
    )


def _asked(function: Function, callers: set[str]) -> Iterator[str]:
    for form in function.forms.of("if", "ifexp", "assert"):
        for test in walk([form[2]]):
            if test[0] == "compare" and not any(_is_nothing(side) for side in (test[2], *test[4])):
                for side in (test[2], *test[4]):
                    name = _field(side, callers)
                    if name and (names_right(name) or STANDING.search(snake(name))):
                        yield name


def _is_nothing(form: Form) -> bool:
    return bool(form[0] == "const" and form[2] is None)


def _field(form: Form, callers: set[str]) -> str:
    """The field of the caller that an expression is: `me.rank`, `me["rank"]`, `me.rank.value`."""
    match form:
        case ["attr", _, ["name", _, owner], name] if owner in callers:
            return str(name)
        case ["sub", _, ["name", _, owner], ["const", _, str(name)]] if owner in callers:
            return name
        case ["attr", _, inner, "value" | "name"]:
            return _field(inner, callers)
        case ["call", _, ["name", _, "set" | "frozenset" | "int" | "str"], [inner], []]:
            return _field(inner, callers)
    return ""
