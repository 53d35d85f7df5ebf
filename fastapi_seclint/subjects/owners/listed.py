"""Things that a list shows to every user, all of them and as much of each as is read one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Value
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards.listings import is_the_same_for_all
from fastapi_seclint.subjects.owners.records import classes_in
from fastapi_seclint.subjects.owners.views import uses_caller
from fastapi_seclint.subjects.rights.roles import authorizes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def all_are_listed(program: Program, route: Route) -> bool:
    """Whether the list to which a GET of one thing belongs gives every user the same model of all of them."""
    path = route.path.rstrip("/")
    if "GET" not in route.methods or not path.endswith("}"):
        return False
    parent = path.rpartition("/")[0]
    given = _answers(program, route)
    lists = (other for other in program.routes if other.app is route.app and other.path.rstrip("/") == parent)
    return bool(given) and any(
        "GET" in other.methods
        and given <= _answers(program, other) | _made(program, other)
        and is_the_same_for_all(program, other)
        and not uses_caller(program, other)
        and not authorizes(program, other)
        for other in lists
    )


def _answers(program: Program, route: Route) -> set[str]:
    """The names of the models that a route declares to answer with: its `response_model`, else what it returns."""
    model: Value | None = route.registration.arguments.get("response_model") if route.registration is not None else None
    handler = route.function
    if model is None and handler is not None and handler.returns is not None:
        model = program.interpreter.ask(handler.returns, handler.scope)
    return {cls.dotted for cls in classes_in(model)} if model is not None else set()


def _made(program: Program, route: Route) -> set[str]:
    """The names of the classes that a handler makes objects of, as a page is filled: `data=[UserOut(**row)]`."""
    block = body_of(program, route.function) if route.function is not None else None
    if block is None:
        return set()
    calls = (form for form in block.forms.of("call") if form[2][0] in ("name", "attr") and form[2][-1][:1].isupper())
    return {value.dotted for form in calls if isinstance(value := ask(program, block, form[2]), Class)}
