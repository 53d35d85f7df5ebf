"""Which parameters FastAPI takes from the query: fastapi/dependencies/utils.py, `analyze_param` (semantics 38)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC
from fastapi_seclint.program.callables import Parameter, running
from fastapi_seclint.program.models import field_default
from fastapi_seclint.program.values import (
    NONE,
    Annotated,
    Class,
    Const,
    External,
    Generic,
    Unknown,
    Value,
    options,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SCALARS = frozenset(
    {
        "builtins.str", "builtins.int", "builtins.bool", "builtins.bytes", "builtins.float", "uuid.UUID", "typing.Any",
        "pydantic.types.SecretStr", "pydantic.SecretStr", "pydantic.types.constr()", "pydantic.constr()",
    }
)  # fmt: skip
_UNIONS = ("Optional", "Union", "|", "union")
_QUERY = "Query"
_OTHERS = frozenset({"Form", "Body", "Header", "Cookie", "File", "Path", "Depends", "Security"})


def query_name(program: Program, parameter: Parameter) -> bool:
    """Whether a parameter of a handler or dependency, not in the path, is surely taken from the query."""
    if parameter.kind in (VARIADIC, KEYWORDS):
        return False
    resolver = program.walker.resolver
    if resolver.dependency_of(parameter) is not None:
        return False
    sources, base = list(resolver.marks(parameter)), resolver.type_of(parameter)
    said = [_source(value) for value in sources]
    if _QUERY in said:
        return True
    if any(said) or any(isinstance(value, Unknown) or running(value) is not None for value in sources):
        return False
    if any(isinstance(value, External) and value.name.startswith("fastapi.security.") for value in sources):
        return False
    if any(not isinstance(value, Const) and not _is_field(value) for value in options(parameter.default)):
        return False
    return base is None or _is_scalar(base)


def query_fields(program: Program, parameter: Parameter) -> list[str]:
    """The fields that a model must have from the query: `Annotated[Login, Query()]` (FastAPI 0.115).

    What it inherits or may have is left out: models of searches often descend from those of what is searched.
    """
    base = program.walker.resolver.type_of(parameter)
    if not isinstance(base, Class) or not query_name(program, parameter):
        return []
    return [name for name, _, default in base.fields if default is None or field_default(default) is None]


def query_alias(program: Program, parameter: Parameter) -> str:
    """What a parameter is called in the query, where `Query(alias="...")` says so."""
    for mark in program.walker.resolver.marks(parameter):
        if _source(mark) == _QUERY and isinstance(mark, External) and mark.arguments is not None:
            return string(mark.arguments.get("alias") or NONE) or ""
    return ""


def _is_field(value: Value) -> bool:
    """Whether a default is `Field(...)`, what a model that `Depends()` makes of the query says of one of its fields."""
    return isinstance(value, External) and value.name in ("pydantic.fields.Field()", "pydantic.Field()")


def _source(value: Value) -> str:
    """The place that `Form()` and its like name, or an empty string."""
    if isinstance(value, External) and value.name.startswith(("fastapi.", "starlette.")):
        last = value.name.removesuffix("()").rpartition(".")[2]
        return last if last == _QUERY or last in _OTHERS else ""
    return ""


def _is_scalar(value: Value) -> bool:
    for option in options(value):
        if isinstance(option, Const) and option.value is None:
            continue
        if isinstance(option, External):
            if option.name not in _SCALARS:
                return False
        elif isinstance(option, Generic):
            if not option.origin.endswith(_UNIONS) or not all(_is_scalar(member) for member in option.members):
                return False
        elif isinstance(option, Annotated):
            if not _is_scalar(option.base):
                return False
        else:
            return False
    return True
