"""Tokens that code has just asked a provider for, so that no caller chooses them."""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block

_ASKS = frozenset({"post", "get", "request", "send"})
_EXCHANGES = frozenset({"fetch_token", "fetch_access_token", "authorize_access_token", "exchange_code"})
_STEPS = 10


def fetched(block: Block, token: Form | None) -> bool:
    """Whether a token is taken out of the answer to a request of the program's own, by a code that was exchanged.

    OpenID Connect Core 1.0, 3.1.3.7, lets the connection to the provider stand in for the signature then.
    """
    form, asked = token, False
    for _ in range(_STEPS):
        match form:
            case ["await", _, inner]:
                form = inner
            case ["sub", _, owner, _]:
                form = owner
            case ["name", _, name] if isinstance(block.scope, FunctionScope):
                form = _assigned(block.scope, name)
            case ["call", _, ["attr", _, owner, "json"], [], []]:
                form, asked = owner, True
            case ["call", _, function, _, _] if last_name(function) in _EXCHANGES:
                return True
            case ["call", _, ["attr", _, _, verb], [_, *_], _] if asked and verb in _ASKS:
                return True
            case ["call", _, ["attr", _, owner, "get"], [["const", *_], *_], []]:
                form = owner
            case _:
                return False
    return False


def _assigned(scope: FunctionScope, name: str) -> Form | None:
    """The one value that a local name gets."""
    found = scope.assignments(name)
    plain = [item[-1] for item in found if item[0] in ("assign", "annassign") and item[-1] is not None]
    return plain[0] if len(plain) == len(found) == 1 else None
