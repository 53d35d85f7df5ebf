"""Functions of the project that make a response with the status that they are told: `problem(401, "no token")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, last_name
from fastapi_seclint.program.operators import plain_member
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Function, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.secrets.lent import argument

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_RESPONSE = re.compile(r"^(JSON|ORJSON|UJSON|PlainText)?Response$")


def answers_as_told(program: Program, block: Block, function: Function, call: Form) -> bool:
    """Whether a call tells a function that its answer is a 401, and that gives it no headers of any kind."""
    taken = {item[0] for item in function.parameters if item[1] not in (VARIADIC, KEYWORDS)}
    if function.number < 0 or "headers" in taken or function.module.facts.body_mentions(function.number, b'"headers"'):
        return False
    for made in function.forms.of("call"):
        if not _RESPONSE.match(last_name(made[2])) or any(keyword is None for keyword, _, _ in made[4]):
            continue
        status = next((value for keyword, value, _ in made[4] if keyword == "status_code"), None)
        status = status or next(iter(made[3][1:2]), None)
        if status is None or status[0] != "name" or status[2] not in taken:
            continue
        given = argument(function, call, status[2], function.owner is not None and function.kind != "static")
        known = (plain_member(item) for item in options(ask(program, block, given))) if given is not None else ()
        if any(isinstance(item, Const) and item.value == 401 for item in known):
            return True
    return False
