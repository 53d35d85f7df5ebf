"""What limits how often a route is called: decorators, dependencies, middleware, calls in the body, account lockout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.callables import dotted_name, running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.declared import Declared
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routers import Layer, native
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.statuses import TOO_MANY
from fastapi_seclint.program.values import (
    Bound,
    Class,
    External,
    Function,
    Instance,
    Partial,
    Place,
    Unknown,
    Value,
    options,
)
from fastapi_seclint.subjects.code.definitions import decorators_of
from fastapi_seclint.subjects.code.named_answers import form_at
from fastapi_seclint.subjects.limits.defaults import SLOWAPI_LAYERS, default_limits, is_slowapi, loose_default
from fastapi_seclint.subjects.limits.refusing import counts_failures, is_flag, refusers
from fastapi_seclint.subjects.limits.toothless import counted, keeps_a_metric, only_counts, only_wraps

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_RATES = re.compile(
    r"(?<![a-z])(rate_?limit\w*|limit_?(rate|requests?|login|attempts?|per_\w+|by_\w+|user|ip)\w*|\w*_limit(er|s|ed)?_(login|auth|ip"
    r"|per_\w+)|(req|requests?|login|auth|ip|attempts?|calls?)_limit\w*|\w*limiter\w*|throttl\w*|too_many\w*|\w*flood\w*"
    r"|slow_?down|(request|requests|resend|email|mail|otp|sms|login)_cool_?down\w*|hit_limit|(leaky|token)_bucket|try_acquire"
    r"|sliding_window\w*)(?![a-z])"
)  # fmt: skip
"""Names, in snake case, of what counts requests and refuses when there are too many."""
_FAILURES = re.compile(
    r"(?<![a-z])(brute_?force\w*|lock_?out\w*|locked_(until|at|out)\w*|is_locked\w*|account_?locked\w*|locked_?account\w*|\w*locked_out\w*"
    r"|\w*(failed|fail|failures?|wrong|invalid|unsuccessful)_(login_|password_|auth_|pin_|otp_)*(attempts?|counts?|logins|times|tries)\w*"
    r"|\w*(login|sign_?in|auth|password|otp)_(atte?mps?|attempts?|tries|retries|lock\w*|(fail\w*|errors?)_(count\w*|times|limit\w*))"
    r"|(handle|record|register|track|count|increment|incr)_(login_|failed_|auth_)*(fail\w*|login)"
    r"|attempts?_(count|left|remaining|limit|exceeded)\w*|(max|password)_(login_|password_|failed_|retry_|error_)*(attempts?|tries"
    r"|retries|error_count)\w*|attempts|axes|tentativ\w+_(echou|fall|falh|connexion|login)\w*|intentos_(fallid|login|restant)\w*"
    r"|fehl(versuch|geschlagen|anmeld)\w*|(verrouille|bloque|bloquead[oa]|gesperrt|bloccat[oa])_(jusqu|hasta|ate|bis|fino)\w*)(?![a-z])"
)  # fmt: skip
"""Names of what counts failures and locks an account."""
_PRECHECK = re.compile(
    rb"limit|throttl|too_?many|flood|brute|slow_?down|cool_?down|lock|atte?mp|fail|tries|axes|bucket|window|acquire|error|429"
    rb"|tentativ|intentos|fehl|verrouill|bloque|gesperrt|bloccat",
    re.I,
)
_DEPTH = 4
_KNOWN: WeakKeyDictionary[Program, dict[tuple[str, int, bool], bool]] = WeakKeyDictionary()


def limited(program: Program, route: Route, *, failures: bool, decorated: bool = True) -> bool:
    """Whether something on a route's way may limit how often it is called; in doubt it does.

    `failures`: a lock after failed attempts is enough. Not `decorated`: what is around and in the handler is too late.
    """
    config = program.config.rate_limit if program.config is not None else None
    if config is not None and config.proxy:
        return True
    declared, exempt = Declared.of(program.config), is_exempt(route)
    around = [*_decorators(program, route)] if decorated and not exempt else []
    known = program.guarding(route).guards.rate_limit if decorated else ()
    return (
        bool([name for name in known if "SlowAPI" not in name])
        or any(node_limits(program, node) for node in route.nodes(alternatives=False))
        or any(_decorator_limits(program, declared, *item) for item in around)
        or _written_dependency_limits(route)
        or any(layer_limits(program, layer) for layer in layers(route) if not (exempt and is_slowapi(layer)))
        or _class_limits(program, route)
        or (decorated and route.function is not None and reaches(program, route.function, failures))
    )


def layers(route: Route) -> Iterator[Layer]:
    """The middleware that a request for a route goes through, mounted applications' included."""
    yield from route.app.layers
    for mount in route.mounts:
        for instance in native(mount.app):
            if instance.native is not None:
                yield from instance.native.layers


