"""Which routes are those where passwords, tokens and accounts can be guessed: login, registration, reset, refresh.

Guide section 10, "Missing Rate Limiting on Auth Endpoints". Call-backs and redirects of other providers, web hooks and
logout are none: nothing can be guessed there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from fastapi_seclint.facts.forms import last_name
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.credentials import guards_against_forgery
from fastapi_seclint.program.declared import path_matches
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.bearer_schemes import scheme_kind
from fastapi_seclint.subjects.guards.entrances import is_for_development, is_login_form
from fastapi_seclint.subjects.logins.aside import is_aside, is_of_provider
from fastapi_seclint.subjects.logins.purposes import (
    AROUND,
    ASKS,
    CHECKS,
    LOST,
    MAKES_PEOPLE,
    NEW_USER,
    OPENS,
    PEOPLE,
    REFRESHES,
    REGISTERS,
    RENEWS,
    RESETS,
    SESSION,
    STEP,
    WORDS,
    Purpose,
)
from fastapi_seclint.subjects.logins.sent import fields, is_password, sent, spoken, takes_password
from fastapi_seclint.subjects.logins.works import (
    asks_for_refresh_token,
    brings_code,
    brings_refresh_token,
    by_work,
    hands_over,
    is_code,
)
from fastapi_seclint.subjects.owners.belongings import singular

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_TOKENS = re.compile(r"(^|_)(refresh_?token|token|authorization)$", re.I)
_IDENTITY = re.compile(r"(^|_)(e?mail(_address)?|user_?name|phone(_number)?|login|account|identifier)$", re.I)
_WHOSE = frozenset({"user_id", "account_id", "member_id", "customer_id"})
_OF_ADDRESS = re.compile(r"(^|_)(e?mail|phone|account)(_|$)")
_OF_A_THING = re.compile(r"}/[^/{}]+/?$")
"""The end of a path that does something with one thing: `/connections/{connection_id}/refresh`."""
_CHANGING = frozenset({"POST", "PUT", "PATCH"})
_ACCOUNT = re.compile(
    r"(^|_)(create|open)_account(_|$)|(^|_)register_(?!(new_)?(users?|people|by|with|and)(_|$))[a-z]+"
)
_ACCESS = re.compile(r"(^|_)access_token(_|$)")
"""What the second step of a login gives, to somebody who has shown his password before."""
_ONE_ACCOUNT = re.compile(r"^(user|account|member|employee|customer|admin)_?(id|uuid|pk)$", re.I)
_OF_LINK = re.compile(
    r"^(((password_)?reset|recovery|verification|confirmation|activation|invitation|one_time|temp)_)?(token|code|otp)$"
)
"""What a stranger has from a link or message beside the number of his account."""
_CURRENT = re.compile(r"(^|_)current_")
_PRESENT = re.compile(r"(^|_)(current|active|admin|superuser|logged|authenticated|verified)_?(user|member)?(_|$)")
_OAUTH = re.compile(r"oauth2?")
_KNOWN: WeakKeyDictionary[Program, list[tuple[Route, Purpose]]] = WeakKeyDictionary()


def auth_routes(program: Program) -> Iterator[tuple[Route, Purpose]]:
    """Every route of the project where somebody may guess, with what it is for; tests and development aside."""
    if program not in _KNOWN:
        purposes = [(route, _purpose(program, route)) for route in program.routes]
        _KNOWN[program] = [(route, purpose) for route, purpose in purposes if purpose is not None]
    return iter(_KNOWN[program])


def _purpose(program: Program, route: Route) -> Purpose | None:
    if route.kind not in ("http", "raw") or route.place is None or route.function is None:
        return None
    limits = program.config.rate_limit if program.config is not None else None
    if limits is not None and any(path_matches(pattern, route.path) for pattern in limits.auth_routes):
        return "configured"
    if program.is_test(route.place.module) or is_for_development(route):
        return None
    purpose = _by_form(route) or _by_name(program, route) or _by_model(program, route)
    if purpose is None or (purpose == "login" and (_is_inside(route) or _is_sent_nothing(program, route))):
        return None
    return None if _asks_callers(program, route) and not _lets_in(program, route, purpose) else purpose


def _asks_callers(program: Program, route: Route) -> bool:
    """Whether only somebody who is in already gets to the handler."""
    meetings = program.guarding(route).meetings
    refusing = {one.name for one in meetings if one.junk == "denies" and one.missing != "passes"}
    own = route.name in refusing and any(map(_ONE_ACCOUNT.match, path_variables(route.path)))
    if own and not any(_OF_LINK.search(spoken(name)) for name in fields(program, route)):
        return True  # who resets the password of the account that a path names is no stranger
    if any(not guards_against_forgery(name.rpartition(".")[2]) for name in refusing - {route.name}):
        return True
    words = [spoken(word) for node in route.nodes() for word in (node.name.rpartition(".")[2], node.parameter)]
    return any(_PRESENT.search(word) for word in words)


def _is_inside(route: Route) -> bool:
    """Whether a dependency says that the caller is somebody already: `get_current_org`; with Basic he logs in by it."""
    if any(scheme_kind(node.call) == "Basic" for node in route.nodes()):
        return False
    names = (node.name.rpartition(".")[2] for node in route.nodes())
    return any(map(_CURRENT.search, map(spoken, names)))


def _is_sent_nothing(program: Program, route: Route) -> bool:
    """Whether a login takes nothing from its caller at all, like one that opens a window where somebody logs in."""
    silent = route.endpoint is not None and not parameters(route.endpoint) and not takes_password(program, route)
    return silent and not any(scheme_kind(node.call) for node in route.nodes())


def _by_form(route: Route) -> Purpose | None:
    handler = route.function
    if handler is None or "POST" not in route.methods or not any(is_login_form(node.call) for node in route.nodes()):
        return None
    last = spoken((access.segments(route.path) or [""])[-1])
    return "registration" if REGISTERS.search(last) else "login"


def _by_name(program: Program, route: Route) -> Purpose | None:
    """What the last words of the path, or the handler's name, call it."""
    segments = [spoken(part) for part in access.segments(route.path)]
    handler = route.function
    name = spoken(handler.name) if handler is not None else ""
    last = "_".join(segments[-2:])
    if is_aside(last) or is_aside(name) or (handler is not None and hands_over(handler)):
        return None
    foreign = [word for word in (*segments[-2:], name) if is_of_provider(word)]
    if foreign and not takes_password(program, route) and not _is_own_oauth(program, route, foreign):
        return None
    first = segments[-1] if segments else ""
    step = "_".join(segments[-3:-1]) if STEP.match(first) else ""
    lost = [name] if LOST.match(first) else []  # `/login/recover` is no login
    for word in (first, *lost, last, *([step] if RESETS.search(step) else []), name):
        purpose = _called(program, route, word)
        if purpose == "token" and REFRESHES.search(name):
            return "token refresh"
        if purpose is not None:
            return purpose
    return None


