"""Routes that set somebody's password for whoever names the account: no link, no code, no old password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_SETS = re.compile(r"(^|_)(reset|change|set|update|new|forgot)_?(the_|my_|user_?s?_?)?(pass_?word|passwd|pwd)(_|$)")
_FORGOT = re.compile(r"(^|_)(forg[eo]t|olvid|esquec|oubli|vergessen)\w*(_|$)", re.I)
_LOST = re.compile(r"(^|_)(lost|recover\w*)(_|$)", re.I)
_WAY_IN = re.compile(r"(^|_)(pass\w*|pwd|account|access|credentials?|login|username|2fa|mfa|otp)(_|$)", re.I)
_ACCOUNT = re.compile(
    r"^((user|account|member|customer|employee|admin|person)_?(id|uuid|pk|name)|uid|id|username|login|e?mail(_address)?"
    r"|phone(_number)?)$"
)
_NEW = re.compile(
    r"^((re|new|confirm|confirmed|repeat)_?)*(pass_?word|passwd|pwd)(_?(1|2|new|again|confirm(ation)?|repeat))?$"
)
_AGAIN = re.compile(r"(^|_)?(re|confirm\w*|repeat|again|2)(_|$)|_(confirm\w*|again|repeat|2)$|^re_?pass")
_ASKED = re.compile(
    r"(^|_)(tokens?|otp|totp|codes?|verif\w+|signature|secret|nonce|answers?|captcha|cookies?|authenticate\w*"
    r"|check_?pass\w*|compare\w*|jwt|expires?(_at)?|confirmed|allowed)(_|$)"
)
"""What a handler speaks of that has looked for a proof, even earlier: `if not pending.verified`."""


def is_for_who_forgot(route: Route) -> bool:
    """Whether a route is called by people who cannot log in: `PATCH /password/forgot/{user_id}`."""
    words = [word.replace("-", "_") for word in access.segments(route.path)]
    words += [snake(route.function.name)] if route.function is not None else []
    return any(map(_FORGOT.search, words)) or all(any(map(one.search, words)) for one in (_LOST, _WAY_IN))


def sets_any_password(program: Program, route: Route) -> bool:
    """Whether a route sets the password of the account that its caller names, and gets nothing that proves anything.

    A message to the account's own address needs no new password, which whoever names an address gives here.
    """
    handler = route.function
    words = [snake(word.replace("-", "_")) for word in access.segments(route.path)[-2:]]
    if handler is None or not access.changes_state(route) or not any(map(_SETS.search, (*words, snake(handler.name)))):
        return False
    names = [snake(name) for name in _sent(program, route)]
    fresh = [name for name in names if _NEW.match(name) and not _AGAIN.search(name)]
    accounts = [name for name in names if _ACCOUNT.match(name)]
    if not accounts or len(fresh) > 1 or not all(_NEW.match(name) or _ACCOUNT.match(name) for name in names):
        return False
    if not fresh and not all(re.search(r"(^|_)(id|uuid|pk|uid)$", name) for name in accounts):
        return False
    return not any(
        _ASKED.search(snake(str(form[-1])))
        for function in reached(program, handler, 1)
        for form in function.forms.of("name", "attr", "const")
        if isinstance(form[-1], str) and (form[0] != "const" or form[-1].isidentifier())
    )


def _sent(program: Program, route: Route) -> Iterator[str]:
    """The names of what clients send: parameters of the handler, or the fields of their models."""
    for parameter in parameters(route.endpoint) if route.endpoint is not None else []:
        if program.walker.resolver.dependency_of(parameter) is None:
            found = [*access.names_in(program, parameter)]
            yield from found[1:] or found
