"""Where a failure to verify a token is caught and nothing is refused: the try statement and its handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, Unknown, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers
from fastapi_seclint.subjects.leaks.log_calls import is_log_call
from fastapi_seclint.subjects.tokens.made_up import names_somebody, stored
from fastapi_seclint.subjects.tokens.refusals import refuses

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4
_FAREWELLS = frozenset({"send_text", "send_json", "send_bytes", "send", "close", "disconnect", "print", "str"})
_TOKEN = re.compile(r"token|jwt|bearer|credentials?$", re.I)
_KNOWN: WeakKeyDictionary[Program, dict[int, list[Swallow]]] = WeakKeyDictionary()
_BELOW: WeakKeyDictionary[Program, dict[tuple[str, int, int], list[Swallow]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Swallow:
    """An `except` (or `suppress`) that catches a failed verification and does not refuse.

    `at` is its place, `returned` what it gives to the caller instead, None when it goes on behind the statement.
    """

    function: Function
    at: int
    body: list[Form]
    returned: Form | None


def swallows(program: Program, function: Function, depth: int = _DEPTH) -> list[Swallow]:
    """The swallows in a function and in the functions of the project that it calls; found once a program."""
    known = _BELOW.setdefault(program, {})
    key = (function.module.file, function.number, depth)
    if key not in known:
        known[key] = list(_reached(program, function, depth, set()))
    return known[key]


def _reached(program: Program, function: Function, depth: int, seen: set[int]) -> Iterator[Swallow]:
    if id(function) in seen or depth == 0 or function.number < 0:
        return
    seen.add(id(function))
    yield from own_swallows(program, function)
    block = body_of(program, function)
    for form in function.forms.every if block is not None else ():
        if form[0] == "call" and block is not None and _may_verify(form):
            for inner, _ in called(program, block, form):
                yield from _reached(program, inner, depth - 1, seen)


def _may_verify(call: Form) -> bool:
    name = spelled(call[2]).rpartition(".")[2]
    if credentials.names_guardian(name) or "decode" in name or "payload" in name or "claims" in name:
        return True
    said = (str(form[-1]) for form in walk([call[2], call[3], call[4]]) if form[0] in ("name", "attr"))
    return any(_TOKEN.search(name) for name in said)


def own_swallows(program: Program, function: Function) -> list[Swallow]:
    """The swallows in a function's own body."""
    known = _KNOWN.setdefault(program, {})
    if id(function) not in known:
        known[id(function)] = list(_found(program, function))
    return known[id(function)]


def _found(program: Program, function: Function) -> Iterator[Swallow]:
    block = body_of(program, function)
    if block is None:
        return
    for form in function.forms.every:
        match form:
            case ["try", _, body, handlers, _, final]:
                if any(_verifies(program, block, inner) for inner in walk(body)):
                    yield from _letting_go(function, handlers)
                    yield from (Swallow(function, item[1], [], item) for item in final if item[0] == "return")
            case ["with", at, [[["call", _, suppress, *_], _]], body] if suppress[-1] == "suppress":
                if any(_verifies(program, block, inner) for inner in walk(body)):
                    yield Swallow(function, at, [], None)


def _letting_go(function: Function, handlers: list[Form]) -> Iterator[Swallow]:
    for _, _, body, at in handlers:
        if refuses(body):
            continue
        ending = next((form for form in body if form[0] == "return"), None)
        yield Swallow(function, at, body, ending)


def ends_there(swallow: Swallow) -> bool:
    """Whether nothing is done for the caller behind the `except`, which at most tells him and hangs up.

    What needs the token stands in the `try`, as in a websocket that is served there and closed here.
    """
    function = swallow.function
    trying = next((form for form in function.forms.of("try") if any(one[3] == swallow.at for one in form[3])), None)
    if trying is None or swallow.returned is not None:
        return False
    if any(holds(form[1], trying[1]) for form in function.forms.of("for", "while")):
        return False
    aside = {id(form) for one in trying[3] for form in walk(one[2])}
    later = [form for form in function.forms.every if form[1] > swallow.at and id(form) not in aside]
    if any(form[0] in ("return", "yield", "yieldfrom") for form in later):
        return False
    done = [form for form in (*walk(swallow.body), *later) if form[0] == "call"]
    return bool(swallow.body) and all(last_name(form[2]) in _FAREWELLS or is_log_call(form) for form in done)


