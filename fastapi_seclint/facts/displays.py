"""One way of writing a dictionary where people put it together from others: the display that has it all.

`{**{"a": 1}, "b": 2}`, `{"a": 1} | {"b": 2}` and `dict({"a": 1}, b=2)` are `{"a": 1, "b": 2}`, and so is
`options = {"a": 1}` with `options.update(b=2)` or `options |= {"b": 2}` as the next statement.
"""

from __future__ import annotations

from fastapi_seclint.facts.forms import Form, mentions

Pairs = list[Form]
"""The items of a display, each its key (None for what is spread) and its value."""


def flat(pairs: Pairs) -> Pairs:
    """The items of a display with those of other displays that are spread in it; what comes later counts."""
    if any(key is None and value[0] == "dict" for key, value in pairs):
        pairs = [
            one for key, value in pairs for one in (value[2] if key is None and value[0] == "dict" else [[key, value]])
        ]
        return [pair for number, pair in enumerate(pairs) if not _comes_again(pair, pairs[number + 1 :])]
    return pairs


def united(at: int, left: Form, right: Form) -> Form | None:
    """`left | right` as one display; None where neither is known to be a dictionary."""
    if "dict" not in (left[0], right[0]):
        return None
    return ["dict", at, flat([[None, left], [None, right]])]


def filled(before: Form, statement: Form) -> Form | None:
    """An assignment of a display, and a statement below it that fills it, as one assignment; None for all others."""
    match before:
        case ["assign", at, [["name", _, str(name)] as target], ["dict", place, pairs]]:
            added = _added(statement, name)
            if added is not None and not mentions(added, {name}):
                return ["assign", at, [target], ["dict", place, flat([[None, ["dict", place, pairs]], *added])]]
    return None


def _added(statement: Form, name: str) -> Pairs | None:
    match statement:
        case ["expr", _, ["call", _, ["attr", _, ["name", _, owner], "update"], given, keywords]] if owner == name:
            if len(given) > 1 or any(item[0] == "star" for item in given):
                return None
            named = [[None if key is None else ["const", at, key], value] for key, value, at in keywords]
            return [*([None, item] for item in given), *named]
        case ["augassign", _, "|", ["name", _, owner], value] if owner == name:
            return [[None, value]]
    return None


def _comes_again(pair: Form, rest: Pairs) -> bool:
    key = pair[0]
    return key is not None and key[0] == "const" and any(one is not None and one[2:] == key[2:] for one, _ in rest)
