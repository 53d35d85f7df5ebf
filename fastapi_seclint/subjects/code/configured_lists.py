"""Collections that whoever runs the program configures: accounts and clients out of a variable or of settings."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Collection, Environment, Mapping, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.loops import loops
from fastapi_seclint.subjects.code.reads import reads_setting

_READING = frozenset({"environ", "getenv"})


def is_configured_item(block: Block, form: Form) -> bool:
    """Whether something is a part of what goes through such a collection: `one.name` of `for one in ACCOUNTS`."""
    while form[0] in ("attr", "sub", "call"):
        form = form[2]
    return form[0] == "name" and any(_is_configured(block, _mapped(iterable)) for iterable, _ in loops(block, form[2]))


def _mapped(iterable: Form) -> Form:
    match iterable:
        case ["call", _, ["attr", _, owner, "items" | "values"], [], []]:
            found: Form = owner
            return found
    return iterable


def _is_configured(block: Block, iterable: Form) -> bool:
    if reads_setting(iterable):
        return True
    if iterable[0] not in ("name", "attr") or not isinstance(block.scope, FunctionScope):
        return False
    for option in options(block.scope.ask(iterable)):
        if isinstance(option, Environment) and not option.name.startswith("parameter "):
            return True
        place = option.place if isinstance(option, Collection | Mapping) else None
        if place is not None and _reads_environment(place.module, place.at):
            return True
    return False


def _reads_environment(module: Module, at: int) -> bool:
    """Whether the statement of a module that makes a collection at a place reads the environment."""
    for form in module.facts.forms(-1).of("assign", "annassign"):
        value = form[-1]
        if value is not None and (value[1] == at or holds(value[1], at)):
            return any(inner[0] in ("name", "attr") and inner[-1] in _READING for inner in walk(value))
    return False
