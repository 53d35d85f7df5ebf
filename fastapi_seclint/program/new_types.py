"""`NewType("Caller", Member)`: a type that checkers tell from its base and that is its base when the program runs.

It is read as an alias of the base (docs.python.org/3/library/typing.html#newtype), marked with the call that made it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.program.values import Annotated, Arguments, External, Place, Value

if TYPE_CHECKING:
    from fastapi_seclint.program.interpreter import Interpreter

MARK = "typing.NewType()"


def make(interpreter: Interpreter, arguments: Arguments, place: Place) -> Value | None:
    """What the call gives; None where it names no base."""
    base = arguments.get("tp", 1)
    return None if base is None else Annotated(base, [External(MARK, arguments, None, place)], place)


def mark_of(annotation: Value | None) -> tuple[str, int] | None:
    """Where the type that an annotation names was made, or None where it is none of these."""
    for item in annotation.metadata if isinstance(annotation, Annotated) else ():
        if isinstance(item, External) and item.name == MARK and item.place is not None:
            return item.place.module.file, item.place.at
    return None


def converted(function: Annotated, arguments: Arguments) -> Value | None:
    """What a call of such a type gives: its argument as it is."""
    return arguments.get("_", 0) if mark_of(function) is not None else None
