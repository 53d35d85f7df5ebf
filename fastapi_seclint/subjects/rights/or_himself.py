"""Rights that are asked of others only: `if me.id != user_id and me.role != "admin"` lets everybody change himself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.belongings import IDENTITIES
from fastapi_seclint.subjects.owners.identity import caller_names
from fastapi_seclint.subjects.rights.decisions import decides
from fastapi_seclint.subjects.rights.forbidding import forbids
from fastapi_seclint.subjects.rights.handed_on import takers
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def asks_others_only(program: Program, route: Route) -> bool:
    """Whether all that looks at rights on a route's way lets pass whoever means himself."""
    handler = route.function
    if handler is None or next(asked_before(program, route), None) is not None:
        return False
    callers = caller_names(program, route)
    functions = [handler, *takers(program, handler, callers)] if callers else []
    passing = {id(function): list(_or_himself(function)) for function in functions}
    if not any(passing.values()):
        return False
    for function in functions:
        if _tells_apart(function, passing[id(function)]):
            return False
        idle = without_effect(program, function) | {id(inner) for test in passing[id(function)] for inner in walk(test)}
        if decides(function, idle=idle) or forbids(function, idle=idle):
            return False
    return True


def _or_himself(function: Function) -> Iterator[Form]:
    """The conditions of a function that refuse who means somebody else and has no right to."""
    for form in function.forms.of("if"):
        raises = any(item[0] == "raise" for item in form[3])
        match form[2]:
            case ["bool", _, "and", atoms] if raises and any(_is_other(atom, "!=") for atom in atoms):
                yield form
            case ["unary", _, "not", ["bool", _, "or", atoms]] if raises and any(_is_other(one, "==") for one in atoms):
                yield form


def _tells_apart(function: Function, refusals: list[Form]) -> bool:
    """Whether a function asks once more who means himself, and does something else for those than for others."""
    asked = {id(inner) for form in refusals for inner in walk(form[2])}
    tests = [inner for form in function.forms.of("if", "ifexp") for inner in walk(form[2])]
    return any(id(test) not in asked and (_is_other(test, "==") or _is_other(test, "!=")) for test in tests)


def _is_other(atom: Form, operator: str) -> bool:
    """Whether an atom compares the caller's identity with an id that is sent: `me.id != user_id`."""
    match atom:
        case ["compare", _, left, [said], [right]] if said == operator:
            sides = (left, right)
            names = [side for side in sides if side[0] == "name" and _is_identity(side[2])]
            held = [side for side in sides if side[0] in ("attr", "sub") and _is_identity(_last(side))]
            return len(names) == len(held) == 1
    return False


def _last(form: Form) -> str:
    last = form[3]
    return str(last) if isinstance(last, str) else str(last[2]) if last[0] == "const" else ""


def _is_identity(name: str) -> bool:
    plain = snake(name)
    return plain in IDENTITIES or plain.endswith(("_id", "_uuid", "_email", "_username"))
