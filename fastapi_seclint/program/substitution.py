"""Forms with other forms put in place of names, as a call does with the parameters of a function."""

from __future__ import annotations

from typing import Any

from fastapi_seclint.facts.forms import KEYWORD_ONLY, KEYWORDS, VARIADIC, Form

Table = dict[str, Any]
"""What stands for a name; the rest of the keywords, a list, for the name with two stars before it."""


def bound(parameters: list[Form], call: Form, is_method: bool) -> Table | None:
    """What a call gives for each parameter, defaults included; None where that cannot be told or does not fit."""
    own = parameters[1:] if is_method else parameters
    if any(item[1] == VARIADIC for item in own) or any(item[0] == "star" for item in call[3]):
        return None
    positional = [item for item in own if item[1] not in (KEYWORD_ONLY, KEYWORDS)]
    if len(call[3]) > len(positional):
        return None
    table: Table = {item[0]: value for item, value in zip(positional, call[3], strict=False)}
    names = {item[0] for item in own if item[1] != KEYWORDS}
    rest = next((item[0] for item in own if item[1] == KEYWORDS), None)
    more = []
    for keyword in call[4]:
        if keyword[0] in names and keyword[0] not in table:
            table[keyword[0]] = keyword[1]
        elif rest is not None:
            more.append(keyword)
        else:
            return None
    for item in own:
        if item[0] not in table and item[1] != KEYWORDS:
            if item[3] is None:
                return None
            table[item[0]] = item[3]
    if rest is not None:
        table["**" + rest] = more
    return table


def substituted(form: Any, table: Table, at: int) -> Any:
    """A copy of a form with what the table gives in place of its names; what is not given stands at `at`."""
    if type(form) is not list:
        return form
    if len(form) > 1 and type(form[1]) is int and type(form[0]) is str and form[1] > KEYWORDS:
        if form[0] == "name" and form[2] in table:
            return table[form[2]]
        if form[0] == "call":
            keywords = [item for given in form[4] for item in _keywords(given, table, at)]
            return ["call", at, substituted(form[2], table, at), substituted(form[3], table, at), keywords]
        return [form[0], at, *(substituted(item, table, at) for item in form[2:])]
    return [substituted(item, table, at) for item in form]


def exchanged(form: Form, old: Form, new: Form) -> Form:
    """A copy of a form with a new one in place of one that stands in it, at the place of the old."""
    if form is old:
        return new
    return [exchanged(item, old, new) if isinstance(item, list) else item for item in form]


def _keywords(given: Form, table: Table, at: int) -> list[Form]:
    keyword, value, _ = given
    if keyword is None and value[0] == "name" and "**" + value[2] in table:
        return list(table["**" + value[2]])
    return [[keyword, substituted(value, table, at), at]]
