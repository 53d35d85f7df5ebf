"""Whether functions verify what they are given, so that it counts as a credential whatever it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.values import Bound, Class, Const, Function, options

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

DENIALS = (b",401]", b",403]", b"UNAUTHORIZED", b"FORBIDDEN")
"""What the text of a function's facts has in it when the function answers 401 or 403."""

_DEPTH = 2
_READ = frozenset({"headers", "cookies"})
_VERIFIERS = frozenset({"decode", "compare_digest", "loads", "unsign", "verify_token", "decode_token"})
_PLAIN = frozenset({"json", "orjson", "ujson", "pickle", "codecs"})


def asks_for(interpreter: Interpreter, function: Function | None, name: str, sent: str, depth: int = _DEPTH) -> bool:
    """Whether a function verifies a header or cookie, or is a guard that has no other use for one `sent` so.

    It may do so itself, or hand it to a function of the project that does.
    """
    if function is None or function.number < 0:
        return False
    refuses = denies(interpreter, function)
    plain = sent == "" or credentials.is_plain_header(sent.replace("_", "-"))
    if _verifies(function, name) or (refuses and not plain):
        return True
    handed = (
        _handed(interpreter, function, lambda value: bool(value[0] == "name" and value[2] == name)) if depth else ()
    )
    return any(asks_for(interpreter, inner, taken, sent, depth - 1) for inner, taken in handed)


def _speaks_of_denial(function: Function) -> bool:
    return any(function.module.facts.body_mentions(function.number, word) for word in DENIALS)


def denies(interpreter: Interpreter, function: Function) -> bool:
    """Whether a function answers 401 or 403, by an error of the project's own as well: `raise Forbidden("no")`."""
    if function.number < 0 or _speaks_of_denial(function):
        return function.number >= 0
    for form in function.forms.of("raise"):
        made = form[2][2] if form[2] is not None and form[2][0] == "call" else form[2]
        if made is None or made[0] not in ("name", "attr"):
            continue
        with interpreter.asking():
            possible = list(options(FunctionScope(interpreter, function).ask(made)))
        if any(isinstance(option, Class) and _is_denial(option) for option in possible):
            return True
    return False


def _is_denial(cls: Class) -> bool:
    """Whether a class of errors fixes such a status, in its `__init__` or as an attribute."""
    for base in cls.lineage():
        names = base.namespace if isinstance(base, Class) else {}
        start, status = names.get("__init__"), names.get("status_code")
        if isinstance(start, Function) and start.number >= 0:
            return _speaks_of_denial(start)
        if isinstance(status, Const):
            return status.value in (401, 403)
    return False


def _verifies(function: Function, name: str) -> bool:
    """Whether a function gives a parameter to a call that verifies such things, whatever the parameter is called.

    Or a part of its text: `stamp, signature = value.split(".")`.
    """
    checked = [
        form[3]
        for form in walk(function.statements())
        if form[0] == "call" and form[2][0] in ("name", "attr")
        if form[2][-1] in _VERIFIERS and _owner(form[2]) not in _PLAIN
    ]
    if not checked:
        return False
    parts = {name}
    for form in function.forms.of("assign"):
        if _is_cut_from(form[3], parts):
            parts |= {inner[2] for inner in walk(form[2]) if inner[0] == "name"}
    return any(mentions(given, parts) for given in checked)


_AS_TEXT = frozenset({"str", "bytes", "b64decode", "urlsafe_b64decode", "unquote", "unhexlify"})


def _is_cut_from(form: Form, names: set[str]) -> bool:
    """Whether an expression is text out of one of these: `value[7:]`, `str(value or "").split(".")`."""
    match form:
        case ["name", _, name]:
            return name in names
        case ["sub", _, inner, _] | ["bool", _, "or", [inner, *_]]:
            return _is_cut_from(inner, names)
        case ["call", _, ["attr", _, inner, _], *_] if _is_cut_from(inner, names):
            return True
        case ["call", _, ["name" | "attr", *_] as called, [inner, *_], _]:
            return called[-1] in _AS_TEXT and _is_cut_from(inner, names)
    return False


def _owner(form: Form) -> str:
    return str(form[2][2]) if form[0] == "attr" and form[2][0] == "name" else ""


def hands_on(interpreter: Interpreter, function: Function) -> bool:
    """Whether a function hands a header or cookie that it reads to one of the project that verifies it or refuses."""
    if not function.module.facts.words & _READ:
        return False
    read = function.forms.names_of(_is_read)

    def is_sent(value: Form) -> bool:
        return bool(value[0] == "name" and value[2] in read) or _is_read(value)

    return any(asks_for(interpreter, inner, taken, "?", 1) for inner, taken in _handed(interpreter, function, is_sent))


def _is_read(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, str(where)], "get"], *_] | [
            "sub",
            _,
            ["attr", _, _, str(where)],
            _,
        ]:
            return where in _READ
    return False


def _handed(
    interpreter: Interpreter, function: Function, is_it: Callable[[Form], bool]
) -> Iterator[tuple[Function, str]]:
    """The functions of the project that get a value as it is, with what they call it."""
    for call in function.forms.of("call"):
        given = [*enumerate(call[3]), *((keyword, value) for keyword, value, _ in call[4])]
        places = [place for place, value in given if is_it(value)]
        if not places or call[2][0] not in ("name", "attr"):
            continue
        with interpreter.asking():
            possible = list(options(FunctionScope(interpreter, function).ask(call[2])))
        for option in possible:
            inner = option.function if isinstance(option, Bound) else option
            if isinstance(inner, Function) and inner is not function and inner.number >= 0:
                taken = [form[0] for form in inner.parameters][isinstance(option, Bound) and inner.kind != "static" :]
                for place in places:
                    if isinstance(place, str) and place in taken:
                        yield inner, place
                    elif isinstance(place, int) and place < len(taken):
                        yield inner, taken[place]
