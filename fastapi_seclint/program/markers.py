"""The markers of FastAPI: `Depends` and `Security`, classes that descend from them, `Header()` and its like."""

from __future__ import annotations

from fastapi_seclint.program.values import Arguments, Class, Const, Dependency, External, Place, Value

MARKERS = frozenset(
    f"fastapi.{home}.{name}" for home in ("param_functions", "params") for name in ("Depends", "Security")
)
_PARAMETERS = frozenset(
    f"fastapi.{home}.{name}()"
    for home in ("param_functions", "params")
    for name in ("Body", "Cookie", "File", "Form", "Header", "Path", "Query")
)


def is_parameter(value: Value) -> bool:
    """Whether a value marks what a parameter is read from: `Header()`, `Query()` and their like."""
    return isinstance(value, External) and value.name in _PARAMETERS


def marker_of(cls: Class) -> str | None:
    """The class of FastAPI's own `Depends` or `Security` that a class of the project descends from."""
    return next((base for base in cls.external_bases() if base in MARKERS), None)


def marker(name: str, arguments: Arguments, place: Place) -> Value:
    """What `Depends(...)` or `Security(...)` makes."""
    security = name.endswith("Security")
    target = arguments.get("dependency", 0)
    if isinstance(target, Const) and target.value is None:
        target = None
    return Dependency(target, arguments.get("scopes", 1) if security else None, arguments, place)
