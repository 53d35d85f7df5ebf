"""Secrets that come with a request itself, and that a handler verifies before it does what is asked."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, awaited, last_name, mentions, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, options
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.authentication import UNAUTHORIZED
from fastapi_seclint.subjects.owners.credentialed import made_of_credentials
from fastapi_seclint.subjects.passwords.hashers import step_by_name, step_of
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.secrets.comparisons import comparisons
from fastapi_seclint.subjects.tokens.after_swallowing import refused_by_caller
from fastapi_seclint.subjects.tokens.swallowing import own_swallows, raises_for_junk

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def brings_proof(program: Program, route: Route) -> bool:
    """Whether a handler verifies a token or secret of what it is sent, and refuses who does not know it."""
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    if handler is None or block is None:
        return False
    sent = {parameter[0] for parameter in handler.parameters} - {node.parameter for node in route.dependencies}
    return (
        _asks_for_token(program, handler, block)
        or _asks_for_secret(program, handler)
        or _has_checked(program, handler, block)
        or _verifies(program, handler, block, sent)
        or _hands_on(program, block, sent)
        or _redeems(program, route, block, sent)
        or _pairs_by_code(handler, access.segments(route.path), sent)
        or _finds_by_link(route, handler)
        or _awaits_a_wrong_signature(handler)
        or _verifies_signature(program, handler)
    )


def _awaits_a_wrong_signature(handler: Function) -> bool:
    """Whether a handler hands its request on and is ready for a signature that does not fit: a webhook's.

    `try: await parser(service, request)`, `except SignatureMismatch: raise ...`, whatever does the parsing.
    """
    requests = {item[0] for item in handler.parameters if item[2] is not None and last_name(item[2]) == "Request"}
    for form in handler.forms.of("try") if requests else ():
        caught = [clause[0] for clause in form[3] if clause[0] is not None]
        kinds = [item for kind in caught for item in walk(kind) if item[0] in ("name", "attr")]
        if any(_SIGNATURE.search(str(kind[-1])) for kind in kinds) and any(
            item[0] == "call" and any(mentions(value, requests) for value in arguments(item)) for item in walk(form[2])
        ):
            return True
    return False


_SIGNATURE = re.compile(r"signature|hmac", re.I)
_VERIFYING = re.compile(
    r"(verif|valid|check|compare)\w*_(signature|hmac)|(signature|hmac)_\w*(verif|valid|check)", re.I
)


def _verifies_signature(program: Program, handler: Function) -> bool:
    """Whether a handler, or what it calls, asks a function named after it for the signature and refuses others.

    `if not self._verify_signature(notification): raise ValueError(...)`: a service that calls back has no account.
    """
    for function in reached(program, handler, 1):
        calls = [form for form in function.forms.of("call") if _VERIFYING.search(snake(last_name(form[2])))]
        if calls and function.forms.of("raise") and not all(_is_kept(function, call) for call in calls):
            return True
    return False


def _is_kept(function: Function, call: Form) -> bool:
    """Whether what a check says is stored and nobody asks it: `document["valid"] = check_signature(document)`."""
    tests = [form[2] for form in function.forms.of("if", "while", "assert", "ifexp")]
    for form in function.forms.of("assign", "annassign", "dict"):
        held = [value for _, value in form[2]] if form[0] == "dict" else [form[-1]]
        if not any(value is not None and awaited(value) is call for value in held):
            continue
        names = {target[2] for target in form[2] if target[0] == "name"} if form[0] == "assign" else set()
        return not any(mentions(test, names) for test in tests)
    return False


def _redeems(program: Program, route: Route, block: Block, sent: set[str]) -> bool:
    """Whether a body is nothing but a code or ticket, which is looked up: who was given it may have what it is for."""
    bodies = [
        cls
        for parameter in (parameters(route.endpoint) if route.endpoint is not None else ())
        if parameter.name in sent
        for cls in access.classes(program.walker.resolver.type_of(parameter))
    ]
    fields = [name for cls in bodies for base in cls.lineage() if isinstance(base, Class) for name, _, _ in base.fields]
    if not fields or path_variables(route.path) or not all(map(_TICKET.match, fields)):
        return False
    if any(map(_PUBLIC_CODE.search, fields)):
        return False
    return any(
        item[0] == "attr" and item[3] in fields and item[2][0] == "name" and item[2][2] in sent
        for call in block.forms.of("call")
        for item in arguments(call)
        if not any(isinstance(one, External) and _is_pythons(one) for one in options(ask(program, block, call[2])))
    )


def _pairs_by_code(handler: Function, words: list[str], sent: set[str]) -> bool:
    """Whether a handler looks up a code of its body that only who was given it knows, and refuses where it finds none.

    `paired = await pair(payload.code, link)`, `if not paired: raise HTTPException(404)`, for a setup code say.
    """
    for form in handler.forms.of("assign"):
        call = form[3][2] if form[3][0] == "await" else form[3]
        if call[0] != "call" or form[2][0][0] != "name":
            continue
        codes = [
            item[3]
            for item in arguments(call)
            if item[0] == "attr" and _TICKET.match(item[3]) and item[2][0] == "name" and item[2][2] in sent
        ]
        said = " ".join([*codes, last_name(call[2]), handler.name, *words])
        if codes and _GIVEN_CODE.search(said) and _refuses_nothing(handler, form[2][0][2]):
            return True
    return False


def _finds_by_link(route: Route, handler: Function) -> bool:
    """Whether a handler finds what it works on by a token that stands in its path, and stops where there is none.

    `found = offer_of(session, token)`, `if found is None: return page("expired")`, for who was sent the link.
    """
    parts = route.path.split("/")
    links = {
        part[1:-1]
        for before, part in pairwise(parts)
        if _LINK.match(part) and not before.lower().rstrip("s").endswith(part[1:-1].lower())
    }
    for form in handler.forms.of("assign") if links else ():
        call = awaited(form[3])
        by_link = call[0] == "call" and any(mentions(item, links) for item in arguments(call))
        if by_link and form[2][0][0] == "name" and _refuses_nothing(handler, form[2][0][2]):
            return True
    return False


_LINK = re.compile(r"^\{(\w+_)?(token|nonce|signature)\}$")


def _refuses_nothing(handler: Function, name: str) -> bool:
    """Whether a handler raises, or answers with a failure, where a name holds nothing."""
    for form in handler.forms.of("if"):
        match form[2]:
            case ["unary", _, "not", ["name", _, tested]] | [
                "compare",
                _,
                ["name", _, tested],
                ["is"],
                [["const", _, None]],
            ] if tested == name:
                return any(item[0] in ("raise", "return") for item in form[3])
    return False


_GIVEN_CODE = re.compile(
    r"(set_?up|pair(ing)?|link(ing)?|invit\w*|verif\w*|otp|device|share|pick_?up|one_?time|redeem|claim)", re.I
)


def _is_pythons(value: External) -> bool:
    """Whether a function is one of Python's own, which takes a text to pieces and looks nothing up."""
    return value.name.partition(".")[0] in {*sys.stdlib_module_names, "builtins"}


