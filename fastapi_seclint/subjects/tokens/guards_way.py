"""How a guard of the project finds the user of a token in its own body, so that a fix elsewhere does the same."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit
from fastapi_seclint.facts.forms import ASYNC, Form, awaited, names_in, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Function, Value, options
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.tokens.connected import given_to, taken_too
from fastapi_seclint.subjects.tokens.found_users import finds, is_lookup, is_subject, may_be_none, refuses
from fastapi_seclint.subjects.tokens.types import reached, read_in
from fastapi_seclint.subjects.wiring.dependencies import wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

SUBJECT = "_the_subject_"
"""Stands for the subject in the code of a look-up."""


@dataclass(frozen=True, slots=True)
class Way:
    """A look-up as code before and after the subject, what it is kept as, when that is refused, and its edits.

    One that refuses by itself is kept as nothing.
    """

    before: str
    after: str
    name: str
    refused: str
    is_async: bool
    edits: tuple[Edit, ...]


def guards_way(program: Program, block: Block) -> Way | None:
    """The look-up of another guard that the function of a block can make, too; it is one that FastAPI calls."""
    if block.function is None or not any(item.function is block.function for item in wiring(program).consumers):
        return None
    ways = (_way(program, block, guard) for guard in _guards(program) if guard is not block.function)
    return next((way for way in ways if way is not None), None)


def _guards(program: Program) -> Iterator[Function]:
    """The dependencies that read a token, themselves or through what they call."""
    seen: set[int] = set()
    for value in wiring(program).callables:
        function = running(value)
        if function is None or id(function) in seen or program.is_test(function.module):
            continue
        seen.add(id(function))
        if program.guard_model.authenticates(value) and any(
            read_in(program, one) for one, _ in reached(program, function, 2)
        ):
            yield function


def _way(program: Program, block: Block, guard: Function) -> Way | None:
    body = body_of(program, guard)
    held = {
        form[2][0][2]: form[3]
        for form in (body.forms.of("assign") if body is not None else ())
        if form[2][0][0] == "name" and any(is_subject(one) for one in walk(form[3]))
    }
    for number, statement in enumerate(body.statements if body is not None else ()):
        match statement:
            case ["assign", _, [["name", _, name]], value] | ["return" as name, _, value] if (
                body is not None and value is not None
            ):
                bare = _inlined(value, held)
                written = code(bare) or ""
                alone = refuses(program, body, awaited(value))
                if written.count(SUBJECT) != 1 or not (alone or _may_miss(program, body, value)):
                    continue
                edits = _edits(program, block, guard, bare)
                refused = _refused(body.statements[number + 1 : number + 2], name) if not alone else ""
                if edits is None or not (alone or refused):
                    continue
                before, _, after = written.partition(SUBJECT)
                waits = any(form[0] == "await" for form in walk(bare))
                return Way(before, after, name if refused else "", refused, waits, tuple(edits))
    return None


def _may_miss(program: Program, body: Block, value: Form) -> bool:
    """Whether an expression looks a user up and gives None for one who is not there."""
    known = any(map(is_lookup, walk(value))) or finds(program, body, awaited(value))
    return known and may_be_none(program, body, value)


def _inlined(form: Form, held: dict[str, Form]) -> Form:
    """A form with what local names stand for in their place, and a mark for the subject."""
    if form and isinstance(form[0], str):
        if is_subject(form):
            return ["name", form[1], SUBJECT]
        if form[0] == "name" and form[2] in held:
            return _inlined(held[form[2]], {})
    return [_inlined(item, held) if isinstance(item, list) else item for item in form]


def _refused(following: list[Form], name: str) -> str:
    """The condition on which a guard refuses what it found, when it is about nothing else: `user is None or ...`."""
    match following:
        case [["if", _, test, [*_, ["raise", *_]], []]]:
            named = names_in(test)
            return (_condition(test) or "") if named == {name} else ""
    return ""


def _condition(form: Form) -> str | None:
    match form:
        case ["bool", _, "or" as operator, items]:
            parts = [_condition(item) for item in items]
            return None if None in parts else f" {operator} ".join(map(str, parts))
        case ["unary", _, "not", inner]:
            said = code(inner)
            return f"not {said}" if said is not None else None
    return code(form)


def _edits(program: Program, block: Block, guard: Function, look_up: Form) -> list[Edit] | None:
    """What the function of a block needs for a look-up: parameters and imports; None where it cannot have them."""
    edits: list[Edit] = []
    function, parameters = block.function, {item[0] for item in guard.parameters}
    for name in sorted(names_in(look_up) - {SUBJECT}):
        if function is not None and any(item[0] == name for item in function.parameters):
            continue
        if name in parameters:
            given = given_to(program, block, name)
            taken = taken_too(program, function, given) if function is not None and given is not None else None
            if taken is None:
                return None
            edits += taken
        elif guard.module.scope.find(name) is None:
            if not hasattr(builtins, name):
                return None
        elif block.module.scope.find(name) is None:
            source = _source(options(guard.module.scope.find(name)), name)
            if not source or local_name(block.module, name, source) != name:
                return None
            edits.append(AddImport(block.module.path, source, name, local=source in program.modules.by_name))
    return edits


def _source(values: Iterable[Value], name: str) -> str:
    """The module that a name is to be imported from; empty where that is not plain."""
    for value in values:
        if isinstance(value, Class | Function) and value.name == name:
            return value.module.name
        if isinstance(value, External) and value.name.endswith(f".{name}"):
            return value.name[: -len(name) - 1]
    return ""


def can_wait(block: Block) -> bool:
    """Whether something can be awaited in a block."""
    return block.function is not None and bool(block.function.flags & ASYNC)
