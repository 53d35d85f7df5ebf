"""Calls of libraries and of code out of sight as a stranger's request meets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi_seclint.facts.forms import Form, last_name, walk
from fastapi_seclint.program import credentials, nobody
from fastapi_seclint.program.context_requests import VARIABLE, holds_request
from fastapi_seclint.program.encounters import Raised
from fastapi_seclint.program.kinds import (
    ABSENT,
    BAD,
    CLEAN,
    DENIAL,
    EITHER,
    EMPTY,
    FALSE,
    HIDDEN,
    HOLDERS,
    JUNK,
    MATCH,
    NOTHING,
    REFUSED,
    REQUEST,
    TAINTED,
    TRUE,
    Kinds,
)
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.schemes import base_may_be_quiet
from fastapi_seclint.program.stranger_attributes import attribute_kinds
from fastapi_seclint.program.stranger_paths import path_matches
from fastapi_seclint.program.values import Class, External, Mapping, constant, iterate, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_HARMLESS_BUILTINS = frozenset(
    {"builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.next",
     "builtins.iter", "builtins.int", "builtins.set", "builtins.sorted"}
)  # fmt: skip


def _any_of(walk_: Walk, form: Form, wanted: bool) -> Kinds | None:
    """`any(path.startswith(item) for item in ITEMS)` over known items, decided where one of them is; None otherwise."""
    if len(form[3]) != 1 or form[3][0][0] != "comp" or len(form[3][0][5]) != 1:
        return None
    _, _, _, element, _, [[target, iterable, conditions]] = form[3][0]
    items = iterate(walk_.value(iterable))
    if items is None or target[0] != "name" or conditions:
        return None
    outcomes: list[set[bool]] = []
    before = dict(walk_.assumed)
    for item in items[:60]:
        walk_.assumed[target[2]] = item
        outcomes.append(walk_.truths(element))
    walk_.assumed = before
    if {wanted} in outcomes:
        return TRUE if wanted else FALSE
    if any(wanted in found for found in outcomes):
        return EITHER  # what one item says is not known
    return FALSE if wanted else TRUE


def external_kinds(walk_: Walk, value: External, form: Form, touched: Kinds) -> Kinds:
    """The kinds of what a library's function gives; `touched` are those of its arguments."""
    name = value.name
    refusal = _refusal(walk_, name, form)
    if refusal is not None:
        return refusal
    matched = path_matches(walk_, value, form)
    if matched is not None:
        return matched
    if name in ("builtins.any", "builtins.all"):
        decided = _any_of(walk_, form, name == "builtins.any")
        if decided is not None:
            return decided
    if name.startswith(f"{VARIABLE}.") and (held := _in_context(walk_, value, form)) is not None:
        return held
    if name.startswith("fastapi.security.") and name.endswith(".__call__"):
        if not walk_.stranger.junk and not base_may_be_quiet(walk_.scope.receiver):
            walk_.encounter.checked = True
            raise Raised(401)
        return walk_.stranger.credential
    guard = credentials.entry("call", f"{name}()")
    if guard is not None:
        return _asked(walk_, guard, form)
    if name == "builtins.isinstance" and (known := _is_instance(walk_, form, touched)) is not None:
        return known
    _refuse_nothing(walk_, name, form)
    if touched == CLEAN or not touched & TAINTED:
        return touched & HOLDERS if name in _HARMLESS_BUILTINS else _holder_call(walk_, name, form, touched)
    if name in ("builtins.bool", "hmac.compare_digest", "secrets.compare_digest", "hmac.compare_digest()"):
        walk_.encounter.checked = True
        return BAD if name != "builtins.bool" else touched
    if name in ("builtins.len", "builtins.isinstance", "builtins.hasattr", *_MATCHING):
        return BAD if touched & {"absent", "bad"} else MATCH if name in _MATCHING else EITHER
    if name in ("builtins.any", "builtins.all", "builtins.getattr"):
        return touched
    reader = credentials.entry("reader", name)
    if name in _HARMLESS_BUILTINS or reader is not None:
        return EMPTY if reader and reader.get("empty") and touched == ABSENT else touched
    verifier = credentials.entry("verifier", name)
    if verifier is not None and not _switched_off(walk_, form):
        walk_.encounter.checked = True
        if verifier.get("raises", True):
            raise Raised
        return BAD
    if verifier is not None:
        return touched
    if name.rpartition(".")[2][:1].isupper():
        return touched
    if name.startswith("builtins.") and name.endswith((".get", ".pop", ".__getitem__")):
        walk_.may_raise, walk_.encounter.used = True, True
        return BAD
    if name.startswith("builtins.") or name.startswith(
        ("logging.", "json.", "base64.", "binascii.", "hashlib.", "urllib.")
    ):
        return touched
    if walk_.on_trial and credentials.names_guardian(name) and not _TELLS.match(name.rpartition(".")[2]):
        walk_.encounter.opaque.append(name)  # `try: await access_token(...)(token)`, and 401 where that raises
    return unknown_call_kinds(walk_, form, touched)


