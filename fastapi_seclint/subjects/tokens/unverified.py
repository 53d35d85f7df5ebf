"""Reading a token without checking its signature: the calls that do, and whether anybody trusts what they give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import giving
from fastapi_seclint.program.sites import NO_STATEMENTS, Block, Call
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import Annotated, Dependency, External, Value, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called, callers
from fastapi_seclint.subjects.tokens.claims_read import is_given, keys_read
from fastapi_seclint.subjects.tokens.fetched import source_of
from fastapi_seclint.subjects.tokens.guarded import is_of_guard
from fastapi_seclint.subjects.tokens.hand_decoding import decoded_by_hand, decoded_by_helper
from fastapi_seclint.subjects.tokens.jwt import Decoding, decodings
from fastapi_seclint.subjects.tokens.logged import only_logged, only_reported
from fastapi_seclint.subjects.tokens.parts import BASE64, taken_apart

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

READERS = (
    "jose.jwt.get_unverified_claims",
    "jose.jws.get_unverified_claims",
    "jose.jwt.get_unverified_headers().claims",
    "joserfc.jws.extract_compact",
)
"""Calls that give the claims of a token whoever signed it."""

_ROUTING = frozenset(
    {"iss", "kid", "alg", "exp", "iat", "nbf", "aud", "azp", "tid", "typ", "type", "token_type", "header"}
)
"""Claims that tell where a token comes from and how long it lives: people read them to choose a key or to renew."""
_SAYS_SO = frozenset({"unverified", "unsafe", "insecure", "peek", "inspect", "debug", "untrusted"})
"""Words by which a function warns its callers; one that nobody calls does no harm."""
_VERIFIERS = frozenset(
    {"verify_id_token", "verify_oauth2_token", "verify_firebase_token", "verify_token", "verify_signature",
     "parse_id_token", "verify_jwt", "validate_token"}
)  # fmt: skip
_PARTS = 2


def readers(program: Program) -> Iterator[Call]:
    """The calls of helpers that never check a signature."""
    yield from program.sites.calls(*READERS)


@lru_cache(maxsize=1)
def believers(program: Program) -> set[tuple[str, int]]:
    """The functions that read a token without a check of its signature, each by its file and number."""
    blocks = [call.block for call in readers(program)]
    blocks += [block for block, _ in (*decoded_by_hand(program), *decoded_by_helper(program))]
    blocks += [one.call.block for one in decodings(program) if not one.maker and not one.verifies_signature]
    return {(block.module.file, block.function.number) for block in blocks if block.function is not None}


def is_harmless(program: Program, block: Block, call: Form, depth: int = 2) -> bool:
    """Whether what is read without a check is only used to find the issuer or the key, or is verified as well.

    A command that somebody types reads his own token. Verified counts in the same function, in a function that it calls
    with the token, or in all of its callers.
    """
    read = keys_read(block, call)
    if read and read <= _ROUTING:
        return not _vouches(program, block)
    if _is_verified_before(program, block, call) or _asks_for_shape(block, call) or _is_known(program, block, call):
        return True
    if _verifies(program, block, call) and not _is_given_instead(program, block, call):
        return True
    if _is_command(block) or only_logged(program, block, call):
        return True
    if only_reported(block, call) or _only_looks(block, call):
        return True
    if depth == 0 or block.function is None:
        return False
    around = [item for item in callers(program, block.function) if not program.is_test(item[0].module)]
    if not around and _SAYS_SO & set(words_of(block.function.name)):
        return True
    if around and _SAYS_SO & set(words_of(block.function.name)) and all(is_of_guard(*item[:2]) for item in around):
        return True
    if not around or not _is_returned(block, call):
        return False
    return all(is_harmless(program, caller, use, depth - 1) for caller, use, _ in around)


_VOUCHING = re.compile(r"^_?(validate|verify|authenticate)_(\w+_)?(token|jwt)$")


def _vouches(program: Program, block: Block) -> bool:
    """Whether a function that only looks how old a token is says that it is valid, and a route refuses by it alone."""
    if block.function is None or _VOUCHING.match(snake(block.function.name)) is None:
        return False
    if not any(form[2] is not None and form[2][::2] == ["const", True] for form in block.forms.of("return")):
        return False
    handlers = {(route.function.module.file, route.function.number) for route in program.routes if route.function}
    return any(
        around.function is not None
        and (around.module.file, around.function.number) in handlers
        and any(_refuses(form) for form in around.forms.of("if") if any(one is use for one in walk(form[2])))
        and not _verifies(program, around, use)
        for around, use, _ in callers(program, block.function)
    )


def _refuses(form: Form) -> bool:
    """Whether one of the two ways of an `if` raises, or answers that somebody is not let in."""
    return any(one[0] == "raise" or one[2:] in ([401], [403]) for one in walk(form[3:]))


def _is_given_instead(program: Program, block: Block, call: Form) -> bool:
    """Whether a function gives unverified claims where it does not give verified ones, as where no key is configured.

    `if KEY: return jwt.decode(token, KEY, ...)` and then `return jwt.decode(token, options={...})`.
    """
    given = [form for form in block.forms.of("return") if form[2] is not None]
    own = [form for form in given if form[2] is call or (form[2][0] == "sub" and form[2][2] is call)]
    verified = [form for form in block.forms.of("call") if (block.module.file, form[1]) in _sound(program)]
    elsewhere = [form for form in given if form not in own]
    return bool(own and verified) and all(
        any(inner is form for one in elsewhere for inner in walk(one[2])) for form in verified
    )


def _only_looks(block: Block, call: Form) -> bool:
    """Whether an object of a client only looks whether its own token is one: no claim is used, and nobody is served."""
    if not any(form[2] is call for form in block.forms.of("expr")):
        return False
    token = next(iter(call[3]), None) or next((value for name, value, _ in call[4] if name in ("jwt", "token")), None)
    own = token is not None and token[0] == "attr" and token[2][::2] == ["name", "self"]
    return own and not any(name.partition(".")[0] in _SERVING for name in block.module.facts.imports)


_SERVING = frozenset({"fastapi", "starlette"})


def token_read(block: Block, call: Form) -> Form | None:
    """The token that a call reads, or that its block takes apart for it."""
    given = _given(call)
    return taken_apart(block) if call[2][-1] in BASE64 or given is None else given


def _given(call: Form) -> Form | None:
    return next(iter(call[3]), None) or next((value for name, value, _ in call[4] if name in ("jwt", "token")), None)


def _is_known(program: Program, block: Block, call: Form) -> bool:
    """Whether a token is a setting, or lies in the request's state and all that put it there have verified it."""
    source = source_of(program, block, token_read(block, call))
    if source is None or source.kind != "kept":
        return source is not None and source.kind == "configured"
    keepers = [
        (keeper, form)
        for keeper in program.sites.blocks(frozenset({"state"}))
        for form in keeper.forms.of("assign")
        if not program.is_test(keeper.module)
        and any(target[0] == "attr" and target[3] == source.name and target[2][-1] == "state" for target in form[2])
    ]
    return bool(keepers) and all(_verifies(program, keeper, form) for keeper, form in keepers)


