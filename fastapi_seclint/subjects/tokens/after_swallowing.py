"""What a function does behind an `except` that swallowed a failed verification: refuse, answer there, or go on."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, names_in, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers
from fastapi_seclint.subjects.leaks.log_calls import is_log_call
from fastapi_seclint.subjects.tokens.made_up import names_somebody, stored
from fastapi_seclint.subjects.tokens.refusals import refuses
from fastapi_seclint.subjects.tokens.swallowing import Swallow

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FAREWELLS = frozenset({"send_text", "send_json", "send_bytes", "send", "close", "disconnect", "print", "str"})


def ends_there(swallow: Swallow) -> bool:
    """Whether nothing is done for the caller behind the `except`, which at most tells him and hangs up.

    What needs the token stands in the `try`, as in a websocket that is served there and closed here.
    """
    function, trying = swallow.function, swallow.trying
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


def comes_by(swallow: Swallow, at: int) -> bool:
    """Whether whoever comes to an ending of the same function has been through the `try` first, without a token too.

    Then it is the swallowed failure that lets him in, and not that he sent nothing.
    """
    function = swallow.function
    body = function.module.facts.body(function.number)
    trying = next((form for form in body if form[0] in ("try", "with") and holds(form[1], swallow.at)), None)
    if swallow.returned is not None or trying is None or trying[1] >= at:
        return False
    tried = trying[2] if trying[0] == "try" else trying[3]
    asked = any(form[0] in ("if", "ifexp", "bool") for form in walk(tried))
    return not asked and not any(form[0] == "if" and form[1] < trying[1] for form in body)


def goes_on_to(swallow: Swallow) -> list[Form]:
    """What a function gives behind an `except` that gives nothing, where no test stands between the two."""
    later = [form for form in swallow.function.forms.of("if", "return") if form[1] > swallow.at]
    return [] if any(form[0] == "if" for form in later) else later


def answers_there(program: Program, swallow: Swallow) -> bool:
    """Whether the `except` puts down what the caller is answered, and a function gives that and does nothing more.

    `except InvalidToken: page = "error.html"` and then `return templates.TemplateResponse(page)`: what needs the token
    stands in the `try`.
    """
    function, trying = swallow.function, swallow.trying
    block = body_of(program, function)
    body = function.module.facts.body(function.number)
    if block is None or trying is None or swallow.returned is not None or len(body) < 2:
        return False
    before, last = body[-2:]
    if before[:2] != trying[:2] or last[0] != "return" or last[2] is None:
        return False
    verified = {name for form in walk(trying[2]) if form[0] == "assign" for name in stored(form)}
    put_down = {name for form in walk(swallow.body) if form[0] == "assign" for name in stored(form)}
    given = names_in(last[2])
    work = [form for form in walk(last[2]) if form[0] == "call" and not _is_response(program, block, form)]
    return bool(given & put_down) and not work and (given & verified) <= put_down


def _is_response(program: Program, block: Block, call: Form) -> bool:
    found = [*options(ask(program, block, call[2]))]
    return bool(found) and all(
        isinstance(item, External) and item.name.partition(".")[0] in ("fastapi", "starlette") for item in found
    )


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
            case ["assign", _, _, value] if mentions(value, names - somebody):
                names.update(stored(form))
            case ["if", _, test, body, otherwise] if mentions(test, names) and (refuses(body) or refuses(otherwise)):
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


def refused_by_caller(program: Program, swallow: Swallow, way: Container[Function | None] = ()) -> bool:
    """Whether somebody who calls a function refuses by a test of what it gives: `claims, error = parse(token)`.

    Where functions on one `way` call it, what others do with it is nothing to them.
    """
    calls = list(_calls(program, swallow.function))
    calls = [item for item in calls if item[0].function in way] or calls
    if _gives_no(swallow) and any(_is_denied_by(block, call) for block, call in calls):
        return True
    for block, call in calls if swallow.returned is not None else ():
        names = {
            item[2]
            for form in block.forms.of("assign", "walrus")
            if any(inner is call for inner in walk(form[3]))
            for item in walk(form[2])
            if item[0] == "name"
        }
        for form in block.forms.of("if"):
            if mentions(form[2], names) and (refuses(form[3]) or refuses(form[4])):
                return True
        if any(_is_asked_to_refuse(program, form, call, names) for form in block.forms.of("call")):
            return True
    return False


def _gives_no(swallow: Swallow) -> bool:
    """Whether a function says no when it swallowed a failure: there, or in its last statement, `return False`."""
    body = swallow.function.module.facts.body(swallow.function.number)
    given = swallow.returned if swallow.returned is not None else body[-1] if body else None
    return given is not None and given[0] == "return" and given[2] is not None and _is_nothing(given[2])


def _is_denied_by(block: Block, call: Form) -> bool:
    """Whether whoever calls a function refuses where that says no: `if not valid(token): raise HTTPException(403)`."""
    for form in block.forms.of("if"):
        match form[2]:
            case ["unary", _, "not", ["await", _, asked] | asked] if asked is call:
                return refuses(form[3])
    return False


def _is_asked_to_refuse(program: Program, form: Form, given: Form, names: set[str]) -> bool:
    """Whether a method of a result raises where that is a failure: `parse(token).or_refuse()`."""
    match form:
        case ["call", _, ["attr", _, owner, method], *_] if _comes_of(owner, given, names):
            for module in program.modules.by_file.values():
                for number, (name, _, _) in enumerate(module.facts.functions):
                    if name.endswith(f".{method}") and refuses(module.facts.body(number)):
                        return True
    return False


def _comes_of(owner: Form, given: Form, names: set[str]) -> bool:
    """Whether an object is what a call gave, or what its methods made of that: `parse(token).map(subject)`."""
    while owner is not given and owner[0] == "call" and owner[2][0] == "attr":
        owner = owner[2][2]
    return owner is given or owner[2:] in [[name] for name in names]


def _calls(program: Program, function: Function) -> Iterator[tuple[Block, Form]]:
    """The calls of a function; those of what a decorator's wrapper stands for go by the name of that."""
    yield from ((block, call) for block, call, _ in callers(program, function))
    wrapped = function.wraps.name if isinstance(function.wraps, Function) else ""
    for block in program.sites.blocks(frozenset({wrapped})) if wrapped else ():
        for form in block.forms.of("call"):
            reached = called(program, block, form) if last_name(form[2]) == wrapped else ()
            if any(found.number == function.number for found, _ in reached):
                yield block, form
