"""What providers of accounts say by the codes of their errors: `error["Code"] == "UserNotFoundException"`."""

from __future__ import annotations

from typing import Literal

from fastapi_seclint.facts.forms import Form, walk

_NOBODY = frozenset({"UserNotFoundException", "auth/user-not-found", "EMAIL_NOT_FOUND", "USER_NOT_FOUND"})
_REFUSED = frozenset({"NotAuthorizedException", "auth/wrong-password", "INVALID_PASSWORD"})


def said_by(code: object) -> Literal["nobody", "refused"] | None:
    """What a known code says; who is nobody may be told that the password is wrong as well."""
    return "nobody" if code in _NOBODY else "refused" if code in _REFUSED else None


def left_out(handler: list[Form]) -> set[str]:
    """The worlds in which what was tried has failed, by the codes that a handler asks for."""
    codes = {form[2] for form in walk(handler) if form[0] == "const" and isinstance(form[2], str)}
    return {"absent", "wrong"} if codes & _REFUSED else {"absent"} if codes & _NOBODY else set()
