"""What a login knows of what it hands to another function: `finish(user)` after `user = find(email)`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi_seclint.facts.forms import Form, is_none
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.worlds import NO, UNKNOWN, Truth

Handed = Mapping[str, Truth]
"""By the names of parameters: in which worlds what is given for them is true."""
NOTHING: Handed = MappingProxyType({})
_NONE: Truth = {"absent": NO, "wrong": NO, "right": NO}


def handed(call: Form, function: Function, names: Mapping[str, Truth]) -> Handed:
    """What is known of the names that a call gives a function, and of those that it leaves at None."""
    is_bound = function.owner is not None and function.kind != "static"
    own = function.parameters[1 if is_bound else 0 :]
    parameters = [item[0] for item in own]
    given = [*zip(parameters, call[3], strict=False), *((item[0], item[1]) for item in call[4])]
    known = {name: names.get(value[2], UNKNOWN) for name, value in given if name in parameters and value[0] == "name"}
    known = {name: found for name, found in known.items() if found != UNKNOWN}
    if any(value[0] == "star" for value in call[3]) or any(keyword is None for keyword, *_ in call[4]):
        return known
    told = {name for name, _ in given}
    left = (item[0] for item in own if item[0] not in told and item[3] is not None and is_none(item[3]))
    return known | dict.fromkeys(left, _NONE)
