"""Expressions as a stranger's request meets them: which kinds a value has, and which way a condition goes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Collection,
    Const,
    Environment,
    External,
    Function,
    Generic,
    Instance,
    Partial,
    Value,
    constant,
    iterate,
    likely,
    options,
    settled,
    string,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.anonymous import Kinds, _Walk

CLEAN = frozenset({"clean"})
ABSENT = frozenset({"absent"})
JUNK = frozenset({"junk"})
BAD = frozenset({"bad"})
EITHER = frozenset({"either"})
TRUE = frozenset({"true"})
FALSE = frozenset({"false"})
_TAINTED = frozenset({"absent", "junk", "bad"})
_HOLDERS = frozenset({"request", "store", "session", "scope"})
_CARRIERS = frozenset({"passed", "bag", "scope"})

_STORES = {"headers": "store", "cookies": "store", "query_params": "query", "session": "session", "state": "session",
           "user": "session", "auth": "session", "scope": "scope"}  # fmt: skip
TOKENS = frozenset({"token", "api_key", "apikey", "access_token", "key", "signature", "jwt", "ticket", "secret", "x_api_key"})
"""Names of query and path parameters that carry a credential."""


def names_token(name: str | None) -> bool:
    """Whether a query or path parameter of this name carries a credential."""
    return name is not None and name.lower().replace("-", "_") in TOKENS


_TRANSFORMS = frozenset(
    {"split", "rsplit", "strip", "lstrip", "rstrip", "lower", "upper", "replace", "removeprefix", "removesuffix", "encode",
     "decode", "partition", "rpartition", "splitlines", "format", "title", "casefold", "hexdigest", "digest", "getlist"}
)  # fmt: skip
_PREDICATES = frozenset({"startswith", "endswith", "isdigit", "isalnum", "count", "find", "index", "isascii"})
_HARMLESS_BUILTINS = frozenset(
    {"builtins.str", "builtins.bytes", "builtins.list", "builtins.tuple", "builtins.dict", "builtins.next", "builtins.iter",
     "builtins.int", "builtins.set", "builtins.sorted"}
)  # fmt: skip


def kinds(walk_: _Walk, form: Form) -> Kinds:
    """The kinds of an expression; raises `Raised` when evaluating it refuses the stranger."""
    match form:
        case ["name", _, name]:
            return walk_.names.get(name, CLEAN)
        case ["const", _, None]:
            return frozenset({"nothing"})
        case ["const" | "bytes" | "lambda" | "opaque" | "ellipsis", *_]:
            return CLEAN
        case ["await" | "star" | "fmt" | "yieldfrom", _, inner, *_]:
            return kinds(walk_, inner)
        case ["attr", _, owner, name]:
            return _attribute(walk_, kinds(walk_, owner), name)
        case ["call", *_]:
            return _call(walk_, form)
        case ["sub", _, owner, index]:
            return _item(walk_, kinds(walk_, owner), index)
        case ["bool", _, symbol, items]:
            return _bool(walk_, symbol, items)
        case ["ifexp", _, test, body, otherwise]:
            found: Kinds = frozenset()
            for outcome in truths(walk_, test):
                found |= kinds(walk_, body if outcome else otherwise)
            return found
        case ["unary", _, symbol, inner] if symbol != "not":
            return kinds(walk_, inner)
        case ["compare" | "unary", *_]:
            outcomes = truths(walk_, form)
            if outcomes == {False}:
                return BAD if _about_credentials(walk_, form) else FALSE
            return EITHER if len(outcomes) > 1 else TRUE
        case ["walrus", _, target, value]:
            found = kinds(walk_, value)
            walk_.assign(target, found)
            return found
        case ["comp", _, _, element, _, clauses]:
            return _comprehension(walk_, element, clauses)
        case ["fstr" | "list" | "tuple" | "set", _, items]:
            return worst([kinds(walk_, item) for item in items])
        case ["binop", _, _, left, right]:
            return worst([kinds(walk_, left), kinds(walk_, right)])
        case ["dict", _, items]:
            return worst([kinds(walk_, value) for _, value in items])
    return CLEAN


def _about_credentials(walk_: _Walk, form: Form) -> bool:
    parts = [form[3]] if form[0] == "unary" else [form[2], *form[4]]
    return any(kinds(walk_, part) & _TAINTED for part in parts)


def worst(found: list[Kinds]) -> Kinds:
    """What a value made of several parts is: junk or bad as soon as one part is."""
    tainted = [item & _TAINTED for item in found if item & _TAINTED]
    if tainted:
        return frozenset().union(*tainted)
    holders = [item & _HOLDERS for item in found if item & _HOLDERS]
    return frozenset().union(*holders) if holders else CLEAN


def _attribute(walk_: _Walk, owner: Kinds, name: str) -> Kinds:
    if "request" in owner:
        if name in _STORES:
            return frozenset({_STORES[name]})
        return frozenset({"url"}) if name == "url" else frozenset({"verb"}) if name == "method" else CLEAN
    if "url" in owner and name == "path":
        return frozenset({"path"})
    if "session" in owner:
        return ABSENT
    if "store" in owner or "scope" in owner:
        return owner if name not in ("authorization", "token") else walk_.stranger.credential
    if "denial" in owner or "path" in owner:
        return owner
    return _of_nothing(walk_, owner)


def _of_nothing(walk_: _Walk, owner: Kinds) -> Kinds:
    """An attribute or item of what may be nothing: reading it from nothing raises, which refuses the stranger too."""
    from fastapi_seclint.program.anonymous import Raised

    if not owner & {"bad", "absent"}:
        return owner & JUNK or CLEAN
    walk_.may_raise = True
    walk_.encounter.checked = True
    if owner <= {"bad", "absent", "nothing"}:
        raise Raised
    return BAD


def _item(walk_: _Walk, owner: Kinds, index: Form) -> Kinds:
    key = walk_.text(index) if index[0] != "slice" else None
    if "scope" in owner:
        if key == "path":
            return frozenset({"path"})
        if key in ("type", "method"):
            return frozenset({"type" if key == "type" else "verb"})
        return {"headers": frozenset({"store"}), "session": frozenset({"session"}), "user": ABSENT}.get(key or "", CLEAN)
    if "query" in owner:
        return walk_.stranger.credential if names_token(key) else CLEAN
    if "bag" in owner:
        return walk_.names.get(f"**{key}", CLEAN)
    if "session" in owner:
        walk_.may_raise = True
        return BAD
    if "store" in owner:
        if key is not None and not walk_.carries_credential(key):
            return CLEAN
        if not walk_.stranger.junk:
            from fastapi_seclint.program.anonymous import Raised

            walk_.encounter.checked = True
            raise Raised
        return JUNK
    return _of_nothing(walk_, owner)


def _bool(walk_: _Walk, symbol: str, items: list[Form]) -> Kinds:
    found: Kinds = frozenset()
    for number, item in enumerate(items):
        current = kinds(walk_, item)
        outcomes = truth_of(current) if current != CLEAN else truths(walk_, item)
        if number == len(items) - 1:
            return found | current
        stops = (symbol == "or") in outcomes
        if stops:
            found |= current
        if outcomes == {symbol == "or"}:
            return found
    return found


def _comprehension(walk_: _Walk, element: Form, clauses: list[Form]) -> Kinds:
    before = dict(walk_.names)
    for target, iterable, conditions in clauses:
        walk_.assign(target, kinds(walk_, iterable))
        if any(truths(walk_, condition) == {False} for condition in conditions):
            walk_.names = before
            return BAD
    found = kinds(walk_, element)
    walk_.names = before
    return found


def truth_of(found: Kinds) -> set[bool]:
    """Which way a value of these kinds goes in a condition."""
    outcomes: set[bool] = set()
    for kind in found:
        if kind in ("absent", "bad", "nothing", "false"):
            outcomes.add(False)
        elif kind in ("junk", "request", "store", "denial", "passed", "url", "scope", "true"):
            outcomes.add(True)
        else:
            outcomes |= {True, False}
    return outcomes


def truths(walk_: _Walk, form: Form) -> set[bool]:
    """Which ways a condition can go for this stranger."""
    match form:
        case ["unary", _, "not", inner]:
            return {not outcome for outcome in truths(walk_, inner)}
        case ["bool", _, symbol, items]:
            return _bool_truths(walk_, symbol, items)
        case ["compare", _, left, [operator], [right]]:
            return _compare(walk_, operator, left, right)
        case ["compare", *_]:
            return {True, False}
        case ["const", _, value]:
            return {bool(value)}
    found = kinds(walk_, form)
    if found & _TAINTED:
        walk_.encounter.checked = True
    if found != CLEAN:
        return truth_of(found)
    return _configured(walk_, form)


def _configured(walk_: _Walk, form: Form) -> set[bool]:
    """A condition without credentials in it: decided by a constant or by the default configuration, else both."""
    if walk_.only_local(form):
        return {True, False}
    value = walk_.value(form)
    known = None if _may_be_set_later(form, value) else truth(value)
    if known is None and _is_configured(value):
        known = likely(value)
    return {True, False} if known is None else {known}


def _may_be_set_later(form: Form, value: Value) -> bool:
    """Whether a name is an attribute that is None so far: other code sets it when the application is set up."""
    return form[0] in ("attr", "name") and any(isinstance(option, Const) and option.value is None for option in options(value))


def _is_configured(value: Value) -> bool:
    """Whether a value is a setting whose default is known."""
    found = [option for option in options(value) if isinstance(option, Environment)]
    return bool(found) and all(not option.name.startswith("parameter ") for option in found)


def _bool_truths(walk_: _Walk, symbol: str, items: list[Form]) -> set[bool]:
    wanted = symbol == "or"
    result: set[bool] = set()
    for item in items:
        outcomes = truths(walk_, item)
        if wanted in outcomes:
            result.add(wanted)
        if outcomes == {wanted}:
            return result
    return result | {not wanted}


def _compare(walk_: _Walk, operator: str, left: Form, right: Form) -> set[bool]:
    one, other = kinds(walk_, left), kinds(walk_, right)
    positive = operator in ("==", "is", "in")
    if operator in ("is", "is not") and right[0] == "const" and right[2] is None:
        return _is_none(walk_, one, left, operator)
    if "type" in one:
        return _among("websocket" if walk_.stranger.websocket else "http", operator, walk_.value(right))
    if "path" in one or "verb" in one:
        return _about_path(walk_, one, operator, right)
    if "store" in other and operator in ("in", "not in"):
        return {walk_.stranger.junk is positive} if walk_.carries_credential(walk_.text(left) or "") else {True, False}
    if "session" in other and operator in ("in", "not in"):
        return {not positive}
    tainted = (one | other) & _TAINTED
    if tainted and operator in ("==", "!=", "is", "is not", "in", "not in"):
        walk_.encounter.checked = True
        if tainted & {"absent", "bad"}:
            return {not positive}
        text = walk_.text(right if one & JUNK else left)
        if (text is not None and credentials.names_scheme(text)) or (one & JUNK and other & JUNK):
            return {True, False}
        if operator in ("in", "not in") and other & JUNK:
            return {True, False}
        return {not positive}
    if tainted:
        return {True, False}
    return _settled_compare(walk_, operator, left, right)


def _settled_compare(walk_: _Walk, operator: str, left: Form, right: Form) -> set[bool]:
    if walk_.only_local(left) and (right[0] == "const" or walk_.only_local(right)):
        return {True, False}
    value = walk_.value(["compare", left[1], left, [operator], [right]])
    later = _may_be_set_later(left, walk_.value(left)) or _may_be_set_later(right, walk_.value(right))
    known = None if later else truth(value)
    if known is None and (_is_configured(walk_.value(left)) or _is_configured(walk_.value(right))):
        known = likely(value)
    return {True, False} if known is None else {known}


def _is_none(walk_: _Walk, found: Kinds, form: Form, operator: str) -> set[bool]:
    if found == CLEAN:
        return _settled_compare(walk_, operator, form, ["const", form[1], None])
    outcomes: set[bool] = set()
    for kind in found:
        if kind in ("absent", "bad", "nothing"):
            outcomes.add(operator == "is")
        elif kind in ("junk", "request", "store", "session", "denial"):
            outcomes.add(operator != "is")
        else:
            outcomes |= {True, False}
    walk_.encounter.checked = walk_.encounter.checked or bool(found & _TAINTED)
    return outcomes


def _about_path(walk_: _Walk, found: Kinds, operator: str, right: Form) -> set[bool]:
    """A comparison of the request's path or method, decided when the route is known."""
    walk_.encounter.by_path = True
    actual = walk_.stranger.path if "path" in found else walk_.stranger.method
    if actual is None:
        return {True, False}
    return _among(actual, operator, walk_.value(right))


