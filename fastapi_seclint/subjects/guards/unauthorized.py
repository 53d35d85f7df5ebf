"""Where a 401 of a bearer or Basic scheme is made: the dependencies with such a scheme, their users, their helpers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.attributes import get_attribute
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.dependencies import Node, parameters, running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Const,
    Environment,
    External,
    Function,
    Instance,
    Partial,
    Place,
    Value,
    options,
)
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.spread import spelled_out
from fastapi_seclint.subjects.guards.asked_schemes import asked_scheme
from fastapi_seclint.subjects.guards.bearer_schemes import Scheme, reads_bearer, reads_own_header, scheme_kind
from fastapi_seclint.subjects.guards.entrances import is_login_form
from fastapi_seclint.subjects.guards.exception_handlers import exception_handlers, raised
from fastapi_seclint.subjects.guards.refusing_layers import refusing_layers
from fastapi_seclint.subjects.guards.replaced import replaced
from fastapi_seclint.subjects.limits.limiters import inner_numbers
from fastapi_seclint.subjects.logins.routes import auth_routes
from fastapi_seclint.subjects.rights.roles import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.routes import Route

HTTP_EXCEPTIONS = ("fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException")
_RESPONSE = re.compile(r"^(fastapi|starlette)\.responses\.(JSON|ORJSON|UJSON|PlainText)?Response$")
_TOKEN = re.compile(r"token|jwt", re.I)
_HEADER = b'"WWW-Authenticate"'
_ASKING = ("login", "token", "token refresh")
_FOUND = frozenset({"status", "ok", "success", "succeeded", "valid", "is_valid", "authenticated", "is_authenticated"})
_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that makes a 401 without the header; `headers` is the argument that is there and lacks it."""

    block: Block
    form: Form
    headers: Form | None


def concerned(program: Program) -> dict[tuple[str, int], tuple[Function, Scheme]]:
    """The functions whose 401s are answers of a bearer or Basic scheme, by file and number."""
    found: dict[tuple[str, int], tuple[Function, Scheme]] = {}
    logins: list[Function] = []
    wanted: list[Scheme] = []
    asking = {id(route) for route, purpose in auth_routes(program) if purpose in _ASKING and "POST" in route.methods}
    for route in program.routes:
        if route.place is None or program.is_test(route.place.module):
            continue
        direct = [kind for top in route.dependencies if (kind := scheme_kind(top.call)) is not None and top.parameter]
        below = {top.parameter: kinds[0] for top in route.dependencies if (kinds := _gather(program, top, found))}
        wanted += below.values()
        handler = route.function
        if handler is not None and direct:
            _add(program, found, handler, direct[0])
        elif handler is not None and (kind := next(_looked_at(handler, below), None)) is not None:
            _add(program, found, handler, kind, 0)
        elif handler is not None and (
            (any(is_login_form(node.call) for node in route.nodes()) and not _keeps_token_in_cookie(handler))
            or (id(route) in asking and not _wants_key(route) and _gives_token(program, handler))
        ):
            logins.append(handler)
    for function in loose(program):
        tops = program.walker.resolver.of_callable(function)
        direct = [kind for top in tops if (kind := scheme_kind(top.call)) is not None]
        if direct:
            _add(program, found, function, direct[0])
    for layer, scheme in refusing_layers(program):
        _add(program, found, layer, scheme, 1)
    if found or wanted:
        for handler in logins:
            _add(program, found, handler, next(iter(found.values()))[1] if found else wanted[0])
        _add_handlers(program, found)
    return found


def _add_handlers(program: Program, found: dict[tuple[str, int], tuple[Function, Scheme]]) -> None:
    """The functions that answer for the exceptions which the others raise."""
    blocks = [(program.sites.block(function.module, function.number), kind) for function, kind in found.values()]
    kinds = {name: kind for block, kind in blocks if block is not None for name in raised(program, block)}
    for cls, handler in exception_handlers(program) if kinds else ():
        if cls.dotted in kinds:
            _add(program, found, handler, kinds[cls.dotted], 0)


def _looked_at(handler: Function, below: dict[str, Scheme]) -> Iterator[Scheme]:
    """The schemes below the parameters of which a handler asks itself whether anybody is logged in.

    `if user is None: raise ...`, `if not user.ok: raise ...`; a role that it asks for is not that.
    """
    for form in handler.forms.of("if"):
        match form[2]:
            case ["unary", _, "not", ["name", _, name]]:
                found = name
            case ["unary", _, "not", ["attr", _, ["name", _, name], asked]] if asked in _FOUND:
                found = name
            case ["compare", _, ["name", _, name], ["is" | "=="], [["const", _, None]]]:
                found = name
            case _:
                continue
        if found in below and any(inner[0] == "raise" for inner in walk(form[3])):
            yield below[found]


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
        return False
    if _speaks_of_token(handler):
        return True
    called = [function for function in reached(program, handler, 1) if function is not handler]
    return not any(map(_sets_cookie, called)) and any(map(_speaks_of_token, called))