def _in_context(walk_: Walk, value: External, form: Form) -> Kinds | None:
    """What a context variable gives, or keeps of a stranger: what middleware believed of him says who he is."""
    name, left = value.name, walk_.follower.left
    given = walk_.kinds(form[3][0]) if name == f"{VARIABLE}.set" and form[3] else CLEAN
    if given in (JUNK, DENIAL):
        walk_.follower.left = left.believing(last_name(form[2][2]))
    elif walk_.is_lacking(given):
        walk_.follower.left = left.without(last_name(form[2][2]))
    if name != f"{VARIABLE}.get":
        return None
    if holds_request(walk_.follower.interpreter, value.parent):
        return REQUEST
    if form[3]:
        return None
    kept = last_name(form[2][2])
    if kept in left.believed:
        return walk_.stranger.credential
    return ABSENT if credentials.says_who(kept) or kept in left.lacking or walk_.carries_credential(kept) else CLEAN


def _asked(walk_: Walk, guard: dict[str, Any], form: Form) -> Kinds:
    """A call that refuses strangers, or gives nobody where it is told to."""
    walk_.encounter.checked = True
    optional = guard.get("optional", {})
    if any(name in optional and constant(walk_.value(value)) is optional[name] for name, value, _ in form[4]):
        return BAD
    raise Raised(401)


def _refuse_nothing(walk_: Walk, name: str, form: Form) -> None:
    """A library that verifies tokens raises for None."""
    if credentials.entry("verifier", name) is not None and form[3] and walk_.kinds(form[3][0]) == NOTHING:
        walk_.encounter.checked = True
        raise Raised


def _signs_in(form: Form) -> bool:
    """Whether a call gets a password, too: it lets somebody in who has not been let in before."""
    return any(item[0] in ("name", "attr") and "password" in item[-1] for item in walk([*form[3], *form[4]]))


def _is_instance(walk_: Walk, form: Form, touched: Kinds) -> Kinds | None:
    """What `isinstance(user, Member)` says of a stranger, and `isinstance(user, Anonymous)` of an object for nobody."""
    if form[3] and "nobody" in walk_.kinds(form[3][0]):
        walk_.encounter.checked = True
        return nobody.is_one(walk_, walk_.kinds(form[3][0]), form[3][1] if len(form[3]) > 1 else None)
    if "session" in touched and _asks_for_user(walk_, form):
        walk_.encounter.checked = True
        return BAD
    return None


def _asks_for_user(walk_: Walk, form: Form) -> bool:
    """Whether `isinstance(request.user, Member)` asks for a class of the project that stands for a known caller."""
    return len(form[3]) == 2 and all(
        isinstance(option, Class) and credentials.names_known_person(option.name)
        for option in options(walk_.value(form[3][1]))
    )


def _holder_call(walk_: Walk, name: str, form: Form, touched: Kinds) -> Kinds:
    """A library call that gets the whole request or its headers."""
    if name == "builtins.getattr" and touched & HOLDERS and len(form[3]) > 1:
        return attribute_kinds(walk_, touched, walk_.text(form[3][1]) or "user")
    if "scope" in touched and name.endswith(".get_route_path"):
        return frozenset({"path"})
    if "scope" in touched and name.startswith("starlette."):
        whole = name.rpartition(".")[2] in ("Request", "HTTPConnection", "WebSocket")
        return frozenset({"request"} if whole else {"store"})
    if touched & HOLDERS and _GETS_TOKEN.match(name.rpartition(".")[2]):
        return walk_.stranger.credential
    if touched & HOLDERS and credentials.names_verification(name.rpartition(".")[2]) and not _signs_in(form):
        walk_.encounter.opaque.append(name)
        return HIDDEN
    return walk_.stranger.credential if touched & HOLDERS and "security" in name else CLEAN


