"""Forms for visitors: what somebody writes in goes by mail to those who run the service, with his own address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.languages import english
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SENDER = re.compile(
    r"^(sender|reply_to|visitor|contact|your|from)(s)?_(e_?mail|mail|name|address)|^(e_?mail|mail)_(sender|visitor)$|^reply_to$"
)
_ADDRESS = re.compile(r"(^|_)(e_?mail|mail|reply_to)s?(_address(es)?)?$")
_RECIPIENT = re.compile(r"^(to|recipients?|receivers?|destinations?|targets?|cc|bcc)(_|$)|_(to|recipients?)$")
_MAILS = re.compile(r"(^|_)(send|mail|e?mails?|notify|smtp|message)(_|$)")
_KEEPS = re.compile(r"(^|_)(commit|add|insert|save|create|store|update|upsert|delete|execute|upload|put)(_|$)")


def writes_to_those_in_charge(program: Program, route: Route) -> bool:
    """Whether a POST only mails what it is sent, with who wrote it, and not to whom its caller says.

    The body says by what address its sender is reached, `sender_email`, and names nobody who gets it.
    """
    handler = route.function
    if handler is None or set(route.methods) != {"POST"} or path_variables(route.path):
        return False
    called = {snake(last_name(form[2])) for form in handler.forms.of("call")}
    if not any(map(_MAILS.search, called)) or any(map(_KEEPS.search, called)):
        return False
    sent = [
        english(snake(name))
        for parameter in (parameters(route.endpoint) if route.endpoint is not None else [])
        if program.walker.resolver.dependency_of(parameter) is None
        for name in access.names_in(program, parameter)
    ]
    from_whom = [name for name in sent if _SENDER.search(name)]
    others = [name for name in sent if _ADDRESS.search(name) and name not in from_whom]
    to_others = any(map(_ADDRESS.search, from_whom)) and bool(others)  # his own, and one more
    return bool(from_whom) and not to_others and not any(map(_RECIPIENT.search, sent))
