"""The 401s that a function makes without a challenge, the `WWW-Authenticate` header of RFC 9110, section 11.6.1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, beginning, span_of, walk
from fastapi_seclint.program.attributes import get_attribute
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.operators import plain_member
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
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
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.members import of_members
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.spread import spelled_out
from fastapi_seclint.subjects.guards.exception_handlers import exception_handlers, told_status
from fastapi_seclint.subjects.guards.own_headers import are_others, hands_headers_on, own_headers, without_rest
from fastapi_seclint.subjects.guards.replaced import replaced
from fastapi_seclint.subjects.guards.told_statuses import answers_as_told
from fastapi_seclint.subjects.leaks.own_statuses import status_of
from fastapi_seclint.subjects.limits.limiters import inner_numbers
from fastapi_seclint.subjects.secrets.lent import argument

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

HTTP_EXCEPTIONS = ("fastapi.exceptions.HTTPException", "starlette.exceptions.HTTPException")
RESPONSE = re.compile(r"^(fastapi|starlette)\.responses\.(JSON|ORJSON|UJSON|PlainText)?Response$")
_HEADER = b'"WWW-Authenticate"'


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that makes a 401 without the header; `headers` is the argument that is there and lacks it.

    `form` is `["class", at]` where the place is known and the header is to be given elsewhere; `later` says that what
    is called there takes no headers, so that the object gets them below it. `told` is where what is made elsewhere is
    raised or asked for.
    """

    block: Block
    form: Form
    headers: Form | None
    later: bool = False
    told: Location | None = None


def refusals(program: Program, function: Function) -> Iterator[Refusal]:
    """The calls in a function, or behind a name that it raises, that make a 401 without `WWW-Authenticate`."""
    yield from _of_made(program, function)
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
            for refusal in found:
                if (
                    _is_told_elsewhere(program, block, form)
                    or _gets_headers_later(block, form)
                    or replaced(block, form)
                ):
                    break
                told = block.location(form) if refusal.block is not block else _written_at(program, block, form)
                yield replace(refusal, told=told)


def _written_at(program: Program, block: Block, form: Form) -> Location | None:
    """Where the function raises that a call stands for, `deny(401)`: None where the call is what it says."""
    written = program.refusals.get((block.module.file, form[1]))
    return None if written is None else Location(written.module.path, span_of(written.statements[-1][1]))


def _of_made(program: Program, handler: Function) -> Iterator[Refusal]:
    """The answer of an exception handler that another function made for a 401."""
    told, block = told_status(handler), program.sites.block(handler.module, handler.number)
    if told is not None and block is not None and told[0] == 401 and _lacks(program, block, told[1]) == (None,):
        yield Refusal(block, ["class", told[1][1]], None)


def _gets_headers_later(block: Block, form: Form) -> bool:
    """Whether the name that an exception is given gets headers of its own: `error.headers = CHALLENGE`."""
    names = {
        target[2]
        for given in block.forms.of("assign")
        if given[3] is form
        for target in given[2]
        if target[0] == "name"
    }
    targets = [target for given in block.forms.of("assign") for target in given[2]] if names else []
    parts = [target[2] if target[0] == "sub" else target for target in targets]
    return any(part[0] == "attr" and part[3] == "headers" and beginning(part) in names for part in parts)


def _is_told_elsewhere(program: Program, block: Block, form: Form) -> bool:
    """Whether a call stands for a function that says 401 by itself, so that the header is for that one to give."""
    written = program.refusals.get((block.module.file, form[1]))
    function = program.sites.function(written.module, written.number) if written is not None else None
    return function is not None and any(True for _ in refusals(program, function))


def _of_call(program: Program, block: Block, form: Form) -> Iterator[Refusal]:
    if any(keyword is None for keyword, _, _ in form[4]):
        form = spelled_out(program, block, form)
    if form[2][0] == "name" and form[2][2] == "send" and _starts_with_401(program, block, form):
        yield Refusal(block, ["class", form[1]], None)
    for option in options(ask(program, block, form[2])):
        if isinstance(option, Function):
            if answers_as_told(program, block, option, form):
                yield Refusal(block, ["class", form[1]], None)
            continue
        if isinstance(option, Partial):
            if _is_partial_refusal(option) and (lacks := _lacks(program, block, form)) is not None:
                yield Refusal(block, form, lacks[0])
        elif isinstance(option, External) and (option.name in HTTP_EXCEPTIONS or RESPONSE.match(option.name)):
            if _is_unauthorized(program, block, form) and (lacks := _lacks(program, block, form)) is not None:
                yield Refusal(block, form, lacks[0])
        elif isinstance(option, Class) and any(map(RESPONSE.match, option.external_bases())):
            if _is_told_401(program, block, option, form):
                yield Refusal(block, ["class", form[1]], None)
        elif isinstance(option, Class) and not _gets_headers(option, form):
            if _takes_headers(program, option):
                yield Refusal(block, form, None)
            yield from _of_class(program, option)
            if _is_answered_with_401(program, block, option, form):
                yield Refusal(block, ["class", form[1]], None)
            elif (fixing := _fixing_401(program, option)) is not None:
                yield Refusal(program.sites.top(fixing.module), ["class", fixing.at], None)
        return


