"""Ways on which nobody but the owner gets a thing, whatever the thing is like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, beginning, last_name, names_in, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belongings import IDENTITIES, names_owner
from fastapi_seclint.subjects.owners.ties import Tie, made_of
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def shuts_others_out(program: Program, route: Route, tie: Tie) -> bool:
    """Whether a route that is seen to compare the owner of a thing, by a `tie`, does so to refuse and of all things.

    `if job.status != "open" and job.owner_id != me.id` keeps what is not open to its owner, and
    `{"mine": note.owner_id == me.id}` only tells.
    """
    functions = list(reached(program, route.function, 2)) if route.function is not None else []
    if any(_hangs_on_its_state(function, tie.owner) for function in functions):
        return False
    if access.changes_state(route):
        return True
    compared = [form for function in functions for form in function.forms.of("compare") if _owned(form, tie.owner)]
    told = {id(form) for function in functions for form in _only_told(function)}
    return not compared or any(id(form) not in told for form in compared)


def _owned(form: Form, owner: str) -> str:
    """The name of the thing whose owner a comparison asks for: `note` of `note.owner_id != me.id`.

    `owner` is the field that holds him, whatever it is called.
    """
    match form:
        case ["compare", _, left, ["==" | "!="], [right]]:
            for side in (made_of(left), made_of(right)):
                outer = side[2] if side[0] == "attr" and side[3] in IDENTITIES and side[2][0] == "attr" else side
                if outer[0] == "attr" and (names_owner(outer[3]) or outer[3] == owner):
                    return str(beginning(outer, ("attr",)) or "")
    return ""


def _hangs_on_its_state(function: Function, owner: str) -> bool:
    for form in function.forms.of("bool"):
        things = {(name, atom[3][0]) for atom in form[3] if (name := _owned(atom, owner))}
        passing = "!=" if form[2] == "and" else "=="
        if any(sign == passing and any(_speaks_of(atom, name, owner) for atom in form[3]) for name, sign in things):
            return True
    compared = [(name, form[1]) for form in function.forms.of("compare") if (name := _owned(form, owner))]
    for form in function.forms.of("if"):
        inner = {name for one in form[3] for item in walk(one) if (name := _owned(item, owner))}
        gives = {name for item in form[3] if item[0] == "return" for name in names_in(item)}
        inner |= {name for name, place in compared if name in gives and form[1] < place}
        if any(_speaks_of(form[2], name, owner) for name in inner):
            return True
    either = [form for form in function.forms.of("call") if last_name(form[2]) == "or_"]
    either += [form for form in function.forms.of("binop") if form[2] == "|"]
    return any(_owned(inner, owner) for form in either for inner in walk(form))


def _speaks_of(test: Form, name: str, owner: str) -> bool:
    """Whether a condition asks for something of a thing, and not only who its owner is or whether there is one."""
    if _owned(test, owner):
        return False
    said = (form for form in walk(test) if form[0] == "attr" and not names_owner(form[3]) and form[3] not in IDENTITIES)
    return any(beginning(form, ("attr",)) == name for form in said)


def _only_told(function: Function) -> Iterator[Form]:
    """The comparisons that refuse nobody: in a display, by which something else is done, or with a name never asked."""
    for form in function.forms.of("dict"):
        yield from walk(form)
    tests = []
    for form in function.forms.of("if"):
        if any(item[0] in ("raise", "return") for item in walk([form[3], form[4]])):
            tests.append(form[2])
        else:
            yield from walk(form[2])
    tests += [form[2] for form in function.forms.of("ifexp", "assert", "while")]
    asked = {name for test in tests for name in names_in(test)}
    for form in function.forms.of("assign"):
        names = {target[2] for target in form[2] if target[0] == "name"}
        if form[3] is not None and form[3][0] == "compare" and names and not names & asked:
            yield form[3]