def _is_verified_before(program: Program, block: Block, call: Form) -> bool:
    """Whether a handler reads what a guard of its route has left in the request's state: `request.state.user.token`."""
    root, passed = _given(call), False
    while root is not None and root[0] == "attr":
        passed = passed or root[3] == "state"
        root = root[2]
    if not passed or block.function is None:
        return False
    routes = [route for route in program.routes if route.function is block.function]
    return bool(routes) and all(program.guarding(route).protection == "protected" for route in routes)


_SHAPE = re.compile(r"^_?(is|looks_like)_(an?_)?(jwt|jws|json_web_token)(_token)?$")


def _asks_for_shape(block: Block, call: Form) -> bool:
    """Whether a function only finds out whether a text has the form of a token, and gives no claim of it: `is_jwt`."""
    if block.function is None or _SHAPE.match(snake(block.function.name)) is None:
        return False
    return any(form[0] == "expr" and form[2] is call for form in walk(block.statements))


def _is_command(block: Block) -> bool:
    """Whether a function is a command of click or typer, which shows a token to the one who has it."""
    decorators = block.function.decorators if block.function is not None else []
    return any(
        isinstance(option, External) and option.name.startswith(("click.", "typer.")) and "command" in option.name
        for decorator in decorators
        for option in options(decorator)
    )


def _is_returned(block: Block, call: Form) -> bool:
    """Whether a function gives claims back, or single ones that it has taken out of them."""
    names = block.forms.names_of(lambda value: value is call)
    for form in block.forms.of("assign"):
        if form[2][0][0] == "name" and is_given(_taken_from(form[3]), call, names):
            names.add(form[2][0][2])
    return any(
        form[0] == "return" and form[2] is not None and any(is_given(item, call, names) for item in walk(form[2]))
        for form in block.forms.every
    )


def _taken_from(form: Form) -> Form:
    """What a single claim is taken out of: `claims` of `claims["sub"]`; what is looked up by a claim is none."""
    match form:
        case ["sub", _, owner, *_] | ["call", _, ["attr", _, owner, "get"], *_]:
            return _taken_from(owner)
    return form


