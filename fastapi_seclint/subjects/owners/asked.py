"""What a route about a thing asks for: its user, the things of one user, what is done to another's on purpose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.program.routes import Route, path_variables, variable_names
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access, probes
from fastapi_seclint.subjects.owners.belonging_words import (
    ACTS,
    MACHINES,
    PEOPLE,
    PERSONAL,
    PRIVATE,
    SHOWN,
    TOGETHER,
    TOWARDS,
)
from fastapi_seclint.subjects.owners.belongings import names_owner, singular
from fastapi_seclint.subjects.owners.identity import guard_calls, guards
from fastapi_seclint.subjects.owners.ties import compares_owner, hands_owner_on
from fastapi_seclint.subjects.owners.using import callers_of, takes_id
from fastapi_seclint.subjects.rights.operators import is_operators_key
from fastapi_seclint.subjects.rights.privileged import privilege
from fastapi_seclint.subjects.rights.roles import asked_before

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def takes_person(program: Program, route: Route) -> bool:
    """Whether a handler, or the dependency that loads the thing, takes the caller, who is a person."""
    taken = [guard.name for guard in guards(program, route) if guard.parameter]
    variables = variable_names(route)
    taken += [str(form[2][-1]) for form in guard_calls(program, route)]
    loading = [node for node in route.dependencies if takes_id(node, variables)]
    taken += [name for node in loading for name in callers_of(program, node)]
    return any(MACHINES.search(snake(name)) is None for name in taken)


_PERSON = re.compile(
    r"^((to|target|other|receiver|recipient)_?)?(user|account|member|customer|receiver|recipient)(_?id)?$", re.I
)


def is_no_object(route: Route, thing: str) -> bool:
    """Whether a route is one where people meet: what one does there is done to another's object on purpose."""
    last = (access.segments(route.path) or [""])[-1]
    after = not route.path.rstrip("/").endswith("}")
    if not after and TOWARDS.match(last) and _PERSON.match(path_variables(route.path)[-1]):
        return True
    act = ACTS.match(last if path_variables(route.path) and after else re.split("[-_]", last)[0])
    if "POST" in route.methods and not (act and (after or path_variables(route.path))):
        return not _makes_for_another(route, thing)
    shown = after and not access.changes_state(route) and SHOWN.match(last) is not None
    meeting = after and TOGETHER.match(last) is not None and not (last == "block" and PERSONAL.match(thing))
    return shown or meeting or probes.is_probe(route)


def _makes_for_another(route: Route, thing: str) -> bool:
    """Whether a route makes what people have for themselves, for the one whom its path names: `owner_id=user_id`."""
    last = (access.segments(route.path) or [""])[-1]
    if not PEOPLE.match(thing) or not PRIVATE.match(singular(last)) or TOGETHER.match(last) or route.function is None:
        return False
    variables = set(path_variables(route.path))
    return any(
        keyword and names_owner(keyword) and value[0] == "name" and value[2] in variables
        for call in route.function.forms.of("call")
        for keyword, value, _ in call[4]
    )


def lists_own(program: Program, sibling: Route | None) -> bool:
    """Whether a sibling reads, and only what is the caller's own."""
    return sibling is not None and not access.changes_state(sibling)


def knows_its_user(program: Program, route: Route) -> bool:
    """Whether a route asks which user is calling, and every user may be that."""
    found = guards(program, route)
    knows = bool(found) or any(callers_of(program, node) for node in route.nodes())
    knows = knows or bool(guard_calls(program, route)) or next(asked_before(program, route), None) is not None
    if not knows or privilege(program, route):
        return False
    return not any(is_operators_key(program, guard) for guard in found)


def is_looked_at_inside(program: Program, route: Route) -> bool:
    """Whether a route is guarded by no dependency, and neither its handler nor what that calls compares an owner.

    A middleware asks who is calling then, and its user is there for every handler, or the handler hands the
    credentials on: `CartService.read(token, cart_id)`.
    """
    if program.guarding(route).protection != "protected" or guards(program, route):
        return False
    return compares_owner(program, route) is None and not hands_owner_on(program, route)
