"""What a method of an enumeration reads of its member, for all members: `status, text = self.value`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Collection, Function, Instance, Value, options

_DEPTH = 4


def of_members(block: Block, form: Form, depth: int = _DEPTH) -> list[Value]:
    """What an expression is for each member whose value is known; nothing outside of enumerations."""
    function = block.function
    owner = function.owner if function is not None else None
    if function is None or owner is None or not function.parameters or depth == 0 or not _is_enumeration(owner):
        return []
    own = function.parameters[0][0]
    match form:
        case ["attr", _, ["name", _, name], "value"] if name == own:
            return _values(owner)
        case ["attr", _, ["name", _, name], kept] if name == own:
            return _told(owner, kept)
        case ["attr", _, inner, field]:
            made = [value for value in of_members(block, inner, depth - 1) if isinstance(value, Instance)]
            return [option for value in made for option in options(value.attributes.get(field))]
        case ["sub", _, inner, ["const", _, int() as index]]:
            return _items(of_members(block, inner, depth - 1), index)
        case ["name", _, name] if isinstance(block.scope, FunctionScope):
            given = [item for item in block.scope.assignments(name) if item[0] == "assign"]
            return _of_assignment(block, given[0], name, depth - 1) if len(given) == 1 else []
    return []


def _of_assignment(block: Block, statement: Form, name: str, depth: int) -> list[Value]:
    for target in statement[2]:
        if target[2:] == [name]:
            return of_members(block, statement[3], depth)
        names = [item[2:] for item in target[2]] if target[0] in ("tuple", "list") else []
        if [name] in names:
            return _items(of_members(block, statement[3], depth), names.index([name]))
    return []


def _told(owner: Class, kept: str) -> list[Value]:
    """What `__init__`, which gets the parts of a member's value, keeps under a name (enum, "Planet")."""
    maker = owner.namespace.get("__init__")
    if not isinstance(maker, Function):
        return []
    names = [item[0] for item in maker.parameters[1:]]
    for form in maker.forms.of("assign"):
        stored = any(target[0] == "attr" and target[3] == kept for target in form[2])
        if stored and form[3][0] == "name" and form[3][2] in names:
            values = _values(owner)
            return values if len(names) == 1 else _items(values, names.index(form[3][2]))
    return []


def _values(owner: Class) -> list[Value]:
    members = (value for name, value in owner.namespace.items() if not name.startswith("_"))
    return [option for value in members if not isinstance(value, Function | Class) for option in options(value)]


def _items(values: list[Value], index: int) -> list[Value]:
    return [value.items[index] for value in values if isinstance(value, Collection) and index < len(value.items)]


def _is_enumeration(cls: Class) -> bool:
    return any(base.startswith("enum.") for base in cls.external_bases())
