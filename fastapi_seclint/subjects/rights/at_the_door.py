"""Fixes where a handler hands a right of the client's on: the least right goes on in its place.

What stores it further in may be used by the project itself, for the first administrator say, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.edits import Edit, ReplaceExpression
from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, last_name, span_of
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Const, Function, Value
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.code.rendering import rendered
from fastapi_seclint.subjects.owners.records import classes_in, is_table
from fastapi_seclint.subjects.passwords.public_models import validates_objects
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.sent import Input, dumped, source
from fastapi_seclint.subjects.rights.withholding import default_of, is_harmless, least_right, left_to_server

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MAKES = re.compile(r"(^|_)(regist\w*|sign_?up|create|add|new|join|enrol\w*|onboard\w*|insert|make)(_|$)")
"""What makes an account: where one is changed, the least right would take away what its owner has."""
_MODELS = frozenset({"pydantic.BaseModel", "sqlmodel.SQLModel"})


def handed_on_without(program: Program, block: Block, call: Form, found: Input, context: str) -> Fix | None:
    """The call by which a handler hands rights on, with what the body has for them where they are not sent.

    `context` is the route's path. None where a value is not known for each of them.
    """
    handler = block.function.name if block.function is not None else ""
    said = snake("_".join([re.sub(r"\W", "_", context), handler, last_name(call[2])]))
    if not _MAKES.search(said):
        return None
    edits: list[Edit] = []
    told: set[str] = set()
    for value in (*call[3], *(value for _, value, _ in call[4])):
        sent = source(found, value)
        rights = sorted(dumped(found, value)) if sent is None else [sent.name]
        if not rights:
            continue
        codes = {right: _unsent(program, block, value, right) for right in rights}
        text = codes[rights[0]] if sent is not None else _without(program, block, value, codes)
        if text is None or None in codes.values():
            return None
        edits.append(ReplaceExpression(block.module.path, span_of(value[1]), text))
        told.update(rights)
    return left_to_server(sorted(told), tuple(edits)) if edits else None


def left_to_worker(program: Program, handler: Function, found: Input, context: str) -> Fix | None:
    """The same for a handler that is nothing but such a call."""
    block = body_of(program, handler)
    fixes = (
        handed_on_without(program, block, call, found, context)
        for call in (block.forms.of("call") if block is not None else ())
        if block is not None
    )
    return next((fix for fix in fixes if fix is not None), None)


def _without(program: Program, block: Block, value: Form, codes: dict[str, str | None]) -> str | None:
    """A whole body with other values for its rights, as code: a copy of the model, or of its dump."""
    items = ", ".join(f'"{name}": {code}' for name, code in codes.items())
    code = rendered(value)
    if value[0] == "name" and code is not None:
        models = [cls for cls in _models(program, block, value) if not is_table(cls)]
        known = [cls for cls in models if not _MODELS.isdisjoint(cls.external_bases())]
        return f"{code}.model_copy(update={{{items}}})" if known and validates_objects(program) else None
    if value[0] == "call" and last_name(value[2]) in ("model_dump", "dict") and code is not None:
        return f"{{**{code}, {items}}}"
    return None


def _unsent(program: Program, block: Block, value: Form, right: str) -> str | None:
    """What a right is where the client does not send it, as code; the least one where it has to be sent."""
    owner = value if value[0] == "name" else value[2] if value[0] in ("attr", "sub") else _root(value)
    told = [item for cls in _models(program, block, owner) for item in fields(cls) if item[0] == right]
    for _, annotation, default in told or _own(program, block, owner):
        given = default_of(default) if default is not None else None
        if isinstance(given, Const):
            harmless = given.value is None or is_harmless(given)
            return _literal(given.value) if harmless else None
        plain = annotation is not None and annotation[-1] in ("str", "bool")
        return least_right(program, block, right) if given is None and plain else None
    return None


def _own(program: Program, block: Block, owner: Form) -> Iterator[tuple[str, Form | None, Value | None]]:
    """A right that is a parameter by itself, with what it is where it is not sent."""
    function = block.function
    for item, default in zip(function.parameters, function.defaults, strict=True) if function is not None else ():
        if owner[0] == "name" and item[0] == owner[2]:
            yield item[0], item[2], default


def _models(program: Program, block: Block, owner: Form) -> Iterator[Class]:
    """The classes by which a parameter is annotated."""
    for item in block.function.parameters if block.function is not None and owner[0] == "name" else ():
        if item[0] == owner[2] and item[1] not in (VARIADIC, KEYWORDS) and item[2] is not None:
            yield from classes_in(ask(program, block, item[2]))


def _root(form: Form) -> Form:
    """The name that a chain of calls and attributes begins with: `body` of `body.model_dump()`."""
    while form[0] in ("call", "attr", "sub"):
        form = form[2]
    return form


def _literal(value: object) -> str | None:
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return repr(value)
    return f'"{value}"' if isinstance(value, str) and value.isprintable() and not set(value) & set('"\\') else None
