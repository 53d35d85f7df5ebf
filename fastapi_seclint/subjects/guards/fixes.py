"""Fixes that give a route or a router a guard of the project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, AddListItem, Edit, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import line_of, span_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.values import External, Place, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards.carriers import carriers
from fastapi_seclint.subjects.guards.choice import Choice, fitting
from fastapi_seclint.subjects.guards.swapping import argument_of
from fastapi_seclint.subjects.owners.identity import guards
from fastapi_seclint.subjects.rights.actions import right_of
from fastapi_seclint.subjects.rights.hollow_guards import asking_for_its_roles, filled_in
from fastapi_seclint.subjects.rights.new_guards import guard_of_rights
from fastapi_seclint.subjects.tokens.new_guards import guard_below

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def guarded_calls(program: Program, places: Iterable[Place], admin: bool, routes: Sequence[Route] = ()) -> Fix | None:
    """`dependencies=[Depends(guard)]` for each of the calls that register routes, make a router or include one."""
    edits: list[Edit] = []
    chosen: Choice | None = None
    for place in dict.fromkeys(places):
        chosen = fitting(program, place.module, line_of(place.at), admin, routes=routes)
        added = _added(place, chosen) if chosen is not None else ()
        if not added:
            return None
        edits += added
    if chosen is None:
        return None
    return Fix(f"depend on {chosen.name}", False, tuple(dict.fromkeys(edits)))


def instead_of_schemes(program: Program, routes: Sequence[Route], admin: bool) -> Fix | None:
    """The project's guard for routes that have a scheme alone: in its place where it stands in a route's own list."""
    edits: list[Edit] = []
    chosen: Choice | None = None
    for route in {route.registration.place: route for route in routes if route.registration is not None}.values():
        assert route.registration is not None
        place = route.registration.place
        chosen = fitting(program, place.module, line_of(place.at), admin, carriers(route.dependencies), [route])
        if route.kind != "http" or chosen is None:
            return None
        added = _in_place_of_scheme(route, place, chosen) or _added(place, chosen)
        if not added:
            return None
        edits += added
    if chosen is None or any(route.registration is None for route in routes):
        return None
    return Fix(f"depend on {chosen.name}, which validates credentials", False, tuple(dict.fromkeys(edits)))


def with_new_guard(program: Program, routes: Sequence[Route]) -> Fix | None:
    """A new guard for routes that have a bearer scheme alone, in a project that has none; None when it has no key."""
    edits: list[Edit] = []
    for route in {route.registration.place: route for route in routes if route.registration is not None}.values():
        assert route.registration is not None
        place = route.registration.place
        schemes = (scheme_of(inner.call) for node in route.dependencies for inner in node.walk())
        scheme = next((item for item in schemes if isinstance(item, External)), None)
        made = guard_below(program, scheme, place.module) if scheme is not None and route.kind == "http" else None
        if made is None:
            return None
        choice = Choice(made.name, made.edits, False, False, made.name)
        added = _in_place_of_scheme(route, place, choice) or _added(place, choice)
        if not added:
            return None
        edits += added
    return Fix("decode the token and raise 401 when that fails", False, tuple(dict.fromkeys(edits))) if edits else None


def _in_place_of_scheme(route: Route, place: Place, chosen: Choice) -> tuple[Edit, ...]:
    """The scheme in the list that a registration itself gives replaced by the guard."""
    inside = {form[1] for form in walk(form_at(place))}
    for node in route.dependencies:
        written = node.written
        if node.parameter or scheme_of(node.call) is None or written is None:
            continue
        argument = argument_of(written) if written.module is place.module and written.at in inside else None
        if argument is not None and not chosen.scopes:
            return (ReplaceExpression(place.module.path, span_of(argument[1]), chosen.code), *chosen.edits)
    return ()


def _added(place: Place, chosen: Choice) -> tuple[Edit, ...]:
    return depending(place, chosen.code, chosen.edits, chosen.scopes)


def depending(place: Place, callable_code: str, needed: Sequence[Edit], scopes: str = "") -> tuple[Edit, ...]:
    """`dependencies=[Depends(callable)]` for a call, with what the callable needs; empty where that cannot be.

    With `scopes`, a list as code, it is `Security(callable, scopes=[...])`.
    """
    form = form_at(place)
    if form is None or form[0] != "call" or any(keyword is None for keyword, _, _ in form[4]):
        return ()
    path = place.module.path
    depends, imports = depends_name(place.module, "Security" if scopes else "Depends")
    code = f"{depends}({callable_code}, scopes={scopes})" if scopes else f"{depends}({callable_code})"
    given = next((value for keyword, value, _ in form[4] if keyword == "dependencies"), None)
    if given is None:
        return (SetKeyword(path, span_of(form[1]), "dependencies", f"[{code}]"), *imports, *needed)
    if given[0] != "list":
        return ()
    return (AddListItem(path, span_of(given[1]), code), *imports, *needed)


def depends_name(module: Module, marker: str = "Depends") -> tuple[str, tuple[Edit, ...]]:
    """How a file says `Depends` (or `Security`), and the import that it needs for that."""
    for name, value in module.scope.names.items():
        if any(
            isinstance(item, External) and item.name.endswith(f".param_functions.{marker}") for item in options(value)
        ):
            return name, ()
    name = local_name(module, marker, "fastapi")
    return name, (AddImport(module.path, "fastapi", marker, None if name == marker else name),)


def authorizing(program: Program, route: Route) -> Fix | None:
    """The role guard of the project: in place of the weaker guard where the handler names it, else on the decorator.

    A project without one gets a new guard, if its users have a role or a flag for administrators.
    """
    registration = route.registration
    if registration is None or route.place is None or route.kind != "http":
        return None
    if (asking := asking_for_its_roles(program, guards(program, route))) is not None:
        return asking
    module = registration.place.module
    chosen = fitting(program, module, line_of(registration.place.at), True, routes=[route])
    chosen = replace(chosen, code=right_of(program, route, chosen.code)) if chosen is not None else None
    if chosen is None or not chosen.authorizes:
        if (filled := filled_in(program, guards(program, route))) is not None:
            return filled
        made = guard_of_rights(program, guards(program, route), module)
        chosen = Choice(made.name, made.edits, True, True, made.name) if made is not None else None
    if chosen is None or any(chosen.name == guard.name for guard in guards(program, route)):
        return None
    return _asking(program, route, registration.place, chosen)


def _asking(program: Program, route: Route, registration: Place, chosen: Choice) -> Fix | None:
    for guard in guards(program, route):
        written = guard.written
        argument = argument_of(written) if written is not None and guard.parameter else None
        replaceable = chosen.gives_user and not chosen.scopes
        if argument is not None and code(argument) == chosen.code:
            return None  # it asks for nothing there
        if written is not None and argument is not None and _is_inside(route, written) and replaceable:
            edit = ReplaceExpression(written.module.path, span_of(argument[1]), chosen.code)
            return Fix(f"ask for the role: depend on {chosen.name}", False, (edit, *chosen.edits))
    added = _added(registration, chosen)
    return Fix(f"ask for the role: depend on {chosen.name}", False, added) if added else None


def _is_inside(route: Route, written: Place) -> bool:
    """Whether a `Depends(...)` stands in the handler's own signature, where no other route uses it."""
    handler = route.function
    if handler is None or written.module is not handler.module:
        return False
    return any(form[1] == written.at for form in walk(handler.parameters))
