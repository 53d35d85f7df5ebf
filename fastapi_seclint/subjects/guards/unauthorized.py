"""Where a 401 of a bearer or Basic scheme is made: the dependencies with such a scheme, their users, their helpers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import walk
from fastapi_seclint.program.callables import parameters, running
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.values import Bound, Function, options
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.guards.asked_schemes import asked_scheme
from fastapi_seclint.subjects.guards.bearer_schemes import (
    Scheme,
    reads_bearer,
    reads_own_header,
    takes_bearer,
    wanted_scheme,
)
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.guards.exception_handlers import exception_handlers, raised, told_status
from fastapi_seclint.subjects.guards.looking_up import looked_at, looking_up
from fastapi_seclint.subjects.guards.refusing_layers import refusing_layers
from fastapi_seclint.subjects.limits.limiters import inner_numbers
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.owners.things import given_to
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.tokens.giving import signs

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.routes import Route

_TOKEN = re.compile(r"token|jwt", re.I)
_ASKING = ("login", "token", "token refresh")
_DEPTH = 3
_SERVICES = 2
"""How many calls a refusal may be away from a handler behind a scheme."""
_REQUESTS = frozenset({"request", "req"})
Concerned = dict[tuple[str, int], tuple[Function, Scheme, bool]]


def concerned(program: Program) -> Concerned:
    """The functions whose 401s are answers of a bearer or Basic scheme, by file and number.

    The last of each says that a guard has let the caller pass before the function refuses him.
    """
    found: Concerned = {}
    logins: list[Function] = []
    wanted: list[Scheme] = []
    asking = {id(route) for route, purpose in auth_routes(program) if purpose in _ASKING}
    for route in program.routes:
        if route.place is None or program.is_test(route.place.module):
            continue
        below = {top.parameter: kinds[0] for top in route.dependencies if (kinds := _gather(program, top, found))}
        wanted += below.values()
        for top in route.dependencies if below else ():
            if top.function is not None and top.parameter not in below:
                _add(program, found, top.function, next(iter(below.values())), 0, within=True)
        handler = route.function
        for reader in _readers(program, handler) if handler is not None and route.kind == "http" else ():
            _add(program, found, reader, "Bearer", 0)
        for decorator in _decorators(program, route):
            _add(program, found, decorator, "Bearer", 1)
        if handler is not None and not _takes(program, found, route, handler, below):
            for scheme in below.values():
                _add(program, found, handler, scheme, _SERVICES, within=True)
            token = id(route) in asking or (not below and signs(program, handler))
            token = token and not _wants_key(route) and _gives_token(program, handler)
            logs_in = token or any(is_login_form(node.call) for node in route.nodes())
            if logs_in and not _keeps_token_in_cookie(program, handler):
                logins += [handler, *(node.function for node in route.nodes() if node.function is not None)]
    for function in loose(program):
        tops = program.walker.resolver.of_callable(function)
        direct = [kind for top in tops if (kind := wanted_scheme(program, top.call)) is not None]
        if direct:
            _add(program, found, function, direct[0])
    for layer, scheme in refusing_layers(program):
        _add(program, found, layer, scheme, 1)
    if found or wanted:
        for handler in logins:
            _add(program, found, handler, next(iter(found.values()))[1] if found else wanted[0])
        _add_handlers(program, found)
    return found


def _takes(program: Program, found: Concerned, route: Route, handler: Function, below: dict[str, Scheme]) -> bool:
    """Whether a handler takes the credentials of a scheme itself: it and those that it asks are added to the found."""
    for finder, kind in looking_up(program, handler, below) if below else ():
        _add(program, found, finder, kind, 0)
    tops = [top for top in route.dependencies if top.parameter]
    direct = next((own for top in tops if (own := wanted_scheme(program, top.call)) is not None), None)
    if direct is not None:
        _add(program, found, handler, direct)
        return True
    looked = next(looked_at(handler, below), None)
    if looked is not None:
        _add(program, found, handler, looked, 0)
        _add(program, found, worker(program.interpreter, handler), looked, 0)
    return looked is not None


def _readers(program: Program, handler: Function) -> Iterator[Function]:
    """The functions that take a bearer token out of the header of a request that a handler has, and what asks those.

    That is the handler itself, or what it hands its request to, with those on the way in between.
    """
    words = handler.module.facts.words
    if "request" not in words and "Request" not in words and "authorization" not in words:
        return
    chains: list[tuple[Function, ...]] = [(handler,)]
    for chain in chains:
        if reads_bearer(chain[-1]) or takes_bearer(program, chain[-1]):
            yield from chain
        elif len(chain) <= _DEPTH:
            chains += [(*chain, function) for function in _given_request(program, chain[-1]) if function not in chain]


def _given_request(program: Program, function: Function) -> Iterator[Function]:
    """The functions that a function hands its request to."""
    block = body_of(program, function)
    for form in block.forms.of("call") if block is not None else ():
        if block is not None and any(item[0] == "name" and item[2] in _REQUESTS for item in given_to(form)):
            yield from (found for found, _ in called(program, block, form))


def _decorators(program: Program, route: Route) -> Iterator[Function]:
    """The decorators of a handler that take a bearer token out of the header themselves: `@login_required`."""
    for decorator, _ in wrapping_decorators(route):
        function = running(decorator)
        if function is not None and function.number >= 0:
            inner = (program.sites.function(function.module, number) for number in inner_numbers(function))
            if any(one is not None and reads_bearer(one) for one in inner):
                yield function


def _add_handlers(program: Program, found: Concerned) -> None:
    """The functions that answer for the exceptions which the others raise."""
    blocks = [(program.sites.block(function.module, function.number), kind) for function, kind, _ in found.values()]
    kinds = {name: kind for block, kind in blocks if block is not None for name in raised(program, block)}
    for cls, handler in exception_handlers(program) if kinds else ():
        told = told_status(handler)
        if cls.dotted in kinds and (told is None or told[0] == 401):
            _add(program, found, handler, kinds[cls.dotted], 0)


def _wants_key(route: Route) -> bool:
    """Whether a login is for clients with a key in a header of its own: no scheme says how to send that."""
    return any(reads_own_header(node.call) for node in route.nodes())


def _reads_cookies(function: Function) -> bool:
    """Whether a scheme of the project's own takes its token out of a cookie: then no header brings it."""
    return any(form[3] == "cookies" for form in function.forms.of("attr"))


