"""Services that a dependency makes for the caller, and methods of them that never look at him.

`NoteService(db, user)` is given to a handler, which calls `notes.update(note_id, data)`: whether the caller counts is
decided in that method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_none, mentions, named_arguments, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.words import names_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def ignores_caller(program: Program, route: Route, node: Node, callers: set[str]) -> bool:
    """Whether a dependency makes an object of the project for its `callers`, and the handler uses nothing that asks."""
    made = made_for(program, node, callers) or made_by_guard(program, node, variable_names(route))
    handler = route.function
    if made is None or handler is None or not node.parameter:
        return False
    cls, given = made
    held = _held(cls, given)
    return bool(held) and not _speaks(program, cls, handler, node.parameter, held, set())


def makes_unasked(program: Program, block: Block, call: Form, callers: set[str]) -> bool:
    """Whether a call makes an object of the project for the callers, and nothing that is used of it asks for them.

    `Notes(db, user).remove(note_id)`, or the same by a name that the object is given.
    """
    found = [option for option in options(ask(program, block, call[2])) if isinstance(option, Class)]
    if block.function is None or len(found) != 1:
        return False
    cls = found[0]
    pairs = named_arguments(call, _parameters(cls))
    held = _held(cls, {name for name, value in pairs if mentions(value, callers)})
    if not held:
        return False
    for form in block.forms.of("assign", "attr"):
        match form:
            case ["assign", _, [["name", _, name]], value] if value is call:
                return not _speaks(program, cls, block.function, name, held, set())
            case ["attr", _, made, method] if made is call and (used := _member(cls, method)) is not None:
                return bool(used.parameters) and not _speaks(program, cls, used, used.parameters[0][0], held, set())
    return False


def ignores_given(program: Program, cls: Class, maker: Form, callers: set[str], method: str) -> Iterator[str]:
    """The attributes for the caller that an object is made with, where a method reads none of them and others do."""
    pairs = named_arguments(maker, _parameters(cls))
    held = _held(cls, {name for name, value in pairs if mentions(value, callers)})
    used = _member(cls, method)
    if not held or used is None or not used.parameters:
        return
    if _speaks(program, cls, used, used.parameters[0][0], held, set()):
        return
    for other in cls.namespace.values():
        if isinstance(other, Function) and other.parameters and other.name not in ("__init__", method):
            own = other.parameters[0][0]
            for form in other.forms.of("compare"):
                for item in (form[2], *form[4]):
                    if item[0] == "attr" and item[3] in held and item[2][2:] == [own]:
                        yield str(item[3])


@dataclass(frozen=True, slots=True)
class Kept:
    """How an object of a class keeps the caller that its `parameter` gets: in an attribute, himself or a `part` of him.

    The part is `.id` for `self.user_id = user.id` and empty for himself.
    """

    cls: Class
    parameter: str
    attribute: str
    part: str = ""


def kept_caller(program: Program, node: Node, callers: set[str], variables: set[str] | None = None) -> Kept | None:
    """How the object that a dependency makes keeps the caller; None where several are kept, or in another way.

    With the `variables` of a path, a guard that finds the caller itself makes such objects, too.
    """
    made = made_for(program, node, callers)
    if made is None and variables is not None:
        made = made_by_guard(program, node, variables)
    if made is None or len(made[1]) != 1:
        return None
    cls, given = made[0], next(iter(made[1]))
    start = _member(cls, "__init__")
    if start is None:
        return Kept(cls, given, given)
    for form in start.forms.of("assign"):
        match form:
            case ["assign", _, [["attr", _, ["name", _, own], attribute]], ["name", _, value]]:
                if own == start.parameters[0][0] and value == given:
                    return Kept(cls, given, str(attribute))
            case ["assign", _, [["attr", _, ["name", _, own], attribute]], ["attr", _, ["name", _, value], part]]:
                if own == start.parameters[0][0] and value == given:
                    return Kept(cls, given, str(attribute), f".{part}")
    return None


def made_for(program: Program, node: Node, callers: set[str]) -> tuple[Class, set[str]] | None:
    """The class of what a dependency gives, with the parameters of its `__init__` that get the caller."""
    if isinstance(node.call, Class):
        return node.call, callers
    function = node.function
    block = body_of(program, function) if function is not None else None
    returned = [form[2] for form in block.forms.of("return")] if block is not None else []
    if block is None or len(returned) != 1 or returned[0] is None or returned[0][0] != "call":
        return None
    if block.forms.of("raise"):
        return None  # who is calling has been looked at already
    call = returned[0]
    found = [option for option in options(ask(program, block, call[2])) if isinstance(option, Class)]
    if len(found) != 1:
        return None
    pairs = named_arguments(call, _parameters(found[0]))
    return found[0], {name for name, value in pairs if mentions(value, callers)}


def made_by_guard(program: Program, node: Node, variables: set[str]) -> tuple[Class, set[str]] | None:
    """The same of a guard that finds the caller itself, refuses whom it does not find, and takes no id of the path.

    `if rider is None: raise HTTPException(401)` before `return Context(db, rider)`.
    """
    function = node.function
    block = body_of(program, function) if function is not None and not isinstance(node.call, Class) else None
    returned = [form[2] for form in block.forms.of("return")] if block is not None else []
    if block is None or function is None or len(returned) != 1 or returned[0] is None or returned[0][0] != "call":
        return None
    if variables.intersection(item[0] for item in function.parameters):
        return None
    refused = {
        asked[2]
        for form in block.forms.of("if")
        if form[3] and form[3][-1][0] == "raise" and (asked := _asked_for_presence(form[2]))[0] == "name"
    }
    found = [option for option in options(ask(program, block, returned[0][2])) if isinstance(option, Class)]
    if len(found) != 1 or not refused or not program.guard_model.authenticates(node.call):
        return None
    pairs = named_arguments(returned[0], _parameters(found[0]))
    return found[0], {name for name, value in pairs if mentions(value, refused)}


def _parameters(cls: Class) -> list[str]:
    start = _member(cls, "__init__")
    if start is not None:
        return [parameter[0] for parameter in start.parameters[1:]]
    return [name for base in reversed(list(cls.lineage())) if isinstance(base, Class) for name, _, _ in base.fields]


def _member(cls: Class, name: str) -> Function | None:
    for base in cls.lineage():
        found = base.namespace.get(name) if isinstance(base, Class) else None
        if found is not None:
            return found if isinstance(found, Function) else None
    return None


def _held(cls: Class, given: set[str]) -> set[str]:
    """The attributes that keep the caller, or what was made of him; empty where that is not in sight."""
    start = _member(cls, "__init__")
    if start is None:
        return given
    own, held, given = start.parameters[0][0], set[str](), set(given)
    if start.forms.of("raise"):
        return held
    for _ in range(2):
        for form in start.forms.of("assign", "annassign"):
            value = form[-1]
            for target in form[2] if form[0] == "assign" else [form[2]]:
                if target[0] == "name" and value is not None and mentions(value, given):
                    given.add(target[2])
                if target[0] == "attr" and value is not None and target[2][0] == "name" and target[2][2] == own:
                    kept = any(item[0] == "attr" and item[3] in held for item in walk([value]))
                    held.update([target[3]] if kept or mentions(value, given) else [])
    handed = any(mentions(item, given) for form in start.forms.of("call") for item in form[3:] if form[2][0] == "attr")
    return set() if handed else held


def _speaks(program: Program, cls: Class, function: Function, own: str, held: set[str], seen: set[str]) -> bool:
    """Whether a function reads what keeps the caller of an object, itself or by other methods; handing on counts."""
    owners = set()
    for name, form in _reads(program, cls, function, own):
        owners.add(id(form))
        if name in held:
            return True
        if not name:
            continue
        method = _member(cls, name)
        if method is None and name not in _kept(cls):
            return True
        if method is not None and name not in seen:
            seen.add(name)
            if not method.parameters or _speaks(program, cls, method, method.parameters[0][0], held, seen):
                return True
    if function.module.facts.inside(function.number):
        return True
    return any(form[2] == own and id(form) not in owners for form in function.forms.of("name"))


def _reads(program: Program, cls: Class, function: Function, own: str) -> Iterator[tuple[str, Form]]:
    """The attributes of an object that a function reads, each with the object's name in that place.

    The attribute is empty where it is only written to a log, asked whether it is there, or decides nothing. What says
    something of the caller, `self.may_clean`, is asked for more than whether it is there.
    """
    idle = {id(item) for call in function.forms.of("call") if logs(call) for item in walk(call[3:])}
    idle |= without_effect(program, function)
    for form in function.forms.of("if"):
        asked = _asked_for_presence(form[2])
        if asked[0] == "attr" and _is_somebody(cls, str(asked[3])):
            idle.add(id(asked))
    for form in function.forms.of("attr"):
        if form[2][0] == "name" and form[2][2] == own:
            yield "" if id(form) in idle else str(form[3]), form[2]


def _asked_for_presence(test: Form) -> Form:
    """What a condition asks only whether it is there: `self.user` of `self.user is None` and of `not self.user`."""
    if test[0] == "unary" and test[2] == "not":
        test = test[3]
    elif test[0] == "compare" and len(test[4]) == 1 and is_none(test[4][0]):
        test = test[2]
    return test


def _is_somebody(cls: Class, name: str) -> bool:
    """Whether an attribute is the caller or a part of him, which he always has; no property, and no right of his."""
    if _member(cls, name) is not None or names_right(name):
        return False
    start = _member(cls, "__init__")
    for form in start.forms.of("assign", "annassign") if start is not None else ():
        targets = form[2] if form[0] == "assign" else [form[2]]
        if form[-1] is not None and any(target[0] == "attr" and target[3] == name for target in targets):
            return form[-1][0] == "name" or (form[-1][0] == "attr" and not names_right(str(form[-1][3])))
    return start is None


def _kept(cls: Class) -> set[str]:
    """The attributes that an object has by its fields, class attributes and `__init__`."""
    start = _member(cls, "__init__")
    targets = [item for form in start.forms.of("assign") for item in form[2]] if start is not None else []
    targets += [form[2] for form in start.forms.of("annassign")] if start is not None else []
    found = {str(item[3]) for item in targets if item[0] == "attr"}
    for base in cls.lineage():
        if isinstance(base, Class):
            found |= {name for name, _, _ in base.fields} | base.namespace.keys()
    return found
