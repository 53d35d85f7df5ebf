"""Where what a caller sends goes inside a function: the names that hold it, and what cleans them."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, Forms, awaited, last_name, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.sent import Input, Origin, carried, dumped, source

_REQUESTS = frozenset({"request", "websocket"})


def follow(function: Function, found: Input) -> None:
    """Add the local names that are assigned what the client sent."""
    if not found and not _REQUESTS & function.module.facts.words:
        return
    if found:
        _clean(function.forms, found)
    for _ in range(3):
        for form in function.forms.of("assign", "walrus"):
            for target in form[2] if form[0] == "assign" else [form[2]]:
                if target[0] == "name":
                    _bind(found, target[2], form[-1])
    if found:
        _clean(function.forms, found)


def _bind(found: Input, name: str, value: Form) -> None:
    sent = source(found, value)
    if sent is not None:
        found.values.setdefault(name, sent)
    elif (rights := dumped(found, value)) and name not in found.bodies:
        found.bodies[name] = rights
    elif rights := carried(found, value):
        found.made[name] = rights
    elif is_raw_body(value):
        found.open_bodies.add(name)
    elif (way := _written_by_client(value)) is not None:
        found.open_bodies.add(name)
        found.origins[name] = way


_TURNING = frozenset({"get", "b64decode", "urlsafe_b64decode", "decode", "encode", "unquote", "unquote_plus", "loads"})


def _written_by_client(value: Form) -> Origin | None:
    """By what way a whole came that nobody signed: `json.loads(b64decode(request.cookies["profile"]))`."""
    match value:
        case ["call", _, ["attr", _, ["name", _, "json" | "orjson" | "ujson"], "loads"], [inner, *_], _]:
            pass
        case _:
            return None
    if any(form[0] == "call" and last_name(form[2]) not in _TURNING for form in walk(inner)):
        return None
    for form in walk(inner):
        match form:
            case ["attr", _, ["name", _, "request" | "websocket"], "cookies"]:
                return "cookie"
            case ["attr", _, ["name", _, "request" | "websocket"], "headers"]:
                return "header"
    return None


def is_raw_body(value: Form) -> bool:
    """Whether an expression is all that a request brings, as it is: `await request.json()`."""
    value = awaited(value)
    return (
        value[0] == "call"
        and value[2][0] == "attr"
        and value[2][3] in ("json", "form")
        and value[2][2][-1] == "request"
    )


def _clean(forms: Forms, found: Input) -> None:
    """Forget what the function overwrites, drops or tests against what is allowed before it is used."""
    filled = {id(item) for form in forms.of("if") if _asks_for_none(found, form[2]) for item in walk(form[3])}
    for form in forms.of("call", "delete", "assign"):
        for name, right in _overwritten(found, form):
            if name in found.bodies and id(form) not in filled:
                found.bodies[name] -= {right}
    for form in forms.of("if", "assert"):
        if form[0] == "assert" or any(i[0] == "raise" for i in walk(form[3:])):
            for inner in walk(form[2]):
                sent = source(found, inner)
                if sent is not None and sent.origin == "body" and inner[0] != "name":
                    for name, rights in found.bodies.items():
                        found.bodies[name] = rights - {sent.name}
                    for name in [key for key, value in found.values.items() if value.name == sent.name]:
                        del found.values[name]
                elif sent is not None and inner[0] == "name" and sent.origin == "body":
                    found.values.pop(inner[2], None)


def _asks_for_none(found: Input, test: Form) -> bool:
    """Whether a test is whether the client left a right out, so that only then it is filled in: `body.role is None`."""
    match test:
        case ["unary", _, "not", inner] | ["compare", _, inner, ["is" | "=="], [["const", _, None | ""]]]:
            return source(found, inner) is not None
    return False


def _overwritten(found: Input, form: Form) -> Iterator[tuple[str, str]]:
    match form:
        case ["call", _, ["attr", _, ["name", _, name], "pop"], [["const", _, str(right)], *_], _]:
            yield name, right
        case ["delete", _, targets]:
            for target in targets:
                if target[0] == "sub" and target[2][0] == "name" and target[3][0] == "const":
                    yield target[2][2], target[3][2]
        case ["assign", _, targets, value] if source(found, value) is None:
            for target in targets:
                if target[0] == "sub" and target[2][0] == "name" and target[3][0] == "const":
                    yield target[2][2], target[3][2]
                elif target[0] == "attr" and target[2][0] == "name":
                    yield target[2][2], target[3]
