"""Whether a token has to be the one that a store holds, so that a token of another kind opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.tokens.jwt import decodings

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_FORGETS = frozenset({"setex", "psetex"})
"""What sets a key of Redis for a number of seconds (https://redis.io/docs/latest/commands/setex/)."""
_PEOPLE = frozenset({"sub", "user", "user_id", "uid", "id", "username", "email", "name", "role", "tenant_id"})
_READS = frozenset({"get", "hget", "getdel", "get_token", "get_item"})


def kept_for_a_while(block: Block, encoding: Form) -> bool:
    """Whether a token goes, as it is made, into a store that forgets it: `redis.setex(key(token), seconds, data)`.

    What ends there is the session, whatever the token says.
    """
    names: set[str] = set()
    for form in block.forms.of("assign"):
        if any(item is encoding or (item[0] == "name" and item[2] in names) for item in walk([form[3]])):
            names.update(target[2] for target in form[2] if target[0] == "name")
    for form in block.forms.of("call") if names else ():
        name = str(form[2][-1]) if form[2][0] in ("name", "attr") else ""
        if not name or form[1] < encoding[1]:
            continue
        timed = name in _FORGETS or (words_of(name)[:1] == ["set"] and any(one[0] in ("ex", "px") for one in form[4]))
        if timed and mentions(form[3], names):
            return True
    return False


def only_tried_out(program: Program, block: Block, encoding: Form) -> bool:
    """Whether a token about nobody is made and read again on the spot, to see that the key works, and goes no further.

    `jwt.decode(jwt.encode({"some": "text"}, KEY), KEY)`, by way of a name or not.
    """
    if any(form[0] == "const" and form[2] in _PEOPLE for form in walk([encoding[3], encoding[4]])):
        return False
    written = [item for item in encoding[3][:2] if item[0] == "dict"]  # Authlib and joserfc take a header first
    if not written or any(form[0] == "name" for form in walk(written[-1])):
        return False
    names = block.forms.names_of(lambda value: value is encoding)
    if block.function is None and any(names & module.facts.words for module in _others(program, block)):
        return False
    reading = [item.call.form for item in decodings(program) if item.call.block.module is block.module]
    given = {id(form) for call in reading for form in walk([call[3], call[4]])}
    stored = {id(target) for form in block.forms.of("assign") for target in form[2]}
    read = [form for form in block.forms.of("name") if form[2] in names and id(form) not in stored]
    return id(encoding) in given or (bool(read) and all(id(form) in given for form in read))


def _others(program: Program, block: Block) -> Iterator[Module]:
    return (module for module in program.modules.by_file.values() if module is not block.module)


def held_by_store(program: Program) -> bool:
    """Whether a function that reads tokens, or one that calls it, compares the token with a stored access token."""
    for decoding in decodings(program):
        block = decoding.call.block
        around = [item[0] for item in callers(program, block.function)] if block.function is not None else []
        if any(_compares(one) for one in (block, *around)):
            return True
    return False


def _compares(block: Block) -> bool:
    for form in block.forms.every:
        match form:
            case ["compare", _, ["name", _, left], ["==" | "!="], [["name", _, right]]]:
                for sent, stored in ((left, right), (right, left)):
                    if _is_parameter(block, sent) and _is_stored(block, stored):
                        return True
    return False


def _is_parameter(block: Block, name: str) -> bool:
    function = block.function
    token = "token" in words_of(name) and "refresh" not in words_of(name)
    return token and function is not None and any(item[0] == name for item in function.parameters)


def _is_stored(block: Block, name: str) -> bool:
    scope = block.scope
    if not isinstance(scope, FunctionScope):
        return False
    return any(item[0] == "assign" and _reads_store(item[3]) for item in scope.assignments(name))


def _reads_store(form: Form) -> bool:
    while form[0] == "await":
        form = form[2]
    return bool(form[0] == "call" and form[2][0] == "attr" and form[2][3] in _READS)
