"""Calls as a stranger's request meets them: functions of the project are followed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import VARIADIC, Form, walk
from fastapi_seclint.program import credentials, nobody, stranger_responses
from fastapi_seclint.program.calls import method_of
from fastapi_seclint.program.context_requests import reads_request, reads_variable
from fastapi_seclint.program.encounters import PassedOn, Raised, Sent
from fastapi_seclint.program.kinds import (
    BAD,
    CARRIERS,
    CLEAN,
    DENIAL,
    FALSE,
    NOBODY,
    NOTHING,
    OBJECT,
    PLACES,
    QUERY,
    REFUSED,
    TAINTED,
    TRUE,
    Kinds,
    worst,
)
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.request_holders import held_by
from fastapi_seclint.program.stranger_answers import hears_nothing
from fastapi_seclint.program.stranger_attributes import asked_of_service, method_kinds, names_refusal, part_of
from fastapi_seclint.program.stranger_callees import is_response, may_guard, may_talk, sounds_like_check, unwrapped
from fastapi_seclint.program.stranger_codes import told_codes
from fastapi_seclint.program.stranger_errors import lets_go
from fastapi_seclint.program.stranger_libraries import external_kinds, unknown_call_kinds
from fastapi_seclint.program.stranger_objects import handed_kinds, is_abstract, made_of, reads_message
from fastapi_seclint.program.values import (
    Bound,
    Class,
    Const,
    External,
    Function,
    Generic,
    Instance,
    Partial,
    Value,
    constant,
    options,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def call_kinds(walk_: Walk, form: Form) -> Kinds:
    """The kinds of what a call gives; raises `Raised` when it refuses the stranger, `PassedOn` when it hands him on."""
    _, _, function, positional, keywords = form
    given, spread = _positional(walk_, positional)
    named = [*spread, *((name, handed_kinds(walk_, value)) for name, value, _ in keywords)]
    every = [*given, *(found for _, found in named)]
    if any("send" in found for found in every[1:]) or (every and _is_send(walk_, function)):
        _asgi_call(walk_, form)
    receiver = CLEAN
    if function[0] == "attr":
        receiver = walk_.kinds(function[2])
        if _brings_what_was_asked(walk_, function, worst(every)):
            walk_.encounter.used = True
            return BAD
        direct = method_kinds(walk_, receiver, function[3], form)
        if direct is not None:
            return asked_of_service(walk_, receiver, form, every) or direct
    elif function[0] == "name" and "passed" in walk_.names.get(function[2], CLEAN):
        walk_.served()
        return frozenset({"passed"})
    if QUERY in every and reads_message(function):
        return QUERY
    touched = BAD if _looks_up_nothing(form, given, named) else worst(every)
    own = receiver & (TAINTED | OBJECT)
    is_given_request = any("request" in found for found in every)
    for option in options(walk_.value(function)):
        walk_.spoken = walk_.spoken or (is_given_request and may_talk(option))
        return _called(walk_, option, form, given, named, touched, own)
    return CLEAN


def _brings_what_was_asked(walk_: Walk, function: Form, touched: Kinds) -> bool:
    """Whether a cursor of a database is asked for its rows after it was sent the credentials: it finds nobody."""
    cursor, method = function[2], function[3]
    if cursor[0] != "name":
        return False
    asked = f"?{cursor[2]}"
    if method == "execute":
        walk_.names[asked] = touched & TAINTED or CLEAN
    return method in _FETCHES and bool(walk_.names.get(asked, CLEAN) & TAINTED)


_FETCHES = frozenset({"fetchone", "fetchall", "fetchmany"})
"""How a cursor of PEP 249 gives the rows of the statement that it was sent last."""


def _positional(walk_: Walk, arguments: list[Form]) -> tuple[list[Kinds], list[tuple[str | None, Kinds]]]:
    """The kinds of positional arguments, and the wrapper's own arguments where a call passes them on with a star.

    FastAPI calls by keyword, so a wrapper's `*args` holds nothing that could be the first parameter.
    """
    given: list[Kinds] = []
    for argument in arguments:
        found = handed_kinds(walk_, argument)
        if argument[0] == "star" and "bag" in found:
            return given, [(None, found)]
        given.append(found)
    return given, []


def _is_send(walk_: Walk, function: Form) -> bool:
    return function[0] == "name" and "send" in walk_.names.get(function[2], CLEAN)


def _status(response: Value) -> int | None:
    """The status of a response that refuses, where it is written: that of a redirect says nothing."""
    for option in options(response):
        if isinstance(option, External) and option.arguments is not None:
            code = constant(option.arguments.get("status_code", 1))
            return code if isinstance(code, int) and 400 <= code < 500 else None
    return None


def _asgi_call(walk_: Walk, form: Form) -> None:
    """A call that gets `send`, or sends: the request is answered here or handed to the application behind."""
    function = form[2]
    if _is_send(walk_, function):
        for item in walk(form[3]):
            if item[0] == "dict":
                for key, value in item[2]:
                    code = constant(walk_.value(value)) if key is not None and key[-1] == "status" else None
                    if isinstance(code, int) and 400 <= code < 500:
                        raise Sent(code, looked=False)
        return
    called = walk_.kinds(function)
    target = walk_.value(function)
    if "denial" in called:
        raise Sent(_status(target) or 401, looked=False)
    followed = any(isinstance(option, Function) for option in options(target)) or (
        isinstance(target, Bound) and isinstance(target.function, Function)
    )
    if not followed:
        raise PassedOn


def _called(
    walk_: Walk,
    value: Value,
    form: Form,
    given: list[Kinds],
    named: list[tuple[str | None, Kinds]],
    touched: Kinds,
    own: Kinds = frozenset(),
    *,
    is_handed_on: bool = False,
) -> Kinds:
    if isinstance(value, Partial):
        value = value.function
        given = [frozenset({"bag"}), *given] if "*" in walk_.bag else given
    handed = None if is_handed_on else _handed_on(walk_, value, form)
    if handed is not None:
        function_value, rest = handed
        return _called(walk_, function_value, form, given[rest:], named, worst(given[rest:]), is_handed_on=True)
    if isinstance(value, External):
        return external_kinds(walk_, value, form, touched)
    function = value.function if isinstance(value, Bound) else value
    if isinstance(value, Instance) and isinstance(value.cls, Class):
        found = method_of(value, "__call__")
        function, value = found or value, Bound(value, found) if found is not None else value
    if isinstance(function, Function) and is_abstract(function):
        return unknown_call_kinds(walk_, form, touched) if touched != CLEAN else CLEAN
    if isinstance(function, Function):
        receiver = value.receiver if isinstance(value, Bound) else None
        held = held_by(walk_.follower.interpreter, function, receiver) is not None
        made = receiver if isinstance(receiver, Instance) and _is_told_apart(receiver, held) else None
        is_answer = form is walk_.delegated and (is_response(function) or any("request" in item for item in given))
        given, named = told_codes(walk_, form, given, named)
        follow = is_answer or _hands_nothing(form, given)
        return _project_call(walk_, function, isinstance(value, Bound), given, named, touched, made, own, follow=follow)
    if isinstance(value, Class):
        if stranger_responses.denies(walk_, value, form):
            return DENIAL
        if any(nobody.SAID.get(name or "") == found for name, found in named):
            return nobody.of_class(walk_, value)
        return made_of(walk_, value, [*given, *(found for _, found in named)], touched)
    if isinstance(value, Generic):
        return touched
    if any("passed" in found for found in [*given, *(found for _, found in named)]):
        _hands_over(walk_, form)
    if "object" in own and form[2][0] == "attr" and names_refusal(form[2][3]):
        walk_.encounter.opaque.append(spelled(form[2]))
    if touched != CLEAN:
        return unknown_call_kinds(walk_, form, touched)
    return CLEAN


def _is_told_apart(receiver: Instance, held: bool) -> bool:
    """Whether something is known of this object that its class does not say of every one."""
    return bool(held or receiver.attributes or receiver.arguments)


def _hands_nothing(form: Form, given: list[Kinds]) -> bool:
    """Whether a call hands on what is None where credentials are missing: `token = None`, and no header to fill it."""
    return any(one[0] == "name" and kinds == NOTHING for one, kinds in zip(form[3], given, strict=False))


def _looks_up_nothing(form: Form, given: list[Kinds], named: list[tuple[str | None, Kinds]]) -> bool:
    """Whether a session looks up what became None where credentials failed: `filter_by(email=email)`."""
    if form[2][0] != "attr" or form[2][3] not in _LOOKING_UP:
        return False
    values = [
        *zip(form[3], given, strict=False),
        *zip((item[1] for item in form[4]), (kind for _, kind in named), strict=False),
    ]
    return any(one[0] == "name" and kinds == NOTHING for one, kinds in values)


_LOOKING_UP = frozenset({"filter_by", "get", "get_one", "get_or_none", "find_one"})


def _hands_over(walk_: Walk, form: Form) -> None:
    """The request and what stands behind a middleware go to code out of sight: by its name it may refuse."""
    name = spelled(form[2])
    if credentials.names_guardian(name):
        walk_.encounter.opaque.append(name)


def _handed_on(walk_: Walk, value: Value, form: Form) -> tuple[Value, int] | None:
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
    walk_: Walk,
    function: Function,
    bound: bool,
    given: list[Kinds],
    named: list[tuple[str | None, Kinds]],
    touched: Kinds,
    receiver: Value | None = None,
    own: Kinds = frozenset(),
    *,
    follow: bool = False,
) -> Kinds:
    handed = [*given, *(found for _, found in named)]
    wrapped = unwrapped(function)
    decorated = wrapped is not function and wrapped.scope is walk_.scope
    injected = _gets_caller(walk_, function, bound, receiver)
    if (
        not decorated
        and not injected
        and touched == CLEAN
        and not (bound and own)
        and not any(item & (CARRIERS | PLACES | REFUSED | NOBODY) for item in handed)
        and not follow
        and not may_guard(walk_, function)
    ):
        return CLEAN
    followed = decorated or injected or sounds_like_check(wrapped.name) or follow or "object" in own
    if walk_.follower.in_handler and touched <= BAD and not followed:
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
    rest = next((form[0] for form in function.parameters if form[1] == VARIADIC), None)
    if rest is not None and given[len(parameters) :]:
        arguments.setdefault(rest, frozenset().union(*given[len(parameters) :]))
    for name, found in named:
        arguments[name or "*"] = found
    if not any(name is None for name, _ in named) and "*" not in arguments:
        there = arguments.keys() | {item[0] for item in parameters[: len(given)]}
        arguments |= {name: found for name, found in _defaults(function) if name not in there}
    if function.scope is walk_.scope:
        arguments |= {f"^{name}": found for name, found in walk_.names.items()}
    if bound and own and function.parameters:
        arguments.setdefault(function.parameters[0][0], own)
    arguments = {name: found for name, found in arguments.items() if found != CLEAN}
    by_hand = walk_.follower.in_handler and bool(touched & TAINTED) and sounds_like_check(wrapped.name)
    asked = walk_.follower.in_handler and any("request" in item for item in handed) and _finds_caller(wrapped.name)
    with walk_.follower.as_guard(by_hand or asked):
        found = _met(walk_, function, arguments, receiver, [*given], bound)
    if touched & TAINTED and found <= {"clean", "nothing"} and (by_hand or not walk_.follower.in_handler):
        walk_.encounter.used = True
        return BAD
    return found


def _gets_caller(walk_: Walk, function: Function, bound: bool, receiver: Value | None) -> bool:
    """Whether a function gets at the request, or at what was found out about it, without being handed either."""
    interpreter = walk_.follower.interpreter
    if bound and held_by(interpreter, function, receiver) is not None:
        return True
    return reads_request(interpreter, function) or reads_variable(function, walk_.follower.left.named)


def property_kinds(walk_: Walk, owner: Form, name: str, held: Kinds) -> Kinds | None:
    """What a property of the project's says of an object that was made for a stranger: `context.anonymous`.

    One of an object that holds what he sent is called as a method is: `Compact(token).claims` may verify it. What is
    called as the caller is and nothing is known of is what its name says.
    """
    for option in options(walk_.value(owner)):
        if isinstance(option, Instance) and isinstance(option.cls, Class):
            classes = (item for item in option.cls.lineage() if isinstance(item, Class))
            found = next((item.namespace[name] for item in classes if name in item.namespace), None)
            if isinstance(found, Function) and found.kind == "property" and not is_abstract(found):
                made = option if "object" not in held and _is_told_apart(option, False) else None
                given = _project_call(walk_, found, True, [], [], CLEAN, made, held & (TAINTED | OBJECT))
                return None if given == CLEAN and "object" in held and part_of(held, name) != CLEAN else given
    return None


def _finds_caller(name: str) -> bool:
    """Whether a function that is given the request is there to say who sent it, or to refuse him: `guard(request)`."""
    return sounds_like_check(name) or credentials.names_caller(name.strip("_"))


def _defaults(function: Function) -> Iterator[tuple[str, Kinds]]:
    """The parameters that are None, True or False where a call does not give them."""
    for form, default in zip(function.parameters, function.defaults, strict=True):
        if isinstance(default, Const) and isinstance(default.value, bool | None):
            yield form[0], NOTHING if default.value is None else TRUE if default.value else FALSE


def _met(
    walk_: Walk,
    function: Function,
    arguments: dict[str, Kinds],
    receiver: Value | None,
    given: list[Kinds],
    bound: bool,
) -> Kinds:
    """The outcome of a call that is followed; a wrapper is followed by what it wraps."""
    encounter = walk_.follower.meet(function, walk_.stranger, arguments, receiver)
    walk_.encounter.heed(encounter)
    walk_.parts = encounter.parts
    if encounter.denies or (function is walk_.follower.relayed and hears_nothing(encounter)):
        codes = {ending.code for ending in encounter.endings}
        looked = encounter.checked or (not encounter.sent and bool(codes & {401, 403}))
        codes = {ending.code for ending in encounter.endings if not ending.conditional} or codes
        raise (Sent if encounter.sent else Raised)(codes.pop() if len(codes) == 1 else None, looked)
    if encounter.may_deny:
        walk_.may_raise = walk_.may_raise or encounter.checked
        walk_.may_fail = True
    wrapped = next(options(function.wraps), None)
    if isinstance(wrapped, Function) and wrapped is not function:
        if encounter.checked and encounter.passes and all(ending.kinds == DENIAL for ending in encounter.passes):
            return DENIAL
        names = [form[0] for form in wrapped.parameters if form[1] in (0, 1)][1 if bound else 0 :]
        inner = {**arguments, **dict(zip(names, given, strict=False))}
        if wrapped.scope is walk_.scope:
            inner |= {f"^{name}": found for name, found in walk_.names.items()}
        inner = {name: item for name, item in inner.items() if item != CLEAN}
        try:
            return _met(walk_, wrapped, inner, receiver, given, bound)
        except Raised as error:
            if not lets_go(function, error.code):
                raise
            return FALSE
    is_tainted = any(item & TAINTED for item in arguments.values())
    if encounter.by_path and encounter.said is not None and not is_tainted:
        return TRUE if encounter.said else FALSE
    if is_tainted and encounter.checked and encounter.says_no:
        return BAD
    if is_tainted and encounter.checked and encounter.said and not (encounter.opaque or encounter.used):
        return TRUE
    return encounter.returned