def _is_own_oauth(program: Program, route: Route, words: list[str]) -> bool:
    """Whether `/oauth` is what the project calls its own logins: a route beside this one takes a password."""
    if not all(_OAUTH.fullmatch(word) for word in words):
        return False
    beside = (other for other in program.routes if other.router is route.router and other.place != route.place)
    return any("POST" in other.methods and takes_password(program, other) for other in beside)


def _called(program: Program, route: Route, word: str) -> Purpose | None:
    for purpose, pattern in WORDS:
        if not pattern.search(word):
            continue
        if purpose == "registration" and CHECKS.search(word) and not takes_password(program, route):
            return "code check" if any(map(is_code, map(spoken, fields(program, route)))) else None
        if set(route.methods) & _CHANGING:
            return purpose if _fits(program, route, purpose) and not _opens_an_account(program, route, word) else None
        if purpose == "login" and "GET" in route.methods and brings_code(map(spoken, fields(program, route))):
            return "code check"
        return purpose if "GET" in route.methods and _guesses(program, route, purpose) else None
    return None


def _fits(program: Program, route: Route, purpose: Purpose) -> bool:
    """Whether a POST of this name is about people's accounts: words like register, token and refresh mean more."""
    if purpose not in ("registration", "token", "token refresh"):
        return True
    words = [spoken(part) for part in access.segments(route.path)]
    handler = spoken(route.function.name) if route.function is not None else ""
    names = [spoken(name) for name in fields(program, route)]
    if purpose == "token" and route.path.rstrip("/").endswith("}"):
        return takes_password(program, route)
    if purpose == "token refresh" and _OF_A_THING.search(route.path):
        return any(name.endswith("refresh_token") for name in names)
    if any(AROUND.search(word) for word in words[-2:-1]):
        return True
    if purpose == "token refresh":
        named = any("refresh" in word and ("token" in word or "session" in word) for word in (*words[-1:], handler))
        return named or any(name.endswith("refresh_token") for name in names)
    if any(is_password(name) or _IDENTITY.search(name) for name in names):
        return True
    return not _is_protected(program, route) and (len(words) <= 2 or words[-1] == "token")


def _opens_an_account(program: Program, route: Route, word: str) -> bool:
    """Whether the account is a bank's, or what is registered a thing: its model holds nobody's name or password."""
    if not _ACCOUNT.search(word) or route.endpoint is None:
        return False
    names = fields(program, route)
    own = {parameter.name for parameter in parameters(route.endpoint)}
    personal = any(is_password(name) or _IDENTITY.search(spoken(name)) for name in sent(program, route))
    named = word.rpartition("register_")[2]
    words = (singular(one) for part in access.segments(route.path) for one in spoken(part).split("_"))
    thing = named != word and singular(named) in words
    return (thing or bool(set(names) - own)) and not personal


