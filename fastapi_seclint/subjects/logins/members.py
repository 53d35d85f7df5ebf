"""Tuples that tell how a login went: `return None, "no such user"`, and `user, problem = authenticate(...)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.subjects.logins.ends import Outcome
from fastapi_seclint.subjects.logins.said import said, says
from fastapi_seclint.subjects.logins.worlds import ALL, EITHER, Truth, World

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def truth_of(ends: Sequence[Outcome], number: int) -> Truth | None:
    """In which worlds a member of the tuple that a function gives back is true, by its constants; None for no word."""
    found: dict[World, frozenset[bool]] = {}
    for world in ALL:
        answers = [_answers(end, number) for end in ends if world in end.worlds]
        found[world] = frozenset().union(*answers) or EITHER
    return found if len(set(found.values())) > 1 else None


def texts(program: Program, ends: Sequence[Outcome], number: int) -> list[Outcome]:
    """The ends of a function whose tuple has a text there, each as the answer that the text is."""
    found = []
    for end in ends:
        member = _member(end, number)
        if member is not None and says(member):
            text, _, _ = said(program, end.block, member)
            found.append(Outcome(end.worlds, "answer", text, end.block, end.form))
    return found


def apart(statement: Form) -> list[Form]:
    """`code, text = (404, "unknown") if user is None else (401, "wrong")` as one assignment for each name."""
    match statement:
        case ["assign", at, [["tuple", _, names]], ["ifexp", place, test, ["tuple", _, one], ["tuple", _, other]]]:
            if len(names) == len(one) == len(other):
                chosen = zip(names, one, other, strict=True)
                return [["assign", at, [name], ["ifexp", place, test, first, second]] for name, first, second in chosen]
    return []


def _answers(end: Outcome, number: int) -> frozenset[bool]:
    member = _member(end, number)
    return frozenset({bool(member[2])}) if member is not None and member[0] == "const" else EITHER


def _member(end: Outcome, number: int) -> Form | None:
    match end.form:
        case ["return", _, ["tuple", _, items]] if number < len(items):
            member: Form = items[number]
            return member
    return None