def _verifies(program: Program, block: Block, call: Form, depth: int = 1, before: int = 3) -> bool:
    """Whether a block, or a function that it gives the token to, also reads a token with its signature checked.

    `depth` is how far calls are followed, `before` how far dependencies are.
    """
    sound, failed = _sound(program), _failed_before(block, call) | _of_other_tokens(block, call)
    for form in block.forms.of("call"):
        if form is call or form[2][0] not in ("name", "attr") or id(form) in failed:
            continue
        if (block.module.file, form[1]) in sound:
            return True
        if _checks_signature(block, form):
            return True
        if depth or form[2][-1] in _VERIFIERS:
            inside = [body_of(program, function) for function, _ in called(program, block, form)]
            if not inside and form[2][-1] in _VERIFIERS:
                return True
            if depth and any(inner is not None and _verifies(program, inner, call, depth - 1, 0) for inner in inside):
                return True
    if not before:
        return False
    return any(_verifies(program, inner, call, depth, before - 1) for inner in _dependencies(program, block))


def _checks_signature(block: Block, call: Form) -> bool:
    """Whether a call verifies the parts of a token with a key: `jwk.construct(found).verify(message, signature)`.

    Its answer has to be asked for: a call that only gives True or False refuses nobody.
    """
    if call[2][0] != "attr" or call[2][3] != "verify" or len(call[3]) < _PARTS:
        return False
    if not block.module.facts.words & {"jwk", "construct", "RSAKey", "ECKey", "public_key", "load_pem_public_key"}:
        return False
    asked = (form[2] for form in block.forms.of("if", "assert", "return") if form[2] is not None)
    return any(item is call for test in asked for item in walk(test)) and any(
        form[0] == "call" and form[2][-1] in ("rsplit", "split", "rpartition") and form[3] and form[3][0][-1] == "."
        for form in block.forms.every
    )


def _dependencies(program: Program, block: Block) -> Iterator[Block]:
    """The functions of the project that FastAPI runs before this one."""
    function = block.function
    if function is None:
        return
    outside = Block(function.module, None, function.module.scope, NO_STATEMENTS)
    for form, default in zip(function.parameters, function.defaults, strict=True):
        found: list[Value] = [] if default is None else [default]
        if form[2] is not None:
            annotated = options(ask(program, outside, form[2]))
            found += [item for value in annotated if isinstance(value, Annotated) for item in value.metadata]
        for item in found:
            giver = giving(item.call) if isinstance(item, Dependency) else None
            if giver is not None:
                inner = body_of(program, giver)
                if inner is not None and (inner.module, inner.number) != (block.module, block.number):
                    yield inner


def _failed_before(block: Block, call: Form) -> set[int]:
    """The calls whose failure leads to this one: it stands in an `except` behind them."""
    found: set[int] = set()
    for form in block.forms.of("try"):
        for _, _, statements, _ in form[3]:
            if any(item is call for item in walk(statements)):
                found.update(id(item) for item in walk(form[2]) if item[0] == "call")
    return found


def _of_other_tokens(block: Block, call: Form) -> set[int]:
    """The calls in the other branch of an `if` than this one that never speak of its token: one in a header, say."""
    token = next(iter(call[3]), None)
    names = names_in(token) if token is not None else set()
    found: set[int] = set()
    for form in block.forms.of("if") if names else ():
        for here, there in ((form[3], form[4]), (form[4], form[3])):
            if any(item is call for item in walk(here)):
                calls = [item for item in walk(there) if item[0] == "call"]
                found |= {id(item) for item in calls if not names & names_in(item)}
    return found


def verifies_other(program: Program, block: Block, call: Form) -> bool:
    """Whether a block verifies another token than the one that a call of it reads: the refresh token beside it."""
    token = token_read(block, call)
    others = [
        form
        for form in block.forms.of("call")
        if form is not call and form[3] and token is not None and form[3][0][2:] != token[2:]
    ]
    inside = [body_of(program, function) for form in others for function, _ in called(program, block, form)]
    return any(inner is not None and _verifies(program, inner, call, 1, 0) for inner in inside)


def verifies(program: Program, block: Block) -> bool:
    """Whether a block itself reads a token with its signature checked."""
    sound = _sound(program)
    return any((block.module.file, form[1]) in sound for form in block.forms.of("call"))


@answered_once
def _sound(program: Program) -> set[tuple[str, int]]:
    """The places of the decoding calls that check the signature."""
    return {
        (item.call.block.module.file, item.call.form[1])
        for item in decodings(program)
        if not item.maker and item.verifies_signature and not _keyless(item)
    }


def _keyless(decoding: Decoding) -> bool:
    return decoding.call.argument("key", 1) is None and not decoding.call.spread


def unchecked_signatures(program: Program) -> Iterator[Call]:
    """python-jose's `jws.verify(..., verify=False)`."""
    for call in program.sites.calls("jose.jws.verify"):
        argument = call.argument("verify", 3)
        if argument is not None and argument.form[0] == "const" and argument.form[2] is False:
            yield call
