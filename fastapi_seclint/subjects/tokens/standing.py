"""Functions that take tokens and are no dependencies: middleware, handlers of websockets, handlers with a scheme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Class, Function, Instance, options
from fastapi_seclint.subjects.guards.bearer_schemes import reads_bearer, scheme_kind
from fastapi_seclint.subjects.logins.routes import auth_routes

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def on_the_way(program: Program) -> Iterator[Function]:
    """The functions of middleware and its backends, and the handlers of websockets: no exception of theirs is a 401."""
    found = {id(one): one for one in in_layers(program) if not _only_afterwards(one)}
    for app in program.apps:
        for layer in app.layers:
            backends = (item for item in options(layer.arguments.get("backend")) if isinstance(item, Instance))
            asked = (method_of(item, "authenticate") for item in backends)
            found.update((id(one), one) for one in asked if one is not None)
    for route in program.routes:
        if route.kind == "websocket" and route.function is not None:
            found.setdefault(id(route.function), route.function)
    return (one for one in found.values() if one.number >= 0 and not program.is_test(one.module))


def in_layers(program: Program) -> Iterator[Function]:
    """The functions of the middleware that applications have."""
    for app in program.apps:
        for layer in app.layers:
            for option in options(layer.what):
                if isinstance(option, Function):
                    yield option
                if isinstance(option, Class):
                    yield from (one for name in ("dispatch", "__call__") if (one := method_of(Instance(option), name)))


def _only_afterwards(function: Function) -> bool:
    """Whether a middleware lets the request be answered first, and looks at its token then, for a log or a count."""
    passing = [
        form[1]
        for form in function.forms.of("call")
        if form[2][0] in ("name", "attr") and form[2][-1] in ("call_next", "app")
    ]
    said = [form[1] for form in function.forms.of("name", "attr", "const") if form[-1] in _CARRIERS]
    asked = [form[1] for form in function.forms.of("if")]
    return bool(passing) and all(min(passing) < at for at in (*said, *asked))


_CARRIERS = frozenset({"headers", "cookies", "scope", "Authorization", "authorization", "token"})


def is_heard(program: Program, function: Function) -> bool:
    """Whether what a function puts into the state of requests is read anywhere, where it does so at all."""
    stored = {id(target): target for form in function.forms.of("assign") for target in form[2] if _is_state(target)}
    names = frozenset(str(target[3]) for target in stored.values())
    return not names or any(
        _is_state(form) and form[3] in names and id(form) not in stored
        for block in program.sites.blocks(names)
        for form in block.forms.of("attr")
    )


def _is_state(form: Form) -> bool:
    return bool(form[0] == "attr" and form[2][0] == "attr" and form[2][3] == "state")


def own_readers(program: Program) -> Iterator[Function]:
    """The handlers that get the token itself, from a scheme or the header.

    Logins, renewals and resets are left out, and those that another dependency guards: they may end the session.
    """
    asking = {id(route) for route, _ in auth_routes(program)}
    seen: set[int] = set()
    for route in program.routes:
        function = route.function
        if function is None or id(route) in asking or id(function) in seen or function.number < 0:
            continue
        if not program.is_test(function.module) and _gets_token(route, function) and not _is_guarded(program, route):
            seen.add(id(function))
            yield function


def _is_guarded(program: Program, route: Route) -> bool:
    """Whether a dependency that reads the token itself stands before a handler."""
    return any(
        scheme_kind(node.call) is None and program.guard_model.authenticates(node.call) for node in route.nodes()
    )


def _gets_token(route: Route, function: Function) -> bool:
    direct = any(scheme_kind(top.call) == "Bearer" and top.parameter for top in route.dependencies)
    return direct or reads_bearer(function)
