"""What a function does where a dependency of an unknown library gives it nothing, which may be its way to let one in.

`user = Depends(users.current_user(optional=True))`, and then `if user is None: raise HTTPException(401)`: whatever the
library does, nobody passes without what it gives, and the status says that it is the caller (RFC 9110, section 15.5.2).
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Resolver
from fastapi_seclint.program.encounters import Encounter
from fastapi_seclint.program.kinds import ABSENT, Kinds
from fastapi_seclint.program.values import External, Value, options

_UNAUTHENTICATED = 401


def given_by_unknown(value: Value, resolver: Resolver, meet: Callable[[Value], Encounter]) -> dict[str, Kinds]:
    """The parameters of a callable that dependencies fill which cannot be looked into, as if those gave nothing."""
    found: dict[str, Kinds] = {}
    for parameter in parameters(value):
        pair = resolver.dependency_of(parameter)
        given = next(options(pair[1]), None) if pair is not None else None
        if isinstance(given, External) and meet(given).opaque:
            found[parameter.name] = ABSENT
    return found


def asks_who_calls(encounter: Encounter) -> bool:
    """Whether a function that got nothing refuses, and says that it is for want of an authenticated caller."""
    return encounter.denies and all(ending.code == _UNAUTHENTICATED for ending in encounter.endings)
