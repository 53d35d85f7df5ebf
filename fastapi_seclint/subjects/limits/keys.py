"""What a limiter counts by, where that is something that the client writes: whoever changes it is never limited."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Bound,
    Class,
    External,
    Function,
    Instance,
    Value,
    iterate,
    options,
    string,
)
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.items import items
from fastapi_seclint.subjects.code.origins import ask, callers
from fastapi_seclint.subjects.limits.defaults import SLOWAPI
from fastapi_seclint.subjects.limits.limiters import inner_numbers, reaches
from fastapi_seclint.subjects.tokens.unverified import verifies

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_GET_IPADDR = "slowapi.util.get_ipaddr"
_FORWARDED = re.compile(
    r"^(x[-_]forwarded[-_]for|forwarded|x[-_]client[-_]ip|x[-_]real[-_]ip|x[-_]originating[-_]ip|user[-_]agent"
    r"|cf[-_]connecting[-_]ip|true[-_]client[-_]ip|fastly[-_]client[-_]ip|x[-_]cluster[-_]client[-_]ip"
    r"|x[-_](client|device|session|visitor|user)[-_]?id)$",
    re.I,
)
_IN_TEXT = re.compile(rb"forwarded|x[-_]real[-_]ip|x[-_]client[-_]ip|(connecting|client)[-_]ip|user[-_]agent"
                      rb"|x[-_](client|device|session|visitor|user)[-_]?id", re.I)  # fmt: skip
_ADDRESS = re.compile(r"^(host|(get_)?(client|remote|real|caller|peer)_?(ip|host|addr(ess)?)|ip|ip_addr(ess)?|get_ip)$")
_ACCOUNT = re.compile(r"user|mail|account|login|member|phone|mobile|ident|form|body|json|credential|nick|subject")
_PUT_TOGETHER = ("fstr", "binop", "tuple")
_TRUSTED = re.compile(
    rb"trust|proxies|proxy_count|(num|count|max|allowed|depth|number)_\w*hops|hop_?(count|limit|depth)", re.I
)


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key that the client chooses: where to mend it, the name of the header, and whose it is."""

    location: Location
    header: str
    symbol: str
    form: Form
    block: Block
    limiter: Location | None
    library: bool = False
    others: tuple[Form, ...] = ()
    """What else the function reads that the client writes."""


def client_keys(program: Program) -> Iterator[ClientKey]:
    """Every key of a limiter that is read from a header, slowapi's `get_ipaddr` included."""
    seen: set[Location] = set()
    for key in (*_of_slowapi(program), *_hand_written(program), *_borrowed(program), *_declared(program)):
        if key.location not in seen and not program.is_test(key.block.module):
            seen.add(key.location)
            yield key


def _of_slowapi(program: Program) -> Iterator[ClientKey]:
    for block in program.sites.blocks(frozenset({"Limiter", "limit", "shared_limit", "FastAPILimiter", "RateLimiter"})):
        for form in block.forms.of("call"):
            if form[2][0] not in ("name", "attr"):
                continue
            given = [value for keyword, value, _ in form[4] if keyword in ("key_func", "identifier")]
            if not given and str(form[2][-1]) == "Limiter" and form[3] and _calls(block, form, SLOWAPI):
                given = form[3][:1]
            for value in given:
                yield from _of_function(program, block, form, value)
            for spread in (value for keyword, value, _ in form[4] if keyword is None):
                for item in items(program, block, spread, "key_func"):
                    yield from _of_function(program, item.block, item.container, item.form)


def _calls(block: Block, form: Form, names: tuple[str, ...]) -> bool:
    found = block.scope.ask(form[2]) if hasattr(block.scope, "ask") else None
    return found is None or any(isinstance(option, External) and option.name in names for option in options(found))


def _of_function(program: Program, block: Block, call: Form, value: Form) -> Iterator[ClientKey]:
    if value[0] == "lambda":
        for inner in walk(value):
            if header := _header_read(inner) or _cookie_read(inner):
                yield ClientKey(block.location(inner), header, block.symbol, inner, block, block.location(call))
        return
    found = block.scope.ask(value) if hasattr(block.scope, "ask") else program.interpreter.ask(value, block.scope)
    for option in options(found):
        if isinstance(option, External) and option.name == _GET_IPADDR:
            place = Location(block.module.path, span_of(value[1]))
            yield ClientKey(place, "X_FORWARDED_FOR", block.symbol, value, block, block.location(call), library=True)
        function = _called_key(option)
        if function is not None:
            yield from _reads(program, function, block.location(call), _cookie_read)