def _among(actual: str, operator: str, value: Value) -> set[bool]:
    """Whether a known text equals a value or is in it."""
    if operator in ("==", "!="):
        text = string(value)
        return {True, False} if text is None else {(text == actual) is (operator == "==")}
    if operator in ("in", "not in"):
        for option in settled(value):
            if isinstance(option, Collection) and not option.open:
                texts = [string(item) for item in option.items]
                if None not in texts:
                    return {(actual in texts) is (operator == "in")}
            if isinstance(option, Const) and isinstance(option.value, str):
                return {(actual in option.value) is (operator == "in")}
    return {True, False}


# Calls


def _call(walk_: _Walk, form: Form) -> Kinds:
    _, at, function, positional, keywords = form
    given = [kinds(walk_, argument) for argument in positional]
    named = [(name, kinds(walk_, value)) for name, value, _ in keywords]
    every = [*given, *(found for _, found in named)]
    if any("send" in found for found in every[1:]) or (every and _is_send(walk_, function)):
        _asgi_call(walk_, form, every)
    if function[0] == "attr":
        receiver = kinds(walk_, function[2])
        direct = _method(walk_, receiver, function[3], form, every)
        if direct is not None:
            return direct
    elif function[0] == "name" and "passed" in walk_.names.get(function[2], CLEAN):
        return frozenset({"passed"})
    touched = worst(every)
    every = [item - {"nothing"} or CLEAN for item in every]
    for option in options(walk_.value(function)):
        return _called(walk_, option, form, given, named, touched)
    return CLEAN


