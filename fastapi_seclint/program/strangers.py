"""Expressions as a stranger's request meets them: which kinds a value has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.kinds import (
    ABSENT,
    BAD,
    CLEAN,
    EITHER,
    EMPTY,
    FALSE,
    NOTHING,
    OBJECT,
    TAINTED,
    TRUE,
    Kinds,
    truth_of,
    worst,
)
from fastapi_seclint.program.stranger_attributes import attribute_kinds, item_kinds
from fastapi_seclint.program.stranger_calls import call_kinds, property_kinds
from fastapi_seclint.program.stranger_loops import called_in_turn
from fastapi_seclint.program.values import Value

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def kinds(walk_: Walk, form: Form) -> Kinds:
    """The kinds of an expression; raises `Raised` when evaluating it refuses the stranger."""
    match form:
        case ["name", _, name]:
            return walk_.names.get(name, CLEAN)
        case ["const", _, None]:
            return NOTHING
        case ["const", _, bool(value)]:
            return TRUE if value else FALSE
        case ["const" | "bytes" | "lambda" | "opaque" | "ellipsis", *_]:
            return CLEAN
        case ["await" | "star" | "fmt" | "yieldfrom", _, inner, *_]:
            return kinds(walk_, inner)
        case ["attr", _, ["name", _, owner], name] if f"{owner}.{name}" in walk_.names:
            return walk_.names[f"{owner}.{name}"]
        case ["attr", _, ["attr", _, ["name", _, owner], part], name] if f"{owner}.{part}.{name}" in walk_.names:
            return walk_.names[f"{owner}.{part}.{name}"]
        case ["attr", _, owner, name]:
            held = kinds(walk_, owner)
            asked = property_kinds(walk_, owner, name, held) if held & (OBJECT | TAINTED) else None
            return attribute_kinds(walk_, held, name) if asked is None else asked
        case ["call", *_]:
            return call_kinds(walk_, form)
        case ["sub", _, owner, index]:
            return item_kinds(walk_, kinds(walk_, owner), index, owner)
        case ["bool", _, symbol, items]:
            return _bool(walk_, symbol, items)
        case ["ifexp", _, test, body, otherwise]:
            return _chosen(walk_, test, body, otherwise)
        case ["unary", _, symbol, inner] if symbol != "not":
            return kinds(walk_, inner)
        case ["compare" | "unary", *_]:
            outcomes = walk_.truths(form)
            if outcomes == {False}:
                return BAD if _about_credentials(walk_, form) else FALSE
            if _asks_for_nothing(walk_, form):
                return BAD
            return EITHER if len(outcomes) > 1 else TRUE
        case ["walrus", _, target, value]:
            found = kinds(walk_, value)
            walk_.assign(target, found)
            return found
        case ["comp", _, _, element, _, clauses]:
            return _comprehension(walk_, element, clauses)
        case ["fstr" | "list" | "tuple" | "set", _, items]:
            return worst([kinds(walk_, item) for item in items])
        case ["binop", _, _, left, right]:
            return worst([kinds(walk_, left), kinds(walk_, right)])
        case ["dict", _, items]:
            return _displayed(walk_, items)
    return CLEAN


def _displayed(walk_: Walk, items: list[tuple[Form | None, Form]]) -> Kinds:
    """A dictionary of what credentials gave: with a key of its own it is there, whatever is under that."""
    found = worst([kinds(walk_, value) for _, value in items])
    there = bool(found & TAINTED) and any(key is not None for key, _ in items)
    return found | OBJECT if there else found


def _chosen(walk_: Walk, test: Form, body: Form, otherwise: Form) -> Kinds:
    """`header[7:] if header else None`: what is there in place of missing credentials is as good as those."""
    before, walk_.encounter.checked = walk_.encounter.checked, False
    outcomes = walk_.truths(test)
    asked, walk_.encounter.checked = walk_.encounter.checked, before or walk_.encounter.checked
    found: Kinds = frozenset()
    for outcome in outcomes:
        match body if outcome else otherwise:
            case ["const", _, None | "" as replacement] if asked and len(outcomes) == 1:
                found |= ABSENT if replacement is None else EMPTY
            case form:
                found |= kinds(walk_, form)
    return found


def _about_credentials(walk_: Walk, form: Form) -> bool:
    parts = [form[3]] if form[0] == "unary" else [form[2], *form[4]]
    return any(kinds(walk_, part) & TAINTED for part in parts)


def _asks_for_nothing(walk_: Walk, form: Form) -> bool:
    """Whether a row is asked for whose column is what became None where credentials failed: `User.email == email`."""
    match form:
        case ["compare", _, ["attr", _, ["name", _, str(owner)], _], ["=="], [["name", *_] as name]]:
            return owner[:1].isupper() and kinds(walk_, name) == NOTHING
    return False


def _bool(walk_: Walk, symbol: str, items: list[Form]) -> Kinds:
    found: Kinds = frozenset()
    missing: Kinds = frozenset()
    for number, item in enumerate(items):
        current = kinds(walk_, item)
        if symbol == "or" and missing and number == len(items) - 1 and item[0] == "const" and not item[2]:
            return found | missing  # `request.headers.get("X-Key") or ""`
        missing |= current & (ABSENT | BAD)
        outcomes = truth_of(current) if current != CLEAN else walk_.truths(item)
        if number == len(items) - 1:
            return found | current
        stops = (symbol == "or") in outcomes
        if stops:
            found |= current
        if outcomes == {symbol == "or"}:
            return found
    return found


def _comprehension(walk_: Walk, element: Form, clauses: list[Form]) -> Kinds:
    before = dict(walk_.names)
    if len(clauses) == 1 and not clauses[0][2] and clauses[0][0][0] == "name":
        turns = [{clauses[0][0][2]: item} for item in called_in_turn(walk_, clauses[0][1])]
        if turns:
            return _in_turn(walk_, element, turns)
    for target, iterable, conditions in clauses:
        walk_.assign(target, kinds(walk_, iterable))
        if any(walk_.truths(condition) == {False} for condition in conditions):
            walk_.names = before
            return BAD
    found = kinds(walk_, element)
    walk_.names = before
    return found


def _in_turn(walk_: Walk, element: Form, turns: list[dict[str, Value]]) -> Kinds:
    """What calls of known functions give one after the other: `[check(request) for check in CHECKS]`."""
    assumed, scope = walk_.assumed, walk_.scope
    try:
        found = []
        for turn in turns:
            walk_.take_turn(assumed, turn)
            found.append(kinds(walk_, element))
    finally:
        walk_.assumed, walk_.scope = assumed, scope
    plain = [item for item in found if item not in (CLEAN, TRUE)]
    return frozenset().union(*plain) if plain else CLEAN