def names_limit(name: str) -> bool:
    """Whether a name says that something is limited: `RateLimitMiddleware`, `throttle`, `too_many_requests`."""
    return _RATES.search(snake(name)) is not None


def names_limiting_decorator(name: str) -> bool:
    """Whether a decorator's or dependency's last name says that it limits; `limit` alone does."""
    return snake(name) in ("limit", "limits", "limited", "limiter", "shared_limit") or names_limit(name)


def node_limits(program: Program, node: Node) -> bool:
    """Whether a dependency limits rates."""
    if Declared.of(program.config).limits(node.name):
        return True
    function = running(node.call)
    if any(map(names_limiting_decorator, _parts(node.name))):
        return function is None or function.number < 0 or not only_counts(program, function)
    return function is not None and reaches(program, function)


def _written_dependency_limits(route: Route) -> bool:
    """Whether a `Depends(...)` on the route's way names a limit that is not in sight: `Depends(rate_limit)`."""
    places = [route.router.place, route.app.place, *(include.place for include in route.includes)]
    places += [route.registration.place] if route.registration is not None else []
    forms = [(form_at(place), place.module) for place in places]
    if (handler := route.function) is not None:
        forms += [(parameter, handler.module) for parameter in handler.parameters]
    return any(form is not None and _names_limiting_dependency(form, module) for form, module in forms)


def _names_limiting_dependency(form: Form, module: Module) -> bool:
    for inner in walk(form):
        match inner:
            case ["call", _, ["name" | "attr", *_, "Depends" | "Security"], [argument, *_], _]:
                words = [str(item[-1]) for item in walk(argument) if item[0] in ("name", "attr")]
                if any(names_limiting_decorator(word) and not _is_in_sight(module, word) for word in words):
                    return True
    return False


def _is_in_sight(module: Module, name: str) -> bool:
    """Whether a name of a file is a function, or an object, whose code says by itself whether it limits."""
    found = [running(option) for option in options(module.scope.local(name)) if not isinstance(option, Unknown)]
    return bool(found) and all(one is not None and one.number >= 0 for one in found)


def dependencies_limit(program: Program, value: Value, place: Place) -> bool:
    """Whether one of the dependencies of a list limits rates."""
    nodes = program.walker.resolver.of_list(value, place)
    return any(node_limits(program, node) for top in nodes for node in top.walk())


def _parts(name: str) -> list[str]:
    """The last two parts of a dotted name, brackets off."""
    return [part.removesuffix("()") for part in name.replace(".<locals>", "").split(".")[-2:]]


def _decorators(program: Program, route: Route) -> Iterator[tuple[Form, Value]]:
    """The decorators below the route's own, as written and as values; those above it wrap nothing that is served."""
    handler = route.function
    if handler is None or route.registration is None:
        return
    forms = decorators_of(handler)
    own = [number for number, form in enumerate(forms) if form[1] == route.registration.place.at]
    for form in forms[own[0] + 1 :] if own else forms:
        yield form, program.interpreter.ask(form, handler.scope)


def _decorator_limits(program: Program, declared: Declared, form: Form, value: Value) -> bool:
    called = form
    while called[0] == "call":
        called = called[2]
    if any(isinstance(option, Function) and only_wraps(program, option) for option in options(value)):
        return False
    if called[0] in ("name", "attr") and names_limiting_decorator(str(called[-1])):
        return True
    for option in options(value):
        name = dotted_name(option)
        if name is not None and (
            declared.limits(name) or any(names_limiting_decorator(part) for part in _parts(name)[-1:])
        ):
            return True
        function = running(option)
        if function is not None and reaches(program, function):
            return True
    return False


def is_exempt(route: Route) -> bool:
    """Whether a route is left out of all that a slowapi limiter limits: `@limiter.exempt` (slowapi/extension.py)."""
    if route.function is None:
        return False
    return any(form[0] == "attr" and form[3] == "exempt" for form in decorators_of(route.function))


def layer_limits(program: Program, layer: Layer) -> bool:
    """Whether a middleware limits rates; slowapi's only where the limiter has limits for all routes."""
    for option in options(layer.what):
        name = dotted_name(option) or ""
        if name in SLOWAPI_LAYERS:
            return default_limits(program) is not False and not loose_default(program)
        if isinstance(option, External):
            row = credentials.entry("middleware", option.name)
            if (row is not None and row.get("limits")) or names_limit(option.name.rpartition(".")[2]):
                return True
        elif isinstance(option, Class):
            methods = [method_of(Instance(option), name) for name in ("dispatch", "__call__")]
            if names_limit(option.name) or any(method is not None and reaches(program, method) for method in methods):
                return True
        elif isinstance(option, Function) and (names_limit(option.name) or reaches(program, option)):
            return True
    return False


