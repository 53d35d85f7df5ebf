"""Rights that a client names and that are his own: whoever asks for one that he was not given is refused."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi_seclint.facts.forms import CALLED, Form, beginning, walk
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.sent import Input

_NOBODY = frozenset({"self", "cls", "request", "websocket"})


def confirmed(function: Function, found: Input) -> set[str]:
    """The names of what was sent that a function refuses unless the caller has it: `if role not in me.roles: raise`."""
    if not found.values:
        return set()
    own = {parameter[0] for parameter in function.parameters}
    own |= {item[2] for form in function.forms.of("assign") for item in walk(form[2]) if item[0] == "name"}
    own -= {*found.values, *found.bodies, *found.open_bodies, *_NOBODY}
    return {name for form in function.forms.of("if") for name in _asked(form, found, own)}


def _asked(form: Form, found: Input, own: set[str]) -> Iterator[str]:
    if not any(inner[0] == "raise" for inner in walk(form[3:])):
        return
    for inner in walk(form[2]):
        match inner:
            case ["compare", _, ["name", _, name], ["in" | "not in"], [held]] if name in found.values:
                if _is_of(held, own):
                    yield name


def _is_of(held: Form, own: set[str]) -> bool:
    """Whether a list belongs to one of the names, or is found by it: `me.roles`, `ROLES.get(me)`, `ROLES[me.id]`."""
    match held:
        case ["attr", _, owner, _]:
            return beginning(owner, CALLED) in own
        case ["call", _, ["name", _, _], [inner, *_], _]:
            return _is_of(inner, own) or beginning(inner, CALLED) in own
        case ["call", _, ["attr", _, owner, _], keys, _]:
            return any(beginning(key, CALLED) in own for key in (owner, *keys))
        case ["sub", _, owner, key]:
            return beginning(owner, CALLED) in own or beginning(key, CALLED) in own
    return False
