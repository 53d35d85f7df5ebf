"""Claims that an object keeps and that its methods put in: `self.claims["exp"] = ...`, `self.claims |= {...}`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.payloads.known import Claim, Claims, Known, Written

if TYPE_CHECKING:
    from fastapi_seclint.subjects.payloads.flow import Flow


def put_by_methods(flow: Flow, claims: Claims, name: str, made: bool = False) -> None:
    """Add to the claims that `self.name` holds what other methods of its class put in, taken as done.

    What the constructor puts in is there already where the object is `made` in sight.
    """
    from fastapi_seclint.subjects.payloads.flow import Budget, Flow

    for block, item, value in _stored(flow, name, made):
        key = str(item[3][2])
        if claims.get(key) is None and flow.depth > 0:
            inner = Flow(flow.program, block, {}, flow.depth - 1, Budget(200))
            written = (Written(block, ["item", item[1], item, value]),)
            claims.items[key] = Claim(key, True, (inner.known(assigned_once(block, value)),), written)
    for block, value in _stored_whole(flow, name, made) if flow.depth > 0 else ():
        held = Flow(flow.program, block, {}, flow.depth - 1, Budget(200)).known(value)
        for key, claim in held.claims.items.items() if held.claims is not None else ():
            known = claims.get(key)
            if known is None or not known.written:
                claims.items[key] = claim


_CHAIN = "<methods called before>"


def chained(call: Form) -> dict[str, Known]:
    """The methods that a chain calls, where it begins with a new object: `Builder().subject(x).sign()`."""
    names: list[str] = []
    while call[0] == "call" and call[2][0] == "attr":
        names.append(call[2][3])
        call = call[2][2]
    begun = call[0] == "call" and last_name(call[2])[:1].isupper() and bool(names)
    return {_CHAIN: Known(texts=tuple(names))} if begun else {}


def follows_chain(flow: Flow) -> bool:
    """Whether it is known which methods were called before, so that an object holds what those put in and no more.

    Methods that are handed whole dictionaries may put in anything.
    """
    chain = flow.names.get(_CHAIN)
    function = flow.block.function
    owner = function.owner if function is not None else None
    if chain is None or owner is None:
        return False
    for name in (*chain.texts, "__init__"):
        method = owner.namespace.get(name)
        for form in method.forms.of("call", "augassign") if isinstance(method, Function) else ():
            if form[0] == "augassign" or last_name(form[2]) in ("update", "setdefault"):
                return False
    return True


def assigned_once(block: Block, form: Form) -> Form:
    """What a local name was assigned, when that happened once; other expressions are themselves."""
    if form[0] != "name" or not isinstance(block.scope, FunctionScope):
        return form
    found = [item for item in block.scope.assignments(form[2]) if item[0] in ("assign", "annassign")]
    return found[0][-1] if len(found) == 1 and found[0][-1] is not None else form


def _stored(flow: Flow, name: str, made: bool) -> Iterator[tuple[Block, Form, Form]]:
    """What methods assign to an item of `self.name`: block, target, value."""
    for block in _methods(flow, made):
        for form in block.forms.of("assign"):
            match form:
                case ["assign", _, [["sub", _, ["attr", _, ["name", _, "self"], kept], ["const", *_]] as item], value]:
                    if kept == name:
                        yield block, item, value


def _stored_whole(flow: Flow, name: str, made: bool) -> Iterator[tuple[Block, Form]]:
    """The dictionaries that methods put into `self.name`: `self.claims |= {...}`, `self.claims.update({...})`."""
    for block in _methods(flow, made):
        for form in block.forms.of("assign", "annassign", "augassign", "call"):
            match form:
                case ["assign", _, [["attr", _, ["name", _, "self"], kept]], value] if kept == name:
                    yield block, value
                case ["annassign", _, ["attr", _, ["name", _, "self"], kept], _, value] if kept == name and value:
                    yield block, value
                case ["augassign", _, "|" | "|=", ["attr", _, ["name", _, "self"], kept], value] if kept == name:
                    yield block, value
                case ["call", _, ["attr", _, ["attr", _, ["name", _, "self"], kept], "update"], given, keywords]:
                    if kept == name:
                        yield from ((block, value) for value in given[:1])
                        pairs = [[["const", at, keyword], value] for keyword, value, at in keywords if keyword]
                        yield from [(block, ["dict", form[1], pairs])] if pairs else []


def _methods(flow: Flow, made: bool) -> Iterator[Block]:
    """The other methods of an object that were called before, as far as that is known."""
    function = flow.block.function
    owner = function.owner if function is not None else None
    chain = flow.names.get(_CHAIN)
    own = {form[2][3] for form in flow.block.forms.of("call") if form[2][0] == "attr" and form[2][2][2:] == ["self"]}
    for method in owner.namespace.values() if owner is not None else ():
        if not isinstance(method, Function) or method is function or (made and method.name == "__init__"):
            continue
        done = chain is None or method.name in (*chain.texts, "__init__", *own)
        block = body_of(flow.program, method) if done else None
        if block is not None:
            yield block
