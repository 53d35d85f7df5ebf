"""What a login knows of what it hands to another function: `finish(user)` after `user = find(email)`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.logins.worlds import UNKNOWN, Truth

Handed = Mapping[str, Truth]
"""By the names of parameters: in which worlds what is given for them is true."""
NOTHING: Handed = MappingProxyType({})


def handed(call: Form, function: Function, names: Mapping[str, Truth]) -> Handed:
    """What is known of the names that a call gives a function."""
    is_bound = function.owner is not None and function.kind != "static"
    parameters = [item[0] for item in function.parameters[1 if is_bound else 0 :]]
    given = [*zip(parameters, call[3], strict=False), *((item[0], item[1]) for item in call[4])]
    known = {name: names.get(value[2], UNKNOWN) for name, value in given if name in parameters and value[0] == "name"}
    return {name: found for name, found in known.items() if found != UNKNOWN}