def _is_told_401(program: Program, block: Block, cls: Class, call: Form) -> bool:
    """Whether a response of the project's own, which hands its status on and no headers, is told that it is a 401."""
    initializer = method_of(Instance(cls), "__init__")
    if initializer is None or initializer.number < 0 or _gets_headers(cls, call):
        return False
    if initializer.module.facts.body_mentions(initializer.number, b'"headers"'):
        return False
    inner = next((one for one in initializer.forms.of("call") if one[2][0] == "attr" and one[2][3] == "__init__"), None)
    handed = [value for keyword, value, _ in inner[4] if keyword == "status_code"] or inner[3][1:2] if inner else []
    names = [item[0] for item in initializer.parameters]
    if not handed or handed[0][0] != "name" or handed[0][2] not in names:
        return False
    given = argument(initializer, call, handed[0][2], True)
    return given is not None and any(map(_is_401, options(ask(program, block, given))))


def _takes_headers(program: Program, cls: Class) -> bool:
    """Whether an exception that is a 401 hands on the headers that it is given, and has none where it is given none."""
    initializer = method_of(Instance(cls), "__init__")
    if initializer is None or initializer.number < 0 or not set(cls.external_bases()) & set(HTTP_EXCEPTIONS):
        return False
    optional = {item[0] for item in initializer.parameters if item[3] is not None and item[3][::2] == ["const", None]}
    block = program.sites.block(initializer.module, initializer.number)
    for call in block.forms.of("call") if block is not None and "headers" in optional else ():
        handed = any(keyword == "headers" and value[::2] == ["name", "headers"] for keyword, value, _ in call[4])
        handed = handed or [item[::2] for item in call[3][2:3]] == [["name", "headers"]]
        if block is not None and handed and call[2][0] == "attr" and call[2][3] == "__init__":
            return _is_unauthorized(program, block, call) or _status_of(program, cls, call) == 401
    return False


def _gets_headers(cls: Class, call: Form) -> bool:
    """Whether an exception of the project's own may be given headers, by name, by position or with everything else."""
    if any(keyword in (None, "headers") for keyword, _, _ in call[4]) or any(item[0] == "star" for item in call[3]):
        return True
    initializer = method_of(Instance(cls), "__init__")
    names = [parameter[0] for parameter in initializer.parameters[1:]] if initializer is not None else []
    return "headers" in names[: len(call[3])]


def _is_answered_with_401(program: Program, block: Block, cls: Class, call: Form) -> bool:
    """Whether an exception of the project's own is told that its answer is a 401: `raise ApiError(401, "sign in")`."""
    given = arguments(call)
    if not any(any(map(_is_401, options(ask(program, block, value)))) for value in given[:3]):
        return False
    return any(handled in cls.lineage() for handled, _ in exception_handlers(program))


def _fixing_401(program: Program, cls: Class) -> Class | None:
    """The class that says that answers to an exception of the project's own, which a handler answers, are 401s."""
    lineage = [base for base in cls.lineage() if isinstance(base, Class)]
    fixing = next((base for base in lineage if status_of(base)), None)
    if fixing is None or status_of(fixing) != 401 or set(cls.external_bases()) & set(HTTP_EXCEPTIONS):
        return None
    if any("headers" in base.namespace for base in lineage[: lineage.index(fixing) + 1]):
        return None  # what its class says beside the status
    return fixing if any(handled in lineage for handled, _ in exception_handlers(program)) else None


def _starts_with_401(program: Program, block: Block, call: Form) -> bool:
    """Whether a call sends the start of such an answer: `send({"type": "http.response.start", "status": 401})`."""
    message = call[3][0] if len(call[3]) == 1 and call[3][0][0] == "dict" else None
    items = {key[2]: value for key, value in message[2] if key is not None and key[0] == "const"} if message else {}
    start, status, headers = items.get("type"), items.get("status"), items.get("headers", ["list", 0, []])
    if start is None or start[2:] != ["http.response.start"] or status is None or headers[0] not in ("list", "tuple"):
        return False
    plain = all(item[0] in ("tuple", "list") and item[2] and item[2][0][0] == "bytes" for item in headers[2])
    named = [str(item[2][0][2]).lower() for item in headers[2]] if plain else ["www-authenticate"]
    return any(map(_is_401, options(ask(program, block, status)))) and "www-authenticate" not in named


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
    own = own_headers(block) if block is not None else None
    if block is None or (own is not None and not are_others(own)):
        return
    for form in map(without_rest, block.forms.of("call")):
        if form[2][0] != "attr" or form[2][3] != "__init__":
            continue
        if _status_of(program, cls, form) == 401 and (_lacks(program, block, form) or _has_none(program, cls, form)):
            yield Refusal(program.sites.top(cls.module), ["class", cls.at], None)
            continue
        if _is_unauthorized(program, block, form) and (lacks := _lacks(program, block, form)) is not None:
            yield Refusal(block, form, own or lacks[0], later=own is None and not hands_headers_on(cls, initializer))