_GETS_TOKEN = re.compile(
    r"^_*(\w+_)?(get|read|extract|fetch|find)_(\w+_)?(token|jwt|credentials?|api_?key|bearer)(_(from|of|in)_\w+)?$"
)
"""Functions out of sight that take a credential out of the request they are given."""


def _refusal(walk_: Walk, name: str, form: Form) -> Kinds | None:
    """A response that refuses: an error status, or a redirect to somewhere else; an exception that will say so."""
    if name.endswith(".HTTPException"):
        code = form[3][0] if form[3] else next((value for key, value, _ in form[4] if key == "status_code"), None)
        return REFUSED if code is not None and is_refusing(walk_, code) else None
    return of_response(walk_, name, form) if name.startswith(RESPONSES) else None


RESPONSES = ("starlette.responses.", "fastapi.responses.")


def of_response(walk_: Walk, name: str, form: Form) -> Kinds:
    """What a call makes of a response class of the library: one that refuses, or another."""
    if name.endswith("RedirectResponse"):
        return frozenset({"denial"})
    given = [("status_code", value) for value in form[3][1:2]] + [(keyword, value) for keyword, value, _ in form[4]]
    for keyword, value in given:
        if keyword == "status_code" and is_refusing(walk_, value):
            return frozenset({"denial"})
    return CLEAN


def is_refusing(walk_: Walk, form: Form) -> bool:
    """Whether an expression is a status code that turns callers away, or holds one that a function was told."""
    code = constant(walk_.value(form))
    return refuses(code) or "refusal" in walk_.kinds(form)


def refuses(code: object) -> bool:
    """Whether a status turns callers away."""
    return isinstance(code, int) and 400 <= code < 500 and code not in _OTHER_MATTERS


_OTHER_MATTERS = frozenset({405, 413, 414, 415, 429})
"""What is refused whoever calls: a method, a body that is too long or of another type, too many requests."""


def _switched_off(walk_: Walk, form: Form) -> bool:
    """Whether a decoding call has its signature check switched off."""
    given = [*form[3][1:], *(value for _, value, _ in form[4])]
    for option in (option for argument in given for option in options(walk_.value(argument))):
        for key, value in option.items if isinstance(option, Mapping) else ():
            if constant(key) == "verify_signature" and constant(value) is False:
                return True
    return any(name == "verify" and constant(walk_.value(value)) is False for name, value, _ in form[4])


def unknown_call_kinds(walk_: Walk, form: Form, touched: Kinds) -> Kinds:
    """Code out of sight got the credentials: a look-up finds nothing; something that sounds like a check may raise."""
    name = spelled(form[2])
    if not touched & TAINTED:
        if touched & HOLDERS and _GETS_TOKEN.match(name.rpartition(".")[2]):
            return walk_.stranger.credential
        if credentials.names_verification(name.rpartition(".")[2]) and touched & HOLDERS and not _signs_in(form):
            walk_.encounter.opaque.append(name)
            return HIDDEN
        if "scope" in touched and form[2][0] == "name" and any(item[0] == name for item in walk_.function.parameters):
            walk_.encounter.opaque.append(f"the application {name}")
        return CLEAN
    walk_.may_raise = True
    walk_.encounter.used = walk_.encounter.used or not _LOGS.search(name)
    if form is walk_.dropped and form[2][-1] == "verify" and len(form[3]) + len(form[4]) > 1:
        walk_.encounter.checked = True
        raise Raised  # `key.verify(signature, message)`: an answer that nobody takes is none
    if credentials.names_verification(name.rpartition(".")[2]):
        walk_.encounter.opaque.append(name)
    return CLEAN if _LOGS.search(name) else BAD


_MATCHING = tuple(
    f"re.{compiled}{name}" for compiled in ("", "compile().") for name in ("match", "search", "fullmatch")
)
"""What asks for the shape of a text, and never says whose it is; the groups of the match are parts of the text."""
_TELLS = re.compile(r"_*(log|print|trace|record|report|track|count|send|save|store|set|add|make|create|new)(_|$)")
"""Functions that do something with what they are given, whatever it is."""
_LOGS = re.compile(r"(^|\.)(log|logger|logging|print|debug|info|warning|error|set|add|append|capture|bind)\b")