def _gives_token(program: Program, handler: Function) -> bool:
    """Whether a login speaks of the token that it answers with; one that sets a cookie has no scheme to name.

    A handler that only calls a service is judged by that.
    """
    if _sets_cookie(handler):
        return _answers_with_token(handler)
    if _speaks_of_token(handler):
        return True
    called = [function for function in reached(program, handler, 1) if function is not handler]
    return not any(map(_sets_cookie, called)) and any(map(_speaks_of_token, called))


def _answers_with_token(handler: Function) -> bool:
    """Whether a login that sets a cookie gives the token to the client as well, which may send it in the header."""
    if any(form[3] == "cookies" for form in handler.forms.of("attr")) or "Cookie" in handler.module.facts.words:
        return False
    given = [item for form in handler.forms.of("return") if form[2] is not None for item in walk(form[2])]
    keys = [str(key[-1]) for item in given if item[0] == "dict" for key, _ in item[2] if key is not None]
    return any(map(_TOKEN.search, [*keys, *(str(item[-1]) for item in given if item[0] in ("name", "attr"))]))


def _keeps_token_in_cookie(program: Program, handler: Function) -> bool:
    """Whether a login, or the function whose answer it gives, sets a cookie and puts no token into its answer."""
    if _answers_by_cookie(handler):
        return True
    block = body_of(program, handler)
    given = [form[2] for form in handler.forms.of("return") if form[2] is not None]
    calls = [form[2] if form[0] == "await" else form for form in given]
    if block is None or not calls or any(form[0] != "call" for form in calls):
        return False
    makers = [[function for function, _ in called(program, block, form)] for form in calls]
    return all(made and all(map(_answers_by_cookie, made)) for made in makers)


