"""Functions that a library calls before a row is written, which hash its password then.

Tortoise's `signals.pre_save(model)(function)` (https://tortoise.github.io/signals.html), SQLAlchemy's
`event.listen(model, "before_insert", function)` (https://docs.sqlalchemy.org/en/20/core/event.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_REGISTERING = frozenset({"pre_save", "listen"})
_HASHING = re.compile(r"hash|crypt", re.I)
_WRITTEN = frozenset({"before_insert", "before_update"})
_TARGET = 2
"""The parameter of such a listener that is the row: `listener(mapper, connection, target)`."""


def is_about_to_be_written(block: Block, owner: Form) -> bool:
    """Whether a name is the row that a listener gets: `@event.listens_for(User, "before_insert")`.

    Or the row itself, in a method that puts a hash in the place of its password: beanie's `@before_event(Insert)`.
    """
    function = block.function
    if function is None or owner[0] != "name":
        return False
    if function.owner is not None and function.parameters and owner[2] == function.parameters[0][0]:
        return any(_replaces_itself(form, owner[2]) for form in block.forms.of("assign"))
    if "listens_for" not in block.module.facts.words:
        return False
    names = [parameter[0] for parameter in function.parameters]
    if names[_TARGET : _TARGET + 1] != [owner[2]]:
        return False
    definition = next((form for form in block.module.facts.forms(MODULE).of("def") if form[2] == block.number), None)
    return definition is not None and any(
        item[0] == "call" and last_name(item[2]) == "listens_for" and {one[-1] for one in item[3][1:2]} & _WRITTEN
        for item in definition[6]
    )


def _replaces_itself(form: Form, own: str) -> bool:
    """Whether an assignment makes a password's field of itself, or a hash's of a password's: `self.x = f(self.x)`."""
    match form:
        case ["assign", _, [["attr", _, ["name", _, name], target]], ["call", *_] as value] if name == own:
            read = {part[3] for part in walk(value) if part[0] == "attr" and part[2][2:] == [own]}
            plain = any(naming(one) == "plain" for one in read)
            return plain and (target in read or naming(target) == "kept")
    return False


def setters(program: Program) -> Iterator[Function]:
    """The listeners that get each new value of a password: `@event.listens_for(User.password, "set")`.

    Source: https://docs.sqlalchemy.org/en/20/orm/events.html, `AttributeEvents.set(target, value, oldvalue, ...)`.
    """
    for module in program.modules.by_file.values():
        for form in module.facts.forms(MODULE).of("def") if "listens_for" in module.facts.words else ():
            function = program.sites.function(module, form[2]) if any(map(_hears_password, form[6])) else None
            if function is not None and len(function.parameters) > 1:
                yield function


def _hears_password(decorator: Form) -> bool:
    match decorator:
        case ["call", _, listener, [["attr", _, _, name], ["const", _, "set"], *_], _]:
            return last_name(listener) == "listens_for" and bool(naming(name))
    return False


@lru_cache(maxsize=1)
def hooked(program: Program) -> bool:
    """Whether a function that hashes the password of its row is registered for a model which nobody can tell.

    A hook for `self.admin_model` is for whatever model is handed in, so that any may be the one.
    """
    modules = (one for one in program.modules.by_file.values() if one.facts.words & _REGISTERING)
    return any(name in _hashing(module) for module in modules for name in _registered(module))


def _registered(module: Module) -> Iterator[str]:
    """The names of functions that are registered for a model that is an attribute or a name of its function."""
    for number in module.facts.speaking(b'"pre_save"', b'"listen"', folded=False):
        for call in module.facts.forms(number).of("call"):
            match call:
                case ["call", _, ["call", _, maker, [["attr", *_], *_], _], [given], _] if (
                    last_name(maker) == "pre_save"
                ):
                    yield last_name(given)
                case ["call", _, maker, [["attr", *_], ["const", *_], given, *_], _] if last_name(maker) == "listen":
                    yield last_name(given)


def _hashing(module: Module) -> set[str]:
    """The functions of a file that put a hash in place of the password of something."""
    facts = module.facts
    return {
        name.rpartition(".")[2]
        for number, (name, _, _) in enumerate(facts.functions)
        if any(_hashes(form) for form in facts.forms(number).of("assign"))
    }


def _hashes(form: Form) -> bool:
    match form:
        case ["assign", _, [["attr", _, _, name]], ["call", _, function, _, _]]:
            return bool(naming(name)) and _HASHING.search(last_name(function)) is not None
    return False
