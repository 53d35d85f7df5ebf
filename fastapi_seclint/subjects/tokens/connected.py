"""How a project finds a user through a connection or session: `by_id(database, user_id)`, and who has such a one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, AddParameter, Edit, SetKeyword
from fastapi_seclint.facts.forms import ASYNC, span_of, walk
from fastapi_seclint.program.sites import NO_STATEMENTS, Block
from fastapi_seclint.program.values import Class, Function, Mapping, options
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.owners.records import classes_in, field_names
from fastapi_seclint.subjects.payloads.encodings import tokens
from fastapi_seclint.subjects.tokens.found_users import LOOKUP, may_be_none
from fastapi_seclint.subjects.tokens.types import has_key, reached, read_in
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@dataclass(frozen=True, slots=True)
class Connected:
    """A call that finds a user: code before and after what he is found by, the edits that make it possible."""

    before: str
    after: str
    is_async: bool
    edits: tuple[Edit, ...]
    closed: str = ""
    """The test that is true of a user of this name whose account is closed, where users have such a state."""


def connected(program: Program, block: Block) -> Connected | None:
    """The call for a function that FastAPI calls and that reads a token; None where no finder or connection is known.

    The finder's second parameter is named as what the makers of these tokens put into the subject.
    """
    function = block.function
    if function is None or not any(item.function is function for item in wiring(program).consumers):
        return None
    names = set(_subjects(program, function))
    near = sorted(
        (finder for finder in _finders(program) if finder.parameters[1][0] in names),
        key=lambda item: -_shared(item.module.path, block.module.path),
    )
    return _call(program, block, function, near[0]) if near else None


def _shared(one: str, other: str) -> int:
    """How many folders two files have in common."""
    pairs = zip(one.split("/")[:-1], other.split("/")[:-1], strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _subjects(program: Program, function: Function) -> Iterator[str]:
    """The names of what is put into the subject of tokens that are signed with the key that a function reads with."""
    readings = [decoding for one, _ in reached(program, function) for decoding in read_in(program, one)]
    for token in tokens(program):
        claim = token.claims.get("sub")
        if claim is not None and any(has_key(token, decoding) for decoding in readings):
            for written in claim.written:
                yield from (str(form[-1]) for form in walk(written.form) if form[0] in ("name", "attr"))


def _finders(program: Program) -> Iterator[Function]:
    for module in program.modules.by_file.values():
        for name, value in module.scope.names.items() if not program.is_test(module) else ():
            for option in options(value):
                if not isinstance(option, Function) or option.module is not module or option.owner is not None:
                    continue
                call = ["call", option.at, ["name", option.at, name], [], []]
                place = Block(module, None, module.scope, NO_STATEMENTS)
                needed = len([item for item in option.parameters if item[3] is None])
                if needed == len(option.parameters) == 2 and LOOKUP.search(name) and may_be_none(program, place, call):
                    yield option


def _call(program: Program, block: Block, function: Function, finder: Function) -> Connected | None:
    (connection, *_), (_, _, annotation, *_) = finder.parameters
    edits: list[Edit] = []
    kept = _kept_in(program, block, finder)
    given = given_to(program, block, connection)
    if kept is None and not any(item[0] == connection for item in function.parameters):
        taken = taken_too(program, function, given) if given is not None else None
        if taken is None:
            return None
        edits += taken
    name = finder.name
    if finder.module is not block.module:
        name = local_name(block.module, finder.name, finder.module.name)
        alias = name if name != finder.name else None
        edits.append(
            AddImport(block.module.path, finder.module.name, finder.name, alias, local=True, target=finder.module.path)
        )
    number = annotation is not None and annotation[0] == "name" and annotation[2] == "int"
    around = ("int(", "))") if number else ("", ")")
    before, closed = f"{name}({kept or connection}, {around[0]}", when_closed(program, finder)
    return Connected(before, around[1], bool(finder.flags & ASYNC), tuple(edits), closed)


def _kept_in(program: Program, block: Block, function: Function, at: int = 0, depth: int = 3) -> str | None:
    """The dictionary of a file that others give a function for a parameter: `get_user(fake_users_db, name)`."""
    for other, call, bound in callers(program, function) if depth else ():
        given = call[3][at] if at < len(call[3]) and not bound else None
        if given is None or given[0] != "name" or other.module is not block.module:
            continue
        names = [item[0] for item in other.function.parameters] if other.function is not None else []
        if given[2] in names and other.function is not None:
            found = _kept_in(program, block, other.function, names.index(given[2]), depth - 1)
            if found is not None:
                return found
        elif any(isinstance(option, Mapping) for option in options(block.module.scope.find(given[2]))):
            return str(given[2])
    return None


def given_to(program: Program, block: Block, connection: str) -> str | None:
    """The parameter by which another function of the file is given the connection, as code."""
    for consumer in wiring(program).consumers:
        if consumer.function.module is not block.module or consumer.parameter.name != connection:
            continue
        form = next(item for item in consumer.function.parameters if item[0] == connection)
        depends = program.walker.resolver.dependency_of(consumer.parameter) is not None
        if depends and form[2] is not None:
            annotation, default = code(form[2]), code(form[3]) if form[3] is not None else ""
            if annotation is not None and default is not None:
                return f"{connection}: {annotation}" + (f" = {default}" if default else "")
    return None


def taken_too(program: Program, function: Function, given: str) -> tuple[Edit, ...] | None:
    """The edits that give a function of FastAPI's a parameter, as code, and hand it over where it is called by hand.

    Handlers that call it get such a parameter too. None where somebody else calls it, a test for example.
    """
    name = given.partition(":")[0]
    edits: list[Edit] = [AddParameter(function.module.path, span_of(function.at), given)]
    for other, call, _ in callers(program, function):
        if other.function is None or other.function is function:
            return None
        if not any(item[0] == name for item in other.function.parameters):
            own = given_to(program, other, name)
            if own is None or not any(item.function is other.function for item in wiring(program).consumers):
                return None
            edits.append(AddParameter(other.module.path, span_of(other.function.at), own))
        edits.append(SetKeyword(other.module.path, span_of(call[1]), name, name))
    return tuple(edits)


def when_closed(program: Program, function: Function) -> str:
    """How a user that a function says it finds is asked whether his account is closed; empty where nothing says so."""
    if function.returns is None:
        return ""
    found = classes_in(program.interpreter.ask(function.returns, function.module.scope))
    return closed_by(*found)


def closed_by(*classes: Class) -> str:
    """How a user of such a class is asked whether his account is closed; empty where no field says so."""
    fields = [name for cls in classes for name in field_names(cls)]
    opened = next((name for name in fields if name in ("is_active", "active", "is_enabled", "enabled")), "")
    shut = next((name for name in fields if name in ("disabled", "is_disabled", "blocked", "is_blocked")), "")
    return f"not {{}}.{opened}" if opened else f"{{}}.{shut}" if shut else ""