def _guesses(program: Program, route: Route, purpose: Purpose) -> bool:
    """Whether a GET of this name does more than to show a page: it takes a password, a token or an address."""
    if takes_password(program, route):
        return True
    names = [spoken(name) for name in fields(program, route)]
    if purpose == "token refresh" and route.function is not None and not route.function.parameters:
        return False  # nobody is named for whom a token could be made
    if purpose == "token refresh":
        if any(_TOKENS.search(name) for name in names) or any(scheme_kind(top.call) for top in route.dependencies):
            return True
        if _fits(program, route, purpose) and any(scheme_kind(node.call) for node in route.nodes()):
            return True
        if route.function is None or asks_for_refresh_token(route.function) or brings_refresh_token(route):
            return route.function is not None
        return _says_it_renews_tokens(route, route.function)
    return purpose == "password reset" and any(_IDENTITY.search(name) for name in names)


def _says_it_renews_tokens(route: Route, handler: Function) -> bool:
    """Whether a GET that takes the whole request, cookies and all, is called after what it renews: `/refresh-token`."""
    words = [spoken(part) for part in (*access.segments(route.path)[-1:], handler.name)]
    whole = any(item[2] is not None and last_name(item[2]) == "Request" for item in handler.parameters)
    return whole and any("refresh" in word and "token" in word for word in words)


_PROOF = re.compile(r"^(\w+_)?(tokens?|otp|signature)$")
"""What a link from a mail brings with it in a path: `/recovery/update/{token}`."""


def _by_model(program: Program, route: Route) -> Purpose | None:
    """What an open POST takes says what it is for: a new password of a user, a password and a name, an address."""
    segments = [spoken(part) for part in access.segments(route.path)]
    opened = route.methods == ("PUT",) and segments and SESSION.match(segments[-1])
    if route.methods == ("GET",) and not access.is_admin_like(route.path):
        return _looks_up(program, route)
    if not (route.methods == ("POST",) or opened) or access.is_admin_like(route.path):
        return None
    if any(_PROOF.match(spoken(name)) is None for name in path_variables(route.path)):
        return None
    segments = segments or [spoken(route.function.name) if route.function is not None else ""]
    if not path_variables(route.path) and _is_protected(program, route) and not SESSION.match(segments[-1]):
        return None
    names = [spoken(name) for name in fields(program, route)]
    identified = any(_IDENTITY.search(name) for name in names)
    around = any(map(AROUND.match, segments))
    around_code = around or segments[-1].endswith("_code") or _OF_ADDRESS.search(segments[-1]) is not None
    if (
        (identified or _WHOSE.intersection(names))
        and CHECKS.search(segments[-1])
        and (any(map(is_code, names)) or (around_code and "code" in names))
    ):
        return "code check"
    if takes_password(program, route):
        name = spoken(route.function.name) if route.function is not None else ""
        if PEOPLE.match(segments[-1]) or MAKES_PEOPLE.match(segments[-1]) or OPENS.match(name):
            return "registration"
        if (identified or "name" in names) and SESSION.match(segments[-1]):
            return "login"
        step = STEP.match(segments[-1]) or segments[-1] == "update"
        if (around and LOST.match(segments[-1])) or (step and LOST.match("_".join(segments[-2:-1]))):
            return "password reset"
        return by_work(program, route.function) if identified and route.function is not None else None
    if "refresh_token" in names and RENEWS.search(segments[-1]):
        return "token refresh"
    lost = LOST.match(segments[-1]) or (ASKS.match(segments[-1]) and LOST.match("_".join(segments[-2:-1])))
    if lost and identified:
        return "password reset"
    return "registration" if PEOPLE.match(segments[-1]) and _takes_new_user(route) else None


def _looks_up(program: Program, route: Route) -> Purpose | None:
    """Whether an open GET that is given a name and a password verifies it: `GET /users?email=...&password=...`."""
    if route.function is None or not takes_password(program, route) or _is_protected(program, route):
        return None
    identified = any(_IDENTITY.search(spoken(name)) for name in fields(program, route))
    return "login" if identified and by_work(program, route.function) == "login" else None


def _takes_new_user(route: Route) -> bool:
    """Whether a handler takes a model that is not in sight and called `UserCreate` or the like, where passwords are."""
    handler = route.function
    if handler is None or not any(is_password(word) for word in handler.module.facts.words):
        return False
    annotations = [str(form[2][-1]) for form in handler.parameters if form[2] and form[2][0] in ("name", "attr")]
    return any(NEW_USER.match(name) for name in annotations)


def _is_protected(program: Program, route: Route) -> bool:
    return program.guarding(route).protection != "open"


def _lets_in(program: Program, route: Route, purpose: Purpose) -> bool:
    """Whether a route that refuses strangers is a way in all the same: the password or the old token is the guard."""
    if purpose == "login":
        return takes_password(program, route)
    handler = route.function
    if handler is not None and purpose == "code check":
        return any(_ACCESS.search(spoken(str(form[-1]))) for form in handler.forms.of("name", "attr", "const"))
    return purpose == "token refresh" and (
        handler is not None
        and not any(is_password(name) for name in fields(program, route))
        and any("refresh" in spoken(part) for part in (*access.segments(route.path)[-2:], handler.name))
    )