def refused_later(swallow: Swallow) -> bool:
    """Whether a function goes on with something that stands for a failure, and refuses when it meets that.

    A text that names somebody, `email = "guest@example.com"`, stands for no failure in what is looked up by it, and
    claims that name somebody for none at all.
    """
    given = [form for form in walk(swallow.body) if form[0] == "assign" and not names_somebody(form[3])]
    names = {name for form in given for name in stored(form)}
    somebody = {
        name
        for form in walk(swallow.body)
        if form[0] == "assign" and form[3][0] == "const" and isinstance(form[3][2], str) and form[3][2]
        for name in stored(form)
    }
    if swallow.returned is not None or not names:
        return False
    for form in swallow.function.forms.every:
        if form[1] <= swallow.at:
            continue
        match form:
            case ["assign", _, _, value] if _speaks_of(value, names - somebody):
                names.update(stored(form))
            case ["if", _, test, body, otherwise] if _speaks_of(test, names) and (refuses(body) or refuses(otherwise)):
                return True
    return False


def shows_as_visitor(swallow: Swallow) -> bool:
    """Whether a failure leaves what a handler shows as it is without a token: the same names hold nothing again."""
    function = swallow.function
    given = [form for form in walk(swallow.body) if form[0] == "assign"]
    names = {name for form in given for name in stored(form)}
    before = {
        name
        for form in function.forms.of("assign", "annassign")
        if form[1] < swallow.at and form[-1] is not None and _is_nothing(form[-1])
        for name in (stored(form) if form[0] == "assign" else [form[2][-1]])
    }
    shown = {item[2] for answer in function.forms.of("return") for item in walk(answer) if item[0] == "name"}
    return bool(names) and all(_is_nothing(form[3]) for form in given) and names <= before and bool(names & shown)


def _is_nothing(form: Form) -> bool:
    return form[0] == "const" and not form[2]


def refused_by_caller(program: Program, swallow: Swallow) -> bool:
    """Whether somebody who calls a function refuses by a test of what it gives: `claims, error = parse(token)`."""
    for block, call in _calls(program, swallow.function) if swallow.returned is not None else ():
        names = {
            item[2]
            for form in block.forms.of("assign", "walrus")
            if any(inner is call for inner in walk(form[3]))
            for item in walk(form[2])
            if item[0] == "name"
        }
        for form in block.forms.of("if"):
            if _speaks_of(form[2], names) and (refuses(form[3]) or refuses(form[4])):
                return True
        if any(_is_asked_to_refuse(program, form, call, names) for form in block.forms.of("call")):
            return True
    return False


def _is_asked_to_refuse(program: Program, form: Form, given: Form, names: set[str]) -> bool:
    """Whether a method of a result raises where that is a failure: `parse(token).or_refuse()`."""
    match form:
        case ["call", _, ["attr", _, owner, method], *_] if owner is given or owner[2:] in [[name] for name in names]:
            for module in program.modules.by_file.values():
                for number, (name, _, _) in enumerate(module.facts.functions):
                    if name.endswith(f".{method}") and refuses(module.facts.body(number)):
                        return True
    return False


def _calls(program: Program, function: Function) -> Iterator[tuple[Block, Form]]:
    """The calls of a function; those of what a decorator's wrapper stands for go by the name of that."""
    yield from ((block, call) for block, call, _ in callers(program, function))
    wrapped = function.wraps.name if isinstance(function.wraps, Function) else ""
    for block in program.sites.blocks(frozenset({wrapped})) if wrapped else ():
        for form in block.forms.of("call"):
            reached = called(program, block, form) if last_name(form[2]) == wrapped else ()
            if any(found.number == function.number for found, _ in reached):
                yield block, form


def _speaks_of(form: Form, names: set[str]) -> bool:
    return any(inner[0] == "name" and inner[2] in names for inner in walk(form))


