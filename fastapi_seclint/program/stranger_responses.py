"""Responses of the project's own classes as a stranger gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.kinds import DENIAL
from fastapi_seclint.program.stranger_libraries import RESPONSES, is_refusing, of_response, refuses
from fastapi_seclint.program.values import Class, Function, constant

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def denies(walk_: Walk, cls: Class, form: Form) -> bool:
    """Whether a call makes a response that refuses: `FastJSON(status_code=403)`, or `Refused("no")` that says so."""
    base = next((name for name in cls.external_bases() if name.startswith(RESPONSES)), None)
    if base is None:
        return False
    makers = (item.namespace.get("__init__") for item in cls.lineage() if isinstance(item, Class))
    maker = next((item for item in makers if isinstance(item, Function)), None)
    status = _status(maker) if maker is not None else None
    if maker is None or status is None:
        return of_response(walk_, base, form) == DENIAL
    place = next((at for at, one in enumerate(maker.parameters) if one[0] == status[-1]), None)
    if place is None or status[0] != "name":
        return refuses(constant(walk_.follower.interpreter.evaluate(status, maker.scope)))
    given = next((value for name, value, _ in form[4] if name == status[-1]), None)
    if given is None and len(form[3]) >= place:
        given = form[3][place - 1]
    default = maker.defaults[place]
    return is_refusing(walk_, given) if given is not None else default is not None and refuses(constant(default))


def _status(maker: Function) -> Form | None:
    """The status that the constructor of a response hands to that of its base, where it does."""
    for call in maker.forms.of("call"):
        if call[2][0] == "attr" and call[2][3] == "__init__":
            named = next((value for name, value, _ in call[4] if name == "status_code"), None)
            return named if named is not None else call[3][1] if len(call[3]) > 1 else None
    return None
