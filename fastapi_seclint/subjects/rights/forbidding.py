"""Who answers 403 for something that the caller is or is not, whatever the project calls it: `if not me.is_lead`."""

from __future__ import annotations

import re
from collections.abc import Collection

from fastapi_seclint.facts.forms import Form, arguments, beginning, walk
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.rights.always import always_passing

FORBIDDEN = (b",403]", b"FORBIDDEN", b"Forbidden", b"PermissionDenied")
STATE = re.compile(
    r"(^|_)(in)?(active|enabled|disabled|verified|confirmed|activated|deactivated|banned|blocked|suspended|deleted|locked|archived"
    r"|expired|valid|validated|authenticated|anonymous|mfa|2fa|otp|totp|terms|onboarded|scheme|status|state|email|name|id)(_|$)"
)
"""What an account, a token or a request is like; it says nothing of what its owner may do."""
STANDING = re.compile(
    r"(^|_)(rank|level|grants?|tier|plan|kind|type|class|groups?|access|authority|power|grade|standing|trust|position"
    r"|membership|caps|abilities)$"
)
"""What says how much somebody may do, where a guard asks for it or an administrator is among its values."""
_WHO = re.compile(
    r"passw|pwd|verify|secret|token|code|compare|isinstance|hasattr|getattr|(^|_)(find|get|fetch|load|exists?)(_|$)"
)
"""What is asked to find out who somebody is, or whether something is there."""
_QUALITY = re.compile(r"^(is|can|may|has)_")
_CALLED = frozenset({"name", "title", "code", "slug", "value", "key"})
"""What something is called that a user has, `me.department.name`; of the user himself it says nothing."""
CALLER = re.compile(r"(^|_)(user|client|caller|member|account|principal|operator|consumer|me|actor|person|staff)$")
"""How a parameter is called that is given the caller, whom somebody else has found."""
_NO_CALLER = frozenset(
    {
        "request", "websocket", "credentials", "settings", "config", "form", "body", "payload", "token", "self", "cls",
        "scope", "receive", "send", "call_next",
    }
)  # fmt: skip
"""What holds no caller; among it what ASGI calls an application with, `scope["type"] == "http"`."""
_KEPT = frozenset({"request.state", "request.user"})
"""Where a request keeps the caller whom an earlier guard, or a middleware, has put there."""


def says_forbidden(function: Function) -> bool:
    """Whether a function answers 403, or raises what is named after it."""
    facts = function.module.facts
    return function.number >= 0 and any(facts.body_mentions(function.number, word) for word in FORBIDDEN)


def forbids(function: Function, callers: Collection[str] | None = None, idle: Collection[int] = frozenset()) -> bool:
    """Whether a function answers 403 and decides by a quality of one of its parameters (guide, section 1: AuthZ).

    `callers` are the parameters that hold the caller; without them each may. `idle` are the identities of forms that
    decide nothing.
    """
    if not says_forbidden(function):
        return False
    names = set(callers or ())
    if callers is None:
        names = ({parameter[0] for parameter in function.parameters} | _asked_for(function)) - _NO_CALLER | _KEPT
    idle = {*idle, *(id(form) for form in always_passing(function))}
    tests = [form[2] for form in function.forms.of("if", "ifexp") if id(form) not in idle]
    made_with = {*names, *(parameter[0] for parameter in function.parameters), *assigned(function)}
    if any(_asks_for_quality(item, names, made_with) for test in tests for item in walk(test)):
        return True
    asked = [form for form in function.forms.of("if") if id(form) not in idle]
    if callers and any(_turns_down_who_has_none(form, function, names) for form in asked):
        return True
    if any(_lets_in_some(form, function, names) for form in asked):
        return True
    return any(_turns_down(form, function, names) or (callers and _refuses_some(form, names)) for form in asked)


_ADDRESS = re.compile(r"(^|_)(e?mail|domain|username|login)(_address|_domain)?$")


def _lets_in_some(form: Form, function: Function, names: set[str]) -> bool:
    """`domain = me.email.split("@")[1]`, then `if domain not in settings.our_domains:` and 403: a list of who may."""
    match form:
        case ["if", _, ["compare", _, asked, ["not in"], [_]], [["raise", _, raised, *_]], _]:
            given = [asked]
            if asked[0] == "name":
                assigned_to = (item for item in function.forms.of("assign") if item[2][0][::2] == ["name", asked[2]])
                given = [item[3] for item in assigned_to]
            found = (part for value in given for part in walk([value]) if part[0] == "attr")
            return _says(raised) and any(_ADDRESS.search(snake(part[3])) and _is_of(part, names) for part in found)
    return False


def _asked_for(function: Function) -> set[str]:
    """The names that get what a function gives that is told nothing: `me = current_member()`."""
    given = ((form[2], form[3][2] if form[3][0] == "await" else form[3]) for form in function.forms.of("assign"))
    asked = [targets for targets, value in given if value[0] == "call" and not value[3] and not value[4]]
    return {str(target[2]) for targets in asked for target in targets if target[0] == "name"}


def assigned(function: Function) -> set[str]:
    """The names that a function binds itself."""
    given = (target for form in function.forms.of("assign") for target in form[2])
    return {str(target[2]) for target in given if target[0] == "name"}


_STORE = re.compile(r"(^|_)(db|database|session|conn|connection|engine|redis|cache|pool|settings|config|self|cls)$")


