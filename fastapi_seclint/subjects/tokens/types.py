"""What says of which type a token is, and which functions that read tokens look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.models import MAKING
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Const, Environment, Function, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.implementations import implementations
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers
from fastapi_seclint.subjects.guards.unauthorized import unused
from fastapi_seclint.subjects.payloads.encodings import Encoding, Token, tokens
from fastapi_seclint.subjects.tokens.jwt import Decoding, decodings
from fastapi_seclint.subjects.tokens.presence import only_asked_for
from fastapi_seclint.subjects.tokens.purposes import Purpose, purpose_of, renews, telling_claims
from fastapi_seclint.subjects.tokens.standing import is_heard, on_the_way, own_readers
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DEPTH = 4
_CLAIMS = re.compile(r"claims|payload|decoded|token", re.I)
_PEOPLE = ("sub", "user", "user_id", "userId", "uid", "id", "username", "email")
"""Claims by which code finds out whose a token is."""
_ENDING = frozenset({"refresh", "renew", "logout", "signout", "revoke"})
_NAMES = ("name", "attr")
_NO_CLAIMS: set[str] = set()


def kinds(program: Program) -> list[tuple[Token, Purpose, bool]]:
    """The tokens of a project, tests left out, with what each is for."""
    made = [token for token in tokens(program) if not program.is_test(token.encoding.call.block.module)]
    return [(token, *purpose_of(token)) for token in made]


def type_claims(token: Token) -> set[str]:
    """The claims by which a token says of what kind it is."""
    return set(telling_claims(token))


def key_of(encoding: Encoding) -> str:
    """What a token is signed with, as one text: the setting, the constant, or the expression; empty when unknown."""
    argument = encoding.key
    return "" if argument is None else _named(encoding.program, encoding.call.block, argument.form)


def key_read(decoding: Decoding) -> str:
    """What a token is checked with, likewise."""
    position = 1 if decoding.library in ("pyjwt", "jose", "authlib", "joserfc") else None
    argument = decoding.argument("key", position)
    return "" if argument is None else _named(decoding.program, decoding.call.block, argument.form)


def has_key(token: Token, decoding: Decoding) -> bool:
    """Whether a token is signed with the key that a reading checks, as far as both are known."""
    key = key_of(token.encoding)
    return bool(key) and key == key_read(decoding)


def guarding_readers(program: Program) -> Iterator[Function]:
    """The functions that stand between a token and a route, those of the route that refreshes left out.

    So is what looks like a guard, depends nobody on, and is called where tokens are renewed or given back.
    """
    orphans = {id(running(value)) for value in unused(program)}
    for value in (*wiring(program).callables, *unused(program)):
        function = running(value)
        if function is None or renews(function.name) or not program.guard_model.authenticates(value):
            continue
        if id(function) not in orphans or not _is_called_at_the_end(program, function):
            yield function
    yield from _below_guards(program)
    for function in (*own_readers(program), *on_the_way(program)):
        named = any(form[2] in _PEOPLE for one, _ in reached(program, function, 2) for form in one.forms.of("const"))
        if named and not _ENDING & set(words_of(function.name)) and is_heard(program, function):
            yield function


def _is_called_at_the_end(program: Program, function: Function) -> bool:
    """Whether code that renews tokens or ends sessions calls a function by hand."""
    calling = (block.function for block, _, _ in callers(program, function) if block.function is not None)
    return any(renews(one.name) or _ENDING & set(words_of(one.name)) for one in calling)


def _below_guards(program: Program) -> list[Function]:
    """The dependencies of a guard that read its token, and leave it to the guard to refuse who sends none."""
    authenticates = program.guard_model.authenticates
    found: dict[int, Function] = {}
    for route in program.routes:
        for node in route.nodes():
            if node.function is None or not node.children or not authenticates(node.call):
                continue
            for child in node.children:
                if child.function is not None and id(child.function) not in found and not authenticates(child.call):
                    found[id(child.function)] = child.function
    return [one for one in found.values() if not renews(one.name) and read_in(program, one)]


def _named(program: Program, block: Block, form: Form) -> str:
    found = list(options(ask(program, block, form)))
    if len(found) == 1 and isinstance(found[0], Environment) and not found[0].name.startswith("parameter "):
        return f"environment {found[0].name}"
    if len(found) == 1 and isinstance(found[0], Const):
        return f"constant {found[0].value!r}"
    if form[0] == "name" and isinstance(block.scope, FunctionScope) and len(_given(block.scope, form[2])) > 1:
        return ""  # one of several keys
    name = spelled(form)
    return "" if "?" in name else name.removeprefix("self.")


def _given(scope: FunctionScope, name: str) -> set[str]:
    """What a local name may be, as texts: `key = ACCESS if plain else REFRESH`."""
    given = [item[-1] for item in scope.assignments(name) if item[0] in ("assign", "annassign")]
    values = [value for value in given if value is not None]
    return {spelled(part) for value in values for part in (value[3:5] if value[0] == "ifexp" else [value])}


def reached(program: Program, function: Function, depth: int = _DEPTH) -> Iterator[tuple[Function, Form | None]]:
    """A function and those of the project that it calls, each with the call in the first one that leads there.

    A method that is left to subclasses stands for theirs.
    """
    yield function, None
    seen = {id(function)}
    pending: list[tuple[Function, Form | None, int]] = [(function, None, depth)]
    while pending:
        current, first, left = pending.pop(0)
        block = body_of(program, current)
        if block is None or left == 0:
            continue
        for form in block.forms.of("call"):
            for inner, _ in called(program, block, form):
                for one in (inner, *implementations(program, inner)):
                    if id(one) not in seen:
                        seen.add(id(one))
                        yield one, first or form
                        pending.append((one, first or form, left - 1))


def read_in(program: Program, function: Function) -> list[Decoding]:
    """The calls that read a token in a function's own body."""
    return [
        item
        for item in decodings(program)
        if not item.maker
        and item.call.block.function is not None
        and item.call.block.function.number == function.number
        and item.call.block.module is function.module
    ]


