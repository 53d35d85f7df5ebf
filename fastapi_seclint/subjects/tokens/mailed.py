"""Tokens that are sent by mail, for a password reset or to confirm an address, and that may open the API as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.bindings import targets
from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.origins import origins
from fastapi_seclint.subjects.payloads.known import Claim
from fastapi_seclint.subjects.payloads.results import names_at_callers, result_names
from fastapi_seclint.subjects.payloads.ways import Step
from fastapi_seclint.subjects.tokens.kinds import Kind, same_key, told_apart
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MAILED = {
    "reset": "reset", "forgot": "reset", "recover": "reset", "recovery": "reset", "verification": "verification",
    "verify": "verification", "confirm": "confirmation", "confirmation": "confirmation", "activate": "activation",
    "activation": "activation", "invite": "invitation", "invitation": "invitation", "unsubscribe": "unsubscribe",
}  # fmt: skip
"""What is said of a token that comes with a link in a mail, and what it is for."""
_MADE = frozenset({"token", "jwt", "link", "url", "mail", "email"})
_CHECKING = (["verify"], ["confirm"], ["activate"])
"""How a function is called that is sent such a token, and may let whoever sends it in."""
_LETS_IN = frozenset({"access", "session", "bearer"})
_TIMES = frozenset({"exp", "iat", "nbf", "jti", "iss"})


def mailed_pairs(program: Program, kinds: Sequence[Kind]) -> Iterator[tuple[Kind, Kind, str, list[Kind]]]:
    """Tokens that pass for access tokens: what is sent by mail, an access token, its purpose, and all kinds anew.

    In the last list each kind that is sent by mail has its own purpose.
    """
    asked = [kind for kind in kinds if kind.purpose == "other" or (kind.purpose == "access" and not kind.sure)]
    words = {id(kind): _word(program, kind) for kind in asked}
    anew = {id(kind): replace(kind, purpose=words[id(kind)]) for kind in kinds if words.get(id(kind))}
    every = [anew.get(id(kind), kind) for kind in kinds]
    for kind in anew.values():
        access = [one for one in every if one.purpose == "access" and same_key(program, one, kind)]
        if access and not any(told_apart(program, one, kind) or not _is_alike(program, one, kind) for one in access):
            yield kind, access[0], kind.purpose, every


def _word(program: Program, kind: Kind) -> str:
    """What a token is for that is sent by mail, by the names around it; empty for all else.

    Functions that check such a token, `verify_code`, or that answer their caller with a token, do not mail one.
    """
    steps, names, given = kind.token.makers[:3], list[str](), list[str]()
    answered = any(_is_answered(program, step) for step in steps)
    for step in steps:
        function = step.block.function
        own = list(result_names(program, step))
        around = own.pop() if function is not None else ""
        words = words_of(around)
        makes = bool(_MADE & set(words)) or not answered
        told = [*own, *names_at_callers(program, step)]
        given += told
        names += [*told, *([around] if makes and words[:1] not in _CHECKING else [])]
    if any(_LETS_IN & set(words_of(name)) for name in given):
        return ""
    return next((word for name in names if (word := mailed_word(name))), "")


def _is_answered(program: Program, step: Step) -> bool:
    """Whether a handler has the result of a call in its own answer: `return {"token": sign(user)}`."""
    function = step.block.function
    if function is None or not is_handler(program, function):
        return False
    given = (form for form in function.forms.of("assign") if any(item is step.form for item in walk(form[3])))
    names = {name for form in given for target in form[2] for name in targets(target)}
    for form in function.forms.of("return"):
        calls = [item for item in walk(form) if item[0] == "call" and last_name(item[2])[:1].islower()]
        handed = {id(item) for call in calls if call is not step.form for item in walk(arguments(call))}
        if any(
            id(item) not in handed and (item is step.form or item[2:] in [[n] for n in names]) for item in walk(form)
        ):
            return True
    return False


def mailed_word(name: str) -> str:
    """What a name says that a token is for which comes by mail: `reset` of `forgot_password`; empty for all else."""
    return next((_MAILED[word] for word in words_of(name) if word in _MAILED), "")


def _is_alike(program: Program, one: Kind, other: Kind) -> bool:
    """Whether both say the same of the same: a guard that finds nobody by an address takes no token that has one."""
    first, second = one.token.claims.items, other.token.claims.items
    named = first.keys() - _TIMES
    if not named or named != second.keys() - _TIMES:
        return False
    return all(_is_number_of(program, first[key]) == _is_number_of(program, second[key]) for key in named)


def _is_number_of(program: Program, claim: Claim) -> bool:
    """Whether a claim is somebody's number, and no address or name; what a parameter is, its callers say."""
    for written in claim.written:
        parts = list(walk([written.form[-1] if written.form[0] == "item" else written.form]))
        names = (part for part in parts if part[0] == "name")
        given = [origin.form for name in names for origin in origins(program, written.block, name)]
        if any(_is_number(part) for part in (*parts, *walk(given))):
            return True
    return False


def _is_number(form: Form) -> bool:
    return form[0] in ("name", "attr") and bool({"id", "uid", "pk", "uuid"} & set(words_of(str(form[-1]))))
