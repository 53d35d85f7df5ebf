"""Makers of tokens that are told which kind to make by an enumeration: each of its members is a kind of token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Const, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.payloads.encodings import Token
from fastapi_seclint.subjects.tokens.kinds import is_read
from fastapi_seclint.subjects.tokens.purposes import purpose_of_words, telling_claims

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_one_of_several(program: Program, token: Token) -> bool:
    """Whether a token's maker makes tokens for other purposes, too, although nobody in sight asks for one.

    `create_token(sub, TokenType.ACCESS)` is all that is called, `TokenType` has a member `REFRESH` as well, and
    somebody reads the claim that tells them apart.
    """
    for claim in telling_claims(token):
        known = token.claims.get(claim)
        said = known.texts if known is not None else frozenset()
        for step in token.makers if said else ():
            members = {text for form in _annotations(step.block) for text in _members(program, step.block, form)}
            if said <= members and any(_is_for_else(text) for text in members) and is_read(program, claim):
                return True
    return False


def _is_for_else(text: str) -> bool:
    return purpose_of_words(set(words_of(text))) in ("refresh", "other")


def _annotations(block: Block) -> Iterator[Form]:
    function = block.function
    for parameter in function.parameters if function is not None else ():
        if parameter[2] is not None:
            yield parameter[2]


def _members(program: Program, block: Block, annotation: Form) -> Iterator[str]:
    """The texts that a parameter may be given by its annotation: an enumeration's members, those of a `Literal`."""
    if annotation[0] == "sub" and last_name(annotation[2]) == "Literal":
        yield from (form[2] for form in walk(annotation[3]) if form[0] == "const" and isinstance(form[2], str))
        return
    for option in options(ask(program, block, annotation)):
        for cls in access.classes(option):
            if isinstance(cls, Class) and any("Enum" in base for base in cls.external_bases()):
                values = (value for item in cls.namespace.values() for value in options(item))
                yield from (one.value for one in values if isinstance(one, Const) and isinstance(one.value, str))
