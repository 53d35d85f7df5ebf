"""Authlib, joserfc and `PyJWS`: reading a token and checking its claims are two steps, and the second is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, options
from fastapi_seclint.rule import Confidence, Fix
from fastapi_seclint.subjects.code.origins import ask, blocks_of, callers
from fastapi_seclint.subjects.code.spelling import code as code_of
from fastapi_seclint.subjects.tokens.expiry import looked_at, validates
from fastapi_seclint.subjects.tokens.jwt import ENCODERS, Decoding

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_LOOKED_UP = frozenset({"jti", "sid", "session_id"})
_PEOPLE = frozenset({"sub", "user_id", "uid", "username", "email"})
_BROAD = frozenset({"JoseError", "AuthlibBaseError", "Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Claims that are used and never checked."""

    confidence: Confidence
    fix: Fix | None


def unchecked(program: Program, decoding: Decoding) -> Unchecked | None:
    """What to say of a call whose claims nobody checks; None for other libraries and for claims that are checked.

    Silent where the claims only lead to a stored session (`jti`), where this code has just made the token, and where
    this file makes such tokens without an expiry: then the maker is the mistake.
    """
    block = decoding.call.block
    if decoding.library not in ("authlib", "joserfc", "jws") or not decoding.verifies_signature:
        return None
    if looked_at(program, block, decoding.call.form, validates) or _checked_by_class(program, block):
        return None
    read = set(_keys_read(block))
    if decoding.library == "jws":
        around = callers(program, block.function) if block.function is not None else ()
        whose = read.union(*(_keys_read(caller) for caller, _, _ in around)) & _PEOPLE
        return Unchecked("medium", None) if whose else None
    if (read and read <= _LOOKED_UP) or _makes(program, block) or _makes_without_expiry(program, block):
        return None
    statement = _assignment(block, decoding.call.form)
    returned = statement is None or any(form[0] == "return" for form in block.forms.every)
    confidence: Confidence = "low" if read & _LOOKED_UP else "medium" if returned and not read else "high"
    return Unchecked(confidence, _named_first(decoding) if statement is None else _fix(decoding, statement))


def _checked_by_class(program: Program, block: Block) -> bool:
    """Whether a method only reads a token, and another of its class has both steps: who reads it asked that one."""
    function = block.function
    if function is None or function.owner is None:
        return False
    around = (caller for caller, _, _ in callers(program, function))
    return any(
        caller.function is not None and caller.function.owner is function.owner and validates(caller)
        for caller in around
    )


def _keys_read(block: Block) -> Iterator[str]:
    for form in block.forms.every:
        match form:
            case ["sub", _, _, ["const", _, str(key)]]:
                yield key
            case ["call", _, ["attr", _, _, "get"], [["const", _, str(key)], *_], _]:
                yield key


def _makes_without_expiry(program: Program, block: Block) -> bool:
    blocks = list(blocks_of(program, block.module))
    if any(form[0] == "const" and form[2] == "exp" for inner in blocks for form in inner.forms.every):
        return False
    return any(_makes(program, inner) for inner in blocks)


def _makes(program: Program, block: Block) -> bool:
    """Whether a block makes a token."""
    for form in block.forms.every:
        if form[0] == "call" and form[2][-1] == "encode":
            found = options(ask(program, block, form[2]))
            if any(isinstance(one, External) and one.name in ENCODERS for one in found):
                return True
    return False


def _assignment(block: Block, call: Form) -> Form | None:
    """The statement `name = decode(...)` that the call is the whole right side of."""
    for form in block.forms.every:
        if form[0] == "assign" and form[3] is call and len(form[2]) == 1 and form[2][0][0] == "name":
            return form
    return None


def _fix(decoding: Decoding, statement: Form) -> Fix:
    path = decoding.call.block.module.path
    code, imports = _validating(decoding, statement[2][0][2])
    edits = (InsertStatements(path, span_of(statement[1]), "after", code), *imports)
    return Fix(_TITLE, _is_caught(decoding.call.block, statement), edits)


_TITLE = "validate the claims, expiry included"


def _validating(decoding: Decoding, name: str) -> tuple[str, tuple[Edit, ...]]:
    """The statement that validates what a name holds, and the imports that it needs."""
    if decoding.library == "authlib":
        return f"{name}.validate()", ()
    imports = (AddImport(decoding.call.block.module.path, "joserfc.jwt", "JWTClaimsRegistry"),)
    return f"JWTClaimsRegistry().validate({name}.claims)", imports


def _named_first(decoding: Decoding) -> Fix | None:
    """The same for what goes on without a name: `return jwt.decode(token, KEY)`, `decode(token, key).claims["sub"]`."""
    block, call = decoding.call.block, decoding.call.form
    own = block.function.parameters if block.function is not None else ()
    taken = {*(form[2] for form in block.forms.of("name")), *(item[0] for item in own)}
    names = ("claims", "decoded") if decoding.library == "authlib" else ("decoded", "decoded_token")
    name = next((one for one in names if one not in taken), "")
    written = code_of(call)
    for form in block.forms.of("return", "assign") if name and written is not None else ():
        value = form[2] if form[0] == "return" else form[3]
        if value is not None and form[1] == value[1]:
            continue  # a branch of `return a if b else c`, with no statement to put above it
        while value is not None and value is not call:
            inner = value[0] == "call" and value[2][0] == "name" and len(value[3]) == 1 and not value[4]
            value = value[3][0] if inner else value[2] if value[0] in ("attr", "sub") else None
        if value is call:
            path = block.module.path
            validating, imports = _validating(decoding, name)
            before = InsertStatements(path, span_of(form[1]), "before", f"{name} = {written}\n{validating}")
            edits = (before, ReplaceExpression(path, span_of(call[1]), name), *imports)
            return Fix(_TITLE, _is_caught(block, form), edits)
    return None


def _is_caught(block: Block, statement: Form) -> bool:
    """Whether the error of `validate` is handled where the errors of `decode` are."""
    for form in block.forms.every:
        if form[0] == "try" and any(inner is statement for inner in walk(form[2])):
            for caught, *_ in form[3]:
                if caught is None or any(part[-1] in _BROAD for part in walk(caught) if part[0] in ("name", "attr")):
                    return True
    return False
