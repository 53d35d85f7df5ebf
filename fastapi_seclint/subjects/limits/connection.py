"""A limit that counts by the address of the connection, where it counted by what the client writes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.limits.keys import ClientKey

_OF_CONNECTION = re.compile(r"^(host|get_remote_address)$")


def by_connection(key: ClientKey) -> tuple[Edit, ...]:
    """The edits that put the address in the place of all that a function reads of its request; empty where one stays.

    Where a chain of `or` has the address at its end, what the client writes goes out of it.
    """
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


def _has(items: list[Form], form: Form) -> bool:
    return any(item is form for item in items)


def _of_chain(chain: Form, reads: list[Form]) -> str | None:
    """A chain of `or` without what the client writes: the rest where it has the address, else that before the rest."""
    kept = [item for item in chain[3] if not any(part is read for read in reads for part in walk(item))]
    rest = [rendered(item) for item in kept]
    if None in rest:
        return None
    code = " or ".join(str(item) for item in rest)
    if any(part[0] in ("name", "attr") and _OF_CONNECTION.match(str(part[-1])) for item in kept for part in walk(item)):
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
