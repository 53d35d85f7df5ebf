"""The fix of a missing check of ownership that repeats the test of a route beside it, with all who pass there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi_seclint.edits import InsertStatements
from fastapi_seclint.facts.forms import Form, names_in, span_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.spans import Span
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.comparing import looked_up, tested_for_absence
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.owners.ties import is_tie
from fastapi_seclint.subjects.owners.using import takes_id
from fastapi_seclint.subjects.rights.words import speaks_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def same_test(program: Program, route: Route, sibling: Route | None, variable: str) -> Fix | None:
    """The sibling's refusal of all but the owner and those with a right, if the handler has thing and caller."""
    mine = route.function
    theirs = sibling.function if sibling is not None else None
    if mine is None or theirs is None or sibling is None or mine.module is not theirs.module or mine is theirs:
        return None
    known = {guard.name: guard.parameter for guard in guards(program, route) if guard.parameter}
    callers = {guard.parameter: guard.name for guard in guards(program, sibling) if guard.parameter}
    refused = _refusal(theirs, set(callers))
    if refused is None:
        return None
    form, caller, thing = refused
    had = _had(mine, route, variable)
    if had is None or not (own := known.get(callers[caller], "")):
        return None
    name, span, where = had
    names = {caller: own, thing: name}
    test, raised = _conditions(_renamed(form[2], names)), code(_renamed(form[3][-1][2], names))
    if test is None or raised is None:
        return None
    lines = f"if {test}:\n    raise {raised}"
    edit = InsertStatements(mine.module.path, span, where, lines)
    return Fix("refuse all whom the route beside it refuses", False, (edit,))


def _refusal(handler: Function, callers: set[str]) -> tuple[Form, str, str] | None:
    """The test of a handler that lets the owner pass and others by a right; what caller and thing are called."""
    for form in handler.statements():
        if form[0] != "if" or form[4] or len(form[3]) != 1 or form[3][0][0] != "raise" or form[3][0][2] is None:
            continue
        denied = form[2][0] == "unary" and form[2][2] == "not"  # `not (album.user_id == me.id or me.role == "admin")`
        test = form[2][3] if denied else form[2]
        if test[0] != "bool" or test[2] != ("or" if denied else "and"):
            continue
        if not is_tie(test, callers) or not speaks_of_rights(test):
            continue
        named = names_in(test) | names_in(form[3][0][2])
        local = {name for name in named if handler.module.scope.find(name) is None} | (named & callers)
        people, things = local & callers, local - callers
        if len(people) == len(things) == 1:
            return form, people.pop(), things.pop()
    return None


def _conditions(test: Form) -> str | None:
    """The code of conditions that all must hold, or of which none may."""
    if test[0] == "unary":
        inner = [code(part) for part in test[3][3]]
        return None if None in inner else f"not ({' or '.join(map(str, inner))})"
    parts = [f"not {code(part[3])}" if part[0] == "unary" and part[2] == "not" else code(part) for part in test[3]]
    return None if None in parts or "not None" in parts else " and ".join(map(str, parts))


def _had(handler: Function, route: Route, variable: str) -> tuple[str, Span, Literal["after", "first-in-body"]] | None:
    """What a handler calls the thing of its path, and where it surely has it."""
    found = looked_up(handler, variable)
    if found is not None:
        absent, after = tested_for_absence(handler.statements(), *found)
        return (found[1], span_of(after[1]), "after") if absent else None
    for node in route.dependencies:
        if (
            node.parameter
            and node.function is not None
            and takes_id(node, {variable})
            and node.function.forms.of("raise")
        ):
            return node.parameter, span_of(handler.at), "first-in-body"
    return None


def _renamed(form: Form, names: dict[str, str]) -> Form:
    if form and form[0] == "name" and form[2] in names:
        return ["name", form[1], names[form[2]]]
    return [_renamed(item, names) if isinstance(item, list) else item for item in form]
