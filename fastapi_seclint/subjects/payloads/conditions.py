"""Conditions on the way to a token: whether one holds, and what is known of names where it does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.subjects.payloads.asking import value_of
from fastapi_seclint.subjects.payloads.known import NOTHING, unknown
from fastapi_seclint.subjects.payloads.loops import written_texts

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.branching import Names
    from fastapi_seclint.subjects.payloads.flow import Flow


def decide(flow: Flow, test: Form) -> bool | None:
    """Whether a condition holds where the walk stands; None when that is not known."""
    match test:
        case ["unary", _, "not", inner]:
            found = decide(flow, inner)
            return None if found is None else not found
        case ["bool", _, symbol, items]:
            answers = [decide(flow, item) for item in items]
            if symbol == "and":
                return False if False in answers else None if None in answers else True
            return True if True in answers else None if None in answers else False
        case ["compare", _, left, [operator], [right]]:
            return _compared(flow, left, operator, right)
    return flow.known(test).present if test[0] in ("name", "attr", "const", "walrus") else None


def _compared(flow: Flow, left: Form, operator: str, right: Form) -> bool | None:
    if operator in ("in", "not in"):
        listed, asked = written_texts(flow, right), flow.known(left)
        told = listed is not None and asked.complete and len(asked.texts) == 1
        return (asked.texts[0] in listed) is (operator == "in") if told and listed is not None else None
    one, other = flow.known(left), flow.known(right)
    if right[0] == "const" and right[2] is None:
        if one.present is None or (one.present is False and (one.amounts or one.texts)):
            return None
        return one.present is (operator in ("is not", "!="))
    settled = one.complete and other.complete and len(one.texts) == len(other.texts) == 1
    if settled and operator in ("==", "!=", "is", "is not"):
        return (one.texts == other.texts) is (operator in ("==", "is"))
    return None


def narrowed(flow: Flow, test: Form, holds: bool) -> Names:
    """The names as they are where a condition holds, or does not."""
    match test:
        case ["unary", _, "not", inner]:
            return narrowed(flow, inner, not holds)
        case ["bool", _, symbol, items] if holds is (symbol == "and"):
            before, names = flow.names, flow.names
            for item in items:
                flow.names = names
                names = narrowed(flow, item, holds)
            flow.names = before
            return names
        case ["compare", _, ["name" | "attr", *_] as left, [operator], [["const", _, None]]]:
            absent = holds is (operator in ("is", "=="))
            return _with(flow, left, None if absent else True, absent)
        case ["compare", _, key, ["in" | "not in" as operator], [["name" | "attr", *_] as holder]]:
            return _having(flow, holder, key) if holds is (operator == "in") else flow.names
        case ["name" | "attr", *_]:
            return _with(flow, test, holds or None, False)
        case ["walrus", _, target, _]:
            return _with(flow, target, holds or None, False)
    return flow.names


def _having(flow: Flow, holder: Form, key: Form) -> Names:
    """The names where a dictionary that is given from outside has a key: `"exp" in claims`."""
    held, asked = flow.held(holder), flow.known(key)
    if held is None or not (asked.complete and len(asked.texts) == 1):
        return flow.names
    name = asked.texts[0]
    claim = held.get(name)
    if claim is not None and claim.sure:
        return flow.names
    claims = held.copy()
    claims.set(name, value_of(claim) if claim is not None else unknown("parameter"))
    return {**flow.names, spelled(holder): replace(flow.names[spelled(holder)], claims=claims)}


def _with(flow: Flow, form: Form, present: bool | None, absent: bool) -> Names:
    key = spelled(form)
    held = flow.names.get(key)
    if held is None:
        return flow.names
    if present:
        return {**flow.names, key: replace(held, present=True)}
    return {**flow.names, key: NOTHING if held.claims is None or absent else replace(held, present=None)}
