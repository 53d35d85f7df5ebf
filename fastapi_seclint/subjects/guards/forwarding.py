"""Handlers that send a caller's credentials on if there are any, and go on without them if there are none."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function

_HEADER = re.compile(r"^(proxy-)?authorization$|(^|[-_])(api[-_]?key|(auth|access)[-_]?token)$", re.I)


def only_sends_on(handler: Function) -> bool:
    """Whether the one thing a handler does with credentials is to put them, if they are there, into a header.

    `if key: headers["X-API-Key"] = key` refuses nobody: who brings none is served as well.
    """
    facts = handler.module.facts
    bodies = [handler.forms, *(facts.forms(number) for number in facts.inside(handler.number))]
    tests = [(name, form) for body in bodies for form in body.of("if") if (name := _sent_if_there(form))]
    inside = {id(item) for _, form in tests for item in walk(form)}
    targets = {id(target) for body in bodies for form in body.of("assign") for target in form[2]}
    names = {name for name, _ in tests}
    read = [form for body in bodies for form in body.of("name") if form[2] in names]
    return bool(names) and all(id(form) in inside or id(form) in targets for form in read)


def _sent_if_there(form: Form) -> str:
    """The name that a condition asks for and that goes into a header then, or an empty string."""
    match form:
        case ["if", _, ["name", _, str(name)], [["assign", _, [["sub", _, _, ["const", _, str(key)]]], value]], []]:
            said = {item[2] for item in walk(value) if item[0] == "name"}
            return name if name in said and _HEADER.search(key) else ""
    return ""