def looks_for(function: Function, claims: set[str], everywhere: set[str] = _NO_CLAIMS) -> bool:
    """Whether a function's body names one of the claims, as a key or as an attribute.

    Of those that tokens of all types have `everywhere` it has to ask more than whether there is one.
    """
    idle = only_asked_for(function, everywhere) if everywhere else set()
    for form in function.forms.of("const", "attr", "call"):
        if form[0] != "call" and form[-1] in claims and id(form) not in idle:
            return True
        if form[0] == "call" and any(keyword in claims for keyword, _, _ in form[4]):
            return True
    return False


def looks_when_called(
    function: Function, claims: set[str], call: Form | None, everywhere: set[str] = _NO_CLAIMS
) -> bool:
    """Whether a function names one of the claims for this call: one that is told what to expect may not be told here.

    `def read(raw, expected=None)` with `if expected and claims["type"] != expected` looks at nothing in `read(raw)`.
    """
    if not looks_for(function, claims, everywhere):
        return False
    unset = _left_out(function, call) if call is not None and last_name(call[2]) == function.name else set()
    idle = [form for form in function.forms.of("if") if _asks_for(form[2], unset)] if unset else []
    idle += [part for form in function.forms.of("bool") for part in _unasked(form, unset)] if unset else []
    if not idle:
        return True
    return any(
        form[-1] in claims and not any(holds(one[1], form[1]) for one in idle)
        for form in function.forms.of("const", "attr")
    )


def _unasked(form: Form, names: set[str]) -> list[Form]:
    """What is not asked where one of the parameters is not given: `use is None or claims["use"] == use`."""
    for number, part in enumerate(form[3] if form[2] == "or" else ()):
        match part:
            case ["compare", _, ["name", _, name], ["is" | "=="], [["const", _, None]]] | [
                "unary", _, "not", ["name", _, name]
            ] if name in names:  # fmt: skip
                return list(form[3][number + 1 :])
    return []


def _left_out(function: Function, call: Form) -> set[str]:
    """The parameters that a call leaves at a default of nothing."""
    bound = function.owner is not None and function.kind != "static"
    own = function.parameters[1 if bound else 0 :]
    given = {keyword for keyword, _, _ in call[4]} | {parameter[0] for parameter in own[: len(call[3])]}
    empty = (parameter for parameter in own if parameter[3] is not None and parameter[3][0] == "const")
    return {parameter[0] for parameter in empty if not parameter[3][2] and parameter[0] not in given}


def _asks_for(test: Form, names: set[str]) -> bool:
    """Whether a test fails where one of the parameters is not given."""
    match test:
        case ["name", _, name] | ["compare", _, ["name", _, name], ["is not" | "!="], [["const", _, None]]]:
            return name in names
        case ["bool", _, "and", parts]:
            return any(_asks_for(part, names) for part in parts)
    return False


def needed_claims(function: Function) -> Iterator[str]:
    """The claims that a function reads in a way that fails where there is none: `claims["jti"]`."""
    stored = {id(target) for form in function.forms.of("assign") for target in form[2]}
    for form in function.forms.of("sub"):
        match form:
            case ["sub", _, ["name", _, owner], ["const", _, str() as key]] if id(form) not in stored:
                if _CLAIMS.search(owner):
                    yield key


def demands(program: Program, function: Function, others: list[Token]) -> bool:
    """Whether a function gives what it read to a model that refuses other tokens: `type: Literal["access"]`."""
    block = body_of(program, function)
    for form in block.forms.of("call") if block is not None else ():
        owner = form[2][2] if form[2][0] == "attr" and form[2][3] in MAKING else form[2]
        if owner[0] not in ("name", "attr") or block is None:
            continue
        for option in options(ask(program, block, owner)):
            if isinstance(option, Class) and _accepts_some(option, others):
                return True
    return False


def _accepts_some(model: Class, others: list[Token]) -> bool:
    """Whether a model has a literal type for a claim that not all other tokens fit; subclasses say it anew."""
    fields = [field for one in model.lineage() if isinstance(one, Class) for field in one.fields]
    claims = {claim for token in others for claim in type_claims(token)}
    for name in claims:
        annotation = next((given for field, given, _ in fields if field == name), None)
        if annotation is None or not any(item[-1] == "Literal" for item in walk(annotation) if item[0] in _NAMES):
            continue
        accepted = {str(item[2]) for item in walk(annotation) if item[0] == "const"}
        texts = {text for token in others if (claim := token.claims.get(name)) is not None for text in claim.texts}
        if not texts or not texts <= accepted:
            return True
    return False
