"""Local names that hold a one-time code which the function has made up, or is to send: `code` of an OTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed as given_by_callers
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.leaks.log_calls import LEVELS, PRINTS
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CODE = re.compile(r"^((sms|email|mail|login|numeric|plain)_?)?(code|pin|passcode)$", re.I)
_ONE_TIME = re.compile(r"(\b|_)(otp|one[ _-]?time|two[ _-]?factor|2fa|verification|verify|passcode)(\b|_)", re.I)
_RANDOM = re.compile(
    r"^(randint|randbelow|randrange|choices?|sample|token_hex|token_urlsafe)$|^_?(generate|make|create|new|random)_\w*(otp|code|pin)"
)


_GUESSED = frozenset({"randbelow"})
"""What makes a number that nobody can guess (secrets): of a text it may be the name of a link."""


_OF_A_CODE = re.compile(
    r"(^|_)(otp|passcode|one_time|totp|2fa|((login|sign_?in|verification|verify|confirmation|auth|sms|reset|access|pin|mail|email"
    r"|phone)_code))(_|$)",
    re.I,
)
"""What a function is called that makes a one-time code: `new_otp`, `make_login_code`."""


_WRITES = frozenset({"str", "dumps", "format", "join", "int"})
"""What gives the text of what it takes."""


_ASIDE = word_set(
    "id uid uuid sid ref reference challenge handle template expiry expiration lifetime ttl delay window length count"
)
"""What stands beside a code and may be random, too: the id of a message, of a session."""


_LEAST = 1000
"""How many codes there are at least: those of four digits or more, less the ones that begin with a nought."""


def is_one_time_code(program: Program, block: Block, name: str) -> bool:
    """Whether a name is such a code, by how it was made, here or by who hands it over, and what functions say of it."""
    scope = block.scope
    if not _CODE.match(name) or not isinstance(scope, FunctionScope):
        return False
    given = [item[-1] for item in scope.assignments(name) if item[0] in ("assign", "annassign") and item[-1]]
    made = any(_RANDOM.search(name_of(call[2])) for value in given for call in walk(value) if call[0] == "call")
    handed = not given and any(item[0] == name for item in scope.function.parameters)
    if handed and _ONE_TIME.search(scope.function.name) is None:
        return any(_is_number(caller, value) for caller, value in given_by_callers(program, scope.function, name))
    if handed:
        return True
    if any(_is_unguessable(value) for value in given):
        return True
    return made and any(map(_ONE_TIME.search, (scope.function.name, *_told(block))))


def made_code(program: Program, block: Block, call: Form) -> bool:
    """Whether a call gives such a code that it makes up: its function is called so, and gives what it threw."""
    name = snake(last_name(call[2])) if call[0] == "call" else ""
    called_so = _OF_A_CODE.search(name) is not None and not _ASIDE & set(words_of(name)[-1:])
    return called_so and any(_gives_random(program, function) for function, _ in called(program, block, call))


def _gives_random(program: Program, function: Function) -> bool:
    """Whether a function gives back what it made of something random, under whatever names it kept that."""
    block = body_of(program, function)
    scope = block.scope if block is not None else None
    given = [form[2] for form in function.forms.of("return") if form[2] is not None]
    seen = set[str]()
    while isinstance(scope, FunctionScope) and given:
        form = given.pop()
        parts = list(kept_whole(form))
        if any(item[0] == "call" and _RANDOM.search(last_name(item[2])) for item in parts):
            return True
        fresh = {item[2] for item in parts if item[0] == "name" and not _ASIDE & set(words_of(item[2]))} - seen
        seen |= fresh
        given += [item[-1] for name in fresh for item in scope.assignments(name) if item[0] == "assign"]
    return False


def kept_whole(form: Form) -> Iterator[Form]:
    """The parts of an expression that are read in what it gives: nothing that a call takes, unless it writes that."""
    lost = {
        id(inner)
        for call in walk(form)
        if call[0] == "call" and last_name(call[2]) not in _WRITES and not _RANDOM.search(last_name(call[2]))
        for item in arguments(call)
        for inner in walk(item)
    }
    return (item for item in walk(form) if id(item) not in lost)


def _is_number(block: Block, form: Form) -> bool:
    """Whether an expression is such a number, or was given one in the same block: `self.codes[phone]`."""
    text = code(form)
    kept = [item for item in block.forms.of("assign") if text and any(code(target) == text for target in item[2])]
    return _is_unguessable(form) or any(_is_unguessable(item[3]) for item in kept)


def _is_unguessable(form: Form) -> bool:
    """Whether such a number is in an expression: none that picks something, `LETTERS[randbelow(26)]`, and no dice."""
    aside = {id(inner) for item in walk(form) if item[0] == "sub" for inner in walk(item[3])}
    digits = {id(inner) for item in walk(form) if item[0] == "comp" for inner in walk(item)}
    made = (item for item in walk(form) if item[0] == "call" and last_name(item[2]) in _GUESSED)
    return any(id(item) not in aside and (id(item) in digits or not _is_small(item)) for item in made)


def _is_small(call: Form) -> bool:
    """Whether so few numbers may come of a call that it throws dice rather than make a code."""
    match call[3]:
        case [["const", _, int() as most]]:
            return most < _LEAST
    return False


def _told(block: Block) -> list[str]:
    """The texts that the function prints or logs."""
    calls = [form for form in block.forms.of("call") if name_of(form[2]) in LEVELS | PRINTS]
    return [item[2] for call in calls for item in walk(call) if item[0] == "const" and isinstance(item[2], str)]
