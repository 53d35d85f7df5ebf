"""Bodies without a model that are written into accounts as they are: `for name in body: setattr(me, name, ...)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, awaited, last_name, mentions, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.accounts import classes_of_people
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.following import is_raw_body
from fastapi_seclint.subjects.rights.sent import Input, Sent, names_sent_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ACCOUNT = re.compile(
    r"^((db|current|existing|found|target|the|this|my|auth|authenticated|logged_in)_)*(user|account|member|profile|me|caller)"
    r"(_(in_db|db|obj|row|record))?$"
)
_UPDATES = frozenset({"update", "values"})


def free_rights(program: Program, block: Block, form: Form, found: Input) -> Iterator[tuple[Sent, str, bool]]:
    """The rights that a form writes into an account out of a body that nothing says the fields of."""
    if not found.open_bodies:
        return
    for cls in _written(program, block, form, found.open_bodies):
        rights = sorted(name for name, _, _ in fields(cls) if names_sent_right(name))
        said = {item[2] for item in block.forms.of("const")}
        if rights and not said & set(rights) and not _is_looked_through(block, form, found.open_bodies):
            yield Sent(rights[0], "body"), "written to the account with whatever else is in the body", True
            return


def _is_looked_through(block: Block, form: Form, bodies: set[str]) -> bool:
    """Whether a function does something else with a whole body: it may drop, or refuse, what is not to be sent."""
    own = {id(item) for item in walk(form)}
    return any(_looks_through(other, bodies) for other in block.forms.every if id(other) not in own)


def _looks_through(form: Form, bodies: set[str]) -> bool:
    """`body = clean(body)`, `set(body) - ALLOWED`, `[name for name in body ...]`, `del body[name]`."""
    match form:
        case ["assign", _, targets, value]:
            return any(_is_body(target, bodies) for target in targets) and not is_raw_body(value)
        case ["for", _, _, iterable, _, _]:
            return mentions(iterable, bodies)
        case ["comp", _, _, _, _, clauses]:
            return any(mentions(clause[1], bodies) for clause in clauses)
        case ["call", _, called, *_] if last_name(called) not in _ASKS_NOTHING:
            return any(_goes_through(value[2] if value[0] == "star" else value, bodies) for value in arguments(form))
        case ["binop" | "augassign", _, _, left, right]:
            return any(_goes_through(side, bodies) for side in (left, right))
        case ["compare", _, left, _, _]:
            return _goes_through(left, bodies)
        case ["delete", _, targets]:
            return mentions(targets, bodies)
    return False


_ASKS_NOTHING = frozenset({"len", "bool", "isinstance", "print", "debug", "info"})


def _written(program: Program, block: Block, form: Form, bodies: set[str]) -> list[Class]:
    """The classes of the accounts that a form fills with a whole body."""
    match form:
        case ["for", _, target, iterable, statements, _] if _goes_through(iterable, bodies):
            key = target[2][0] if target[0] == "tuple" else target
            return _set_on(program, block, statements, key[2]) if key[0] == "name" else []
        case ["call", _, called, positional, keywords]:
            whole = any(name is None and _is_body(value, bodies) for name, value, _ in keywords)
            if whole and last_name(called)[:1].isupper():
                return _people(program, block, called)
            given = whole or (len(positional) == 1 and _is_body(positional[0], bodies))
            if given and called[0] == "attr" and called[3] in _UPDATES:
                return _selected(program, block, called[2])
    return []


def _goes_through(iterable: Form, bodies: set[str]) -> bool:
    """`body`, `body.items()`, `body.keys()`."""
    match iterable:
        case ["call", _, ["attr", _, inner, "items" | "keys"], [], []]:
            return _is_body(inner, bodies)
    return _is_body(iterable, bodies)


def _is_body(form: Form, bodies: set[str]) -> bool:
    return bool(form[0] == "name" and form[2] in bodies)


def _set_on(program: Program, block: Block, statements: list[Form], key: str) -> list[Class]:
    """The classes of what gets every attribute by name, where no condition but `hasattr` asks which."""
    asked = [form[2] for form in walk(statements) if form[0] in ("if", "ifexp") and mentions(form[2], {key})]
    if any(not (test[0] == "call" and last_name(test[2]) == "hasattr") for test in asked):
        return []
    if any(_asks_about(form, key) for form in walk(statements) if form[0] == "call"):
        return []
    for form in walk(statements):
        match form:
            case ["call", _, ["name", _, "setattr"], [owner, ["name", _, used], _], _] if used == key:
                people = _people(program, block, owner)
                named = owner[0] == "name" and _ACCOUNT.match(snake(owner[2])) is not None
                named = named and not _is_another(program, block, owner[2])
                return people or (classes_of_people(program) if named else [])
    return []


def _asks_about(call: Form, key: str) -> bool:
    """Whether a function of its own gets the name of a field, which it may refuse: `check_editable(name)`."""
    if last_name(call[2]) in ("setattr", "getattr", "hasattr") or last_name(call[2]) in _ASKS_NOTHING:
        return False
    return any(item[0] == "name" and item[2] == key for item in arguments(call))


def _is_another(program: Program, block: Block, name: str) -> bool:
    """Whether what is called like an account is said to be something else: `profile: Profile`, `me.profile`."""
    people = classes_of_people(program)
    for item in parameters(block.function) if block.function is not None else ():
        if item.name == name and (said := access.classes(program.walker.resolver.type_of(item))):
            return not any(cls in people for cls in said)
    for form in block.forms.of("assign"):
        if any(target[0] == "name" and target[2] == name for target in form[2]):
            value = awaited(form[3])
            made = [
                option for item in walk(value) if item[0] == "name" for option in options(ask(program, block, item))
            ]
            tables = [cls for cls in made if isinstance(cls, Class) and is_table(cls)]
            return value[0] == "attr" or (bool(tables) and not any(cls in people for cls in tables))
    return False


def _people(program: Program, block: Block, form: Form) -> list[Class]:
    known = classes_of_people(program)
    found = [option for option in options(ask(program, block, form)) if isinstance(option, Class)]
    return [cls for cls in found if cls in known]


def _selected(program: Program, block: Block, statement: Form) -> list[Class]:
    """The classes of people that a statement is about: `db.query(User).filter(...)`, `update(User).where(...)`."""
    named = [item for form in walk(statement) if form[0] == "call" for item in form[3] if item[0] in ("name", "attr")]
    return [cls for item in named if last_name(item)[:1].isupper() for cls in _people(program, block, item)]
