"""The fix of a missing check of ownership where no object is looked up: the statement asks for the owner, too."""

from __future__ import annotations

from collections.abc import Callable

from fastapi_seclint.edits import AddArgument, Edit, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix

_NARROWS = frozenset({"where", "filter"})


def narrowed(
    handler: Function, variable: str, mine: str, caller: str, known: Callable[[str], bool] = lambda name: True
) -> Fix | None:
    """The condition of the one statement that a handler runs for an id, with its owner; None where that is not seen.

    `mine` is the attribute of the owner behind the name of a class, which has to be `known` to have it, and `caller`
    the caller's identity, both as code:
    `delete(Note).where(Note.id == note_id, Note.owner_id == user.id)`, `filter_by(id=note_id, owner_id=user.id)`.
    """
    path = handler.module.path
    found: list[Edit] = []
    for call in handler.forms.of("call"):
        match call:
            case ["call", _, ["attr", _, _, name], given, []] if name in _NARROWS:
                asked = (_asked_for(test, variable) for test in given)
                for cls in (one for one in asked if one is not None and known(one)):
                    found.append(AddArgument(path, span_of(call[1]), f"{cls}{mine} == {caller}"))
            case ["call", at, ["attr", _, _, "filter_by"], [], keywords]:
                if any(value[0] == "name" and value[2] == variable for _, value, _ in keywords):
                    found.append(SetKeyword(path, span_of(at), mine.removeprefix("."), caller))
    return Fix(f"ask for the owner with {caller}", False, tuple(found)) if len(found) == 1 else None


def _asked_for(test: Form, variable: str) -> str | None:
    """The class of which a condition asks for the one with an id: `Note` of `Note.id == note_id`."""
    match test:
        case ["compare", _, ["attr", _, ["name", _, cls], _], ["=="], [["name", _, name]]] if name == variable:
            return str(cls)
        case ["compare", _, ["name", _, name], ["=="], [["attr", _, ["name", _, cls], _]]] if name == variable:
            return str(cls)
    return None