def _is_send(walk_: _Walk, function: Form) -> bool:
    return function[0] == "name" and "send" in walk_.names.get(function[2], CLEAN)


def _asgi_call(walk_: _Walk, form: Form, given: list[Kinds]) -> None:
    """A call that gets `send`, or sends: the request is answered here or handed to the application behind."""
    from fastapi_seclint.program.anonymous import PassedOn, Raised

    function = form[2]
    if _is_send(walk_, function):
        for item in walk(form[3]):
            if item[0] == "dict":
                for key, value in item[2]:
                    code = constant(walk_.value(value)) if key is not None and key[-1] == "status" else None
                    if isinstance(code, int) and 400 <= code < 500:
                        raise Raised(code)
        return
    called = kinds(walk_, function)
    if "denial" in called:
        raise Raised(401)
    target = walk_.value(function)
    followed = any(isinstance(option, Function) for option in options(target)) or (
        isinstance(target, Bound) and isinstance(target.function, Function)
    )
    if not followed:
        raise PassedOn


def _method(walk_: _Walk, receiver: Kinds, name: str, form: Form, given: list[Kinds]) -> Kinds | None:
    """A method of something that the request carries, or None when the call is to be looked up."""
    if "passed" in receiver:
        return frozenset({"passed"})
    if "bag" in receiver and name in ("get", "pop") and form[3]:
        return walk_.names.get(f"**{walk_.text(form[3][0])}", CLEAN)
    if "query" in receiver:
        key = walk_.text(form[3][0]) if form[3] and name == "get" else None
        return walk_.stranger.credential if names_token(key) else CLEAN
    if receiver & {"store", "session"} and name in ("get", "getlist", "pop", "get_list"):
        return _fetched(walk_, receiver, form)
    if "request" in receiver and name in ("get", "json", "form", "body", "stream", "url_for", "accept", "receive_text"):
        return CLEAN
    if "path" in receiver and name in ("startswith", "endswith"):
        return _path_predicate(walk_, name, form)
    if "path" in receiver:
        return receiver if name in ("rstrip", "lstrip", "strip", "lower", "removesuffix") else EITHER
    if receiver & JUNK and not receiver & {"bad", "absent"}:
        if name in _TRANSFORMS or name in ("get", "model_dump", "dict", "copy", "items", "values", "keys"):
            return JUNK
        if name in _PREDICATES:
            return EITHER
    if receiver & {"absent", "bad"}:
        if "absent" in receiver and name in _TRANSFORMS | _PREDICATES and not receiver & {"junk", "bad", "clean"}:
            from fastapi_seclint.program.anonymous import Raised

            raise Raised
        walk_.may_raise = True
        return BAD
    return None


