"""Comparisons in other clothes: texts that are searched, signatures that a function of the project computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, named_arguments, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, options
from fastapi_seclint.subjects.code.literal_names import name_of, returned_name
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_HMACS = ("hmac.new()", "hmac.digest()")


def signs(program: Program, block: Block, call: Form, depth: int = 3) -> bool:
    """Whether a call is of a function of the project that returns an HMAC, or a text that ends with one."""
    for function, _ in called(program, block, call):
        body = body_of(program, function)
        returned = [form[2] for form in body.forms.of("return") if form[2] is not None] if body is not None else []
        if body is None or len(returned) != 1:
            continue
        if _is_hmac(program, body, returned[0]) or (depth and is_digest(program, body, returned[0], depth - 1)):
            return True
    return False


def _is_hmac(program: Program, block: Block, form: Form) -> bool:
    """Whether a part of an expression is an HMAC."""
    calls = (part for part in walk([form]) if part[0] == "call" and part[2][0] == "attr")
    values = (option for part in calls for option in options(ask(program, block, part)))
    return any(isinstance(option, External) and option.name.startswith(_HMACS) for option in values)


def searched(form: Form) -> tuple[str, Form, Form] | None:
    """What `text.find(part) == -1` and `items.count(item) > 0` ask: `in` or `not in`, the part, the whole."""
    match form:
        case ["compare", _, ["call", _, ["attr", _, whole, "find" | "rfind" | "count" as way], [part], []], [op], [to]]:
            number = -to[3][2] if to[0] == "unary" and to[2] == "-" and to[3][0] == "const" else to[2]
            asked = (op, number) if to[0] in ("const", "unary") else None
            absent = {("==", 0), ("<", 1), ("<=", 0)} if way == "count" else {("==", -1), ("<", 0), ("<=", -1)}
            there = {("!=", 0), (">", 0), (">=", 1)} if way == "count" else {("!=", -1), (">", -1), (">=", 0)}
            if asked in absent | there:
                return "in" if asked in there else "not in", part, whole
    return None


_WRITTEN = frozenset({"b64encode", "urlsafe_b64encode", "b32encode", "hexlify", "str", "bytes"})
_TURNED = frozenset({"decode", "encode", "hex", "upper", "lower", "rstrip", "strip"})
_KEYS = ("signing key", "secret", "API key")


def is_digest(program: Program, block: Block, form: Form, depth: int = 3) -> bool:
    """Whether an expression is a signature that was just computed with a key."""
    before = form[1]
    for _ in range(8):
        if form[0] == "name" and isinstance(block.scope, FunctionScope):
            found = _last_made(block.scope.assignments(form[2]), form[2], before)
            if found is None:
                return False
            before, form = found[1], found[3]
        if form[0] == "call" and signs(program, block, form, depth):
            return True
        match form:
            case ["call", _, ["attr", _, inner, "hexdigest" | "digest"], _, _]:
                return _has_key(program, block, inner)
            case ["call", _, ["attr", _, inner, method], _, _] if method in _TURNED:
                form = inner
            case ["call", _, ["name" | "attr", *_] as function, [inner, *_], _] if function[-1] in _WRITTEN:
                form = inner
            case ["sub", _, inner, ["slice", *_]]:
                form = inner
            case ["sub", _, ["call", _, ["attr", _, inner, "split" | "rsplit" | "partition" | "rpartition"], _, _], _]:
                form = inner
            case ["binop", _, "+", _, right]:
                form = right
            case ["fstr", _, [*_, ["fmt", _, inner, _]]]:
                form = inner
    return False


def keeps_digest(program: Program, block: Block, form: Form) -> bool:
    """Whether what a method compares is a field of its object that is filled with a signature: `self.value`.

    Every call that makes such an object is looked at, `cls(digest)` in its own methods too.
    """
    function = block.function
    cls = function.owner if function is not None else None
    own = function.parameters[0][0] if function is not None and function.parameters else ""
    if not isinstance(cls, Class) or form[0] != "attr" or form[2][2:] != [own]:
        return False
    names = [one.name for one in parameters(cls)]
    if form[3] not in names:
        return False
    for other in program.sites.blocks(frozenset({cls.name, "cls"})):
        for call in other.forms.of("call") if not program.is_test(other.module) else ():
            if call[2][0] == "name" and any(one is cls for one in options(ask(program, other, call[2]))):
                given = dict(named_arguments(call, names)).get(form[3])
                if given is not None and is_digest(program, other, given):
                    return True
    return False


def _last_made(found: list[Form], name: str, before: int) -> Form | None:
    """The last assignment to a name before a place, where each one after the first goes on with what it was."""
    found = [form for form in found if form[1] < before]
    if not found or any(form[0] != "assign" for form in found):
        return None
    return found[-1] if all(mentions(form[3], {name}) for form in found[1:]) else None


def _has_key(program: Program, block: Block, form: Form) -> bool:
    """Whether an object that digests is an HMAC, or a hash that a key goes into, `sha256((text + SECRET).encode())`."""
    for option in options(ask(program, block, form)):
        if isinstance(option, External) and option.name == "hmac.new()":
            return True
        if isinstance(option, External) and option.name.startswith("hashlib.") and form[0] == "call":
            parts = (part for part in walk(form[3]) if part[0] in ("name", "attr", "call", "sub"))
            return any(vocabulary(program).kind(returned_name(name_of(part))) in _KEYS for part in parts)
    return False
