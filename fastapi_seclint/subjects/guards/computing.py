"""Handlers that only work out an answer from what they are sent: nothing is kept, asked, started or signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, beginning, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Bound, Class, External, Function, Native, Unknown, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4
_MOST = 12
"""How many functions a handler may need: what reaches further is not followed."""
_PURE = re.compile(
    r"^(base64|binascii|zlib|struct|hashlib|urllib\.parse|json|re|math|cmath|statistics|decimal|fractions|datetime|time|"
    r"calendar|string|textwrap|html|copy|itertools|functools|collections|operator|random|secrets|uuid|difflib|unicodedata|"
    r"ipaddress|logging|traceback|asyncio\.(gather|sleep|wait_for|to_thread)|Crypto|cryptography\.fernet|pydantic|typing|"
    r"(fastapi|starlette)\.(exceptions|responses|encoders))\b"
)
_BUILTIN = frozenset(
    {"abs", "all", "any", "bin", "bool", "bytearray", "bytes", "chr", "dict", "divmod", "enumerate", "filter", "float",
     "format", "frozenset", "hash", "hex", "int", "isinstance", "issubclass", "iter", "len", "list", "map", "max",
     "min", "next", "oct", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum",
     "tuple", "type", "zip"}
)  # fmt: skip
_SERVERS = frozenset({"Request", "HTTPConnection", "WebSocket", "BackgroundTasks"})
"""What leads from a handler to the rest of the application."""
_HIDDEN = frozenset({"secret", "secrets", "password", "private", "key", "token", "credentials"})


def only_computes(program: Program, route: Route) -> bool:
    """Whether a POST works out its answer from what it is sent: it encodes, formats, converts.

    Nothing of the application goes into it, no dependency and no secret, so whoever calls it could do it at home.
    """
    handler = route.function
    if handler is None or set(route.methods) != {"POST"} or route.dependencies or access.is_admin_like(route.path):
        return False
    types = [parameter[2] for parameter in handler.parameters if parameter[2] is not None]
    if any(str(item[-1]) in _SERVERS for form in types for item in walk(form) if item[0] in ("name", "attr")):
        return False
    functions = list(reached(program, handler, _DEPTH))
    if len(functions) > _MOST or not all(_computes(program, function, functions) for function in functions):
        return False
    made = {id(cls) for function in functions for cls in _made_in(program, function)}
    return not any(_keeps(function) for function in functions if id(function.owner) not in made)


def _made_in(program: Program, function: Function) -> list[Class]:
    """The classes of the project that a function calls."""
    block = body_of(program, function)
    if block is None:
        return []
    found = (option for call in function.forms.of("call") for option in options(ask(program, block, call[2])))
    return [base for cls in found if isinstance(cls, Class) for base in cls.lineage() if isinstance(base, Class)]


def _keeps(function: Function) -> bool:
    """Whether a method changes what its object has: one that was there before goes on to be there.

    What is only kept to save work, a model that is loaded when it is first asked for, or a cache, is nothing of that.
    """
    if function.owner is None or function.kind == "static" or not function.parameters:
        return False
    own = {function.parameters[0][0]}
    changed = [target for form in function.forms.of("assign") for target in form[2]]
    changed += [form[3] for form in function.forms.of("augassign")]
    changed += [target for form in function.forms.of("delete") for target in form[2]]
    changed += [form[2][2] for form in function.forms.of("call") if form[2][0] == "attr" and form[2][3] in _CHANGES]
    changed = [target for target in changed if target[0] in ("attr", "sub") and beginning(target) in own]
    kept = [spelled(target[2] if target[0] == "sub" else target) for target in changed]
    first = {spelled(item) for form in function.forms.of("if") for item in _asked_for_once(form[2])}
    return any(name not in first and _SAVES_WORK.search(name) is None for name in kept)


_SAVES_WORK = re.compile(r"(^|[._])(cached?|memo)([._]|$)")


def _asked_for_once(test: Form) -> list[Form]:
    """What a condition finds to be nothing yet: `self.model is None`, `not self.model`."""
    match test:
        case ["compare", _, kept, ["is"], [["const", _, None]]] | ["unary", _, "not", kept]:
            return [kept]
    return []


_CHANGES = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem", "popleft", "remove",
     "setdefault", "update"}
)  # fmt: skip
"""How lists, sets and dictionaries are changed in place."""


def _computes(program: Program, function: Function, reached_ones: list[Function]) -> bool:
    block = body_of(program, function)
    if block is None or function.forms.of("global", "nonlocal"):
        return False
    if not function.forms.of("return", "assign", "call", "raise"):
        return False  # what it does is written elsewhere
    own = frozenset().union(*(bound(other) for other in reached_ones if _is_within(function, other)))
    targets = [target for form in function.forms.of("assign") for target in form[2]]
    targets += [form[3] for form in function.forms.of("augassign")]
    if any(target[0] in ("attr", "sub") and not _is_own(own, target) for target in targets):
        return False
    if any(_HIDDEN & set(words_of(form[3])) and not _is_own(own, form) for form in function.forms.of("attr")):
        return False
    awaited = {id(form[2]) for form in function.forms.of("await")}
    calls = function.forms.of("call")
    return all(_is_pure(program, block, own, call, waits=id(call) in awaited) for call in calls)


def _is_within(function: Function, other: Function) -> bool:
    """Whether a function is another one, or is defined in it and so sees its names."""
    if function.module is not other.module:
        return False
    return function.number == other.number or function.number in other.module.facts.inside(other.number)


def bound(function: Function) -> frozenset[str]:
    """The parameters of a function and the names that its body gives something to, imports and definitions aside."""
    forms = function.forms
    targets = [target for form in forms.of("assign") for target in form[2]]
    targets += [form[2] for form in forms.of("for", "walrus")]
    targets += [clause[0] for form in forms.of("comp") for clause in form[5]]
    plain = [target for target in targets if target[0] not in ("attr", "sub")]
    names = {item[2] for target in plain for item in walk(target) if item[0] == "name"}
    return frozenset(names | {parameter[0] for parameter in function.parameters})


def _is_own(own: frozenset[str], form: Form) -> bool:
    """Whether an expression starts at a name of the function itself, or at a constant."""
    while form[0] in ("attr", "sub", "call"):
        form = form[2]
    return form[0] in ("const", "fstr", "dict", "list") or (form[0] == "name" and form[2] in own)


_OF_UPLOADS = frozenset({"read", "seek", "close", "readline", "readlines"})


def _is_pure(program: Program, block: Block, own: frozenset[str], call: Form, *, waits: bool) -> bool:
    """Whether a call computes and no more; what is not in sight and waited for, an upload aside, asks somebody else."""
    known = [option for option in options(ask(program, block, call[2])) if not isinstance(option, Unknown | Native)]
    if known:
        return all(_is_known(option) for option in known)
    if call[2][0] == "name":
        return call[2][2] in _BUILTIN
    if call[2][0] != "attr" or (waits and call[2][3] not in _OF_UPLOADS):
        return False
    return _is_own(own, call[2])


def _is_known(value: Value) -> bool:
    """Whether a callable is of the project, and so looked at by itself, or of a library that only computes."""
    if isinstance(value, External):
        name = value.name.removeprefix("builtins.")
        return name in _BUILTIN or _PURE.match(value.name) is not None
    if isinstance(value, Class):
        return all(base.startswith(("builtins.", "pydantic.", "enum.", "typing.")) for base in value.external_bases())
    return isinstance(value, Function) or (isinstance(value, Bound) and isinstance(value.function, Function))
