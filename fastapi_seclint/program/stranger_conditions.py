"""Which way a condition goes for a stranger's request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program import credentials, nobody
from fastapi_seclint.program.kinds import BAD, CLEAN, EMPTY, HIDDEN, JUNK, NOTHING, TAINTED, Kinds, truth_of
from fastapi_seclint.program.schemes import raises_by_itself
from fastapi_seclint.program.stranger_switches import by_default, is_configured, is_off, is_there
from fastapi_seclint.program.values import (
    Class,
    Collection,
    Const,
    Instance,
    Value,
    can_be_none,
    constant,
    likely,
    options,
    settled,
    string,
    truth,
)

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk


def truths(walk_: Walk, form: Form) -> set[bool]:
    """Which ways a condition can go for this stranger."""
    match form:
        case ["unary", _, "not", ["call", _, ["attr", _, owner, "startswith"], [prefix], []]] if (
            credentials.names_scheme(walk_.text(prefix) or "") and walk_.kinds(owner) & JUNK
        ):
            walk_.encounter.checked = True
            return {True} if walk_.kinds(owner) & {"absent", "bad"} else {False}
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
        case ["call", _, ["name", _, "any" | "all" as name], [["comp", _, _, element, _, [[target, several, []]]]], []]:
            items = _of_each(walk_, element, target, several)
            if items:
                return _bool_truths(walk_, "or" if name == "any" else "and", items)
    found = walk_.kinds(form)
    if found & (TAINTED | HIDDEN):
        walk_.encounter.checked = True
    if found != CLEAN:
        return truth_of(found)
    return _configured(walk_, form)


_MANY = 40


def _of_each(walk_: Walk, element: Form, target: Form, several: Form) -> list[Form]:
    """The conditions that `any(part in request.url.path for part in (...))` asks one after the other, where known."""
    if target[0] != "name":
        return []
    found: list[Form] = []
    for option in settled(walk_.value(several)):
        for item in option.items[:_MANY] if isinstance(option, Collection) and not option.open else ():
            text = string(item)
            if text is None:
                return []
            found.append(_with(element, target[2], ["const", element[1], text]))
    return found


def _with(form: Form, name: str, value: Form) -> Form:
    """A form with another one in place of a name."""
    if form[:1] == ["name"] and form[2] == name:
        return value
    return [_with(item, name, value) if type(item) is list else item for item in form]


def _configured(walk_: Walk, form: Form) -> set[bool]:
    """A condition without credentials in it: decided by a constant or by the default configuration, else both."""
    if walk_.only_local(form) and not (_is_of_application(form) and is_configured(walk_.value(form))):
        return _of_own_object(walk_, form)
    value = walk_.value(form)
    known = None if _may_be_set_later(form, value) else truth(value)
    if known is None and is_configured(value) and (likely_so := likely(value)) is not None:
        known = by_default(walk_, likely_so, form)
    return is_there(walk_, form) if known is None else {known}


def _is_of_application(form: Form) -> bool:
    """Whether an expression is what the application keeps, `request.app.state.auth_enabled`."""
    while form[0] == "attr" and form[2][0] == "attr":
        form = form[2]
        if form[3] == "app":
            return True
    return False


def _of_own_object(walk_: Walk, form: Form) -> set[bool]:
    """An attribute of the object itself is decided by what it was made with, or once and for all when it is true.

    What is false at first may be set by other code, unless the object was made with it: `Session(required=False)`.
    """
    if not _is_own(walk_, form):
        return is_there(walk_, form)
    if form[0] == "attr" and form[3] == "auto_error" and (loud := raises_by_itself(walk_.scope.receiver)) is not None:
        return {loud}
    value = walk_.value(form)
    known: bool | None = None
    if not is_configured(value):
        known = truth(value) or None
    elif (set_so := likely(value)) is not None:
        known = by_default(walk_, set_so)
    if known is None and (_was_given(walk_.scope.receiver, value) or _overrides(walk_.scope.receiver, form)):
        known = truth(value)
    return is_there(walk_, form) if known is None else {known}


def _was_given(receiver: Value | None, value: Value) -> bool:
    """Whether a value is one of the arguments that an object was made with."""
    made = receiver.arguments if isinstance(receiver, Instance) else None
    return made is not None and any(value is given for given in (*made.positional, *made.keywords.values()))


def _overrides(receiver: Value | None, form: Form) -> bool:
    """Whether a class says itself what one of its bases says otherwise: `login_required = False` of a view."""
    cls = receiver.cls if isinstance(receiver, Instance) else None
    if form[0] != "attr" or form[2][0] != "name" or not isinstance(cls, Class):
        return False
    said = [base.namespace[form[3]] for base in cls.lineage() if isinstance(base, Class) and form[3] in base.namespace]
    return len(said) > 1 and truth(said[0]) is not None and truth(said[0]) is not truth(said[-1])


def _is_own(walk_: Walk, form: Form) -> bool:
    """Whether an expression is an attribute of the object whose method this is: `self.enabled`, `self.auth.mode`."""
    while form[0] == "attr":
        form = form[2]
    function = walk_.function
    own = function.parameters[0][0] if function.parameters and function.takes_object else None
    return function.owner is not None and form[0] == "name" and form[2] == own


def _may_be_set_later(form: Form, value: Value) -> bool:
    """Whether a name is an attribute that is None so far: other code sets it when the application is set up."""
    return form[0] in ("attr", "name") and can_be_none(value)


def _bool_truths(walk_: Walk, symbol: str, items: list[Form]) -> set[bool]:
    wanted = symbol == "or"
    result: set[bool] = set()
    for item in items:
        outcomes = truths(walk_, item)
        if wanted in outcomes:
            result.add(wanted)
        if outcomes == {wanted}:
            return result
    return result | {not wanted}


def _compare(walk_: Walk, operator: str, left: Form, right: Form) -> set[bool]:
    one, other = walk_.kinds(left), walk_.kinds(right)
    positive = operator in ("==", "is", "in")
    if operator in ("is", "is not") and right[0] == "const" and right[2] is None:
        return _is_none(walk_, one, left, operator)
    if (said := nobody.text(walk_, left)) is not None:
        return _among(said, operator, walk_.value(right))
    if "type" in one:
        return _among("websocket" if walk_.stranger.websocket else "http", operator, walk_.value(right))
    if "path" in one or "verb" in one:
        return _about_path(walk_, one, operator, right)
    if "path" in other and operator in ("in", "not in"):
        return _part_of_path(walk_, walk_.text(left), positive)
    if "store" in other and operator in ("in", "not in"):
        return _sends(walk_, left, positive)
    if "session" in other and operator in ("in", "not in"):
        return {not positive}
    if "scope" in other and operator in ("in", "not in") and _is_put_there(walk_.text(left) or ""):
        walk_.encounter.checked = True
        return {not positive}
    if one == NOTHING and other == CLEAN and _has_no_nothing(walk_, operator, right):
        walk_.encounter.checked = True
        return {not positive}
    said = constant(walk_.value(right)) if "false" in one and operator in ("==", "!=", "is", "is not") else None
    if isinstance(said, bool):
        walk_.encounter.checked = walk_.encounter.checked or bool(one & TAINTED)
        return {(said is False) is positive}
    if one == BAD and (counted := _of_none(walk_, operator, right)) is not None:
        walk_.encounter.checked = True
        return {counted}
    if (of_length := _of_empty(walk_, left, operator, right)) is not None:
        return {of_length}
    tainted = (one | other) & TAINTED
    if tainted and operator in ("==", "!=", "is", "is not", "in", "not in"):
        walk_.encounter.checked = True
        if tainted & {"absent", "bad"}:
            return {positive if EMPTY in (one, other) and "" in (walk_.text(left), walk_.text(right)) else not positive}
        asked = right if one & JUNK else left
        text = walk_.text(asked)
        if credentials.names_scheme(text or "") or (asked[0] == "attr" and credentials.holds_scheme(asked[3])):
            return {False} if operator == "!=" else {True, False}
        if one & JUNK and (text or "").lower() in _FLAGS and operator in ("==", "!="):
            return {positive}
        if one & JUNK and other & JUNK:
            return {True, False}
        if operator in ("in", "not in") and other & JUNK:
            return {True, False}
        return {not positive}
    if tainted:
        return {True, False}
    return _settled_compare(walk_, operator, left, right)


def _is_put_there(key: str) -> bool:
    """Whether a key of the scope is none of the protocol's, and is there for who came another way: `aws.event`."""
    return "." in key or credentials.says_who(key)


