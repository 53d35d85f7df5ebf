"""FSL511: the client says which role he has, in the body, a header, a cookie or the query, and is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.checks.unprotected_router import covered
from fastapi_seclint.facts.forms import span_of
from fastapi_seclint.program.callables import parameters, running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, Instance
from fastapi_seclint.rule import BEHIND_AUTHENTICATION, Confidence, Evidence, Finding, Rule
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.authentication import asks_callers
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.owners.accounts import tables_of_accounts
from fastapi_seclint.subjects.owners.belongings import records_are_in_sight
from fastapi_seclint.subjects.rights.at_the_door import left_to_worker
from fastapi_seclint.subjects.rights.believed import Belief, believed
from fastapi_seclint.subjects.rights.built import built_of_rights
from fastapi_seclint.subjects.rights.decided import decided
from fastapi_seclint.subjects.rights.following import follow
from fastapi_seclint.subjects.rights.or_himself import asks_others_only
from fastapi_seclint.subjects.rights.own_right import asked_of_user
from fastapi_seclint.subjects.rights.roles import authorizes
from fastapi_seclint.subjects.rights.sent import Input, Sent
from fastapi_seclint.subjects.rights.sent_rights import input_of, sent_to
from fastapi_seclint.subjects.rights.state_notes import noted
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL511",
    name="client-chosen-role",
    summary="clients choose their own role",
    severity="high",
    cwe=(269, 915),
    owasp=("API3", "API5"),
    guide="1",
    fixable="unsafe",
)


@RULE.check
def client_chosen_role(program: Program) -> Iterator[Finding]:
    """One finding a place where what the client says of his rights is stored, signed or acted upon."""
    seen: set[Location] = set()
    told = covered(program)
    for route in program.routes:
        handler = route.function
        if route.kind not in ("http", "websocket") or handler is None or program.is_test(handler.module):
            continue
        found = input_of(program, handler, route.path)
        beliefs = list(_decided(program, handler, found))
        for inner in _wrapping(program, route):
            beliefs += _decided(program, inner, input_of(program, inner))
        chooses = bool(found) and id(route) not in told and not _rules_nobody(program, route)
        ruled = chooses and authorizes(program, route)
        if chooses and (not ruled or asks_others_only(program, route)):
            inner = worker(program.interpreter, handler)
            stored = list(believed(program, inner, found, route.path))
            if inner is not handler and any(belief.fix is None for belief in stored):
                fix = left_to_worker(program, handler, found, route.path)
                stored = [belief if belief.fix is not None else replace(belief, fix=fix) for belief in stored]
            given_out = ruled or access.is_admin_like(route.path)  # what administrators do with it stays
            beliefs += (replace(belief, fix=None) if given_out else belief for belief in stored)
        for belief in beliefs:
            if belief.location not in seen:
                seen.add(belief.location)
                yield _finding(program, route, belief)
    made = {id(node.call): node.call for route in program.routes for node in route.nodes()}
    inside = (belief for cls in made.values() if isinstance(cls, Class) for belief in _decided_inside(program, cls))
    for belief in (*noted(program), *inside):
        if belief.location not in seen:
            seen.add(belief.location)
            yield _finding(program, None, belief)
    for value in wiring(program).callables:
        function = running(value)
        for belief in _by_dependency(program, function) if function is not None else ():
            if belief.location not in seen:
                seen.add(belief.location)
                yield _finding(program, None, belief)


def _rules_nobody(program: Program, route: Route) -> bool:
    """Whether a role can only be a job or a part that is played: nobody logs in, and no table keeps a password."""
    if not records_are_in_sight(program) or tables_of_accounts(program):
        return False
    return not asks_callers(program, route.app) and not any(True for _ in auth_routes(program))


def _wrapping(program: Program, route: Route) -> Iterator[Function]:
    """The functions that decorators of the project put around a handler."""
    for decorator, _ in wrapping_decorators(route):
        if isinstance(decorator, Function) and decorator.number >= 0:
            module = decorator.module
            numbers = module.facts.inside(decorator.number)
            yield from (inner for number in numbers if (inner := program.sites.function(module, number)) is not None)


def _decided_inside(program: Program, cls: Class) -> Iterator[Belief]:
    """Where the methods of a class that FastAPI makes objects of decide by what the client sent to it.

    One whose objects are called is meant to be made by the project itself: dependency-factory-not-called.
    """
    rights = sent_to(program, cls) if method_of(Instance(cls), "__call__") is None else {}
    taken = {item.name: item.place.location for item in parameters(cls)} if rights else {}
    for belief in _methods_deciding(cls, rights):
        sent = rights.get(belief.sent.name, belief.sent)
        named = replace(belief.sent, name=sent.name)
        yield replace(belief, sent=named, brought=belief.brought or taken.get(sent.name))


def _methods_deciding(cls: Class, rights: dict[str, Sent]) -> Iterator[Belief]:
    """Where the methods of a class decide by the fields that hold rights which the client sent."""
    for method in cls.namespace.values() if rights else ():
        if isinstance(method, Function) and method.parameters and method.number >= 0:
            own = method.parameters[0][0]
            origin = next(iter(rights.values())).origin
            yield from decided(method, Input(bodies={own: frozenset(rights)}, origins={own: origin}))


def _by_dependency(program: Program, function: Function) -> Iterator[Belief]:
    """Where a dependency decides by what the client sent, or the methods of the object that it puts that into."""
    found = input_of(program, function)
    yield from _decided(program, function, found)
    built = built_of_rights(program, function, found)
    for belief in _methods_deciding(*built) if built is not None else ():
        yield replace(belief, brought=function.place.location)


def _decided(program: Program, function: Function, found: Input) -> Iterator[Belief]:
    inner = worker(program.interpreter, function)
    if inner is not function:
        follow(inner, found)
    for belief in decided(inner, found):
        mends = belief.test is not None and inner is function
        fix = asked_of_user(program, function, found, belief.test) if mends and belief.test is not None else None
        yield replace(belief, fix=fix)


def _finding(program: Program, route: Route | None, belief: Belief) -> Finding:
    way = {"body": "the request body", "header": "a header", "cookie": "a cookie", "query": "the query"}[
        belief.sent.origin
    ]
    if belief.decides:
        said = f"whoever sends {belief.sent.name!r} in {way} chooses his own rights, for it decides here: "
        said += "take the role from the user that the token stands for"
    else:
        said = f"whoever calls it chooses {belief.sent.name!r} himself: it comes from {way} and is {belief.how}; "
        said += "set it on the server, and let only administrators change it"
    confidence: Confidence = "high" if belief.sure else "medium"
    brought = belief.brought or (_sender(program, route, belief) if belief.decides else None)
    evidence = [Evidence(brought, "the client sends it here")] if brought is not None else []
    if route is not None and route.place is not None and not belief.decides:
        evidence.append(Evidence(route.place.location, f"{access.spoken(route)} is not for administrators only"))
        evidence += [Evidence(place, "the body has it by this field") for place in _fields_of(program, route, belief)]
    return RULE.finding(
        belief.location,
        said,
        confidence=confidence,
        symbol=belief.symbol,
        route=access.key(route) if route is not None else None,
        evidence=evidence,
        fix=belief.fix,
        masks=BEHIND_AUTHENTICATION,
    )


def _sender(program: Program, route: Route | None, belief: Belief) -> Location | None:
    """The parameter of a dependency by which a right comes in that is decided by elsewhere."""
    asked = [node.call for node in route.nodes()] if route is not None else wiring(program).callables
    names = {belief.sent.name, snake(belief.sent.name.replace("-", "_"))}
    taken = (item.place.location for value in asked for item in parameters(value) if item.name in names)
    return next((place for place in taken if place != belief.location), None)


def _fields_of(program: Program, route: Route, belief: Belief) -> Iterator[Location]:
    """Where the model of a body declares the field that carries a right."""
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        for cls in access.classes(program.walker.resolver.type_of(parameter)):
            for base in cls.lineage():
                for name, annotation, _ in base.fields if isinstance(base, Class) else ():
                    if name == belief.sent.name and annotation is not None and isinstance(base, Class):
                        yield Location(base.module.path, span_of(annotation[1]))
