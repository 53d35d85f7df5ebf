"""FSL901: what an exception says, or a whole traceback, is sent to the client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, line_of, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Place, options
from fastapi_seclint.rule import Confidence, Finding, Rule
from fastapi_seclint.subjects.code.development import holds, only_in_development
from fastapi_seclint.subjects.code.made_for import made_for
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.guards.replaced import replaced
from fastapi_seclint.subjects.leaks.answer_models import makes_answer
from fastapi_seclint.subjects.leaks.answering import unheard
from fastapi_seclint.subjects.leaks.exception_fixes import constant_text
from fastapi_seclint.subjects.leaks.exception_texts import Caught, Sort, caught, has_trace, sort_of, tells
from fastapi_seclint.subjects.leaks.exceptions_passed import streams
from fastapi_seclint.subjects.leaks.http_errors import is_http, named_rights, readable, refused
from fastapi_seclint.subjects.leaks.kept_texts import kept
from fastapi_seclint.subjects.leaks.outcomes import sent_fields
from fastapi_seclint.subjects.leaks.own_answers import WHOLE, answered_fields, kept_in_object
from fastapi_seclint.subjects.leaks.passed_on import (
    Answered,
    note_answered,
    place_key,
    raised_on,
    raised_with,
    reaches_answer,
    sent_attributes,
)
from fastapi_seclint.subjects.leaks.refusers import told
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL901",
    name="exception-text-in-response",
    summary="exception texts tell strangers about queries, paths, hosts and libraries",
    severity="medium",
    cwe=(209,),
    owasp=("API8",),
    guide="10",
    fixable="unsafe",
)

_RESPONSE = re.compile(r"^(JSON|ORJSON|UJSON|PlainText|HTML|Template)?Response$")
_ANSWERING = frozenset({"raise", "return", "assign", "call", "yield"})
"""The forms that may put a text into an answer."""
_SENDING = frozenset({"send_text", "send_json"})


@RULE.check
def exception_text_in_response(program: Program) -> Iterator[Finding]:
    """One finding for each answer, at the expression that puts the text in."""
    seen: set[tuple[str, int]] = set()
    every = list(caught(program))
    answered: Answered = {}
    for found in every:
        for form, confidence in _leaks(program, found):
            sort = _sort(program, found, form)
            if sort == "own":
                note_answered(program, found, form, answered)
            else:
                yield from _finding(program, found, form, confidence, sort, seen)
    sent = {item for found in every if found.handler for item in _sent(program, found)}
    for found in every if sent else ():
        for form in raised_with(program, found, sent):
            yield from _finding(program, found, form, "medium", _sort(program, found, form), seen)
    for found in every if answered else ():
        for form in raised_on(program, found, answered):
            yield from _finding(program, found, form, "medium", _sort(program, found, form), seen)
    for found in every:
        for form in (*kept(program, found), *kept_in_object(program, found)):
            yield from _finding(program, found, form, "medium", _sort(program, found, form), seen)
    yield from _refusals(program)


def _sent(program: Program, found: Caught) -> Iterator[tuple[str, str]]:
    """The attributes of the project's exceptions that a handler puts into its answer."""
    for form in walk(found.statements):
        if form[0] == "call" and form[2][0] in ("name", "attr") and _RESPONSE.match(str(form[2][-1])):
            yield from sent_attributes(program, found, _contents(found, form))


def _contents(found: Caught, call: Form) -> list[Form]:
    """What a response is made of: its `content` or first argument, where that has a name what it was assigned."""
    content = next((value for keyword, value, _ in call[4] if keyword == "content"), None)
    given = [content] if content is not None else readable(call)[:1]
    names = {item[2] for item in given if item[0] == "name"}
    assigned = (form for form in walk(found.statements) if form[0] == "assign" and names)
    return [*given, *(form[3] for form in assigned if any(last_name(target) in names for target in form[2]))]


