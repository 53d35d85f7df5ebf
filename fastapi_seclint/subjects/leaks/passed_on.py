"""Texts on their way to an answer: what a function returns to its caller, what an exception of the project carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, Form, awaited, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, callers
from fastapi_seclint.subjects.guards.replaced import replaced
from fastapi_seclint.subjects.leaks.exception_texts import DUMPS, Caught, tells
from fastapi_seclint.subjects.leaks.propagation import gets_to
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

SENT = re.compile(r"(HTTPException|HttpException|HTTPError|Response)$|^send_(text|json)$")
_DEPTH = 2
Answered = dict[str, dict[tuple[str, int], set[str]]]
"""The classes whose texts are sent, and the functions that send them; `("", 0)` for handlers of the application.

Of each the attributes that are sent, the empty name for the exception itself.
"""


def reaches_answer(program: Program, function: Function, keys: frozenset[str], depth: int = _DEPTH) -> bool:
    """Whether what a function returns gets into an answer; `keys` are those of a dictionary or tuple that hold it.

    An empty set stands for all of it.
    """
    for block, call, _ in callers(program, function):
        caller = block.function
        if caller is None or not (sent := _passed(block, call, keys)):
            continue
        if sent == "raised" or is_handler(program, caller):
            return True
        if depth > 1 and reaches_answer(program, caller, keys, depth - 1):
            return True
    return False


def place_key(number: int) -> str:
    """The key of a part of a tuple, as of one in a dictionary."""
    return f"#{number}"


def _passed(block: Block, call: Form, keys: frozenset[str]) -> str:
    """How a block passes the result of a call on: `returned`, `raised` in an HTTPException or sent; empty for not."""
    names: set[str] = set()
    returned = ""
    without: list[int] = []
    for form in block.forms.every:
        match form:
            case ["assign", _, targets, value] if awaited(value) is call:
                tuples = [target[2] for target in targets if target[0] == "tuple"]
                parts = [part for target in tuples for part in enumerate(target)]
                names |= {target[2] for target in targets if target[0] == "name"}
                names |= {one[2] for number, one in parts if one[0] == "name" and place_key(number) in keys}
            case ["assign", _, [["name", _, name]], value] if _holds(value, call, names, keys):
                names.add(name)  # `message = found.get("error", "unknown")`
            case ["if", at, test, body, _] if _asks_for_key(test, names, keys) and body[-1][0] in ("raise", "return"):
                without.append(body[-1][1])
            case ["return", at, value] if value is not None and _holds(value, call, names, keys):
                bare = value[0] == "name" and any(ended < at for ended in without)
                returned = returned if bare else "returned"
            case ["call", _, ["name" | "attr", *_] as called, positional, keywords] if SENT.search(str(called[-1])):
                given = [*positional, *(value for _, value, _ in keywords)]
                if any(_holds(value, call, names, keys) for value in given) and not replaced(block, form):
                    return "raised"
    return returned


def _asks_for_key(test: Form, names: set[str], keys: frozenset[str]) -> bool:
    """Whether a test is whether a dictionary has the key with the text: `"error" in found`, `found.get("error")`."""
    match test:
        case ["compare", _, ["const", _, key], ["in"], [["name", _, name]]]:
            return key in keys and name in names
        case ["call", _, ["attr", _, ["name", _, name], "get"], [["const", _, key], *_], _]:
            return key in keys and name in names
    return False


def _holds(value: Form, call: Form, names: set[str], keys: frozenset[str]) -> bool:
    """Whether an expression holds the result: itself, an item under one of the keys, or a text or display with it."""
    value = awaited(value)
    match value:
        case ["name", _, name]:
            return name in names
        case ["sub", _, owner, ["const", _, str() as key]] | [
            "call", _, ["attr", _, owner, "get"], [["const", _, str() as key], *_], _
        ]:  # fmt: skip
            return (not keys or key in keys) and _holds(owner, call, names, frozenset())
        case ["sub", _, owner, ["const", _, int() as number]]:
            return (not keys or place_key(number) in keys) and _holds(owner, call, names, frozenset())
        case ["dict", _, pairs]:
            return any(_holds(item, call, names, keys) for _, item in pairs)
        case ["list" | "tuple" | "fstr", _, items]:
            return any(_holds(item, call, names, keys) for item in items)
        case ["fmt", _, inner, _]:
            return _holds(inner, call, names, keys)
        case ["bool", _, _, items]:
            return any(_holds(item, call, names, keys) for item in items)
        case ["binop", _, "+", left, right]:
            return _holds(left, call, names, keys) or _holds(right, call, names, keys)
        case ["call", _, ["name", _, str() as name], positional, keywords] if name[:1].isupper() and not name.isupper():
            given = [*positional, *(item for _, item, _ in keywords)]
            return value is call or any(_holds(item, call, names, keys) for item in given)
        case ["call", _, ["attr", _, inner, name], [], _] if name in DUMPS:
            return _holds(inner, call, names, keys)
        case ["call", _, ["name", _, "jsonable_encoder" | "dict" | "str" | "asdict"], [inner], _]:
            return _holds(inner, call, names, keys)
    return value is call


def own_classes(program: Program, found: Caught) -> Iterator[Class]:
    """The project's own classes of exceptions that an `except` or a handler is for."""
    for kind in found.types:
        for option in options(ask(program, found.where or found.block, kind)) if kind[0] in ("name", "attr") else ():
            if isinstance(option, Class):
                yield option


