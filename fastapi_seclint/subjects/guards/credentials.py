"""Whether a function does anything with the credentials it is given that could reject them."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, walk
from fastapi_seclint.program.attributes import holds_data
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routers import Layer, Router
from fastapi_seclint.program.values import Class, External, Function, Instance, Value, options
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.implementations import has_no_body
from fastapi_seclint.subjects.code.origins import ask, body_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 3
"""How many calls deep credentials are followed."""

_READING = frozenset(
    {
        "get", "getlist", "strip", "lstrip", "rstrip", "split", "rsplit", "partition", "rpartition", "lower", "upper",
        "title", "casefold", "replace", "removeprefix", "removesuffix", "startswith", "endswith", "encode", "decode",
        "items", "keys", "values", "join", "format", "get_secret_value", "model_dump", "dict",
    }
)  # fmt: skip
"""Methods that take something out of a request, a header or a text."""
_KEEPING = frozenset({"setdefault", "append", "appendleft", "extend", "add", "insert"})
"""Methods that put something down, whatever it is."""
_HARMLESS = frozenset(
    {
        "HTTPException", "Exception", "ValueError", "len", "bool", "str", "isinstance", "hasattr", "getattr", "print",
        "all", "any", "cast", "repr", "type", "get_authorization_scheme_param", "__call__", "JSONResponse", "Response",
        "set",
    }
)  # fmt: skip
"""Calls that look at a text or carry it on without saying anything about it."""
_OF_SHAPE = frozenset(
    {"UUID", "count", "fullmatch", "fromhex", "isalnum", "isascii", "isdigit", "isidentifier", "isprintable"}
)
"""Calls that look at the shape of a text only."""
_SCHEMES = re.compile(r"(^|_)(scheme|scheme_name|prefix|(auth|token)_type)$", re.I)
_LOGS = re.compile(r"^(log|logger|logging|_logger|_log)$", re.I)


def hands_on(
    function: Function,
    names: Iterable[str] | None = None,
    without: Container[int] = (),
    program: Program | None = None,
) -> bool:
    """Whether a function hands its credentials to a call, or compares them with something, that may reject them.

    `names` are the parameters that hold credentials; without them every parameter may. A test that they are there, or
    that they begin with the name of a scheme, rejects no made-up ones. `without` are the places of calls that are known
    to reject nothing. With a `program` its functions are looked into.
    """
    held = set(names) if names is not None else {parameter[0] for parameter in function.parameters} - {"self", "cls"}
    return _hands_on(function, held, without, program, _DEPTH if program is not None else 0)


def _hands_on(function: Function, held: set[str], without: Container[int], program: Program | None, depth: int) -> bool:
    statements = function.statements()
    _spread(statements, held)
    block = body_of(program, function) if program is not None else None
    for form in (form for statement in statements for form in walk(statement)):
        if form[1] not in without and _tests(form, held):
            handed = handed_to(program, block, form, held) if program is not None and block is not None else []
            if not handed or depth == 0 or any(has_no_body(inner) for inner, _ in handed):
                return True
            if any(_hands_on(*inner, (), program, depth - 1) for inner in handed):
                return True
    return False


def looks_at_shape(function: Function) -> bool:
    """Whether a function asks for the shape of a text, which signed tokens would not have."""
    calls = ((form[2], last_name(form[2])) for form in function.forms.of("call"))
    return any(name in _OF_SHAPE or _asks_for_shape(called, name) for called, name in calls)


def put_into_records(program: Program, function: Function) -> set[int]:
    """The places of calls that make an object of a dataclass or model of the project, which has no code of its own."""
    block = body_of(program, function)
    places: set[int] = set()
    for form in block.forms.of("call") if block is not None else ():
        found = list(options(ask(program, block, form[2]))) if block is not None else []
        if found and all(isinstance(one, Class) and holds_data(one) and not _looks(one) for one in found):
            places.add(form[1])
    return places


def _looks(cls: Class) -> bool:
    """Whether the making of an object runs code of the project: a constructor, a validator."""
    members = [item for base in cls.lineage() if isinstance(base, Class) for item in base.namespace.items()]
    return any(
        name in ("__init__", "__new__", "__post_init__", "model_post_init")
        or (isinstance(item, Function) and any("validator" in str(getattr(one, "name", "")) for one in item.decorators))
        for name, item in members
    )


def _spread(statements: list[Form], held: set[str]) -> None:
    """Add the names that are assigned from what is held; a request or scope that keeps it in its state is none."""
    assignments = ("assign", "annassign", "walrus")
    forms = [form for statement in statements for form in walk(statement) if form[0] in assignments]
    size = -1
    while size != len(held):
        size = len(held)
        for form in forms:
            if form[-1] is not None and mentions(form[-1], held):
                targets = form[2] if form[0] == "assign" else [form[2]]
                named = {inner[2] for target in targets for inner in walk(target) if inner[0] == "name"}
                held.update(named - {"request", "scope"})


def _tests(form: Form, held: set[str]) -> bool:
    if form[0] == "compare":
        sides = [form[2], *form[4]]
        if _is_length(form[2]) and not any(mentions(side, held) for side in form[4]):
            return False
        return mentions(form, held) and not all(_is_plain(side) or mentions(side, held) for side in sides)
    if form[0] == "sub":
        return mentions(form[3], held)
    if form[0] != "call":
        return form[0] in ("def", "lambda") and mentions(form, held)
    called, given = form[2], arguments(form)
    name = str(called[-1]) if called[0] in ("name", "attr") else ""
    if called[0] == "attr" and name in _KEEPING:
        return False
    if called[0] == "attr" and mentions(called[2], held) and name not in _READING | _HARMLESS | _OF_SHAPE:
        return True
    if not any(mentions(argument, held) for argument in given):
        return False
    return not (
        name in _HARMLESS | _OF_SHAPE
        or _is_logger(called)
        or _asks_for_shape(called, name)
        or (called[0] == "attr" and _reads_held(called, name, held))
    )


def _is_length(form: Form) -> bool:
    """`len(token)`, `token.count(".")`."""
    match form:
        case ["call", _, ["name", _, "len"], [_], []] | ["call", _, ["attr", _, _, "count"], [_], []]:
            return True
    return False


def _asks_for_shape(called: Form, name: str) -> bool:
    """Whether a call matches a text with a pattern: `re.match(...)`, `_TOKEN.search(...)`."""
    owner = str(called[2][2]) if called[0] == "attr" and called[2][0] == "name" else ""
    return name in ("match", "search") and (owner in ("re", "regex") or owner.isupper())


def _reads_held(called: Form, name: str, held: set[str]) -> bool:
    return name in _READING and (mentions(called[2], held) or called[2][0] in ("const", "fstr"))


def _is_plain(form: Form) -> bool:
    """No secret: None, a number, the name of a scheme, or something that is called a scheme (`self.scheme`)."""
    if form[0] in ("name", "attr") and _SCHEMES.search(str(form[-1])):
        return True
    if form[0] != "const":
        return False
    return not isinstance(form[2], str) or form[2].strip().lower() in ("", "bearer", "basic", "token")


def _is_logger(called: Form) -> bool:
    return called[0] == "attr" and any(inner[0] == "name" and _LOGS.match(inner[2]) for inner in walk(called[2]))


BACKEND_MIDDLEWARE = "starlette.middleware.authentication.AuthenticationMiddleware"
"""What asks a backend who is calling; whether that may refuse, `backend_refuses` says."""


def backend_refuses(app: Router) -> bool:
    """Whether Starlette's AuthenticationMiddleware of an application may refuse a token that a request carries.

    Its backend refuses by raising; one that only returns nothing leaves the decision to the routes. What cannot be
    looked into is believed to refuse.
    """
    layers = [layer for layer in app.layers if any(_is_backend_middleware(option) for option in options(layer.what))]
    return any(_raises(backend) for layer in layers for backend in _backends(layer))


def _is_backend_middleware(value: Value) -> bool:
    if isinstance(value, Class):
        return BACKEND_MIDDLEWARE in value.external_bases()
    return isinstance(value, External) and value.name == BACKEND_MIDDLEWARE


def _backends(layer: Layer) -> Iterable[Value]:
    return options(layer.arguments.get("backend")) if layer.arguments.get("backend") is not None else ()


def _raises(backend: Value) -> bool:
    authenticate = method_of(backend, "authenticate") if isinstance(backend, Instance) else None
    if authenticate is None:
        return True
    return any(form[0] == "raise" for statement in authenticate.statements() for form in walk(statement))


def takes_names_only(handler: Function | None, guards: list[Node]) -> bool:
    """Whether all that is taken of HTTP Basic credentials on a route's way is the name, which anybody can send."""
    takers = [(handler, node) for node in guards if _is_basic(node)]
    below = ((node, inner) for top in guards for node in top.walk() for inner in node.children)
    takers += [(node.function, inner) for node, inner in below if _is_basic(inner)]
    return bool(takers) and all(function is not None and _only_named(function, node) for function, node in takers)


def _is_basic(node: Node) -> bool:
    return isinstance(node.call, External) and node.call.name == "fastapi.security.http.HTTPBasic()"


def _only_named(function: Function, node: Node) -> bool:
    uses = [form for form in function.forms.of("name") if form[2] == node.parameter]
    named = [form for form in function.forms.of("attr") if form[3] == "username" and form[2] in uses]
    return bool(uses) and len(uses) == len(named)
