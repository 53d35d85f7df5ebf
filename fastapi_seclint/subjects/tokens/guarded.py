"""Tokens that come out of what a guard has made, and so were verified before."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, names_in
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of

_OF_GUARDS = frozenset({"auth", "user", "principal", "identity", "session", "credentials", "caller", "login"})


def is_of_guard(block: Block, call: Form) -> bool:
    """Whether a caller has the token of what a guard has made: `_, _, token = auth`, `claims_of(user.token)`.

    The name of the function that reads it says that others have verified it by then.
    """
    token = next(iter(call[3]), None)
    made = {parameter[0] for parameter in block.function.parameters} if block.function is not None else set()
    made = {name for name in made if _OF_GUARDS & set(words_of(name))}
    if token is None or token[0] not in ("name", "attr"):
        return False
    if token[0] == "attr":
        return bool(token[2][0] == "name" and token[2][2] in made)
    return any(
        form[3][0] == "name" and form[3][2] in made and any(token[2] in names_in(target) for target in form[2])
        for form in block.forms.of("assign")
        if all(target[0] in ("tuple", "list") for target in form[2])
    )
