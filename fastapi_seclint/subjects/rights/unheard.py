"""Guards that answer whether a caller may, where nobody gets the answer: `dependencies=[Depends(may_edit)]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import beginning
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.considering import considers_rights
from fastapi_seclint.subjects.rights.forbidding import says_forbidden

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_unheard(node: Node) -> bool:
    """Whether FastAPI drops what a dependency gives, and a no of it is `return False`: it turns nobody away by that.

    One that raises for a right, or that leaves its answer with the request, does without what it returns.
    """
    function = node.runs
    if node.parameter or function is None or function is not node.function or not _answers_no(function):
        return False
    return not says_forbidden(function) and not _leaves_its_answer(function)


def unheard(program: Program, route: Route) -> Node | None:
    """The dependency of a route that looks at its caller's rights and whose answer nobody gets."""
    listed = (node for node in route.dependencies if node.certain and is_unheard(node))
    return next((node for node in listed if node.function and considers_rights(program, node.function)), None)


def _leaves_its_answer(function: Function) -> bool:
    """Whether a function sets something of what it is given: `request.state.is_editor = True`."""
    given = {parameter[0] for parameter in function.parameters}
    return any(
        target[0] in ("attr", "sub") and beginning(target) in given
        for form in function.forms.of("assign")
        for target in form[2]
    )


def _answers_no(function: Function) -> bool:
    """Whether a function ends with True or False wherever it ends, and with both."""
    if function.forms.of("yield"):
        return False
    given = [form[2] for form in function.forms.of("return")]
    said = {form[2] for form in given if form is not None and form[0] == "const" and isinstance(form[2], bool)}
    return said == {True, False} and all(form is not None and form[0] == "const" for form in given)