def _class_limits(program: Program, route: Route) -> bool:
    """Whether the router's own route class limits: `APIRouter(route_class=RateLimitedRoute)`."""
    for option in options(route.router.arguments.get("route_class")):
        if isinstance(option, Class):
            method = method_of(Instance(option), "get_route_handler")
            if names_limit(option.name) or (method is not None and reaches(program, method)):
                return True
    return False


def reaches(program: Program, function: Function, failures: bool = False, depth: int = _DEPTH) -> bool:
    """Whether a function, one in it or one that it calls answers 429, limits rates or, if asked, counts failures."""
    if function.number < 0:
        return False
    known = _KNOWN.setdefault(program, {})
    key = (function.module.file, function.number, failures)
    if key in known:
        return known[key]
    known[key] = False
    found = (
        key[:2] in refusers(program)
        or _looks_limiting(program, function, failures)
        or (depth > 0 and _callee_limits(program, function, failures, depth))
    )
    if found or depth == _DEPTH:
        known[key] = found
    else:
        del known[key]
    return found


def inner_numbers(function: Function) -> list[int]:
    """The numbers of a function and of those defined inside it, at any depth."""
    items = function.module.facts.functions
    found = [function.number]
    for number in range(function.number + 1, len(items)):
        if items[number][2] in found:
            found.append(number)
        elif items[number][2] < function.number:
            break
    return found


def _looks_limiting(program: Program, function: Function, failures: bool) -> bool:
    facts = function.module.facts
    for number in inner_numbers(function):
        if not facts.body_speaks(number, _PRECHECK):
            continue
        body = facts.body(number)
        if not any(_says(form, failures) for form in walk(body)):
            continue
        idle = [
            *counted(program, function.module, number),
            *_kept(function, body),
        ]
        if any(_says(form, failures) and not _is_set_by_hand(program, form) for form in _without(body, idle)):
            return True
    return False


def _is_set_by_hand(program: Program, form: Form) -> bool:
    """Whether a form reads a flag that says an account is locked, where nothing counts what could lock it."""
    return form[0] == "attr" and is_flag(form[3]) and not counts_failures(program)


def _kept(function: Function, body: list[Form]) -> Iterator[Form]:
    """What a constructor keeps for other methods, `self.limiter = Limiter()`: nothing is limited by that alone.

    What it makes of a request, as a class in `Depends()` does, is made for each: `self.left = hit_or_429(request)`.
    """
    taken = function.parameters
    asked = {item[0] for item in taken if item[2] is not None and last_name(item[2]) in ("Request", "HTTPConnection")}
    for form in walk(body) if function.name == "__init__" else ():
        match form:
            case ["assign", _, [["attr", *_]], value] | ["annassign", _, ["attr", *_], _, value]:
                if value is None or value[0] != "call" or not mentions(value, asked):
                    yield form


def _without(body: object, left: list[Form]) -> Iterator[Form]:
    """The forms of a body but for some of them and what is in those."""
    aside = {id(inner) for form in left for inner in walk(form)}
    return (form for form in walk(body) if id(form) not in aside)


def _says(form: Form, failures: bool) -> bool:
    match form:
        case ["name", _, name] | ["attr", _, _, name]:
            return name in TOO_MANY or _named(name, failures)
        case ["const", _, value]:
            return value == 429 and value is not True
        case ["call", _, _, _, keywords]:
            return any(keyword is not None and _named(keyword, failures) for keyword, _, _ in keywords)
        case ["sub", _, _, ["const", _, str(key)]]:
            return _named(key, failures)
    return False


def _named(name: str, failures: bool) -> bool:
    return names_limit(name) or (failures and _FAILURES.search(snake(name)) is not None)


def _callee_limits(program: Program, function: Function, failures: bool, depth: int) -> bool:
    for number in inner_numbers(function)[:8]:
        scope = program.sites.scope(function.module, number)
        for form in walk(function.module.facts.body(number)) if scope is not None else ():
            if form[0] != "call" or form[2][0] not in ("name", "attr") or scope is None:
                continue
            for option in options(scope.ask(form[2])):
                target = _target(option)
                if (
                    target is not None
                    and not keeps_a_metric(program, target)
                    and reaches(program, target, failures, depth - 1)
                ):
                    return True
                if isinstance(option, External) and credentials.entry("limiter", option.name) is not None:
                    return True
    return False


def _target(value: Value) -> Function | None:
    if isinstance(value, Unknown):
        return None
    return running(value) if isinstance(value, Function | Bound | Partial | Instance | Class) else None
