"""Conditions on the shape of what a stranger sends, how long or in how many parts: he sends what passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.kinds import DENIAL, JUNK, MATCH
from fastapi_seclint.program.statuses import LIMIT_REACHED
from fastapi_seclint.program.values import Bound, Collection, Const, External, Function, Text, Value, constant, options

if TYPE_CHECKING:
    from fastapi_seclint.program.walks import Walk

_NAMED = ("const", "name", "attr")
_OTHER = (400, 404, 410)
_FAILURES = frozenset(
    {"RuntimeError", "EnvironmentError", "OSError", "ValueError", "Exception", "SystemExit", "KeyError"}
)
_SHAPES = frozenset(
    {
        "startswith", "endswith", "count", "isdigit", "isalnum", "isascii", "isalpha", "isdecimal", "isnumeric",
        "isidentifier", "isprintable", "islower", "isupper",
    }
)  # fmt: skip


def branches(walk_: Walk, test: Form, body: list[Form], otherwise: list[Form]) -> bool:
    """Walk the branches of an `if`: of one that asks for a shape only that which does not refuse, where there is one.

    Says whether control goes on behind it.
    """
    if _says_too_many(body):
        return walk_.block(otherwise)
    before, walk_.encounter.checked = walk_.encounter.checked, False
    outcomes = walk_.truths(test)
    asked, walk_.encounter.checked = walk_.encounter.checked, before or walk_.encounter.checked
    if len(outcomes) > 1 and not asked and walk_.follower.in_handler and _says_missing(walk_, body):
        known = len(walk_.encounter.endings)
        goes_on = walk_.branch(outcomes, body, otherwise)
        for ending in walk_.encounter.endings[known:]:
            ending.checked = ending.checked and ending.code not in _OTHER
        return goes_on
    if outcomes == {True} and not (asked or otherwise) and _says_unconfigured(walk_, test, body):
        return True
    if len(outcomes) == 1 or not walk_.stranger.junk or not asks_for_shape(walk_, test):
        return walk_.branch(outcomes, body, otherwise)
    names, endings = walk_.names, walk_.encounter.endings
    ways = []
    for statements in (body, otherwise):
        walk_.names, walk_.encounter.endings = dict(names), []
        goes_on = walk_.block(statements)
        ways.append((goes_on, walk_.encounter.endings))
    walk_.names, walk_.encounter.endings = names, endings
    refusing = [
        not goes_on and bool(found) and all(item.denies or item.kinds == DENIAL for item in found)
        for goes_on, found in ways
    ]
    if refusing[0] is refusing[1]:
        return walk_.branch(outcomes, body, otherwise)
    return walk_.block(otherwise if refusing[0] else body)


def _says_missing(walk_: Walk, body: list[Form]) -> bool:
    """Whether a branch of a handler says of something else than the caller that it is not there, or is wrong."""
    last = body[-1]
    return last[0] == "raise" and last[2] is not None and walk_.code_of(last[2]) in _OTHER


def _says_too_many(body: list[Form]) -> bool:
    """Whether a branch only turns away who came too often, which a stranger who comes for the first time has not."""
    if body[-1][0] not in ("raise", "return"):
        return False
    codes = (form[2] if form[0] == "const" else str(form[-1]) for form in walk(body) if form[0] in _NAMED)
    return any(code == 429 or (isinstance(code, str) and code in LIMIT_REACHED) for code in codes)


def _says_unconfigured(walk_: Walk, test: Form, body: list[Form]) -> bool:
    """Whether a branch only answers with an error of the server for want of a setting, which a running one has."""
    last = body[-1]
    if last[0] != "raise" or last[2] is None:
        return False
    code = walk_.code_of(last[2])
    failed = code >= 500 if code is not None else _is_failure(last[2])
    return failed and walk_.kinds(test) <= {"clean", "true"}


def _is_failure(raised: Form) -> bool:
    """Whether an exception is one of Python's own that nobody answers: `raise RuntimeError("KEY is not set")`."""
    name = raised[2] if raised[0] == "call" else raised
    return name[0] == "name" and name[2] in _FAILURES


def asks_for_shape(walk_: Walk, test: Form) -> bool:
    """Whether a condition asks for nothing but the shape of credentials that the stranger made up."""
    match test:
        case ["unary", _, "not", inner]:
            return asks_for_shape(walk_, inner)
        case ["bool", _, _, items]:
            return all(len(walk_.truths(item)) == 1 or asks_for_shape(walk_, item) for item in items)
        case ["compare", _, left, [operator], [right]]:
            if operator in ("is", "is not"):
                return walk_.kinds(left) == MATCH and right[0] == "const"
            known = _is_known(right) or isinstance(constant(walk_.value(right)), int)
            return (_is_measure(walk_, left) and known) or _is_name_of_scheme(walk_, left, right)
        case ["call", _, ["attr", _, owner, name], arguments, []]:
            known = name in _SHAPES and all(map(_is_known, arguments))
            shape = (known and walk_.kinds(owner) == JUNK) or walk_.kinds(test) == MATCH
            return shape or _asks_by_helper(walk_, test)
        case ["call", _, ["name", _, "all" | "any"], [of_each], []]:
            return _is_of_each(walk_, of_each)
        case ["name" | "walrus", *_]:
            return walk_.kinds(test) == MATCH
        case ["call", _, ["name", *_], [_], []]:
            return _asks_by_helper(walk_, test)
    return False


