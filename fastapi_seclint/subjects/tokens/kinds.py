"""The kinds of tokens that a project makes: what each is for, where it is made, and whether two can be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Const, Environment, Place, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.payloads.arriving import enclosing
from fastapi_seclint.subjects.payloads.encodings import Token, tokens
from fastapi_seclint.subjects.tokens.jwt import decodings
from fastapi_seclint.subjects.tokens.purposes import Purpose, purpose_of

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_PURPOSES = frozenset({"refresh", "access", "token"})
_COMMON = frozenset({"sub", "exp", "iat", "nbf", "jti", "iss", "user_id", "id", "email", "username", "uid", "name"})
"""Claims that say nothing about what a token is for; `aud` does."""
_KINDS = frozenset({"access", "refresh", "type", "kind", "use", "purpose", "scope", "scopes", "fresh", "version"})
_CLAIMS_MODEL = frozenset({"claims", "payload", "token", "jwt", "principal", "identity", "session"})


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One way of making a token. `place` is the call nearest to its purpose; `sure`: it names the purpose itself."""

    token: Token
    purpose: Purpose | str
    sure: bool
    place: Place
    symbol: str


def kinds(program: Program) -> list[Kind]:
    """Every way of making a token outside of tests, with its purpose."""
    made = [token for token in tokens(program) if not program.is_test(token.encoding.call.block.module)]
    meant = [purpose_of(token) for token in made]
    purposes: dict[int, set[Purpose]] = {}
    for token, (purpose, _) in zip(made, meant, strict=True):
        purposes.setdefault(id(token.makers[0].form), set()).add(purpose)
    found = []
    for token, (purpose, sure) in zip(made, meant, strict=True):
        inner = len(token.makers) == 1 or len(purposes[id(token.makers[0].form)]) == 1 or _names_purpose(token)
        step = token.makers[0 if inner else 1]
        found.append(Kind(token, purpose, sure, Place(step.block.module, step.form[1]), step.block.symbol))
    return found


def _names_purpose(token: Token) -> bool:
    """Whether the function around the encoding call is itself named after one kind of token."""
    function = token.makers[0].block.function
    return function is not None and any(word in function.name.lower() for word in ("refresh", "access"))


def told_apart(program: Program, one: Kind, other: Kind) -> bool:
    """Whether a reader can tell two kinds of tokens apart: by key, by a claim only one has, by a claim's value.

    What is not known counts as a difference.
    """
    if not same_key(program, one, other):
        return True
    first, second = one.token.claims, other.token.claims
    if _subject_marks(one) != _subject_marks(other):
        return True
    for name in (first.items.keys() | second.items.keys()) - _COMMON:
        left, right = first.get(name), second.get(name)
        if left is None or right is None:
            if name in _MEANING or _KINDS.intersection(words_of(name)) or is_read(program, name):
                return True
            continue
        if left.texts != right.texts or (name in _MEANING and not left.texts):
            return True
    return False


def made_together(one: Kind, other: Kind) -> bool:
    """Whether two tokens are made by one call of one function, so that only these two are a pair."""
    first, second = one.token.makers, other.token.makers
    if first[0].block.number != second[0].block.number or first[0].block.module is not second[0].block.module:
        return False
    return [id(step.form) for step in first[1:]] == [id(step.form) for step in second[1:]]


def is_read(program: Program, claim: str) -> bool:
    """Whether somebody in the project reads a claim of this name, or has a model of claims with it.

    What nobody in sight reads tokens for is read elsewhere.
    """
    if not decodings(program):
        return True
    for block in _naming(program, claim):
        for form in block.forms.of("sub", "call", "compare", "class"):
            match form:
                case ["sub", _, _, ["const", _, name]] if name == claim and not _is_stored(block, form):
                    return True
                case ["call", _, ["attr", _, _, "get" | "pop"], [["const", _, name], *_], _] if name == claim:
                    return True
                case ["compare", _, ["const", _, name], ["in" | "not in"], _] if name == claim:
                    return True
                case ["class", _, name, *_] if _CLAIMS_MODEL.intersection(words_of(name)) and _has(form, claim):
                    return True
    return False


