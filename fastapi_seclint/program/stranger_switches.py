"""Conditions that the configuration decides, as a stranger's request meets them.

A guard may be off until it is set up: `if settings.api_key and sent != settings.api_key: raise`. What it does by
default is asked first; where a switch was met on the way, it is asked again with every switch thrown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.operators import is_configured_condition
from fastapi_seclint.program.values import Collection, Environment, Function, Mapping, Value, likely, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def by_default(
    walk_: Walk, known: bool, form: Form | None = None, operator: str = "==", right: Form | None = None
) -> bool:
    """Which way a condition goes that the default configuration decides; the other way where that is changed.

    What would switch a guard off by its name, and does not, stays as it is: nobody sets up a guard with that.
    `right` is what a condition on `form` compares it with: `"false"` turns its meaning round.
    """
    walk_.encounter.switched = True
    denied = right is not None and right[0] == "const" and _NO.match(str(right[2])) is not None
    lets_be = known is ((operator in ("!=", "not in", "is not")) is not denied)
    if lets_be and form is not None and _switches_off(form):
        return known
    return known is not walk_.stranger.configured


def _switches_off(form: Form) -> bool:
    """Whether a name in a condition says that it switches something off: `auth_disabled()`, `getenv("SKIP_AUTH")`."""
    return any(
        isinstance(item[-1], str)
        and _OFF_BY_NAME.search(item[-1]) is not None
        and not (item[0] == "const" and _OFF.match(item[-1]))
        for item in walk(form)
        if item[0] in ("name", "attr", "const")
    )


def is_there(walk_: Walk, form: Form) -> set[bool]:
    """Whether something is there that is not known: what credentials are compared with is, where it is configured."""
    if form[0] not in ("name", "attr"):
        return {True, False}
    if (on := _means_on(form)) is not None:
        walk_.encounter.switched = True
        return {on} if walk_.stranger.configured else {True, False}
    if not _is_compared(walk_, spelled(form)):
        return {True, False}
    value = walk_.value(form)
    known = likely(value) if is_configured(value) else None
    if known is not None:
        return {by_default(walk_, known)}
    walk_.encounter.switched = True
    return {True} if walk_.stranger.configured else {True, False}


def is_configured(value: Value) -> bool:
    """Whether a value is a setting whose default is known, or what is empty until it is configured."""
    if isinstance(value, Collection | Mapping):
        return value.perhaps == "unlikely"
    if is_configured_condition(value):
        return True
    found = [option for option in options(value) if isinstance(option, Environment)]
    return bool(found) and all(not option.name.startswith("parameter ") for option in found)


def is_off(walk_: Walk, operator: str, right: Form) -> set[bool]:
    """Whether a setting that is not known says that there is no guard: `config.type == "none"`."""
    if operator not in ("==", "!=") or right[0] != "const" or not _OFF.match(str(right[2])):
        return {True, False}
    walk_.encounter.switched = True
    return {operator == "!="} if walk_.stranger.configured else {True, False}


def _means_on(form: Form) -> bool | None:
    """Whether a setting is true where a guard is on, or false, by its name: `auth_enabled`, `verifier.disabled`."""
    name = form[-1]
    if form[0] == "attr" and _STATE.match(name) and _GUARDS.search(spelled(form[2]).rpartition(".")[2]):
        name = f"auth_{name}"
    if _SWITCHES_OFF.search(name):
        return False
    return True if _SWITCHES_ON.search(name) else None


_NO = re.compile(r"^(false|0|no|off|none|)$", re.I)
_OFF_BY_NAME = re.compile(r"(^|[_.])(disabled?|skip(ped)?|bypass(ed)?)(_|$)", re.I)
_GUARDS = re.compile(r"auth|verif|guard|secur|login", re.I)
_STATE = re.compile(r"^(is_)?(enabled|required|active|on|disabled|off)$", re.I)
_OFF = re.compile(r"^(none|off|disabled?|no_?auth|anonymous|false)$", re.I)
_SWITCHES_ON = re.compile(
    r"^(is_)?((enable|require|use)s?_)?(auth\w*|security|login)(_(is_)?(enabled|required|active|on))?$", re.I
)
_SWITCHES_OFF = re.compile(
    r"^((disable|skip|no|without|bypass)_?(auth\w*|security|login)|(auth\w*|security|login)_(is_)?(disabled|off|skipped)"
    r"|allow_anonymous)$",
    re.I,
)


def _is_compared(walk_: Walk, text: str) -> bool:
    known = walk_.follower.compared
    key = id(walk_.function)
    if key not in known:
        named = (form for form in _expected(walk_.function) if form[0] in ("name", "attr", "call"))
        known[key] = frozenset(spelled(form) for form in named)
        walk_.follower.keep(walk_.function)
    return any(item == text or item.startswith(f"{text}.") for item in known[key])


def _expected(function: Function) -> Iterator[Form]:
    """What credentials may be compared with in a function, or be one of, or be verified by."""
    for form in function.forms.of("compare"):
        if form[3] and form[3][0] in ("==", "!=", "in", "not in"):
            yield from (form[2], *form[4])
    for form in function.forms.of("call"):
        name = last_name(form[2])
        if name in ("compare_digest", "decode") or credentials.names_verification(name):
            yield from form[3]
    for form in function.forms.of("for"):
        yield form[3]
    for form in function.forms.of("comp"):
        yield from (clause[1] for clause in form[5])