def _fetched(walk_: _Walk, receiver: Kinds, form: Form) -> Kinds:
    key = walk_.text(form[3][0]) if form[3] else None
    if key is not None and "store" in receiver and not walk_.carries_credential(key):
        return CLEAN
    if "session" in receiver:
        return ABSENT
    if walk_.stranger.junk:
        return JUNK
    return ABSENT


def _path_predicate(walk_: _Walk, name: str, form: Form) -> Kinds:
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


def _any_of(walk_: _Walk, form: Form, wanted: bool) -> Kinds | None:
    """`any(path.startswith(item) for item in ITEMS)` over known items, decided for a known path; None otherwise."""
    if len(form[3]) != 1 or form[3][0][0] != "comp" or len(form[3][0][5]) != 1:
        return None
    _, _, _, element, _, [[target, iterable, conditions]] = form[3][0]
    items = iterate(walk_.value(iterable))
    if items is None or target[0] != "name" or conditions:
        return None
    outcomes: set[bool] = set()
    before = dict(walk_.assumed)
    for item in items[:60]:
        walk_.assumed[target[2]] = item
        outcomes |= truths(walk_, element)
    walk_.assumed = before
    if wanted in outcomes:
        settled_here = outcomes == {wanted} or walk_.stranger.path is not None
        return EITHER if not settled_here else TRUE if wanted else FALSE
    return FALSE if wanted else TRUE


