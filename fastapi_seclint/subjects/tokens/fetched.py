"""Where a token comes from: a provider that was just asked, the configuration, the request's state, or a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Environment, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers, is_parameter
from fastapi_seclint.subjects.code.reads import read_of
from fastapi_seclint.subjects.secrets.lent import argument
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Source:
    """Where a token comes from that no caller chooses; `name` is that of the state's attribute that it is kept in.

    "fetched": out of the answer to a request of the program's own, or what exchanges codes for tokens gives. OpenID
    Connect Core 1.0, 3.1.3.7, lets the connection to the provider stand in for the signature then. "configured": a
    setting. "kept": the state of a request, `request.state.token`, where something has put it before.
    """

    kind: Literal["fetched", "kept", "configured"]
    name: str = ""


_FETCHED, _CONFIGURED = Source("fetched"), Source("configured")
_ASKS = frozenset({"post", "get", "request", "send"})
_EXCHANGES = re.compile(r"^(fetch|exchange|authorize|acquire)_(\w+_)?(token|code)s?(_\w+)?$")
"""How libraries name what asks for tokens: `authorize_access_token` of authlib, `acquire_token_silent` of msal."""
_DEPTH = 8
"""How many names, calls and callers a token is followed through."""


def source_of(program: Program, block: Block, token: Form | None, depth: int = _DEPTH) -> Source | None:
    """Where a token comes from, if no caller of the API chooses it on any way that leads to this place."""
    if token is None or depth == 0:
        return None
    match token:
        case ["const", _, None | ""]:
            return None
        case ["await", _, inner]:
            return source_of(program, block, inner, depth)
        case ["ifexp", _, _, *branches] | ["bool", _, _, branches]:
            return _same(program, [(block, form) for form in branches], depth)
        case ["name", _, name] if isinstance(block.scope, FunctionScope):
            return _of_name(program, block, block.scope, name, depth - 1)
        case ["attr", _, ["attr", _, _, "state"], name]:
            return Source("kept", name)
        case ["call", _, function, _, _] if _EXCHANGES.match(last_name(function)) and not any(
            called(program, block, token)
        ):
            return _FETCHED
        case ["call", _, ["attr", _, owner, "json"], [], []] if _is_answer(block, owner):
            return _FETCHED
        case ["call" | "sub", *_] if read_of(token) is not None or _is_setting(program, block, token):
            return _CONFIGURED
        case ["sub", _, owner, _] | ["call", _, ["attr", _, owner, "get"], [["const", *_], *_], []]:
            return source_of(program, block, owner, depth - 1)
        case ["call", *_]:
            return _same(program, list(_results(program, block, token)), depth - 1)
    return _CONFIGURED if _is_setting(program, block, token) else None


def _same(program: Program, places: list[tuple[Block, Form]], depth: int) -> Source | None:
    """Where all of some expressions come from; those that are nothing come from nowhere."""
    found: set[Source] = set()
    for block, form in places:
        if form[0] == "const" and not form[2]:
            continue
        if (source := source_of(program, block, form, depth)) is None:
            return None
        found.add(source)
    if len(found) > 1:
        found.discard(_CONFIGURED)
    return found.pop() if len(found) == 1 else None


def _of_name(program: Program, block: Block, scope: FunctionScope, name: str, depth: int) -> Source | None:
    places: list[tuple[Block, Form]] = []
    for form in scope.assignments(name):
        plain = form[0] == "annassign" or (form[0] == "assign" and form[2][0][0] == "name")
        if not plain or form[-1] is None:
            return None
        places.append((block, form[-1]))
    if is_parameter(block, name):
        if any(consumer.function is scope.function for consumer in wiring(program).consumers):
            return None
        given = [item for item in callers(program, scope.function) if not program.is_test(item[0].module)]
        for outside, call, bound in given:
            value = argument(scope.function, call, name, bound)
            if value is None:
                return None
            places.append((outside, value))
        if not given:
            return None
    if not places:
        return _CONFIGURED if _is_setting(program, block, ["name", 0, name]) else None
    return _same(program, places, depth)


def _results(program: Program, block: Block, call: Form) -> Iterator[tuple[Block, Form]]:
    """What a function of the project that is called gives back."""
    for function, _ in called(program, block, call):
        inner = body_of(program, function)
        for form in inner.forms.of("return") if inner is not None else ():
            if inner is not None and form[2] is not None:
                yield inner, form[2]


def _is_setting(program: Program, block: Block, form: Form) -> bool:
    found = options(ask(program, block, form))
    return all(isinstance(option, Environment) and not option.name.startswith("parameter ") for option in found)


def _is_answer(block: Block, form: Form, depth: int = 3) -> bool:
    """Whether an expression is the answer to a request that this code makes: `client.post(url)`, a name of it."""
    match form:
        case ["await", _, inner]:
            return _is_answer(block, inner, depth)
        case ["name", _, name] if isinstance(block.scope, FunctionScope) and depth:
            found = [value for item in block.scope.assignments(name) for value in _bound(item, name)]
            return bool(found) and all(value is not None and _is_answer(block, value, depth - 1) for value in found)
        case ["call", _, ["attr", _, _, verb], [_, *_], _]:
            return verb in _ASKS
    return False


def _bound(statement: Form, name: str) -> list[Form | None]:
    """What a statement binds a name to: `with session.post(url) as answer` has the answer, too."""
    match statement:
        case ["assign" | "annassign", *_, value]:
            return [value]
        case ["with", _, items, _]:
            return [context for context, target in items if target is not None and target[2:] == [name]]
    return [None]
