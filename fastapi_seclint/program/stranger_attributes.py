"""Attributes, items and methods of a stranger's request and of what was taken from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program import credentials, nobody
from fastapi_seclint.program.encounters import Raised
from fastapi_seclint.program.kinds import (
    ABSENT,
    BAD,
    CLEAN,
    EITHER,
    EMPTY,
    FALSE,
    HIDDEN,
    JUNK,
    NOTHING,
    OBJECT,
    QUERY,
    TAINTED,
    TRUE,
    Kinds,
    names_token,
)
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.stranger_answers import is_written
from fastapi_seclint.program.values import (
    Bound,
    Collection,
    External,
    Function,
    Value,
    constant,
    options,
    settled,
    string,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_STORES = {"headers": "store", "cookies": "store", "query_params": "query", "session": "session", "state": "session",
           "user": "session", "auth": "session", "scope": "scope"}  # fmt: skip
_TRANSFORMS = frozenset(
    {"split", "rsplit", "strip", "lstrip", "rstrip", "lower", "upper", "replace", "removeprefix", "removesuffix",
     "encode", "decode", "partition", "rpartition", "splitlines", "format", "title", "casefold", "hexdigest", "digest",
     "getlist"}
)  # fmt: skip
_HANDING_ON = frozenset({"get", "model_dump", "dict", "copy", "items", "values", "keys"})
_MESSAGES = frozenset({"receive_text", "receive_json", "receive_bytes", "receive"})
"""How a websocket gives what the client sent (starlette/websockets.py)."""
_PREDICATES = frozenset({"startswith", "endswith", "isdigit", "isalnum", "count", "find", "index", "isascii"})


_OF_SCOPE: dict[str, Kinds] = {
    "headers": frozenset({"store"}),
    "session": frozenset({"session"}),
    "state": frozenset({"session"}),
    "user": ABSENT,
}


def attribute_kinds(walk_: Walk, owner: Kinds, name: str) -> Kinds:
    """The kinds of an attribute, by those of its owner."""
    if "request" in owner:
        if name in _STORES:
            return frozenset({_STORES[name]})
        return frozenset({"url"}) if name == "url" else frozenset({"verb"}) if name == "method" else CLEAN
    if "url" in owner and name == "path":
        return frozenset({"path"})
    if "session" in owner:
        if name == "session":
            return frozenset({"session"})
        left = walk_.follower.left
        if walk_.stranger.junk and name in left.believed:
            return JUNK
        if (nobody_there := left.nobody(name)) is not None:
            return nobody_there
        return ABSENT if credentials.says_who(name) or name in left.lacking else CLEAN
    if "store" in owner or "scope" in owner:
        return owner if name not in ("authorization", "token") else walk_.stranger.credential
    if "nobody" in owner:
        return nobody.said(walk_, owner, name)
    if "object" in owner:
        return part_of(owner, name)
    if "denial" in owner or "path" in owner or "refusal" in owner:
        return owner
    if "query" in owner:
        return walk_.stranger.credential if names_token(name) else CLEAN
    return _of_nothing(walk_, owner)


def part_of(owner: Kinds, name: str) -> Kinds:
    """An attribute of an object that was made of missing or bad credentials: who is calling is not in it either."""
    return owner - {"object"} if credentials.names_caller(name) or names_token(snake(name)) else CLEAN


def _of_nothing(walk_: Walk, owner: Kinds) -> Kinds:
    """An attribute or item of what may be nothing: reading it from nothing raises, which refuses the stranger too."""
    if not owner & {"bad", "absent"}:
        return owner & JUNK or CLEAN
    walk_.may_raise = True
    walk_.encounter.checked = True
    if owner <= {"bad", "absent", "empty", "nothing"}:
        raise Raised
    return BAD


def item_kinds(walk_: Walk, owner: Kinds, index: Form, table: Form | None = None) -> Kinds:
    """The kinds of an item under a key, by those of its owner; raises `Raised` where a missing one refuses."""
    key = walk_.text(index) if index[0] != "slice" else None
    if owner == EMPTY and index[0] == "slice":
        return EMPTY
    if "scope" in owner:
        if key == "path":
            return frozenset({"path"})
        if key in ("type", "method"):
            return frozenset({"type" if key == "type" else "verb"})
        if key == "auth" or names_token(key):  # what a dependency of the project put there
            return walk_.stranger.credential
        return _OF_SCOPE.get(key or "", CLEAN)
    if "query" in owner:
        return walk_.stranger.credential if names_token(key) else CLEAN
    if "bag" in owner:
        return walk_.names.get(f"**{key}", CLEAN)
    if "session" in owner:
        walk_.may_raise = True
        return BAD if key is None or _tells_who(walk_, key) else CLEAN
    if "store" in owner:
        if index[0] == "const" and type(index[2]) is int:  # of a header that a loop goes through: its name or value
            return walk_.stranger.credential if index[2] else CLEAN
        if key is not None and not walk_.carries_credential(key):
            return CLEAN
        if not walk_.stranger.junk:
            walk_.encounter.checked = True
            raise Raised
        return JUNK
    if "match" in owner:
        return JUNK
    if "object" in owner and key is not None:
        return owner - OBJECT
    if owner == CLEAN and index[0] != "slice" and walk_.kinds(index) & TAINTED and not _fills_itself(walk_, table):
        walk_.may_raise, walk_.encounter.checked = True, True
        raise Raised
    return _of_nothing(walk_, owner)


def _fills_itself(walk_: Walk, table: Form | None) -> bool:
    """Whether a table may have something under every key: `defaultdict(list)`, or one of a handler or local."""
    if (
        table is None
        or (walk_.follower.in_handler and not walk_.on_trial)
        or (table[0] == "name" and walk_.only_local(table))
    ):
        return True
    return any(
        isinstance(option, External) and option.name.startswith("collections.")
        for option in options(walk_.value(table))
    )


def method_kinds(walk_: Walk, receiver: Kinds, name: str, form: Form) -> Kinds | None:
    """A method of something that the request carries, or None when the call is to be looked up."""
    if "passed" in receiver:
        return frozenset({"passed"})
    if "bag" in receiver and name in ("get", "pop") and form[3]:
        without = walk_.kinds(form[3][1]) if len(form[3]) > 1 else NOTHING
        return walk_.names.get(f"**{walk_.text(form[3][0])}", without if "**" in walk_.names else CLEAN)
    if "query" in receiver:
        key = walk_.text(form[3][0]) if form[3] and name == "get" else None
        return walk_.stranger.credential if names_token(key) else CLEAN
    if "scope" in receiver and name == "get" and form[3]:
        return item_kinds(walk_, receiver, form[3][0])
    if receiver & {"store", "session"} and name in ("get", "getlist", "pop", "get_list"):
        return _fetched(walk_, receiver, form)
    if "session" in receiver and not form[3] and name == "is_authenticated":
        return ABSENT | FALSE
    if "request" in receiver and (name in _MESSAGES or (name.startswith("send") and not is_written(arguments(form)))):
        walk_.spoken = True
    if "request" in receiver and name in ("get", "json", "form", "body", "stream", "url_for", "accept"):
        return CLEAN
    if "request" in receiver and name in _MESSAGES:
        return QUERY
    if "request" in receiver and name == "close":
        if _turns_away(walk_, form):
            raise Raised(403, looked=False)
        walk_.spoken = False
    if "verb" in receiver and name in ("lower", "casefold"):
        return frozenset({"verb", "small"})
    if "verb" in receiver and name in ("upper", "strip"):
        return receiver
    if "path" in receiver and name in ("startswith", "endswith"):
        return _path_predicate(walk_, name, form)
    if "path" in receiver:
        return receiver if name in ("rstrip", "lstrip", "strip", "lower", "removesuffix") else EITHER
    if receiver & JUNK and not receiver & {"bad", "absent"}:
        if name in _TRANSFORMS or name in _HANDING_ON:
            return None if "object" in receiver and _is_of_project(walk_.value(form[2])) else JUNK
        if name in _PREDICATES:
            return EITHER
    if "match" in receiver and name in ("group", "groups", "groupdict", "expand"):
        return JUNK
    if "object" in receiver and name == "get" and form[3] and not _is_of_project(walk_.value(form[2])):
        return item_kinds(walk_, receiver, form[3][0])
    if "object" in receiver:
        by_name = credentials.names_caller(name) and not names_refusal(name)
        return part_of(receiver, name) if by_name and not _is_of_project(walk_.value(form[2])) else None
    if receiver == EMPTY and name in _PREDICATES | _TRANSFORMS:
        walk_.encounter.checked = True
        return EMPTY
    if receiver & {"absent", "bad"}:
        if "absent" in receiver and name in _TRANSFORMS | _PREDICATES and not receiver & {"junk", "bad", "clean"}:
            raise Raised
        walk_.may_raise = True
        return BAD
    return None


def _is_of_project(value: Value) -> bool:
    """Whether a method is written in the project: what it does says more than its name."""
    return any(isinstance(option, Bound) and isinstance(option.function, Function) for option in options(value))


def names_refusal(name: str) -> bool:
    """Whether a method named after the caller is there to refuse him, not to give him: `rules.assert_user()`."""
    return name.startswith(("check", "ensure", "assert", "require", "verify"))


def asked_of_service(walk_: Walk, receiver: Kinds, form: Form, given: list[Kinds]) -> Kinds | None:
    """A request that is handed to what may be no caller but a service: `auth.authorize_request(request, "read")`."""
    name = spelled(form[2])
    if not receiver & {"absent", "bad"} or not any("request" in found for found in given):
        return None
    if not credentials.names_verification(name.rpartition(".")[2]):
        return None
    walk_.encounter.opaque.append(name)
    return HIDDEN


def _turns_away(walk_: Walk, form: Form) -> bool:
    """Whether a connection is closed for what its caller may not do: 1008, or a code of the application's own."""
    given = [value for name, value, _ in form[4] if name == "code"] + form[3][:1]
    for code in given:
        number = constant(walk_.value(code))
        if isinstance(number, int):
            return number in (1008, 3000, 3003) or 4000 <= number < 5000
        return "1008" in spelled(code)
    return False


