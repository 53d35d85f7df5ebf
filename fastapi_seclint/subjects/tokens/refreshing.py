"""Routes that give new tokens for a refresh token, and whether they look at what kind of token they are given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, mentions, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.spans import Location
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.payloads.encodings import Token
from fastapi_seclint.subjects.secrets.names import word_set
from fastapi_seclint.subjects.tokens.jwt import Decoding
from fastapi_seclint.subjects.tokens.purposes import renews
from fastapi_seclint.subjects.tokens.types import has_key, kinds, looks_when_called, reached, read_in, type_claims

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEPT = word_set("jti revoked revoke blacklist blacklisted denylist whitelist allowlist rotate rotated family")
"""Words of code that keeps the refresh tokens which it gave, so that no other token passes."""


@dataclass(frozen=True, slots=True)
class Refreshing:
    """Where a function of a refresh route reads a token: the function, the reading, the call in it that leads there.

    `own` are the refresh tokens with the key of the reading, `others` the access tokens with it. `place` is the handler
    that is given the claims by a dependency which others have, too.
    """

    function: Function
    decoding: Decoding
    form: Form
    own: tuple[Token, ...]
    others: tuple[Token, ...]
    place: Location | None = None


def unlooked_refreshing(program: Program) -> Iterator[Refreshing]:
    """The readings of refresh routes that take an access token for a refresh token, though they could tell."""
    made = kinds(program)
    refresh = [token for token, purpose, _ in made if purpose == "refresh"]
    access = [token for token, purpose, _ in made if purpose == "access"]
    if not refresh or not access:
        return
    makers = {id(step.block.function) for token in (*refresh, *access) for step in token.steps}
    for function in refreshing_functions(program):
        for reading in _readings(program, function, makers):
            found = _with_tokens(reading, refresh, access)
            if found is not None and not _looks(program, reading, _claims(found), makers):
                yield found
    for reading in _given(program, makers):
        found = _with_tokens(reading, refresh, access)
        if found is not None and not any(_asks(one, _claims(found)) for one in _around(program, found)):
            yield found


def _with_tokens(reading: Refreshing, refresh: list[Token], access: list[Token]) -> Refreshing | None:
    """A reading with the tokens that its key fits, where some of both are told apart by a claim and nothing else."""
    own = tuple(token for token in refresh if has_key(token, reading.decoding))
    others = tuple(token for token in access if has_key(token, reading.decoding))
    found = replace(reading, own=own, others=others)
    told = own and others and _claims(found) and reading.decoding.argument("audience") is None
    return found if told else None


def _claims(found: Refreshing) -> set[str]:
    """The claims that say of which kind the tokens are."""
    return {claim for token in (*found.own, *found.others) for claim in type_claims(token)}


def _given(program: Program, makers: set[int]) -> Iterator[Refreshing]:
    """The handlers of refresh routes that read no token themselves: a dependency gives them the claims."""
    for route in program.routes:
        handler = route.function
        if handler is None or handler.number < 0 or route.place is None or program.is_test(handler.module):
            continue
        if not renews(f"{route.path} {route.name.rpartition('.')[2]}") or _readings(program, handler, makers):
            continue
        for node in route.dependencies:
            function = node.function if node.parameter else None
            if function is None or function.number < 0 or renews(function.name) or id(function) in makers:
                continue
            blocks = [body_of(program, handler), body_of(program, function)]
            for decoding in read_in(program, function):
                if not any(block is not None and _is_kept(program, block, decoding.call.form) for block in blocks):
                    yield Refreshing(handler, decoding, decoding.call.form, (), (), route.place.location)


def _around(program: Program, found: Refreshing) -> Iterator[list[Form]]:
    """What runs on the way to the new tokens: the handler, the reader, and what they call."""
    reader = found.decoding.call.block.function
    for function in (found.function, *([reader] if reader is not None else [])):
        yield from (one.statements() for one, _ in reached(program, function, 2))


def refreshing_functions(program: Program) -> Iterator[Function]:
    """The handlers of routes that refresh, and their dependencies that are named after it."""
    seen: set[int] = set()
    for route in program.routes:
        if not renews(f"{route.path} {route.name.rpartition('.')[2]}"):
            continue
        nodes = [node.function for node in route.nodes() if node.function is not None]
        named = [node for node in nodes if renews(node.name)]
        for function in [route.function, *named]:
            if function is not None and function.number >= 0 and id(function) not in seen:
                seen.add(id(function))
                if not program.is_test(function.module):
                    yield function


def _readings(program: Program, function: Function, makers: set[int]) -> list[Refreshing]:
    """Where a function reads tokens; of several readings those of what is named after a refresh token.

    The first of several that read the same token stands for all.
    """
    found = []
    for one, first in reached(program, function):
        renews = id(one) in makers and one is not function
        found += [
            Refreshing(function, decoding, first or decoding.call.form, (), ())
            for decoding in read_in(program, one)
            if not renews or _reads_parameter(one, decoding)
        ]
    read = {spelled(item) if item[0] in ("name", "attr", "sub") else "" for item in map(_token, found)}
    same = len(read) == 1 and "" not in read
    return found[:1] if same else [reading for reading in found if _is_named(reading)]


def _token(reading: Refreshing) -> Form:
    return next(iter(arguments(reading.form)), reading.form)


def _reads_parameter(function: Function, decoding: Decoding) -> bool:
    """Whether the token that is read was given to a function that makes tokens, too: it is not one of its own."""
    names = {parameter[0] for parameter in function.parameters} - {"self", "cls"}
    return mentions(decoding.call.form[3][:1], names)


def _is_named(reading: Refreshing) -> bool:
    return any(form[0] in ("name", "attr") and "refresh" in str(form[-1]).lower() for form in arguments(reading.form))


def _looks(program: Program, reading: Refreshing, claims: set[str], makers: set[int]) -> bool:
    """Whether somebody on the way asks for the kind of token, or for one that was kept when it was given."""
    if any(keyword and keyword.lower().endswith("type") for keyword, _, _ in reading.form[4]):
        return True
    holder = reading.decoding.call.block
    if holder.function is not None and holder.function is not reading.function:
        told = looks_when_called(holder.function, claims, reading.form)
        if told and _asks(holder.statements, claims, _copied(program, holder)):
            return True
    for one, call in reached(program, reading.function, 2):
        if one is reading.function or id(one) in makers:
            if _asks(one.statements(), claims):
                return True
        elif one is not holder.function and looks_when_called(one, claims | {"aud", "audience"}, call):
            return True
    block = body_of(program, reading.function)
    if block is None or _is_kept(program, block, reading.form):
        return True
    renewing = [one for one, _ in reached(program, reading.function) if id(one) in makers]
    return any(_is_kept_by(program, one, reading.decoding) for one in renewing)


def _is_kept_by(program: Program, function: Function, decoding: Decoding) -> bool:
    """The same where a function that makes tokens reads the old one, itself or through another one."""
    block = body_of(program, function)
    if block is None:
        return False
    for form in block.forms.of("call"):
        leads = any(inner is decoding.call.block.function for inner, _ in called(program, block, form))
        if (form is decoding.call.form or leads) and _is_kept(program, block, form):
            return True
    return False


def _copied(program: Program, block: Block) -> frozenset[int]:
    """What a reader puts as it is into the object that it returns: `return Token(claims["sub"], claims["typ"])`."""
    found: set[int] = set()
    for form in block.forms.of("return"):
        if form[2] is not None and form[2][0] == "call":
            made = list(options(ask(program, block, form[2][2])))
            if made and all(isinstance(item, Class) and not item.external_bases() for item in made):
                found.update(id(item) for item in arguments(form[2]))
    return frozenset(found)


def _asks(statements: list[Form], claims: set[str], copied: frozenset[int] = frozenset()) -> bool:
    """Whether statements read a claim, other than to put it into a token of their own."""
    for form in walk(statements):
        if id(form) in copied:
            continue
        match form:
            case ["sub", _, _, ["const", _, name]] | ["attr", _, _, name] if name in claims:
                return True
            case ["call", _, ["attr", _, _, "get" | "pop"], [["const", _, name], *_], _] if name in claims:
                return True
    return False


def _is_kept(program: Program, block: Block, reading: Form) -> bool:
    """Whether the token that a call reads, or its number, is looked for among those that were given."""
    token = next(iter(arguments(reading)), None)
    name = spelled(token) if token is not None and token[0] in ("name", "attr", "sub") else ""
    for form in block.forms.every:
        if form[0] in ("name", "attr") and _KEPT & set(words_of(str(form[-1]))):
            return True
        compared = [form[2], *form[4]] if form[0] == "compare" and form[3] not in (["is"], ["is not"]) else []
        if any(item[0] != "const" and spelled(item) == name for item in compared):
            return True
        if form[0] != "call" or form is reading or is_log_call(form) or is_print(form):
            continue
        if any(inner is reading for inner in walk(form)) or not name:
            continue
        if any(spelled(item) == name for item in arguments(form) if item[0] in ("name", "attr", "sub")):
            functions = [function for function, _ in called(program, block, form)]
            if functions and all(_only_reads(program, function) for function in functions):
                continue
            return form[2][-1] not in ("str", "len", "bool", "isinstance") or bool(functions)
    return False


def _only_reads(program: Program, function: Function) -> bool:
    """Whether a function reads the token that it is given, and gives it to nobody who may know it."""
    decodings = {id(decoding.call.form) for decoding in read_in(program, function)}
    names = {parameter[0] for parameter in function.parameters} - {"self", "cls"}
    return bool(decodings) and all(
        id(form) in decodings or is_log_call(form) or is_print(form)
        for form in function.forms.of("call")
        if any(item[0] == "name" and item[2] in names for item in arguments(form))
    )
