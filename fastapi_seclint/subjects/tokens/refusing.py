"""How a function refuses a bad token, so that a fix can refuse one in the same way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.edits import Edit
from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards.demanding import http_exception

_OF_LIBRARIES = frozenset({"InvalidTokenError", "PyJWTError", "JWTError", "JOSEError", "JoseError", "DecodeError"})
"""What PyJWT, python-jose, Authlib and joserfc raise for a token that will not do."""
_SPECIAL = re.compile(r"Signature|Decode|Claim|Audience|Issuer|Algorithm|Key")
_EXPIRED = re.compile(r"Expired|Immature")
"""What libraries call errors of bad tokens of one kind; those of old ones are told as such."""
_OF_ALL = frozenset({"Exception", "ValueError"})


def refusal(block: Block, statement: Form, why: str) -> tuple[str, tuple[Edit, ...]]:
    """The refusal that the function has for bad tokens already, wherever it raises it, else a new one.

    A call that makes the error, `raise unauthorized()`, is as good as its name.
    """
    caught = {handler[1] for form in block.forms.every if form[0] == "try" for handler in form[3]}
    raised = [form[2] for form in block.forms.of("raise") if form[2] is not None]
    for error in raised:
        if error[0] == "name" and error[2] not in caught:
            return f"raise {error[2]}", ()
    for error in raised:
        if error[0] == "call" and error[2][0] == "name" and error[2][2][:1].islower() and not error[3] + error[4]:
            return f"raise {error[2][2]}()", ()
    return refusing(block, statement, why)


def refusing(block: Block, statement: Form, why: str) -> tuple[str, tuple[Edit, ...]]:
    """The statement that refuses the token that a statement of the block has read, and the imports that it needs.

    `why` is what an error that the handlers catch says.

    The error that the function raises for bad tokens by name; else one that its handlers catch, so that they answer
    as they do for a bad token; else HTTPException(401).
    """
    for caught, name, body, _ in _handlers(block.statements, statement):
        error = _catchable(caught)
        if error is None:
            continue
        last = body[-1]
        if last[0] == "raise" and last[2] is not None and last[2][0] == "name" and last[2][2] != name:
            return f"raise {last[2][2]}", ()
        return f'raise {error}("{why}")', ()
    for caught, name, body, _ in _handlers(block.statements, statement):
        last = body[-1]
        parts = [str(part[-1]) for part in walk(caught) if part[0] in ("name", "attr")] if caught is not None else []
        special = any(_SPECIAL.search(part) and not _EXPIRED.search(part) for part in parts)
        if special and last[0] == "raise" and last[2] is not None and last[2][0] == "name" and last[2][2] != name:
            return f"raise {last[2][2]}", ()
    name, edits = http_exception(block.module)
    headers = '{"WWW-Authenticate": "Bearer"}'
    return f'raise {name}(status_code=401, detail="Invalid token", headers={headers})', edits


def _handlers(statements: list[Form], statement: Form) -> Iterator[Form]:
    """The handlers around a statement, the nearest first."""
    around = [
        form for form in walk(statements) if form[0] == "try" and any(inner is statement for inner in walk(form[2]))
    ]
    for form in reversed(around):
        yield from form[3]


def _catchable(caught: Form | None) -> str | None:
    """An error, as code, that a handler for bad tokens catches; None when it is for something more special."""
    if caught is None:
        return "ValueError"
    items = caught[2] if caught[0] == "tuple" else [caught]
    named = [item for item in items if item[0] in ("name", "attr")]
    found = next((item for item in named if item[-1] in _OF_LIBRARIES), None)
    if found is not None:
        return code(found)
    return "ValueError" if any(item[-1] in _OF_ALL for item in named) else None
