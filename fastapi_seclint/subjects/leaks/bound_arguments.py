"""Arguments that are bound to a signature before they are logged: `signature(function).bind(*args, **kwargs)`."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.taken_out import taken_out


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
                if target == name and rest and rest[0][0] == "name":
                    changed = taken_out(block, lambda held: _is_arguments(held, name))
                    return None if any(True for _ in changed) else rest[0]
    return None


def _is_arguments(held: Form, name: str) -> bool:
    return bool(held[0] == "attr" and held[3] == "arguments" and held[2][2:] == [name])