def _has_none(program: Program, cls: Class, call: Form) -> bool:
    """Whether the headers that an `__init__` passes on are an attribute that a class of exceptions has not filled."""
    given = [value for keyword, value, _ in call[4] if keyword == "headers"] or call[3][2:3]
    found = [option for item in given for option in _own(program, cls, item)]
    return bool(found) and all(isinstance(option, Const) and option.value is None for option in found)


def _status_of(program: Program, cls: Class, call: Form) -> object:
    """The status that a class of exceptions has as an attribute of its own, where its `__init__` passes that on."""
    given = [value for keyword, value, _ in call[4] if keyword == "status_code"] or call[3][:1]
    found = (option for item in given for option in _own(program, cls, item))
    return next((option.value for option in found if isinstance(option, Const)), None)


def _own(program: Program, cls: Class, form: Form) -> list[Value]:
    """What an attribute of the object itself is in a class: `self.status_code`; nothing for another expression."""
    match form:
        case ["attr", at, ["name", _, "self"], name]:
            with program.interpreter.asking():
                return list(options(get_attribute(program.interpreter, Instance(cls), name, Place(cls.module, at))))
    return []


def _behind(program: Program, block: Block, name: Form) -> Iterator[Refusal]:
    """The call that made an exception kept at the top of a module, or the class that is raised as it is."""
    for option in options(ask(program, block, name)):
        if isinstance(option, Class):
            yield from _of_class(program, option)
            if (fixing := _fixing_401(program, option)) is not None:
                yield Refusal(program.sites.top(fixing.module), ["class", fixing.at], None)
        place = option.place if isinstance(option, External | Instance) else None
        if place is None or _is_class(option):
            continue
        module = program.sites.top(place.module)
        for form in module.forms.of("call"):
            if form[1] == place.at:
                yield from _of_call(program, module, form)


def _is_class(value: Value) -> bool:
    return isinstance(value, External) and not value.called


def _is_told_when_made(program: Program, block: Block, form: Form) -> bool:
    """Whether an attribute is one that no class of the object has: each object is told it when it is made."""
    made = [option.cls for option in options(ask(program, block, form[2])) if isinstance(option, Instance)]
    classes = [base for cls in made if isinstance(cls, Class) for base in cls.lineage() if isinstance(base, Class)]
    return bool(classes) and not any(form[3] in base.namespace for base in classes)


def _is_unauthorized(program: Program, block: Block, form: Form) -> bool:
    first = 1 if form[2][0] in ("name", "attr") and str(form[2][-1]).endswith("Response") else 0
    given = [value for keyword, value, _ in form[4] if keyword == "status_code"] or form[3][first : first + 1]
    if not given or given[0][0] == "star" or (first and given[0][0] == "name"):
        return False
    if form[2][0] == "attr" and form[2][3] == "__init__" and given[0][0] == "attr" and given[0][2][2:] == ["self"]:
        return False  # each class that inherits has a status of its own: `_status_of` asks for that of one
    if first and given[0][0] == "attr" and _is_told_when_made(program, block, given[0]):
        return False  # whoever raises such an exception tells it its status
    known = [
        *options(ask(program, block, given[0])),
        *(one for it in of_members(block, given[0]) for one in options(it)),
    ]
    return any(map(_is_401, known))


def _is_401(value: Value) -> bool:
    """Whether a status is 401, or a parameter that is where nobody says otherwise: `def deny(text, code=401)`."""
    if isinstance(value, Environment) and value.name.startswith("parameter "):
        return any(isinstance(option, Const) and option.value == 401 for option in options(value.default))
    plain = plain_member(value)
    return isinstance(plain, Const) and plain.value == 401


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
        case ["dict", *_]:
            return (given[0],) if are_others(given[0]) else None
    return None


def added_elsewhere(program: Program, plain: bool = False) -> bool:
    """Whether a handler of exceptions or a middleware of the project adds the header to its answers.

    A handler for an exception of the project's own adds it to that one only, so not to a `plain` HTTPException.
    """
    own = {
        (handler.module.file, handler.number)
        for cls, handler in (exception_handlers(program) if plain else ())
        if not any(base.endswith("HTTPException") for base in cls.external_bases())
    }
    for module in program.modules.by_file.values():
        if "JSONResponse" not in module.facts.words and "headers" not in module.facts.words:
            continue
        for number in range(-1, len(module.facts.functions)):
            if (
                (module.file, number) not in own
                and module.facts.body_mentions(number, _HEADER)
                and _answers(module.facts.module if number < 0 else module.facts.body(number))
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
                if any(keyword == "headers" and value[0] == "name" for keyword, value, _ in form[4]):
                    return True  # what the name holds is put together before
    return False