def _keeps_token_in_cookie(handler: Function) -> bool:
    """Whether a login sets a cookie and puts no token into its answer."""
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


def _gather(program: Program, node: Node, found: dict[tuple[str, int], tuple[Function, Scheme]]) -> list[Scheme]:
    """The schemes below a dependency; the functions that use them are added."""
    kind = scheme_kind(node.call)
    if kind is not None:
        if node.function is not None and not _reads_cookies(node.function):
            _add(program, found, node.function, kind, 0)
        return [kind]
    kinds = [each for child in node.children for each in _gather(program, child, found)]
    function = node.function
    if not kinds and function is not None and reads_bearer(function, *(child.call for child in node.children)):
        kinds = ["Bearer"]
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
        raising = [
            number for number in range(len(facts.functions)) if any(facts.body_mentions(number, word) for word in words)
        ]
        for scope in filter(None, (program.sites.scope(module, number) for number in raising)):
            function = scope.function
            asking = (program.walker.resolver.dependency_of(item) for item in parameters(function))
            if function.owner is None and any(item is not None for item in asking):
                yield function


@lru_cache(maxsize=1)
def _denying(program: Program) -> frozenset[str]:
    """The names of the project's functions that make an HTTPException."""
    return frozenset(
        name.rpartition(".")[2]
        for module in program.modules.by_file.values()
        if "HTTPException" in module.facts.words
        for number, (name, _, _) in enumerate(module.facts.functions)
        if module.facts.body_mentions(number, b'"HTTPException"')
    )


def unused(program: Program) -> Iterator[Function]:
    """The dependencies that no route in sight uses yet: functions with one of their own that are no handlers."""
    handlers = {id(route.function) for route in program.routes}
    used = {id(node.function) for route in program.routes for node in route.nodes()}
    for function in loose(program):
        if not function.decorators and id(function) not in handlers | used:
            yield function


def _add(
    program: Program,
    found: dict[tuple[str, int], tuple[Function, Scheme]],
    function: Function,
    kind: Scheme,
    depth: int = _DEPTH,
) -> None:
    key = (function.module.file, function.number)
    if function.number < 0 or key in found or program.is_test(function.module):
        return
    found[key] = (function, kind)
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
                    _add(program, found, target, kind, depth - 1)


def refusals(program: Program, function: Function) -> Iterator[Refusal]:
    """The calls in a function, or behind a name that it raises, that make a 401 without `WWW-Authenticate`."""
    for number in inner_numbers(function):
        block = program.sites.block(function.module, number)
        if block is None:
            continue
        for form in block.forms.of("call", "raise"):
            if form[0] == "call":
                found = _of_call(program, block, form)
            elif form[0] == "raise" and form[2] is not None and form[2][0] in ("name", "attr"):
                found = _behind(program, block, form[2])
            else:
                continue
            yield from (refusal for refusal in found if not replaced(block, form))


def _of_call(program: Program, block: Block, form: Form) -> Iterator[Refusal]:
    if any(keyword is None for keyword, _, _ in form[4]):
        form = spelled_out(program, block, form)
    for option in options(ask(program, block, form[2])):
        if isinstance(option, Partial):
            if _is_partial_refusal(option) and (lacks := _lacks(program, block, form)) is not None:
                yield Refusal(block, form, lacks[0])
        elif isinstance(option, External) and (option.name in HTTP_EXCEPTIONS or _RESPONSE.match(option.name)):
            if _is_unauthorized(program, block, form) and (lacks := _lacks(program, block, form)) is not None:
                yield Refusal(block, form, lacks[0])
        elif isinstance(option, Class) and not any(keyword in (None, "headers") for keyword, _, _ in form[4]):
            yield from _of_class(program, option)
        return


def _is_partial_refusal(value: Partial) -> bool:
    """Whether `functools.partial` makes a 401 without headers: `partial(HTTPException, 401)`."""
    made = any(isinstance(item, External) and item.name in HTTP_EXCEPTIONS for item in options(value.function))
    given = value.arguments.get("status_code", 0)
    code = any(isinstance(item, Const) and item.value == 401 for item in options(given))
    return made and code and "headers" not in value.arguments.keywords