def _called(
    walk_: _Walk, value: Value, form: Form, given: list[Kinds], named: list[tuple[str | None, Kinds]], touched: Kinds
) -> Kinds:
    if isinstance(value, Partial):
        value = value.function
        given = [frozenset({"bag"}), *given] if "*" in walk_.bag else given
    handed = _handed_on(walk_, value, form)
    if handed is not None:
        function_value, rest = handed
        return _called(walk_, function_value, form, given[rest:], named, worst(given[rest:]))
    if isinstance(value, External):
        return _external(walk_, value, form, touched)
    function = value.function if isinstance(value, Bound) else value
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        from fastapi_seclint.program.calls import method_of

        found = method_of(value, "__call__")
        function, value = found or value, Bound(value, found) if found is not None else value
    if isinstance(function, Function):
        receiver = value.receiver if isinstance(value, Bound) else None
        made = receiver if isinstance(receiver, Instance) and (receiver.attributes or receiver.arguments) else None
        return _project_call(walk_, function, isinstance(value, Bound), given, named, touched, made)
    if isinstance(value, Class):
        return touched
    if isinstance(value, Generic):
        return touched
    if touched != CLEAN:
        return _unknown_call(walk_, form, touched)
    return CLEAN


def _handed_on(walk_: _Walk, value: Value, form: Form) -> tuple[Value, int] | None:
    """A function that a runner of other code is given to call, and where its arguments start: `to_thread(f, x)`."""
    if not isinstance(value, External) or value.name.rpartition(".")[2].removesuffix("()") not in _RUNNERS:
        return None
    for number, argument in enumerate(form[3][:2]):
        for option in options(walk_.value(argument)):
            if isinstance(option, Function | Bound | Partial):
                return option, number + 1
    return None


_RUNNERS = frozenset({"run_sync", "to_thread", "run_in_threadpool", "run_in_executor", "sync_to_async", "run"})


