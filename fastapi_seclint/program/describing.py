"""What stands on a line, and what its names and arguments are, in words; secrets are not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.explanation import ExplainedValue
from fastapi_seclint.facts import FileFacts
from fastapi_seclint.facts.forms import Form, line_of, span_of, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Annotated,
    Bound,
    Choice,
    Class,
    Collection,
    Const,
    Dependency,
    Environment,
    External,
    Function,
    Instance,
    Mapping,
    ModuleValue,
    Partial,
    Text,
    Unknown,
    Value,
)
from fastapi_seclint.spans import Location

if TYPE_CHECKING:
    from fastapi_seclint.program.program import Program

MOST_VALUES = 20
SHOWN = 60
_SECRET = re.compile(
    r"secret|passw|passphrase|pwd|token|api_?key|private|credential|pepper|salt|dsn|(^|_)key($|_|s$)", re.I
)
_WITH_PASSWORD = re.compile(r"://[^/@\s]*@")
_DEFINITIONS = ("def", "class")


def enclosing(statements: list[Form], line: int, facts: FileFacts) -> Form | None:
    """The innermost definition around a line, decorators included; `facts` gives the bodies of functions."""
    found: Form | None = None
    for form in walk(statements):
        if form[0] not in _DEFINITIONS:
            continue
        body = facts.body(form[2]) if form[0] == "def" else form[6]
        if first_line(form) <= line <= max([line_of(form[1]), *(last_line(item) for item in body)]):
            found = form
            inner = enclosing(body, line, facts)
            return inner or found
    return found


def first_line(definition: Form) -> int:
    """The line of the first decorator of a definition, or its own."""
    decorators = definition[6] if definition[0] == "def" else definition[5]
    return min([line_of(definition[1]), *(line_of(item[1]) for item in decorators)])


def last_line(form: Form) -> int:
    """The last line of a form."""
    return span_of(form[1]).end_line


def on_header(definition: Form, line: int, facts: FileFacts) -> bool:
    """Whether a line is one of a definition's decorators, its `def` or its parameters: all above the body."""
    body = facts.body(definition[2]) if definition[0] == "def" else definition[6]
    starts = [first_line(item) if item[0] in _DEFINITIONS else line_of(item[1]) for item in body]
    return first_line(definition) <= line < max(min(starts, default=line + 1), line_of(definition[1]) + 1)


def values_on(program: Program, block: Block, line: int) -> Iterator[ExplainedValue]:
    """What the names, attributes and keyword arguments on a line are."""
    seen: set[str] = set()
    for name, form in _named_on(block.statements, line):
        if name in seen or len(seen) >= MOST_VALUES:
            continue
        seen.add(name)
        scope = block.scope
        value = scope.ask(form) if isinstance(scope, FunctionScope) else program.interpreter.ask(form, scope)
        place = getattr(value, "place", None)
        where = place.location if place is not None else None
        yield ExplainedValue(name, described(value, name), where if _elsewhere(where, block, line) else None)


def _elsewhere(where: Location | None, block: Block, line: int) -> bool:
    return where is not None and (where.path != block.module.path or where.span.line != line)


def _named_on(statements: list[Form], line: int) -> Iterator[tuple[str, Form]]:
    for form in walk(statements):
        if form[0] == "call":
            for keyword, value, at in form[4]:
                begins = line_of(form[1]) == line
                if keyword and (begins or span_of(at).line <= line <= span_of(at).end_line):
                    yield f"{keyword}=", value
        elif form[0] in ("name", "attr") and line_of(form[1]) == line:
            yield _spelled(form), form


def _spelled(form: Form) -> str:
    if form[0] == "name":
        return str(form[2])
    inner = _spelled(form[2]) if form[2][0] in ("name", "attr") else "..."
    return f"{inner}.{form[3]}"


def described(value: Value, name: str = "", depth: int = 0) -> str:
    """A value in words; `name` tells whether it may be a secret."""
    if depth > 3:
        return "..."
    match value:
        case Const(value=plain):
            return _constant(plain, name)
        case Unknown(reason=reason):
            return f"unknown: {reason}"
        case Environment(name=setting, default=default):
            text = f"read at run time ({setting})"
            return f"{text}, else {described(default, setting, depth + 1)}" if default is not None else text
        case External(name=symbol):
            return f"{symbol}, of a library"
        case Function():
            return f"the function {value.dotted}"
        case Class():
            return f"the class {value.dotted}"
        case Instance():
            return f"an object of {value.cls.dotted if isinstance(value.cls, Class) else value.cls.name}"
        case ModuleValue():
            return f"the module {value.module.name}"
        case Choice(options=several):
            return "one of: " + "; ".join(dict.fromkeys(described(item, name, depth + 1) for item in several))
        case Collection() | Mapping():
            return _collected(value, name, depth)
    return _other(value, name, depth)


def _other(value: Value, name: str, depth: int) -> str:
    match value:
        case Text():
            return "a string of which only parts are known"
        case Dependency(call=call):
            return f"Depends({described(call, name, depth + 1) if call is not None else 'what the annotation names'})"
        case Annotated(base=base, metadata=metadata):
            return ", ".join(described(item, name, depth + 1) for item in (base, *metadata))
        case Bound(function=function) | Partial(function=function):
            return described(function, name, depth + 1)
    return "something that is not followed"


def _collected(value: Collection | Mapping, name: str, depth: int) -> str:
    if isinstance(value, Mapping):
        items = [
            f"{described(key, '', depth + 1)}: {described(item, _key(key, name), depth + 1)}"
            for key, item in value.items
        ]
        shape = "{%s}"
    else:
        items = [described(item, name, depth + 1) for item in value.items]
        shape = "(%s)" if value.kind == "tuple" else "[%s]"
    return shape % ", ".join([*items[:8], *(["..."] if len(items) > 8 or value.open else [])])


def _key(key: Value, name: str) -> str:
    return key.value if isinstance(key, Const) and isinstance(key.value, str) else name


def _constant(value: object, name: str) -> str:
    """A constant as it is written; a string that may be a secret is masked, however it got its name."""
    if not isinstance(value, str | bytes):
        return repr(value)
    text = value if isinstance(value, str) else value.decode("latin-1")
    if len(text) > 4 and (_SECRET.search(name) or _WITH_PASSWORD.search(text) or _looks_random(text)):
        return f"a string of {len(text)} characters"
    return repr(value if len(text) <= SHOWN else value[:SHOWN]) + ("" if len(text) <= SHOWN else "...")


def _looks_random(text: str) -> bool:
    """Whether a string is long and mixes letters and digits without spaces, as keys do."""
    if len(text) < 16 or re.search(r"[\s/{]", text):
        return False
    return bool(re.search(r"\d", text) and re.search(r"[a-z]", text, re.I))