def _answers_by_cookie(handler: Function) -> bool:
    answers = [form[2] for form in handler.forms.of("return") if form[2] is not None]
    spoken = any(_TOKEN.search(str(form[-1])) for form in walk(answers) if form[0] in ("name", "attr", "const"))
    return _sets_cookie(handler) and not spoken


def _sets_cookie(function: Function) -> bool:
    """Whether a login hands its token over in a cookie, or a renewal takes it out of one."""
    return any(form[3] in ("set_cookie", "cookies") for form in function.forms.of("attr")) or any(
        item[0] == "name" and item[2] == "Cookie" for item in walk(function.parameters)
    )


def _speaks_of_token(function: Function) -> bool:
    return any(_TOKEN.search(str(form[-1])) for form in function.forms.of("name", "attr", "const"))


def _gather(program: Program, node: Node, found: Concerned) -> list[Scheme]:
    """The schemes below a dependency; the functions that use them are added."""
    kind = wanted_scheme(program, node.call)
    if kind is not None:
        if node.function is not None and not _reads_cookies(node.function):
            _add(program, found, node.function, kind, 0)
        return [kind]
    kinds = [each for child in node.children for each in _gather(program, child, found)]
    function = node.function
    if not kinds and function is not None and reads_bearer(function, *(child.call for child in node.children)):
        kinds = ["Bearer"]
    if not kinds and function is not None and (chain := list(_readers(program, function))):
        kinds = ["Bearer"]
        for reader in chain:
            _add(program, found, reader, "Bearer", 0)
    if not kinds and function is not None and (asked := asked_scheme(program, function, node.call)) is not None:
        kinds = [asked]
    if kinds and function is not None:
        _add(program, found, function, kinds[0])
    return kinds


def loose(program: Program) -> Iterator[Function]:
    """The functions with a dependency of their own, whether a route uses them or not.

    They raise something themselves, or call a function of the project that makes an HTTPException.
    """
    for module in program.modules.by_file.values():
        facts = module.facts
        if not facts.words & {"HTTPException", "Depends", "Security"} or program.is_test(module):
            continue
        words = [b'["raise"', b'"HTTPException"', *(f'"{name}"'.encode() for name in _denying(program) & facts.words)]
        raising = [number for number in facts.speaking(*words) if number >= 0]
        for scope in filter(None, (program.sites.scope(module, number) for number in raising)):
            function = scope.function
            asking = (program.walker.resolver.dependency_of(item) for item in parameters(function))
            if function.owner is None and any(item is not None for item in asking):
                yield function


@lru_cache(maxsize=1)
def _denying(program: Program) -> frozenset[str]:
    """The names of the project's functions that make an HTTPException."""
    return frozenset(
        module.facts.functions[number][0].rpartition(".")[2]
        for module in program.modules.speaking(("HTTPException",))
        for number in module.facts.speaking(b'"HTTPException"')
        if number >= 0
    )


def unused(program: Program) -> Iterator[Function]:
    """The dependencies that no route in sight uses yet: functions with one of their own that are no handlers."""
    handlers = {id(route.function) for route in program.routes}
    nodes = [node for route in program.routes for node in route.nodes()]
    used = {id(one) for node in nodes for one in (node.function, node.runs)}
    for function in loose(program):
        if not function.decorators and id(function) not in handlers | used:
            yield function


def _add(
    program: Program,
    found: Concerned,
    function: Function,
    kind: Scheme,
    depth: int = _DEPTH,
    *,
    within: bool = False,
) -> None:
    key = (function.module.file, function.number)
    known = key in found and (within or not found[key][2])
    if function.number < 0 or known or program.is_test(function.module):
        return
    found[key] = (function, kind, within)
    if depth == 0:
        return
    for number in inner_numbers(function)[:6]:
        scope = program.sites.scope(function.module, number)
        for form in walk(function.module.facts.body(number)) if scope is not None else ():
            if form[0] != "call" or form[2][0] not in ("name", "attr") or scope is None:
                continue
            for option in options(scope.ask(form[2])):
                target = running(option) if isinstance(option, Function | Bound) else None
                if target is not None:
                    _add(program, found, target, kind, depth - 1, within=within)