def _project_call(
    walk_: _Walk,
    function: Function,
    bound: bool,
    given: list[Kinds],
    named: list[tuple[str | None, Kinds]],
    touched: Kinds,
    receiver: Value | None = None,
) -> Kinds:
    handed = [*given, *(found for _, found in named)]
    if touched == CLEAN and not any(item & _CARRIERS for item in handed) and not _may_guard(walk_, function):
        return CLEAN
    if walk_.follower.in_handler and touched <= BAD and not _sounds_like_check(_wrapped_name(function)):
        return CLEAN
    arguments: dict[str, Kinds] = {}
    if any("bag" in item for item in [*given, *(found for _, found in named)]):
        arguments = {name: found for name, found in walk_.names.items() if name.startswith("**")}
        arguments |= {name[2:]: found for name, found in arguments.items()} | {"*": frozenset({"bag"})}
    parameters = [form for form in function.parameters if form[1] in (0, 1)]
    if bound:
        parameters = parameters[1:]
    for form, found in zip(parameters, given, strict=False):
        arguments[form[0]] = found
    for name, found in named:
        arguments[name or "*"] = found
    if not any(name is None for name, _ in named) and "*" not in arguments:
        for form, default in zip(function.parameters, function.defaults, strict=True):
            given_here = form[0] in arguments or form[0] in {item[0] for item in parameters[: len(given)]}
            if not given_here and isinstance(default, Const) and default.value is None:
                arguments[form[0]] = frozenset({"nothing"})
    if function.scope is walk_.scope:
        arguments |= {f"^{name}": found for name, found in walk_.names.items()}
    arguments = {name: found for name, found in arguments.items() if found != CLEAN}
    found = _met(walk_, function, arguments, receiver, [*given], bound)
    if touched & _TAINTED and found <= {"clean", "nothing"} and not walk_.follower.in_handler:
        walk_.encounter.used = True
        return BAD
    return found


def _met(
    walk_: _Walk, function: Function, arguments: dict[str, Kinds], receiver: Value | None, given: list[Kinds], bound: bool
) -> Kinds:
    """The outcome of a call that is followed; a wrapper is followed by what it wraps."""
    from fastapi_seclint.program.anonymous import Raised

    encounter = walk_.follower.meet(function, walk_.stranger, arguments, receiver)
    walk_.encounter.opaque += [name for name in encounter.opaque if name not in walk_.encounter.opaque]
    walk_.encounter.checked = walk_.encounter.checked or encounter.checked
    walk_.encounter.by_path = walk_.encounter.by_path or encounter.by_path
    walk_.encounter.used = walk_.encounter.used or encounter.used
    if encounter.denies:
        walk_.encounter.checked = True
        codes = {ending.code for ending in encounter.endings}
        raise Raised(codes.pop() if len(codes) == 1 else None)
    if encounter.may_deny:
        walk_.may_raise = True
    wrapped = next(options(function.wraps), None)
    if isinstance(wrapped, Function) and wrapped is not function:
        names = [form[0] for form in wrapped.parameters if form[1] in (0, 1)][1 if bound else 0 :]
        inner = {**arguments, **dict(zip(names, given, strict=False))}
        return _met(walk_, wrapped, {name: item for name, item in inner.items() if item != CLEAN}, receiver, given, bound)
    return encounter.returned


def _wrapped_name(function: Function) -> str:
    while isinstance(wrapped := next(options(function.wraps), None), Function) and wrapped is not function:
        function = wrapped
    return function.name


def _sounds_like_check(name: str) -> bool:
    return credentials.names_guardian(name) or credentials.names_privilege(name) or name.startswith(("check", "ensure", "assert"))


def _may_guard(walk_: _Walk, function: Function) -> bool:
    """Whether a call without credentials in its arguments may still refuse: a closure, or a reader of the request."""
    if function.number < 0 or function is walk_.function:
        return False
    if function.scope is walk_.scope:
        return True
    facts = function.module.facts
    return facts.body_mentions(function.number, b'["raise"') and (
        "<locals>" in function.qualname or credentials.names_guardian(function.name)
    )