def _naming(program: Program, claim: str) -> Iterator[Block]:
    """The blocks outside of tests that name a claim, as a key or otherwise."""
    for module in program.modules.by_file.values():
        if not program.is_test(module):
            yield from program.sites.speaking(module, f'"{claim}"'.encode())


def _has(model: Form, claim: str) -> bool:
    return any(item[0] == "annassign" and item[2][-1] == claim for item in model[6])


def _is_stored(block: Block, item: Form) -> bool:
    return any(target is item for form in block.forms.of("assign") for target in form[2])


def _subject_marks(kind: Kind) -> frozenset[str]:
    """The purposes that the subject names in place of a user: `{"sub": "refresh_token"}`."""
    subject = kind.token.claims.get("sub")
    texts = subject.texts if subject is not None else ()
    return frozenset(text for text in texts if _PURPOSES.intersection(words_of(text)))


def same_key(program: Program, one: Kind, other: Kind) -> bool:
    """Whether two kinds of tokens are signed with one key, as far as is known."""
    return _key(program, one.token) == _key(program, other.token)


_MEANING = frozenset({"type", "token_type", "typ", "purpose", "token_use", "use", "kind", "scope", "scopes", "aud"})


def _key(program: Program, token: Token) -> object:
    """What the key of a token is, so far that equal keys give equal answers."""
    argument = token.encoding.key
    if argument is None:
        return None
    block, form = _kept(program, token, argument.form) or _passed(program, token, argument.form)
    found = list(options(ask(program, block, form)))
    if len(found) > 1 and _is_chosen(block, form):
        return token
    for option in found:
        if isinstance(option, Const):
            return ("const", option.value)
        if isinstance(option, Environment):
            return ("setting", option.name)
    return ("written", spelled(form) if form[0] in ("name", "attr") else repr(form[2:]))


def _is_chosen(block: Block, form: Form) -> bool:
    """Whether a key is chosen by a parameter of the function around it: `kind.key`, `KEYS[kind]`."""
    function = block.function
    names = {item[0] for item in function.parameters} - {"self", "cls"} if function is not None else set()
    return form[0] in ("attr", "sub", "call") and mentions(form, names)


def _kept(program: Program, token: Token, key: Form) -> tuple[Block, Form] | None:
    """The key that the object keeps which makes the token, `refresh.key` of `refresh.issue(sub)` or `refresh(sub)`."""
    function = token.encoding.call.block.function
    own = function.parameters[0][0] if function is not None and function.owner is not None and token.way else ""
    if not own or key[0] != "attr" or key[2][2:] != [own]:
        return None
    step = token.way[0]
    callee = step.form[2]
    if callee[0] not in ("attr", "name"):
        return None
    maker = callee[2] if callee[0] == "attr" and function is not None and callee[3] == function.name else callee
    form = ["attr", maker[1], maker, key[3]]
    known = list(options(ask(program, step.block, form)))
    plain = len(known) == 1 and isinstance(known[0], Const | Environment)
    return (step.block, form) if plain else None


def _passed(program: Program, token: Token, key: Form) -> tuple[Block, Form]:
    """The key where it is written: what the nearest caller passes when it is a parameter of the helper that encodes."""
    block = token.encoding.call.block
    function = block.function
    if function is None or key[0] != "name" or not token.way:
        return block, key
    names = [item[0] for item in function.parameters]
    if key[2] not in names:
        function = enclosing(program, block)
        names = [item[0] for item in function.parameters] if function is not None else []
    if key[2] not in names or function is None:
        return block, key
    step = token.way[0]
    named = next((value for keyword, value, _ in step.form[4] if keyword == key[2]), None)
    position = names.index(key[2]) - (function.owner is not None and function.kind != "static")
    given = named if named is not None else step.form[3][position] if position < len(step.form[3]) else None
    return (step.block, given) if given is not None else (block, key)
