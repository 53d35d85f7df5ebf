"""Comparisons of several things at once, and equality in other words: tuples, objects, `operator.eq`, `__eq__`."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import (
    Annotated,
    Bound,
    Class,
    External,
    Function,
    Instance,
    Unknown,
    Value,
    options,
)

_BASIC_NAMES = frozenset({"fastapi.security.HTTPBasicCredentials", "fastapi.security.http.HTTPBasicCredentials"})
_WHOLES = frozenset({"tuple", "call", "name"})
_BY_VALUE = frozenset({"typing.NamedTuple", "pydantic.BaseModel", "pydantic.main.BaseModel", "msgspec.Struct"})
"""Whose objects are equal where all of their fields are (Python reference, pydantic and msgspec's documentation)."""


def pairs(block: Block, form: Form) -> Iterator[tuple[str, Form, Form]]:
    """The comparisons that one of tuples stands for: `(name, password) != ACCOUNT`, or `in [(NAME, PASSWORD)]`."""
    match form:
        case ["compare", _, left, ["==" | "!=" as operator], [right]]:
            wholes = [right]
        case ["compare", _, left, ["in" | "not in" as asked], [["list" | "tuple" | "set", _, wholes]]]:
            operator = "==" if asked == "in" else "!="
        case _:
            return
    if left[0] not in _WHOLES and not any(whole[0] in _WHOLES for whole in wholes):
        return
    parts = _parts(block, left)
    for whole in wholes if parts else ():
        others = _parts(block, whole)
        if form[3][0] in ("in", "not in") and not others:
            continue
        for number, part in enumerate(parts):
            indexed = ["sub", whole[1], whole, ["const", whole[1], number]]
            yield operator, part, others[number] if len(others) == len(parts) else indexed


def _parts(block: Block, form: Form) -> list[Form]:
    """What a tuple or an object that is equal by its fields consists of, written there or under a name."""
    if form[0] == "name" and isinstance(block.scope, FunctionScope):
        given = [item[3] for item in block.scope.assignments(form[2]) if item[0] == "assign"]
        form = given[0] if len(given) == 1 else form
    if form[0] == "tuple":
        items: list[Form] = form[2]
        return items
    if form[0] == "call":
        names = next((_fields(cls) for cls in options(_ask(block, form[2])) if isinstance(cls, Class | External)), [])
        told = {keyword: value for keyword, value, _ in form[4] if keyword}
        made = {**dict(zip(names, form[3], strict=False)), **told}
        if names:
            return [made[name] for name in names] if set(names) <= made.keys() else []
    if form[0] not in ("name", "attr", "call"):
        return []
    return [["attr", form[1], form, name] for name in _fields_of(block, form)]


def _ask(block: Block, form: Form) -> Value:
    return block.scope.ask(form) if isinstance(block.scope, FunctionScope) else Unknown("")


def _fields_of(block: Block, form: Form) -> list[str]:
    """The fields of the object that a name is: `self` in a method, what FastAPI's HTTPBasic gives, one of a module."""
    if not isinstance(block.scope, FunctionScope):
        return []
    function = block.scope.function
    own = function.parameters[0][0] if function.takes_object else None
    if function.owner is not None and own is not None and form[2:] == [own]:
        return _fields(function.owner)
    if form[0] == "call":
        return _fields_given(block, function, form)
    annotations = [item[2] for item in function.parameters if form[0] == "name" and item[0] == form[2]]
    found = [_ask(block, form), *(_ask(block, one) for one in annotations if one is not None)]
    for value in (one for known in found for one in options(known)):
        kind = value.base if isinstance(value, Annotated) else value.cls if isinstance(value, Instance) else value
        if isinstance(kind, Class | External) and (names := _fields(kind)):
            return names
    return []


def _fields_given(block: Block, function: Function, call: Form) -> list[str]:
    """The fields of what a class makes of itself: `Digest.of(plain, salt)`, which returns `cls(...)`."""
    for option in options(_ask(block, call[2])):
        made = option.function if isinstance(option, Bound) else option
        owner = made.owner if isinstance(made, Function) and made.kind == "class" else None
        given = [form[2] for form in made.forms.of("return")] if isinstance(made, Function) and owner else []
        own = [["cls"], [owner.name]] if owner is not None else []
        if owner is not None and given and all(one and one[0] == "call" and one[2][2:] in own for one in given):
            return _fields(owner)
    return []


def _fields(cls: Class | External) -> list[str]:
    """The fields by which objects of a class are equal; none where it compares otherwise."""
    if isinstance(cls, External):
        return ["username", "password"] if cls.name.removesuffix("()") in _BASIC_NAMES else []
    by_value = any(base in _BY_VALUE for base in cls.external_bases())
    by_value = by_value or any("dataclass" in getattr(item, "name", "") for item in cls.decorators)
    return [name for name, _, _ in cls.fields] if by_value and "__eq__" not in cls.namespace else []


def equality(form: Form) -> tuple[str, Form, Form] | None:
    """The operator and both sides of a comparison for equality, however it is spelled."""
    match form:
        case ["compare", _, left, ["==" | "!=" as operator], [right]]:
            return operator, left, right
        case ["call", _, function, [left, right], []] if last_name(function) == "compare_digest":
            return "compare_digest", left, right
        case ["call", _, ["name", _, "eq"] | ["attr", _, ["name", _, "operator"], "eq"], [left, right], []]:
            return "==", left, right
        case ["call", _, ["attr", _, left, "__eq__"], [right], []]:
            return "==", left, right
    return None
