"""Arguments that are bound to a signature before they are logged: `signature(function).bind(*args, **kwargs)`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block


def bound_rest(block: Block, name: str) -> Form | None:
    """The `args` or `kwargs` of `bound = signature(function).bind(*args, **kwargs)`, whose `arguments` have names."""
    for form in block.forms.of("assign"):
        match form:
            case [
                "assign",
                _,
                [["name", _, target]],
                ["call", _, ["attr", _, _, "bind" | "bind_partial"], given, named],
            ]:
                starred = [item[2] for item in given if item[0] == "star"]
                rest: list[Form] = [*starred, *(value for keyword, value, _ in named if keyword is None)]
                if target == name and rest and rest[0][0] == "name" and not _is_changed(block, name):
                    return rest[0]
    return None


def _is_changed(block: Block, name: str) -> bool:
    """Whether something is taken out of the arguments or put in their place: `bound.arguments.pop("password")`."""
    for form in block.forms.of("call", "assign", "delete"):
        for target in [form[2]] if form[0] == "call" else form[2]:
            if target[0] == "sub" or (target[0] == "attr" and target[3] == "pop"):
                held = target[2]
                if held[0] == "attr" and held[3] == "arguments" and held[2][2:] == [name]:
                    return True
    return False