def by_address(value: Value | None) -> bool:
    """Whether a limiter that a dependency runs counts by the address of the connection and by nothing else."""
    function = running(value) if value is not None else None
    if function is None or function.number < 0:
        return False
    bodies = [function.module.facts.body(number) for number in inner_numbers(function)]
    forms = [form for form in walk([function.parameters, *bodies]) if form[0] in ("name", "attr", "const")]
    words = {str(form[-1]).lower() for form in forms} | {parameter[0].lower() for parameter in function.parameters}
    return any(map(_ADDRESS.search, words)) and not any(map(_ACCOUNT.search, words))


def _called_key(value: Value) -> Function | None:
    """The function that tells the key: itself, a method, or `__call__` of an object."""
    if isinstance(value, Instance):
        return method_of(value, "__call__")
    found = value.function if isinstance(value, Bound) else value
    return found if isinstance(found, Function) else None


def _reads(
    program: Program, function: Function, limiter: Location | None, other: Callable[[Form], str] = lambda form: ""
) -> Iterator[ClientKey]:
    """The header (or what `other` knows) that a function reads first, unless it looks at who sent it.

    What it takes from a cookie counts for nothing where it reads a token with its signature checked: nobody makes
    himself another one.
    """
    if function.number < 0 or _believes_proxies(function):
        return
    for number in inner_numbers(function)[:4]:
        block = program.sites.block(function.module, number)
        text = function.module.facts.lowered(number)
        if block is None or not (b'"headers"' in text or b'"cookies"' in text):
            continue
        found: list[tuple[Form, str]] = []
        for form in block.forms.every:
            header = _header_read(form) or _header_named(program, block, form)
            if header or ((header := other(form)) and not verifies(program, block)):
                found.append((form, header))
        for form, header in found[:1]:
            others = tuple(one for one, _ in found[1:])
            yield ClientKey(block.location(form), header, block.symbol, form, block, limiter, others=others)
            return


def _believes_proxies(function: Function) -> bool:
    """Whether a function says which proxies it trusts, or takes the last entry, which the nearest one wrote."""
    facts = function.module.facts
    for number in inner_numbers(function)[:4]:
        if facts.body_speaks(number, _TRUSTED):
            return True
        for form in walk(facts.body(number)):
            match form:
                case ["sub", _, _, ["unary", _, "-", _]] | ["sub", _, _, ["const", _, -1]]:
                    return True
                case ["call", _, ["attr", _, _, "rpartition" | "rsplit"], *_]:
                    return True
    return False


def _header_read(form: Form) -> str:
    """The header that an expression reads, when clients can write what they like into it."""
    match form:
        case ["call", _, ["attr", _, _, "get" | "getlist"], [["const", _, str(name)], *_], _]:
            return name if _FORWARDED.match(name) else ""
        case ["sub", _, ["attr", _, _, "headers"], ["const", _, str(name)]]:
            return name if _FORWARDED.match(name) else ""
    return ""


def _cookie_read(form: Form) -> str:
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, "cookies"], "get"], [["const", _, str(name)], *_], _]:
            return f"the cookie {name}"
        case ["sub", _, ["attr", _, _, "cookies"], ["const", _, str(name)]]:
            return f"the cookie {name}"
    return ""


def _header_named(program: Program, block: Block, form: Form) -> str:
    """The same where the header's name has a name: a constant, or one of several that a loop goes through."""
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, "headers"], "get"], [["name" | "attr", *_] as name, *_], _]:
            pass
        case ["sub", _, ["attr", _, _, "headers"], ["name" | "attr", *_] as name]:
            pass
        case _:
            return ""
    known = [ask(program, block, name)]
    for loop in block.forms.of("for"):
        if name[0] == "name" and loop[2] == ["name", loop[2][1], name[2]]:
            known += iterate(ask(program, block, loop[3])) or []
    for made in block.forms.of("comp"):
        clauses = [clause for clause in made[5] if clause[0][2:] == name[2:] and clause[0][0] == name[0]]
        known += [item for clause in clauses for item in iterate(ask(program, block, clause[1])) or []]
    texts = [text for value in known for option in options(value) if (text := string(option)) is not None]
    return next((text for text in texts if _FORWARDED.match(text)), "")


def _hand_written(program: Program) -> Iterator[ClientKey]:
    """The headers that a limiter of the project counts by, itself or through a function for the client's address."""
    words = frozenset({"headers"})
    for block in program.sites.blocks(words):
        function = block.function
        if function is None or not _may_read_one(block, function):
            continue
        keys = list(_reads(program, function, None))
        if not keys or (_is_agent(keys[0].header) and not _counts_by(program, block, keys[0].form)):
            continue
        used = any(_limits(program, caller) for caller, _, _ in callers(program, function))
        if used or reaches(program, function, depth=1) or _is_handed_to_limiter(program, function):
            yield from keys


