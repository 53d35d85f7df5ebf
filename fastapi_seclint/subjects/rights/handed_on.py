"""Whom a handler hands its caller on to, so that rights may be decided there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import arguments, last_name, mentions, walk
from fastapi_seclint.program.implementers import CONNECTIONS
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.uses import requests_of
from fastapi_seclint.subjects.rights.powerless import without_effect

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

HANDED = frozenset({"request", "user", "current_user"})
"""What a handler's caller is called where it is handed on."""
_ONLY_READS = re.compile(
    r"^(log|audit|print|info|debug|warning|warn|error|exception|record|track|get|list|fetch|build|render|template|to|from"
    r"|model|dict|str|repr|jsonable|refresh|len|notify|send|serialize|format|parse|isinstance|getattr|hasattr|add|merge|expunge|flush|setattr)(_|$)"
)
"""Calls that put down or look up what they are given, and decide nothing."""


def takers(program: Program, handler: Function, caller: set[str]) -> Iterator[Function]:
    """The functions of the project that a handler hands the caller, the request or its own object to."""
    block = body_of(program, handler)
    known = {*caller, *requests_of(handler), "self", "session", "context"} - _bodies(handler) - _stores(handler)
    idle = without_effect(program, handler)
    for form in block.forms.every if block is not None else ():
        if block is None or form[0] != "call" or form[2][0] not in ("name", "attr") or id(form) in idle:
            continue
        handed = [*form[3], *(value for _, value, _ in form[4]), *(form[2][2:3] if form[2][0] == "attr" else ())]
        if mentions(handed, known):
            for function, _ in called(program, block, form):
                yield function


def hands_right_on(handler: Function, caller: set[str]) -> bool:
    """Whether a handler tells another service whether its caller is an administrator: `is_admin=me.is_superuser`."""
    given = ((call, value) for call in handler.forms.of("call") for keyword, value, _ in call[4] if keyword)
    return any(
        value[0] == "attr" and value[2][0] == "name" and value[2][2] in caller and _ADMINISTERS.match(snake(value[3]))
        for call, value in given
        if not str(call[2][-1])[:1].isupper() and not _ONLY_READS.match(snake(str(call[2][-1])))
    )


_ADMINISTERS = re.compile(r"^is_(site_|sys(tem)?_)?(admin|administrator|super_?user|staff)$")


def _stores(handler: Function) -> set[str]:
    """The parameter that is called `session` and is one of a database, of which nobody learns who is calling."""
    annotations = [item[2] for item in handler.parameters if item[0] == "session" and item[2] is not None]
    told = {str(inner[-1]) for form in annotations for inner in walk(form) if inner[0] in ("name", "attr")}
    return {"session"} if any(map(_OF_DATABASE.match, told)) else set()


_OF_DATABASE = re.compile(r"^(Async|Scoped|Sync|DB|Db|Database)?_?(Async)?Session(Dep|Local)?$")
"""What SQLAlchemy and SQLModel call the session, and projects the alias for one."""


def _bodies(handler: Function) -> set[str]:
    """The parameters that are called `request` and hold what was sent, not who sent it: `request: AssignRoles`."""
    annotated = {item[0]: last_name(item[2]) for item in handler.parameters if item[2] is not None}
    plain = annotated.get("request", "") in {"", "Annotated", "Any", *CONNECTIONS}
    return set() if plain else {"request"}


def hands_caller_on(program: Program, handler: Function, caller: set[str], depth: int = 2) -> bool:
    """Whether a handler gives the caller as a whole to code that is not in sight and may look at his rights.

    `depth` is how many calls within the project are followed.
    """
    block = body_of(program, handler)
    if block is None or not caller:
        return False
    for form in block.forms.of("call"):
        if form[2][0] not in ("name", "attr"):
            continue
        given = arguments(form)
        name = str(form[2][-1])
        if not any(value[0] == "name" and value[2] in caller for value in given):
            continue
        if _ONLY_READS.match(snake(name)) or name[:1].isupper():
            continue
        if not any(called(program, block, form)):
            return True
        handed = handed_to(program, block, form, caller) if depth else []
        if any(hands_caller_on(program, inner, given, depth - 1) for inner, given in handed):
            return True
    return False