def _asks_by_helper(walk_: Walk, call: Form) -> bool:
    """Whether a function of the project is asked that only looks at the shape: `self.well_formed(token)`."""
    found = [option.function if isinstance(option, Bound) else option for option in options(walk_.value(call[2]))]
    given = [item for item in call[3] if walk_.kinds(item) == JUNK]
    return bool(found) and len(given) == len(call[3]) == 1 and all(map(_looks_at_shape, found))


def _looks_at_shape(function: Value) -> bool:
    """Whether a function does no more than to return what it sees in the shape of its last parameter."""
    if not isinstance(function, Function) or not function.parameters:
        return False
    body = [form for form in function.statements() if form[0] != "expr" or form[2][0] != "const"]
    returned = body[0][2] if len(body) == 1 and body[0][0] == "return" else None
    return returned is not None and _is_shape_of(returned, function.parameters[-1][0])


def _is_shape_of(test: Form, name: str) -> bool:
    match test:
        case ["bool", _, _, items]:
            return all(_is_shape_of(item, name) for item in items)
        case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], []]:
            return _is_shape_of(inner, name)
        case ["compare", _, ["call", _, ["name", _, "len"], [["name", _, asked]], []], _, [right]]:
            return bool(asked == name) and not mentions(right, {name})
        case ["compare", _, inner, ["is" | "is not"], [["const", _, None]]]:
            return _is_shape_of(inner, name)
        case ["call", _, ["attr", _, ["name", _, asked], way], given, []] if asked == name:
            return way in _SHAPES and all(map(_is_known, given))
        case ["call", _, ["attr", _, ["name", _, owner], "match" | "fullmatch" | "search"], [*_, last], []]:
            return bool((owner == "re" or owner.isupper()) and last[2:] == [name])
    return False


def _is_of_each(walk_: Walk, several: Form) -> bool:
    """Whether something is asked of every part or letter of made-up credentials: `all(c in HEX for c in token)`.

    Whether a part is one of others may ask for a key, so these must be letters.
    """
    match several:
        case ["comp", _, _, element, _, [[["name", _, target], of, []]]] if walk_.kinds(of) == JUNK:
            match element:
                case ["compare", _, ["name", _, asked], ["in" | "not in"], [among]]:
                    return bool(asked == target) and _are_letters(walk_, among)
                case ["call", _, ["attr", _, ["name", _, asked], _], [], []]:
                    return bool(asked == target)
    return several[0] in ("name", "call") and walk_.kinds(several) == JUNK


def _are_letters(walk_: Walk, form: Form) -> bool:
    """Whether a value is letters: a text that is written out, a list or set of single ones, `string.hexdigits`."""
    if form[0] == "call" and last_name(form[2]) in ("set", "frozenset", "list", "tuple") and len(form[3]) == 1:
        form = form[3][0]
    return all(map(_is_alphabet, options(walk_.value(form))))


def _is_alphabet(value: Value) -> bool:
    match value:
        case Const(value=str()) | Text():
            return True
        case Collection(items=items):
            return bool(items) and all(isinstance(item, Const) and len(str(item.value)) == 1 for item in items)
        case External(name=name):
            given = value.arguments.positional if value.arguments is not None else []
            made = name in ("builtins.set()", "builtins.frozenset()") and len(given) == 1
            return name.startswith("string.") or (made and all(map(_is_alphabet, options(given[0]))))
    return False


def _is_measure(walk_: Walk, form: Form) -> bool:
    """`len(token)`, `token.count(".")`."""
    match form:
        case ["call", _, ["name", _, "len"], [inner], []]:
            return walk_.kinds(inner) == JUNK
        case ["call", _, ["attr", _, owner, "count"], [_], []]:
            return walk_.kinds(owner) == JUNK
    return False


def _is_known(form: Form) -> bool:
    return form[0] == "const" or (form[0] in ("tuple", "list", "set") and all(map(_is_known, form[2])))


def _is_name_of_scheme(walk_: Walk, left: Form, right: Form) -> bool:
    """Whether made-up credentials are compared with the public name of a scheme: `parts[0].lower() == "bearer"`."""
    for one, other in ((left, right), (right, left)):
        named = credentials.names_scheme(walk_.text(other) or "")
        if (named or (other[0] == "attr" and credentials.holds_scheme(other[3]))) and walk_.kinds(one) == JUNK:
            return True
    return False