_TICKET = re.compile(r"^(\w+_)?(code|ticket|voucher|token|secret|invite|invitation)$", re.I)
_PUBLIC_CODE = re.compile(
    r"(^|_)(source|program|python|country|currency|lang|language|locale|postal|post|zip|area|region|state|city|status|error"
    r"|exit|color|colour|product|item|bar|iso|airport|airline|dialling|dial|phone)_?code$",
    re.I,
)
"""Codes that name a place, a kind or a thing, and those that are programs: everybody knows or writes them."""


def _has_checked(program: Program, handler: Function, block: Block) -> bool:
    """Whether an object that a handler makes of a credential refuses: `Account(token=authorization).validate()`."""
    if not (made := made_of_credentials(handler)):
        return False
    for call in block.forms.of("call"):
        match call:
            case ["call", _, ["attr", _, ["name", _, name], _], _, _] if name in made:
                asked = (function for function, _ in called(program, block, call))
                if any(one.module.facts.body_mentions(one.number, word) for one in asked for word in UNAUTHORIZED):
                    return True
    return False


def _asks_for_token(program: Program, handler: Function, block: Block) -> bool:
    """Whether a handler gives something of its body to a function that verifies it as a token or refuses."""
    sent = {parameter[0] for parameter in handler.parameters}
    for call in block.forms.of("call"):
        is_sent = any(item[0] == "name" and item[2] in sent for value in arguments(call) for item in walk(value))
        functions = [function for function, _ in called(program, block, call)] if is_sent else []
        if any(raises_for_junk(program, function) for function in functions):
            return True
        swallows = (swallow for function in functions for swallow in own_swallows(program, function))
        if any(refused_by_caller(program, swallow) for swallow in swallows):
            return True
    return False


def _asks_for_secret(program: Program, handler: Function) -> bool:
    """Whether a handler, or what it calls, compares what is sent with a secret of the program and refuses."""
    blocks = [item.block for item in comparisons(program)]
    comparing = {(block.module.file, block.function.number) for block in blocks if block.function is not None}
    if not comparing:
        return False
    asking = (one for one in reached(program, handler, 1) if (one.module.file, one.number) in comparing)
    return any(one.forms.of("raise") for one in asking)


def _hands_on(program: Program, block: Block, sent: set[str]) -> bool:
    """Whether a function that a handler hands on what it is sent verifies it as a secret."""
    for call in block.forms.of("call"):
        for function, names in handed_to(program, block, call, sent):
            inner = body_of(program, function)
            if inner is not None and _verifies(program, function, inner, set(names)):
                return True
    return False


def _verifies(program: Program, function: Function, block: Block, sent: set[str]) -> bool:
    """Whether a function asks a hasher whether something sent fits a hash that it keeps, and refuses.

    So a build server may prove itself in its body: `if not verify(job.secret_hash, body.secret): raise ...`.
    """
    if not sent or not function.forms.of("raise"):
        return False
    for call in block.forms.of("call"):
        named = call[2][0] in ("name", "attr") and len(arguments(call)) == 2
        if named and any(mentions(value, sent) for value in arguments(call)) and _is_hasher(program, block, call[2]):
            return True
    return False


def _is_hasher(program: Program, block: Block, callee: Form) -> bool:
    if step_by_name(callee) == "verify":
        return True
    found = options(ask(program, block, callee))
    return any(isinstance(one, External) and step_of(one.name) == "verify" for one in found)