def _sort(program: Program, found: Caught, form: Form) -> Sort:
    return "foreign" if has_trace(form) else sort_of(program, found, _narrowed(found, form))


def _finding(
    program: Program, found: Caught, form: Form, confidence: Confidence, sort: Sort, seen: set[tuple[str, int]]
) -> Iterator[Finding]:
    """The finding at an expression, unless there is one in its line or only developers see it."""
    key = (found.block.module.path, line_of(form[1]))
    if sort == "own" or key in seen or only_in_development(Place(found.block.module, form[1])):
        return
    seen.add(key)
    doubtful = sort == "doubtful"
    yield RULE.finding(
        found.block.location(form),
        "an exception's text in a response tells strangers about queries, paths, hosts and libraries: log it, "
        "and answer with a constant text",
        severity="low" if doubtful else None,
        confidence="low" if doubtful else confidence,
        persona="pedantic" if doubtful else None,
        symbol=found.block.symbol,
        fix=constant_text(program, found, form),
    )


def _leaks(program: Program, found: Caught) -> Iterator[tuple[Form, Confidence]]:
    """The expressions with the text that go into an answer."""
    later = found.block.statements if found.texts else found.statements
    for form in walk(later):
        if form[0] not in _ANSWERING:
            continue
        inside = any(holds(item[1], form[1]) for item in found.statements)
        if (form[1] < found.at and not inside) or (form[0] == "raise" and replaced(found.block, form[2] or form)):
            continue
        match form:
            case ["raise", _, ["call", *_] as call, _] | ["return", _, ["call", *_] as call] if is_http(
                program, found.block, call
            ):
                made = (found.block.module.file, call[1]) in program.refusals
                given = [item for item in readable(call) if not made or item[1] != call[1]]
                yield from ((item, "high") for item in given if tells(found, item))
            case ["assign", _, [["sub", _, ["attr", _, ["name", _, "request"], "session"], _]], value] if tells(
                found, value
            ):
                yield value, "medium"  # the cookie of Starlette's SessionMiddleware, which whoever has it can read
            case ["assign", _, _, ["call", *_] as call] if is_http(program, found.block, call):
                yield from ((item, "high") for item in readable(call) if tells(found, item))
            case ["call", _, ["name" | "attr", *_] as function, *_] if _RESPONSE.match(str(function[-1])):
                if not found.handler and found.block.function is not None and unheard(program, found.block.function):
                    continue
                yield from ((item, "high") for item in readable(form) if tells(found, item))
            case ["yield", _, value] if value is not None and tells(found, value) and _streams(program, found):
                yield value, "medium"
            case ["call", _, ["attr", _, _, name], *_] if name in _SENDING:
                yield from ((item, "medium") for item in readable(form) if tells(found, item))
            case ["call", *_] if inside and any(tells(found, item) for item in readable(form)):
                given = [item for item in told(program, found.block, form, is_http) if item[2:] != [found.name]]
                yield from ((item, "medium") for item in given if tells(found, item))
            case ["return", _, value] if value is not None and tells(found, value):
                passed_on = _is_bare(value) and value[2] == found.name
                if not passed_on and not _responds(value) and _answers(program, found, value):
                    yield _put_in(found, value), "medium"
                elif value[0] == "call" and _is_outcome(program, found.block, value):
                    named = [pair for pair in _by_name(program, found.block, value) if tells(found, pair[1])]
                    answers = bool(named) and _makes_answer(program, found, value)
                    sent = _sent_of(program, found, value) if named and not answers else frozenset()
                    yield from ((item, "medium") for name, item in named if answers or {name, WHOLE} & sent)


def _sent_of(program: Program, found: Caught, made: Form) -> frozenset[str]:
    """The fields of an object that get into answers: in those who call the function, or in a method of its own."""
    sent = sent_fields(program, found.block)
    owner = found.block.function.owner if found.block.function is not None else None
    classes = [owner] if made[2][2:] == ["cls"] else list(options(ask(program, found.block, made[2])))
    classes += [cls for cls, _ in made_for(program, found.block, made)]
    return sent.union(*(answered_fields(program, cls) for cls in classes if isinstance(cls, Class)))