def _external(walk_: _Walk, value: External, form: Form, touched: Kinds) -> Kinds:
    from fastapi_seclint.program.anonymous import Raised

    name = value.name
    refusal = _refusal(walk_, name, form)
    if refusal is not None:
        return refusal
    if name in ("builtins.any", "builtins.all"):
        decided = _any_of(walk_, form, name == "builtins.any")
        if decided is not None:
            return decided
    if name.startswith("fastapi.security.") and name.endswith(".__call__"):
        return walk_.stranger.credential
    guard = credentials.entry("call", f"{name}()")
    if guard is not None:
        walk_.encounter.checked = True
        raise Raised(401)
    if touched == CLEAN or not touched & _TAINTED:
        return touched & _HOLDERS if name in _HARMLESS_BUILTINS else _holder_call(walk_, name, form, touched)
    if name in ("builtins.bool", "hmac.compare_digest", "secrets.compare_digest", "hmac.compare_digest()"):
        walk_.encounter.checked = True
        return BAD if name != "builtins.bool" else touched
    if name in ("builtins.len", "builtins.isinstance", "builtins.hasattr", "re.match", "re.search", "re.fullmatch"):
        return EITHER if not touched & {"absent", "bad"} else BAD
    if name in ("builtins.any", "builtins.all", "builtins.getattr"):
        return touched
    if name in _HARMLESS_BUILTINS or credentials.entry("reader", name) is not None:
        return touched
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
    if name.startswith("builtins.") or name.startswith(("logging.", "json.", "base64.", "binascii.", "hashlib.", "urllib.")):
        return touched
    return _unknown_call(walk_, form, touched)


def _holder_call(walk_: _Walk, name: str, form: Form, touched: Kinds) -> Kinds:
    """A library call that gets the whole request or its headers."""
    if name == "builtins.getattr" and touched & _HOLDERS and len(form[3]) > 1:
        return _attribute(walk_, touched, walk_.text(form[3][1]) or "user")
    if touched & _HOLDERS and credentials.names_verification(name.rpartition(".")[2]):
        walk_.encounter.opaque.append(name)
    if touched & _HOLDERS:
        return walk_.stranger.credential if "security" in name else CLEAN
    if "scope" in touched and name.startswith("starlette."):
        return frozenset({"request"} if name.rpartition(".")[2] in ("Request", "HTTPConnection", "WebSocket") else {"store"})
    return CLEAN


def _refusal(walk_: _Walk, name: str, form: Form) -> Kinds | None:
    """A response that refuses: an error status, or a redirect to somewhere else."""
    if not name.startswith(("starlette.responses.", "fastapi.responses.")):
        return None
    if name.endswith("RedirectResponse"):
        return frozenset({"denial"})
    given = [("status_code", value) for value in form[3][1:2]] + [(keyword, value) for keyword, value, _ in form[4]]
    for keyword, value in given:
        code = constant(walk_.value(value)) if keyword == "status_code" else None
        if isinstance(code, int) and 400 <= code < 500:
            return frozenset({"denial"})
    return CLEAN


def _switched_off(walk_: _Walk, form: Form) -> bool:
    """Whether a decoding call has its signature check switched off."""
    for item in walk(form[4]):
        if item[0] == "dict":
            for key, value in item[2]:
                if key is not None and key[-1] == "verify_signature" and constant(walk_.value(value)) is False:
                    return True
    return any(name == "verify" and constant(walk_.value(value)) is False for name, value, _ in form[4])


def _unknown_call(walk_: _Walk, form: Form, touched: Kinds) -> Kinds:
    """Code out of sight got the credentials: a look-up finds nothing; something that sounds like a check may raise."""
    name = spelled(form[2])
    if not touched & _TAINTED:
        if credentials.names_verification(name.rpartition(".")[2]) and touched & _HOLDERS:
            walk_.encounter.opaque.append(name)
        return CLEAN
    walk_.may_raise = True
    walk_.encounter.used = walk_.encounter.used or not _LOGS.search(name)
    if credentials.names_verification(name.rpartition(".")[2]):
        walk_.encounter.opaque.append(name)
    return CLEAN if _LOGS.search(name) else BAD


_LOGS = re.compile(r"(^|\.)(log|logger|logging|print|debug|info|warning|error|set|add|append|capture|bind)\b")


def spelled(form: Form) -> str:
    """The dotted text of a name, attribute or call: `request.app.get()`."""
    match form:
        case ["name", _, name]:
            return str(name)
        case ["attr", _, owner, name]:
            return f"{spelled(owner)}.{name}"
        case ["call", _, function, *_]:
            return f"{spelled(function)}()"
        case ["await", _, inner]:
            return spelled(inner)
    return "?"
