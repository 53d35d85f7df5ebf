"""Rights under names of the project's own: what a guard asks of its caller before it answers 403."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, mentions, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.owners.using import callers_of
from fastapi_seclint.subjects.rights.forbidding import (
    FORBIDDEN,
    STANDING,
    STATE,
    assigned,
    is_made_with,
    says_forbidden,
)
from fastapi_seclint.subjects.rights.made_with import asked_for
from fastapi_seclint.subjects.rights.words import names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CALLER = re.compile(
    r"(^|_)(user|client|caller|member|account|principal|me|actor|person|staff|customer|context|ctx|identity)$"
)


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
                callers = callers | _found_by(function, callers)
                found.update(_asked(function, callers))
                found.update(_asked_by_method(program, function, callers))
    return frozenset(found) | ranking(program)


def _found_by(function: Function, callers: set[str]) -> set[str]:
    """The names of callers that a function looks up: `me = db.get(User, my_id)`."""
    found = function.forms.bindings() if callers else ()
    return {name for name, value in found if awaited(value)[0] == "call" and mentions(value, callers)}


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
    own = {*callers, *(parameter[0] for parameter in function.parameters), *assigned(function)}
    for form in function.forms.of("if", "ifexp", "assert"):
        for test in walk([form[2]]):
            if test[0] == "compare" and not any(_is_nothing(side) for side in (test[2], *test[4])):
                for side in (test[2], *test[4]):
                    name = _field(side, callers)
                    if name and (names_right(name) or STANDING.search(snake(name)) or _is_given(test, name, own)):
                        yield name


def _is_given(compare: Form, name: str, own: set[str]) -> bool:
    """Whether a field is compared with what a guard was made with, or a member of an enum: `me.desk in self.desks`.

    Then it is a right whatever its name is, unless that says in what state an account is or whose.
    """
    if STATE.search(snake(name)) or name.endswith("_id"):
        return False
    return any(is_made_with(side, own) or _is_member(side) for side in (compare[2], *compare[4]))


def _is_member(form: Form) -> bool:
    """`Rank.CAPTAIN`, or several of them."""
    if form[0] in ("list", "tuple", "set"):
        return bool(form[2]) and all(map(_is_member, form[2]))
    return bool(form[0] == "attr" and form[2][0] == "name" and form[2][2][:1].isupper() and form[3].isupper())


@lru_cache(maxsize=1)
def asked_of_administrators(program: Program) -> frozenset[str]:
    """The members of enums that guards of routes for administrators ask for: `Rank.CAPTAIN`, whatever it is called."""
    found: set[str] = set()
    for route in program.routes:
        for node in route.nodes() if access.is_admin_like(route.path) else ():
            found.update(name.upper() for names in asked_for(node.call) for name in names)
            function = node.function
            if function is not None and function.number >= 0 and says_forbidden(function):
                forms = [*function.forms.of("compare"), *_comparisons_of(program, function, callers_of(program, node))]
                found.update(str(item[3]) for form in forms for side in form[4] for item in _members(side))
    return frozenset(found)


def _members(form: Form) -> Iterator[Form]:
    yield from (item for item in walk([form]) if item[0] == "attr" and _is_member(item))


def _asked_by_method(program: Program, function: Function, callers: set[str]) -> Iterator[str]:
    """The fields that a method or property of the caller compares by which a function refuses: `me.is_captain()`."""
    for form in _comparisons_of(program, function, callers):
        field = _field(form[2], {"self"})
        if field and not STATE.search(snake(field)) and all(map(_is_member, form[4])):
            yield field


def _comparisons_of(program: Program, function: Function, callers: set[str]) -> Iterator[Form]:
    """What the methods and properties of the caller compare that a function asks for."""
    asked = {
        str(inner[3])
        for form in function.forms.of("if", "ifexp", "assert")
        for inner in walk([form[2]])
        if inner[0] == "attr" and inner[2][0] == "name" and inner[2][2] in callers
    }
    for module in program.modules.by_file.values() if asked else ():
        for number, (name, _, _) in enumerate(module.facts.functions):
            if name.rpartition(".")[2] in asked and "." in name:
                yield from module.facts.forms(number).of("compare")


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