def _makes_answer(program: Program, found: Caught, call: Form) -> bool:
    """Whether an object that is returned is a route's answer by its class, and somebody takes it."""
    function = found.block.function
    return function is not None and makes_answer(program, found.block, call) and not unheard(program, function)


def _streams(program: Program, found: Caught) -> bool:
    return found.block.function is not None and streams(program, found.block.function)


def _is_outcome(program: Program, block: Block, call: Form) -> bool:
    """Whether a call makes an object of a class of the project that is no exception: `Outcome(error=str(e))`."""
    if call[2][0] == "name" and call[2][2] == "cls":
        return True
    made = [*options(ask(program, block, call[2])), *(cls for cls, _ in made_for(program, block, call))]
    return any(
        isinstance(option, Class) and not any("Exception" in name for name in option.external_bases())
        for option in made
    )


def _by_name(program: Program, block: Block, call: Form) -> Iterator[tuple[str, Form]]:
    """What a call that makes an object gives it, each under the name of its parameter or field."""
    yield from ((name, value) for name, value, _ in call[4] if name)
    made = next((item for item in options(ask(program, block, call[2])) if isinstance(item, Class)), None)
    names = [item.name for item in parameters(made)] if made is not None and call[3] else []
    yield from zip(names, call[3], strict=False)
    yield from (pair for _, given in made_for(program, block, call) for pair in given)


def _responds(value: Form) -> bool:
    """Whether a response is made in what is returned, which is looked at by itself."""
    return any(
        form[0] == "call" and form[2][0] in ("name", "attr") and _RESPONSE.match(str(form[2][-1]))
        for form in walk(value)
    )


def _put_in(found: Caught, value: Form) -> Form:
    """Where the text gets into what is returned: an item put into a container, the text that has a name."""
    names = [form[2] for form in walk(value) if form[0] == "name" and form[2] in found.texts]
    if names and (_is_bare(value) or names[0] in found.containers):
        return found.texts[names[0]]
    return value


def _is_bare(form: Form) -> bool:
    return bool(form[0] == "name")


def _answers(program: Program, found: Caught, value: Form) -> bool:
    """Whether what the function returns is sent: it is a handler, or a handler passes on what it gets from it."""
    function = found.block.function
    if function is None:
        return False
    if found.handler or is_handler(program, function):
        return True
    keys = [key for key, item in value[2] if tells(found, item)] if value[0] == "dict" else []
    named = frozenset(str(key[2]) for key in keys if key is not None and key[0] == "const")
    if value[0] == "tuple":
        named = frozenset(place_key(number) for number, item in enumerate(value[2]) if tells(found, item))
    return reaches_answer(program, function, named)


def _narrowed(found: Caught, form: Form) -> list[Form] | None:
    """The classes that an `isinstance` around a place has asked the exception for."""
    for test in walk(found.statements):
        if test[0] not in ("if", "ifexp"):
            continue
        body = test[3] if test[0] == "if" else [test[3]]
        if not any(holds(item[1], form[1]) or holds(form[1], item[1]) for item in body):
            continue
        for call in walk(test[2]):
            match call:
                case ["call", _, ["name", _, "isinstance"], [["name", _, name], kind], _] if name == found.name:
                    return list(kind[2]) if kind[0] == "tuple" else [kind]
    return None


def _refusals(program: Program) -> Iterator[Finding]:
    for block, item in named_rights(program):
        yield RULE.finding(
            block.location(item),
            "the refusal names the role or permission that the caller lacks, which tells an attacker what to go for: "
            "answer with a constant text",
            severity="low",
            persona="pedantic",
            symbol=block.symbol,
            fix=refused(block, item),
        )