def _fetched(walk_: Walk, receiver: Kinds, form: Form) -> Kinds:
    key = walk_.text(form[3][0]) if form[3] else None
    keys = [string(option) for option in settled(walk_.value(form[3][0]))] if form[3] else []
    named = [name for name in keys if name is not None]
    if "store" in receiver and named and len(named) == len(keys) and not any(map(walk_.carries_credential, named)):
        return CLEAN
    if "session" in receiver:
        return ABSENT if key is None or _tells_who(walk_, key) else CLEAN
    defaults = [*form[3][1:2], *(value for name, value, _ in form[4] if name == "default")]
    if key is not None and not credentials.names_credential(key) and any(not _is_nothing(item) for item in defaults):
        return CLEAN  # `headers.get("x-tenant", "main")`: who sends none is served as well
    if walk_.stranger.junk:
        return JUNK
    return EMPTY if defaults and walk_.text(defaults[0]) == "" else ABSENT


def _is_nothing(form: Form) -> bool:
    return form[0] == "const" and not form[2]


def _tells_who(walk_: Walk, key: str) -> bool:
    """Whether what a session keeps under this key says who is calling; where 401 is answered, most keys do."""
    return credentials.says_who(key) or (walk_.carries_credential(key) and _PASSING.search(key) is None)


_PASSING = re.compile(
    r"(^|_)(state|nonce|verifier|challenge|captcha|code|otp|lang(uage)?|locale|theme|cart|basket|next|redirect\w*|flash\w*"
    r"|messages?|attempts?|visits?|count(er)?)($|_)",
    re.I,
)
"""What a session keeps for whoever comes, logged in or not: steps of a login, a basket, a language."""


def _path_predicate(walk_: Walk, name: str, form: Form) -> Kinds:
    walk_.encounter.by_path = True
    path = walk_.stranger.path
    if path is None or not form[3]:
        return EITHER
    texts: list[str | None] = []
    for option in settled(walk_.value(form[3][0])):
        texts += [string(item) for item in option.items] if isinstance(option, Collection) else [string(option)]
    known = [text for text in texts if text is not None]
    if len(known) != len(texts) or not known:
        return EITHER
    held = path.startswith(tuple(known)) if name == "startswith" else path.endswith(tuple(known))
    return TRUE if held else FALSE