def sent_attributes(program: Program, found: Caught, given: list[Form]) -> Iterator[tuple[str, str]]:
    """The attributes of an exception of the project that a handler answers with: its class and their names."""
    names = {part[3] for part in walk(given) if part[0] == "attr" and part[2][0] == "name" and part[2][2] == found.name}
    yield from ((cls.dotted, name) for cls in own_classes(program, found) for name in names)


def raised_with(program: Program, found: Caught, sent: set[tuple[str, str]]) -> Iterator[Form]:
    """The texts of a caught exception that one of the project's own is given for an attribute that is sent."""
    for form in walk(found.statements):
        match form:
            case ["raise", _, ["call", _, ["name" | "attr", *_] as function, positional, keywords], _]:
                for cls in (option for option in options(ask(program, found.block, function))):
                    kept = set(_kept(cls, sent)) if isinstance(cls, Class) else set()
                    own = {name for _, name in kept}
                    rest = any(kind == KEYWORDS for kind, _ in kept)
                    names = [item.name for item in parameters(cls)] if isinstance(cls, Class) and own else []
                    yield from (item for name, item in zip(names, positional, strict=False)
                                if name in own and tells(found, item))  # fmt: skip
                    yield from (item for keyword, item, _ in keywords
                                if (keyword in own or rest) and tells(found, item))  # fmt: skip


def _kept(cls: Class, sent: set[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """The parameters of a constructor, kind and name, that become attributes which are sent."""
    lineage = [base for base in cls.lineage() if isinstance(base, Class)]
    names = {name for dotted, name in sent for base in lineage if base.dotted == dotted}
    for method in (base.namespace.get("__init__") for base in lineage):
        if not isinstance(method, Function):
            continue
        kinds = {item[0]: item[1] for item in method.parameters}
        for form in method.forms.of("assign"):
            for target, value in _parts(form[2], form[3]):
                if target[0] == "attr" and target[3] in names and value[0] == "name" and value[2] in kinds:
                    yield kinds[value[2]], value[2]


def _parts(targets: list[Form], value: Form) -> Iterator[tuple[Form, Form]]:
    """What an assignment gives to what, part by part: `self.text, self.cause = text, cause`."""
    for target in targets:
        if target[0] in ("tuple", "list") and value[0] in ("tuple", "list") and len(target[2]) == len(value[2]):
            yield from zip(target[2], value[2], strict=True)
        else:
            yield target, value


def note_answered(program: Program, found: Caught, form: Form, answered: Answered) -> None:
    """Remember the classes of which something is sent where an exception is caught, and what."""
    read = [part for part in walk(form) if part[0] == "attr" and part[2][0] == "name" and part[2][2] == found.name]
    whole = not read or len(read) != sum(part[0] == "name" and part[2] == found.name for part in walk(form))
    for cls in own_classes(program, found):
        everywhere = found.handler or found.passed
        place = ("", 0) if everywhere else (found.block.module.file, found.block.number)
        answered.setdefault(cls.dotted, {}).setdefault(place, set()).update(
            [""] if whole else [part[3] for part in read]
        )


def raised_on(program: Program, found: Caught, answered: Answered) -> Iterator[Form]:
    """The texts of a caught exception that are put into one of the project's own whose text is sent as an answer."""
    for form in walk(found.statements):
        match form:
            case ["raise", _, ["call", _, ["name" | "attr", *_] as function, *_] as call, _]:
                classes = [cls for cls in options(ask(program, found.block, function)) if isinstance(cls, Class)]
                lineage = {base.dotted for cls in classes for base in cls.lineage() if isinstance(base, Class)}
                texts = [item for item in _texts(classes, call, answered) if tells(found, item)]
                places = {place for name in lineage & answered.keys() for place in answered[name]} if texts else set()
                if ("", 0) in places or (places and gets_to(program, found.block, places)):
                    yield from texts


def _texts(classes: list[Class], call: Form, answered: Answered) -> list[Form]:
    """What a constructor is given for what is sent of its objects; all of it where that cannot be told."""
    given = [*call[3], *(value for name, value, _ in call[4] if not any(_is_aside(one, name) for one in classes))]
    lineage = {base.dotted for cls in classes for base in cls.lineage() if isinstance(base, Class)}
    sent = {(name, one) for name in lineage & answered.keys() for every in answered[name].values() for one in every}
    told = {name for cls in classes for _, name in _kept(cls, sent)}
    if not sent:
        return []
    if not told or any(name in ("", "args") for _, name in sent):
        return given
    names = [item.name for item in parameters(classes[0])]
    aside = [value for name, value in zip(names, call[3], strict=False) if name not in told]
    aside += [value for name, value, _ in call[4] if name in names and name not in told]
    return [item for item in given if not any(item is one for one in aside)]


def _is_aside(cls: Class, keyword: str | None) -> bool:
    """Whether a constructor takes a keyword with `**` and hands it to no other: it is no part of the text."""
    methods = (base.namespace.get("__init__") for base in cls.lineage() if isinstance(base, Class))
    made = next((item for item in methods if isinstance(item, Function)), None)
    rest = next((item[0] for item in made.parameters if item[1] == KEYWORDS), None) if made is not None else None
    if made is None or rest is None or keyword is None or any(item[0] == keyword for item in made.parameters):
        return False
    return not any(
        name is None and value[0] == "name" and value[2] == rest
        for call in made.forms.of("call")
        for name, value, _ in call[4]
    )