def _verifies(program: Program, block: Block, form: Form) -> bool:
    """Whether a call verifies a token and raises when it is bad: of a library, of the project, or by its name."""
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    name = spelled(form[2]).rpartition(".")[2]
    for option in options(ask(program, block, form[2])):
        if isinstance(option, External):
            row = credentials.entry("verifier", option.name)
            return row is not None and row.get("raises", True)
        if isinstance(option, Unknown):
            return _DECODING.search(name) is not None and bool(form[3] or form[4]) and not _is_of_bytes(form)
    return any(raises_for_junk(program, function) for function, _ in called(program, block, form))


def _is_of_bytes(call: Form) -> bool:
    """Whether a call makes a text of bytes: `body.decode("utf-8")`."""
    if last_name(call[2]) != "decode" or call[2][0] != "attr":
        return False
    codec = all(item[0] == "const" and isinstance(item[2], str) for item in call[3])
    return codec and all(keyword in ("encoding", "errors") for keyword, _, _ in call[4])


_DEPTH_OF_RAISING = 3
_RAISING: WeakKeyDictionary[Program, dict[int, bool]] = WeakKeyDictionary()


def raises_for_junk(program: Program, function: Function, depth: int = _DEPTH_OF_RAISING) -> bool:
    """Whether a function of the project verifies a token and passes the failure on to its caller."""
    known = _RAISING.setdefault(program, {})
    if id(function) in known:
        return known[id(function)]
    known[id(function)] = False
    block = body_of(program, function)
    if block is None or depth == 0:
        return False
    caught = {id(inner) for form in function.forms.every if form[0] == "try" for inner in walk(form[2])}
    raising = any(refuses(handler[2]) for form in function.forms.every if form[0] == "try" for handler in form[3])
    for form in function.forms.every:
        if (id(form) not in caught or raising) and _verifies(program, block, form):
            known[id(function)] = True
            return True
    return False


_DECODING = re.compile(
    r"(decode|verify|validate|parse|read|check|load)_?(the_|id_|access_|auth_|bearer_|jwt_|user_)*(jwt|token|bearer|claims"
    r"|credentials?)|(jwt|token)_?(decode|verify|validate|payload)|^decode$",
    re.I,
)


def looked_at(program: Program, function: Function, names: set[str], depth: int = 2, *, shown: bool = True) -> bool:
    """Whether a function, or one of the project that it hands its names to, tests one of them.

    `depth` is how many calls are followed; without `shown`, a choice of what an answer says is no test.
    """
    if looks_at(function, names, shown=shown):
        return True
    block = body_of(program, function) if depth else None
    if block is None:
        return False
    handed = [item for form in function.forms.of("call") for item in handed_to(program, block, form, names)]
    if any(looked_at(program, inner, given, depth - 1) for inner, given in handed):
        return True
    asked = (form for form in function.forms.of("call") if form[2][0] == "attr" and form[2][2][0] == "name")
    own = (form for form in asked if form[2][2][2] in names)
    return any(method.forms.of("raise") for form in own for method, _ in called(program, block, form))


def looks_at(function: Function, names: set[str], *, shown: bool = True) -> bool:
    """Whether a function tests one of its names, or hands it to something that is named after a test."""
    answers = [] if shown else [form[2] for form in function.forms.of("return") if form[2] and form[2][0] == "dict"]
    answers += [] if shown else [form for form in function.forms.of("call") if is_log_call(form)]
    only_shown = {id(inner) for answer in answers for inner in walk(answer)}
    for form in function.forms.every:
        tested: list[Form] = []
        if id(form) in only_shown:
            continue
        match form:
            case ["if" | "while" | "ifexp" | "assert", _, test, *_]:
                tested = [test]
            case ["bool", _, _, items]:
                tested = items
            case ["compare", _, left, _, others]:
                tested = [left, *others]
            case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], []]:
                tested = [inner]
            case ["call", _, called_, positional, keywords] if credentials.names_verification(str(called_[-1])):
                tested = [*positional, *(value for _, value, _ in keywords)]
        if any(inner[0] == "name" and inner[2] in names for inner in walk(tested)):
            return True
    return False