def _turns_down_who_has_none(form: Form, function: Function, callers: set[str]) -> bool:
    """`project = find_one({"_id": asked, "members": me.id})`, then `if project is None:` and 403."""
    match form:
        case [
            "if",
            _,
            ["compare", _, ["name", _, name], ["is"], [["const", _, None]]] | ["unary", _, "not", ["name", _, name]],
            [["raise", _, raised, *_]],
            _,
        ]:
            values = [item[3] for item in function.forms.of("assign") if item[2][0][::2] == ["name", name]]
            named = [inner for value in values for inner in walk(value) if inner[0] == "attr"]
            of_caller = any(inner[2][0] == "name" and inner[2][2] in callers for inner in named)
            given = {inner[2] for call in values for inner in walk(call) if inner[0] == "name"}
            sent = {parameter[0] for parameter in function.parameters if not _STORE.search(parameter[0])} - callers
            return bool(of_caller and given & sent and any(map(_is_call, values)) and _says(raised))
    return False


def _turns_down(form: Form, function: Function, names: set[str]) -> bool:
    """`client = authenticated(key)` or a parameter of that kind, then `if not client.trusted:` and 403."""
    match form:
        case ["if", _, ["unary", _, "not", asked], [["raise", _, raised, *_]], _]:
            match _as_attribute(asked):
                case ["attr", _, ["name", _, caller], quality]:
                    pass
                case _:
                    return False
            given = function.forms.of("assign")
            found = caller in names or any(
                item[2][0][0] == "name" and item[2][0][2] == caller and _is_call(item[3]) for item in given
            )
            return bool(found and _says(raised) and CALLER.search(caller)) and STATE.search(snake(quality)) is None
    return False


def _refuses_some(form: Form, names: set[str]) -> bool:
    """`if not may_edit(me.name, "site"):` and 403."""
    match form:
        case ["if", _, ["unary", _, "not", asked], [["raise", _, raised, *_]], _]:
            asked = asked[2] if asked[0] == "await" else asked
            return asked[0] == "call" and _says(raised) and _is_question(asked, names)
    return False


def _says(raised: Form) -> bool:
    """Whether what is raised is a 403."""
    said = {str(item[-1]) for item in walk(raised) if item[0] in ("name", "attr", "const")}
    return not said.isdisjoint(("403", "HTTP_403_FORBIDDEN", "HTTP_403FORBIDDEN", "FORBIDDEN", "Forbidden"))


def _is_question(call: Form, names: set[str]) -> bool:
    """Whether a call asks for something about the caller that is no state of the account: `may_edit(me.name, "site")`.

    That of one whose password or code is verified says who is calling and no more.
    """
    name = snake(str(call[2][-1])) if call[2][0] in ("name", "attr") else ""
    if not name or STATE.search(name) or _WHO.search(name):
        return False
    given = arguments(call)
    return len(given) > 1 and any(_is_of(item, names) for item in given)


def _is_of(form: Form, names: set[str]) -> bool:
    return beginning(form, ("attr",)) in names


def _is_call(form: Form) -> bool:
    return "call" in (form[0], form[2][0] if form[0] == "await" else "")


def _asks_for_quality(form: Form, names: set[str], own: set[str]) -> bool:
    """`own` are the names of the function itself; others are what it was made with, `admitted` of a factory."""
    form = _as_attribute(form)
    if form[0] == "attr":
        return _is_quality(form, names) and _QUALITY.match(snake(form[3])) is not None
    if form[0] == "compare" and any(_is_standing(side, names) for side in (form[2], *form[4])):
        return not any(side[0] == "const" and side[2] is None for side in form[4])
    if form[0] != "compare" or form[3][0] not in ("==", "!=", "in", "not in"):
        return False
    if form[3][0] in ("in", "not in") and (_is_fixed(form[2]) or is_made_with(form[2], own)):
        return _is_quality(form[4][0], names)
    fixed = all(_is_fixed(side) or is_made_with(side, own) for side in form[4])
    return fixed and _is_quality(form[2], names)


def _is_standing(form: Form, names: set[str]) -> bool:
    """`me.rank`, `me.rank.value`: how much a caller may do, whatever that is compared with."""
    if form[0] == "attr" and form[3] == "value":
        form = form[2]
    form = _as_attribute(form)
    return _is_quality(form, names) and STANDING.search(snake(form[3])) is not None


def _as_attribute(form: Form) -> Form:
    """`me["rank"]` and `me.get("rank")` as `me.rank`."""
    match form:
        case ["sub", at, owner, ["const", _, str() as name]]:
            return ["attr", at, owner, name]
        case ["call", at, ["attr", _, owner, "get"], [["const", _, str() as name], *_], _]:
            return ["attr", at, owner, name]
    return form


def _is_quality(form: Form, names: set[str]) -> bool:
    form = _as_attribute(form)
    if form[0] != "attr":
        return False
    way, owner = [str(form[3])], form[2]
    while owner[0] == "attr":
        way.append(str(owner[3]))
        owner = owner[2]
    if len(way) > 1 and way[0] in _CALLED:
        way.pop(0)
    held = owner[0] == "name" and (owner[2] in names or (len(way) > 1 and f"{owner[2]}.{way.pop()}" in names))
    return held and not any(STATE.search(snake(name)) for name in way)


def is_made_with(form: Form, own: set[str]) -> bool:
    """Whether an expression is what a guard was made with: `self.admitted`, or a parameter of its factory."""
    if form[0] == "attr":
        return bool(form[2][0] == "name" and form[2][2] == "self")
    return bool(form[0] == "name" and form[2] not in own and form[2][:1].islower())


def _is_fixed(form: Form) -> bool:
    """Whether an expression is written down: a text, a member of a class, or several of them."""
    if form[0] in ("list", "tuple", "set"):
        return bool(form[2]) and all(_is_fixed(item) for item in form[2])
    if form[0] == "const":
        return isinstance(form[2], str) and bool(form[2])
    return form[0] == "attr" and form[2][0] in ("name", "attr") and str(form[2][-1])[:1].isupper()