_FLAGS = frozenset({"1", "true", "yes", "on", "xmlhttprequest"})
"""What a header says to show that no form of another website sent it: everybody knows these, and may send them."""


def _of_none(walk_: Walk, operator: str, right: Form) -> bool | None:
    """What a comparison with 0 or 1 says of how many a look-up by made-up credentials finds, which is none."""
    least = constant(walk_.value(right))
    if isinstance(least, bool) or not isinstance(least, int) or not 0 <= least <= 1:
        return None
    known = {"==": least == 0, "!=": least != 0, ">": False, ">=": least == 0, "<": least == 1, "<=": True}
    return known.get(operator)


def _of_empty(walk_: Walk, left: Form, operator: str, right: Form) -> bool | None:
    """What a comparison says of how long the text is that was asked for in place of missing credentials: not at all."""
    match left:
        case ["call", _, ["name", _, "len"], [inner], []] | ["call", _, ["attr", _, inner, "count"], [_], []]:
            number = constant(walk_.value(right)) if walk_.kinds(inner) == EMPTY else None
        case _:
            return None
    if isinstance(number, bool) or not isinstance(number, int):
        return None
    known = {
        "==": number == 0,
        "!=": number != 0,
        "<": number > 0,
        "<=": number >= 0,
        ">": number < 0,
        ">=": number <= 0,
    }
    return known.get(operator)


