"""What is done with how a login went: a member that stands for it is compared, an exception caught and passed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, beginning, last_name, mentions, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.logins.said import is_text
from fastapi_seclint.subjects.logins.worlds import ALL, EITHER, FOUND, Truth, World, of_call

if TYPE_CHECKING:
    from fastapi_seclint.subjects.logins.ends import Outcome

_THROUGH = ("attr", "sub", "call", "await")
_EQUAL = {"==": True, "is": True, "!=": False, "is not": False}


def told_by(form: Form, results: Mapping[str, Sequence[Outcome]]) -> Truth | None:
    """In which worlds a comparison with a member or text holds, by what the function that gave the name returns."""
    match form:
        case ["compare", _, left, [operator], [right]] if operator in _EQUAL:
            pass
        case _:
            return None
    if right[0] == "const" and (right[2] is None or right[2] is False):
        return _told_apart(results.get(beginning(left, _THROUGH), ()), repr(right[2]), _EQUAL[operator])
    for side, other in ((left, right), (right, left)):
        ends, wanted = results.get(beginning(side, _THROUGH), ()), mark(other)
        if ends and wanted and any(wanted in _marks(end) for end in ends):
            return {world: _answers(world, ends, wanted, _EQUAL[operator]) for world in ALL}
    return None


def _told_apart(ends: Sequence[Outcome], wanted: str, equal: bool) -> Truth | None:
    """In which worlds a result is None, or False, of a function that returns the one here and the other there."""
    if not {"None", "False"} <= {_nothing(end) for end in ends}:
        return None
    given = {world: {_nothing(end) == wanted for end in ends if world in end.worlds} for world in ALL}
    return {world: frozenset(answer is equal for answer in answers) or EITHER for world, answers in given.items()}


def _nothing(end: Outcome) -> str:
    """Which nothing a function gives back, empty for something."""
    if end.kind != "falsy":
        return ""
    match end.form:
        case ["return", _, ["const", _, False]]:
            return "False"
    return "None"


def at_call(end: Outcome, block: Block, call: Form) -> Outcome:
    """How a helper that looks anything up ends where it is asked for the account."""
    return end if end.of_any is None else replace(end, worlds=end.of_any, block=block, form=call)


def catches(names: list[str], end: Outcome) -> bool:
    """Whether a handler for exceptions of these names catches what is raised."""
    if {"Exception", "BaseException"} & set(names) or end.name in names:
        return True
    lineage = end.cls.lineage() if end.cls is not None else []
    return any(item.name.rpartition(".")[2] in names for item in lineage)


def repeats(caught: tuple[str, Outcome] | None, value: Form) -> bool:
    """Whether a value is the sentence of the exception that was caught: `str(error)`, `{"error": error.detail}`."""
    if caught is None or not mentions(value, {caught[0]}):
        return False
    return caught[1].cls is not None or any(is_text(form) for form in walk(caught[1].form))


def _answers(world: World, ends: Sequence[Outcome], wanted: str, equal: bool) -> frozenset[bool]:
    found = {(wanted in _marks(end)) is equal for end in ends if world in end.worlds}
    return frozenset(found) or EITHER


def _marks(end: Outcome) -> frozenset[str]:
    return frozenset(found for form in walk(end.form[2:]) if (found := mark(form)))


def mark(form: Form) -> str:
    """A member of an enumeration as `Class.MEMBER`, a text as it is; empty for what is neither."""
    match form:
        case ["attr", _, owner, str() as name] if last_name(owner)[:1].isupper():
            return f"{last_name(owner)}.{name}"
        case ["const", _, str() as text] if text:
            return repr(text)
    return ""


def before_refusal(body: list[Form], otherwise: list[Form]) -> tuple[list[Form], list[Form]]:
    """A `try` up to the look for an account, and the refusal behind it, which is met only where there is one.

    Of the registrations that know by an exception that nobody has the address.
    """
    if not any(form[0] == "call" and of_call(form) == FOUND for form in walk(body)):
        return body, []
    if body[1:] and body[-1][0] == "raise":
        return body[:-1], body[-1:]
    return body, otherwise if otherwise and otherwise[0][0] == "raise" else []
