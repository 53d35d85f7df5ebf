"""What the program model knows of an expression, and what is read from a dictionary's entry."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import NO_STATEMENTS
from fastapi_seclint.program.values import Place
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads.known import Amount, Claim, Known, either
from fastapi_seclint.subjects.payloads.values import of_value

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.payloads.flow import Flow

_ASKED: WeakKeyDictionary[Program, dict[tuple[str, int, str, int, str], Known]] = WeakKeyDictionary()


def asked(flow: Flow, form: Form) -> Known:
    """What the program model knows of an expression; found once, but for dictionaries and objects that may change."""
    block = flow.block
    known = _ASKED.setdefault(flow.program, {})
    key = (block.module.file, block.number, form[0], form[1], str(form[2]) if form[0] == "name" else "")
    found = known.get(key) if block.number != NO_STATEMENTS else None
    if found is None:
        found = of_value(ask(flow.program, block, form), Place(block.module, form[1]))
        if found.claims is None and found.made is None:
            known[key] = found
    return found


def named(found: Known, name: str) -> Known:
    """The same with the name of a constant or setting among the names it went through."""
    if not name.isupper() and not any(item.names for item in found.amounts):
        return found
    return replace(found, amounts=tuple(through(item, name) for item in found.amounts))


def through(amount: Amount, name: str) -> Amount:
    """An amount with one more name among those it went through."""
    return amount if name in amount.names else replace(amount, names=(name, *amount.names))


def value_of(claim: Claim) -> Known:
    """What a claim may be."""
    found = claim.values[0]
    for other in claim.values[1:]:
        found = either(found, other)
    return found