def _has_no_nothing(walk_: Walk, operator: str, right: Form) -> bool:
    """Whether None, which a stranger comes out as, is not among known names, `None in USERS`, and no such text."""
    if operator in ("in", "not in"):
        items = [item for one in options(walk_.value(right)) if isinstance(one, Collection) for item in one.items]
        return not any(isinstance(item, Const) and item.value is None for item in items)
    return operator in ("==", "!=") and right[0] == "const" and bool(right[2])


def _sends(walk_: Walk, name: Form, positive: bool) -> set[bool]:
    """Whether the stranger sends a header or cookie of this name, where it is one for credentials."""
    if not walk_.carries_credential(walk_.text(name) or ""):
        return {True, False}
    walk_.encounter.checked = True
    return {walk_.stranger.junk is positive}


def _settled_compare(walk_: Walk, operator: str, left: Form, right: Form) -> set[bool]:
    if walk_.only_local(left) and (right[0] == "const" or walk_.only_local(right)):
        settings = _is_own(walk_, left) and is_configured(walk_.value(left))
        known = likely(walk_.value(["compare", left[1], left, [operator], [right]])) if settings else None
        if known is None:
            return _unless_there(walk_, operator, left, right)
        return {by_default(walk_, known, left, operator, right)}
    value = walk_.value(["compare", left[1], left, [operator], [right]])
    later = _may_be_set_later(left, walk_.value(left)) or _may_be_set_later(right, walk_.value(right))
    known = None if later else truth(value)
    if known is None and (is_configured(walk_.value(left)) or is_configured(walk_.value(right))):
        likely_so = likely(value)
        known = None if likely_so is None else by_default(walk_, likely_so, left, operator, right)
    return _unless_there(walk_, operator, left, right) if known is None else {known}


def _unless_there(walk_: Walk, operator: str, left: Form, right: Form) -> set[bool]:
    """`X is None` for an X that is not known; every other comparison of unknown things goes both ways."""
    if operator not in ("is", "is not") or right[0] != "const" or right[2] is not None:
        return is_off(walk_, operator, right)
    return {found is (operator == "is not") for found in is_there(walk_, left)}


def _is_none(walk_: Walk, found: Kinds, form: Form, operator: str) -> set[bool]:
    if found == CLEAN:
        return _settled_compare(walk_, operator, form, ["const", form[1], None])
    outcomes: set[bool] = set()
    if "object" in found or found == EMPTY:
        return {operator != "is"}
    for kind in found:
        if kind in ("absent", "bad", "nothing", "hidden"):
            outcomes.add(operator == "is")
        elif kind in ("junk", "request", "store", "session", "denial", "true", "false"):
            outcomes.add(operator != "is")
        else:
            outcomes |= {True, False}
    walk_.encounter.checked = walk_.encounter.checked or bool(found & (TAINTED | HIDDEN))
    return outcomes


def _part_of_path(walk_: Walk, text: str | None, positive: bool) -> set[bool]:
    """Whether a text is somewhere in the request's path, which is not known where a variable takes any path."""
    walk_.encounter.by_path = True
    path = walk_.stranger.path
    if path is None or text is None or (text not in path and ":path}" in path):
        return {True, False}
    return {(text in path) is positive}


def _about_path(walk_: Walk, found: Kinds, operator: str, right: Form) -> set[bool]:
    """A comparison of the request's path or method, decided when the route is known."""
    walk_.encounter.by_path = True
    actual = walk_.stranger.path if "path" in found else walk_.stranger.method
    if actual is None:
        return {True, False}
    actual = actual.lower() if "small" in found else actual
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
