"""The classes of rows that a handler answers with as it found them, where no model says what is sent of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.owners.records import is_table

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_GIVES = frozenset({"all", "first", "one", "one_or_none", "scalar_one", "scalar_one_or_none", "scalar", "get", "list"})
"""What a chain ends in that gives rows: of SQLAlchemy's results and sessions, and `list(...)` around one."""
_ASKS = frozenset({"select", "query", "get"})


def given_rows(program: Program, route: Route) -> Iterator[Class]:
    """The tables whose rows a handler returns: `return session.exec(select(Subscriber)).all()`, by a name too."""
    handler, registration = route.function, route.registration
    if handler is None or registration is None or handler.returns is not None:
        return
    if registration.arguments.open or registration.arguments.get("response_model") is not None:
        return
    block = body_of(program, handler)
    if block is None:
        return
    for form in block.forms.of("return"):
        for value in _values(block, form) if form[2] is not None else ():
            if value[0] == "call" and last_name(value[2]) in _GIVES:
                yield from _asked(program, block, value)


def _values(block: Block, answer: Form) -> Iterator[Form]:
    """What is returned, or what the name that is returned was given last."""
    value = answer[2]
    if value[0] == "name":
        before = [form for form in block.forms.of("assign") if form[1] < answer[1]]
        given = [form for form in before if any(one[0] == "name" and one[2] == value[2] for one in form[2])]
        value = given[-1][-1] if given else value
    yield value[2] if value[0] == "await" else value


def _asked(program: Program, block: Block, value: Form) -> Iterator[Class]:
    for call in walk(value):
        if call[0] == "call" and last_name(call[2]) in _ASKS and call[3]:
            for option in options(ask(program, block, call[3][0])) if call[3][0][0] in ("name", "attr") else ():
                if isinstance(option, Class) and is_table(option):
                    yield option