def _is_handed_to_limiter(program: Program, function: Function) -> bool:
    """Whether a function is given to an object that limits, or is what that has by default: `Limit("5/minute", by)`."""
    for module in program.modules.by_file.values():
        for value in list(module.scope.names.values()) if function.name in module.facts.words else ():
            start = method_of(Instance(value), "__init__") if isinstance(value, Class) else None
            if (
                start is not None
                and isinstance(value, Class)
                and function in start.defaults
                and _counts(program, value)
            ):
                return True
    for block in program.sites.blocks(frozenset({function.name})):
        for call in block.forms.of("call"):
            given = [*call[3], *(value for _, value, _ in call[4])]
            if any(item[0] == "name" and item[2] == function.name for item in given):
                made = options(ask(program, block, call[2]))
                if any(isinstance(one, Class) and _counts(program, one) for one in made):
                    return True
    return False


def _counts(program: Program, cls: Class) -> bool:
    """Whether the objects of a class limit those who call them."""
    called = method_of(Instance(cls), "__call__")
    return called is not None and reaches(program, called, depth=1)


def _may_read_one(block: Block, function: Function) -> bool:
    """Whether a function names such a header, or reads one by a name that its object has: `headers.get(self.by)`."""
    if block.module.facts.body_speaks(function.number, _IN_TEXT):
        return True
    return any(_is_named_by_object(form) for form in block.forms.of("call", "sub"))


def _is_named_by_object(form: Form) -> bool:
    match form:
        case ["call", _, ["attr", _, ["attr", _, _, "headers"], "get"], [["attr", _, ["name", _, "self"], _], *_], _]:
            return True
        case ["sub", _, ["attr", _, _, "headers"], ["attr", _, ["name", _, "self"], _]]:
            return True
    return False


def _borrowed(program: Program) -> Iterator[ClientKey]:
    """Where a limiter of the project counts by what slowapi's `get_ipaddr` reads."""
    for call in program.sites.calls(_GET_IPADDR):
        function, block = call.block.function, call.block
        if function is not None and reaches(program, function, depth=1):
            form = call.form[2]
            yield ClientKey(block.location(form), "X_FORWARDED_FOR", block.symbol, form, block, None, library=True)


def _is_agent(header: str) -> bool:
    return header.lower().replace("_", "-") == "user-agent"


def _counts_by(program: Program, block: Block, form: Form) -> bool:
    """Whether what a function reads is part of a key: it puts a text together of it, or whoever calls it does."""
    if _is_given_back(block, form):
        return True
    alone = any(item[2] is form for item in block.forms.of("return"))
    used = callers(program, block.function) if alone and block.function is not None else ()
    return any(
        any(inner is call for text in outer.forms.of(*_PUT_TOGETHER) for inner in walk(text[2:]))
        for outer, call, _ in used
    )


def _is_given_back(block: Block, form: Form) -> bool:
    """Whether a function returns a text that is put together with what it reads, so that its callers count by it."""
    names = {
        target[2]
        for item in block.forms.of("assign")
        if any(inner is form for inner in walk(item[3]))
        for target in item[2]
        if target[0] == "name"
    }
    texts = (inner for item in block.forms.of("return") for inner in walk(item[2:]) if inner[0] in _PUT_TOGETHER)
    inside = (inner for text in texts for inner in walk(text[2:]))
    return any(inner is form or (inner[0] == "name" and inner[2] in names) for inner in inside)


def _declared(program: Program) -> Iterator[ClientKey]:
    """The header that FastAPI hands to a limiter: `def throttle(x_forwarded_for: str = Header())`."""
    for block in program.sites.blocks(frozenset({"HTTPException", "JSONResponse"})):
        for item in block.function.parameters if block.function is not None else ():
            from_header = any(form[0] == "name" and form[2] == "Header" for form in walk([item[2], item[3]]))
            if from_header and _FORWARDED.match(item[0]) and block.function is not None:
                believes = _believes_proxies(block.function) or "agent" in item[0]
                if reaches(program, block.function, depth=1) and not believes:
                    form = ["name", item[4], item[0]]
                    yield ClientKey(block.location(form), item[0], block.symbol, form, block, None)


def _limits(program: Program, block: Block) -> bool:
    return block.function is not None and reaches(program, block.function, depth=0)
