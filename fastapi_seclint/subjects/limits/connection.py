"""A limit that counts by the address of the connection, where it counted by what the client writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from fastapi_seclint.edits import Edit, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.forms import Form, mentions, span_of, walk
from fastapi_seclint.facts.ordered import is_expression
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.limits.keys import ClientKey

_OF_CONNECTION = re.compile(r"^(host|get_remote_address)$")


def by_connection(key: ClientKey) -> tuple[Edit, ...]:
    """The edits that put the address in the place of all that a function reads of its request; empty where one stays.

    Where a chain of `or` has the address at its end, what the client writes goes out of it.
    """
    if dropped := _without_headers(key):
        return dropped
    reads = [key.form, *key.others]
    inner = {id(part) for form in reads for part in walk(form[2:])}
    edits: dict[Edit, None] = {}
    for form in reads:
        if id(form) in inner:
            continue
        chain = next((one for one in key.block.forms.of("bool") if one[2] == "or" and _has(one[3], form)), None)
        code = _of_chain(chain, reads) if chain is not None else _address(key, form)
        if code is None:
            return ()
        edits[ReplaceExpression(key.location.path, span_of((chain or form)[1]), code)] = None
    return tuple(edits)


def _without_headers(key: ClientKey) -> tuple[Edit, ...]:
    """The reads with the tests that answer with them, taken out where the address is what is answered in the end.

    `given = request.headers.get(...)` and below it `if given: return given.split(",")[0]`.
    """
    statements, path = key.block.statements, key.location.path
    edits: list[Edit] = []
    left = [key.form, *key.others]
    for number, (first, second) in enumerate(pairwise(statements)):
        match first, second:
            case ["assign", at, [["name", _, name]], value], ["if", below, ["name", _, tested], [["return", *_]], []]:
                rest = statements[number + 2 :]
                read = [form for form in left if any(part is form for part in walk(value))]
                if tested == name and read and not is_expression(second) and not mentions(rest, {name}):
                    edits += [RemoveStatement(path, span_of(at)), RemoveStatement(path, span_of(below))]
                    left = [form for form in left if not _has(read, form)]
    return tuple(edits) if not left and _ends_with_address(statements) else ()


def _ends_with_address(statements: list[Form]) -> bool:
    """Whether the address is what is answered in the end: `return request.client.host if request.client else ""`."""
    *_, before, last = statements
    chosen = before[0] == "if" and is_expression(before) and before[3][0][0] == "return"
    return last[0] == "return" and any(map(_is_address, [last, *(before[3] if chosen else ())]))


def _is_address(form: Form) -> bool:
    return any(part[0] in ("name", "attr") and _OF_CONNECTION.match(str(part[-1])) for part in walk(form))


def _has(items: list[Form], form: Form) -> bool:
    return any(item is form for item in items)


def _of_chain(chain: Form, reads: list[Form]) -> str | None:
    """A chain of `or` without what the client writes: the rest where it has the address, else that before the rest."""
    kept = [item for item in chain[3] if not any(part is read for read in reads for part in walk(item))]
    rest = [rendered(item) for item in kept]
    if None in rest:
        return None
    code = " or ".join(str(item) for item in rest)
    if any(map(_is_address, kept)):
        return code
    request = next((name for read in reads for name in _request(read)), "")
    return f"{request}.client.host if {request}.client else {code or None}" if request else None


def _address(key: ClientKey, form: Form) -> str | None:
    """The address of the connection in the place of a header that is read of a request."""
    request = next(_request(form), "")
    match form:
        case ["call", _, _, [_, default, *_], []]:
            while default[0] == "call" and default[2][0] == "attr" and next(_request(default), "") == request:
                default = default[3][1] if len(default[3]) > 1 else ["const", default[1], None]
            otherwise = rendered(default)
            if _is_address(default):
                return otherwise  # `request.headers.get("X-Forwarded-For", request.client.host)`
        case ["call", _, _, [_], []]:
            otherwise = "None"
        case ["sub", *_] if not _is_of_several(key, form):
            otherwise = '"unknown"'
        case _:
            return None
    known = request and otherwise is not None
    return f"{request}.client.host if {request}.client else {otherwise}" if known else None


def _request(form: Form) -> Iterator[str]:
    """The name of the request whose headers or cookies are read."""
    match form:
        case ["call", _, ["attr", _, ["attr", _, ["name", _, str() as request], "headers" | "cookies"], "get"], *_]:
            yield request
        case ["sub", _, ["attr", _, ["name", _, str() as request], "headers" | "cookies"], _]:
            yield request


def _is_of_several(key: ClientKey, form: Form) -> bool:
    """Whether a comprehension goes through several headers, where one address has no place."""
    return any(part is form for made in key.block.forms.of("comp") for part in walk(made))
