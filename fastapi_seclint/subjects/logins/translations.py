"""What becomes of the project's own exceptions: the handlers that turn them into responses."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Class, Const, External, Function, Mapping, Value
from fastapi_seclint.subjects.guards.challenges import HTTP_EXCEPTIONS
from fastapi_seclint.subjects.guards.exception_handlers import handled_classes
from fastapi_seclint.subjects.leaks.log_calls import is_log_call, is_print
from fastapi_seclint.subjects.logins.ends import Outcome

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_ANSWERED = re.compile(r"HTTPException|(^|\.)RequestValidationError(\(\))?$")
"""What FastAPI answers by itself."""


class Translations:
    """Knows the handlers of one program."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def of(self, end: Outcome) -> Outcome | None:
        """An end as a client sees it; None when that is not known."""
        if end.kind != "raise" or end.name == "HTTPException":
            return end
        if end.cls is None:
            return end if "HTTP" in end.name or end.name.endswith(("NotFound", "Unauthorized", "BadRequest")) else None
        names = {base.name for base in end.cls.lineage()}
        for base in end.cls.lineage():
            if id(base) in self._handlers:
                handler = self._handlers[id(base)]
                if handler is None or _tells(handler):
                    spoken = _of_class(handler, end.cls) if handler is not None else None
                    return end if spoken is None else replace(end, said=spoken)
                return replace(end, said=("handler", handler.dotted, _closed_over(handler)))
        return end if names & set(HTTP_EXCEPTIONS) or any(map(_ANSWERED.search, names)) else None

    @cached_property
    def _handlers(self) -> dict[int, Function | None]:
        """By the class, which the program keeps; of two handlers the first one is known."""
        found: dict[int, Function | None] = {}
        for cls, handler in handled_classes(self._program):
            found.setdefault(id(cls), handler)
        return found


def _closed_over(handler: Function) -> object:
    """What a handler that another function made was made with: `answering(404, "no such user")`."""
    used = {form[2] for form in handler.forms.of("name")}
    kept = handler.scope.names if handler.scope.kind == "function" else {}
    return tuple((name, _plain(value)) for name, value in sorted(kept.items()) if name in used)


def _plain(value: Value) -> object:
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Mapping):
        return tuple((_plain(key), _plain(item)) for key, item in value.items)
    return value.name if isinstance(value, External | Function | Class) else type(value).__name__


def _of_class(handler: Function, cls: Class) -> object | None:
    """What a handler says that only passes on constants of the exception's class; None where it tells more."""
    if len(handler.parameters) < 2:
        return None
    name = handler.parameters[-1][0]
    used = _said(handler)
    read = [form for form in used if form[0] == "attr" and form[2][0] == "name" and form[2][2] == name]
    names = {form[3] for form in read}
    if len(read) != sum(form[0] == "name" and form[2] == name for form in used):
        return None
    lineage = [base for base in cls.lineage() if isinstance(base, Class)]
    if any(_sets(method, names) for base in lineage for method in base.namespace.values()):
        return None
    constants = {
        key: next((value for base in lineage if isinstance(value := base.namespace.get(key), Const)), None)
        for key in names
    }
    if any(value is None for value in constants.values()):
        return None
    return ("handler", handler.dotted, tuple((key, _plain(value)) for key, value in sorted(constants.items()) if value))


def _said(handler: Function) -> list[Form]:
    """The forms of a handler, but for what it only writes into the log."""
    kept = (statement for statement in handler.statements() if not _only_logs(statement))
    return [form for statement in kept for form in walk(statement)]


def _only_logs(statement: Form) -> bool:
    call = statement[2] if statement[0] == "expr" else None
    return call is not None and call[0] == "call" and (is_log_call(call) or is_print(call))


def _sets(method: Value, names: set[str]) -> bool:
    """Whether a method sets one of these attributes for an object of its own."""
    targets = (
        (target for form in method.forms.of("assign") for target in form[2]) if isinstance(method, Function) else ()
    )
    return any(part[0] == "attr" and part[3] in names for target in targets for part in walk(target))


def _tells(handler: Function) -> bool:
    """Whether a handler passes on what the exception says."""
    if len(handler.parameters) < 2:
        return True
    name = handler.parameters[-1][0]
    used = _said(handler)
    return any(form[0] == "name" and form[2] == name for form in used)