def _of_class(program: Program, cls: Class) -> Iterator[Refusal]:
    """The call of `HTTPException.__init__` in an exception's own class, where it fixes the status."""
    initializer = method_of(Instance(cls), "__init__")
    if not set(cls.external_bases()) & set(HTTP_EXCEPTIONS):
        return
    if initializer is None or initializer.number < 0:
        return
    block = program.sites.block(initializer.module, initializer.number)
    if block is None:
        return
    for form in map(_without_rest, block.forms.of("call")):
        if form[2][0] != "attr" or form[2][3] != "__init__":
            continue
        if _status_of(program, cls, form) == 401 and _lacks(program, block, form) is not None:
            yield Refusal(program.sites.top(cls.module), ["class", cls.at], None)
            continue
        if _is_unauthorized(program, block, form) and (lacks := _lacks(program, block, form)) is not None:
            yield Refusal(block, form, lacks[0])


def _without_rest(call: Form) -> Form:
    """A call in an initializer without its `**kwargs`, which callers fill, for those who say no more."""
    return [*call[:4], [item for item in call[4] if item[0] is not None or item[1][0] != "name"]]


def _status_of(program: Program, cls: Class, call: Form) -> object:
    """The status that a class of exceptions has as an attribute of its own, where its `__init__` passes that on."""
    given = [value for keyword, value, _ in call[4] if keyword == "status_code"] or call[3][:1]
    match given:
        case [["attr", at, ["name", _, "self"], name]]:
            with program.interpreter.asking():
                value = get_attribute(program.interpreter, Instance(cls), name, Place(cls.module, at))
            return next((option.value for option in options(value) if isinstance(option, Const)), None)
    return None


def _behind(program: Program, block: Block, name: Form) -> Iterator[Refusal]:
    """The call that made an exception kept at the top of a module, or the class that is raised as it is."""
    for option in options(ask(program, block, name)):
        if isinstance(option, Class):
            yield from _of_class(program, option)
        place = option.place if isinstance(option, External | Instance) else None
        if place is None or _is_class(option):
            continue
        module = program.sites.top(place.module)
        for form in module.forms.of("call"):
            if form[1] == place.at:
                yield from _of_call(program, module, form)


def _is_class(value: Value) -> bool:
    return isinstance(value, External) and not value.called


def _is_unauthorized(program: Program, block: Block, form: Form) -> bool:
    first = 1 if form[2][0] in ("name", "attr") and str(form[2][-1]).endswith("Response") else 0
    given = [value for keyword, value, _ in form[4] if keyword == "status_code"] or form[3][first : first + 1]
    if not given or given[0][0] == "star" or (first and given[0][0] == "name"):
        return False
    return any(_is_401(option) for option in options(ask(program, block, given[0])))


def _is_401(value: Value) -> bool:
    """Whether a status is 401, or a parameter that is where nobody says otherwise: `def deny(text, code=401)`."""
    if isinstance(value, Environment) and value.name.startswith("parameter "):
        return any(isinstance(option, Const) and option.value == 401 for option in options(value.default))
    return isinstance(value, Const) and value.value == 401


def _lacks(program: Program, block: Block, form: Form) -> tuple[Form | None] | None:
    """The headers that a call gives without the one, in a tuple; None when it is there or cannot be ruled out."""
    if any(keyword is None for keyword, _, _ in form[4]) or any(item[0] == "star" for item in form[3]):
        return None
    given = [value for keyword, value, _ in form[4] if keyword == "headers"] or form[3][2:3]
    if not given:
        return (None,)
    match given[0]:
        case ["const", _, None]:
            return (given[0],)
        case ["dict", _, pairs]:
            keys = [key[2] if key is not None and key[0] == "const" else None for key, _ in pairs]
            known = all(isinstance(key, str) for key in keys)
            return (given[0],) if known and "www-authenticate" not in [str(key).lower() for key in keys] else None
    return None


def added_elsewhere(program: Program) -> bool:
    """Whether a handler of exceptions or a middleware of the project adds the header to its answers."""
    for module in program.modules.by_file.values():
        if "JSONResponse" not in module.facts.words and "headers" not in module.facts.words:
            continue
        for number in range(-1, len(module.facts.functions)):
            if module.facts.body_mentions(number, _HEADER) and _answers(
                module.facts.module if number < 0 else module.facts.body(number)
            ):
                return True
    return False


def _answers(statements: list[Form]) -> bool:
    for form in walk(statements):
        match form:
            case ["assign", _, [["sub", _, _, ["const", _, "WWW-Authenticate"]]], _]:
                return True
            case ["call", _, ["name" | "attr", *_] as called, *_] if str(called[-1]).endswith("Response"):
                if any(inner[0] == "const" and inner[2] == "WWW-Authenticate" for inner in walk(form[4])):
                    return True
    return False
