"""Claims that code makes up where a token is bad: the caller goes on as somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Const, Function, Mapping, options

if TYPE_CHECKING:
    from fastapi_seclint.subjects.tokens.swallowing import Swallow

_IDENTITY = frozenset({"sub", "user", "user_id", "userId", "uid", "id", "username", "email"})


def names_somebody(value: Form) -> bool:
    """Whether a value is claims that were made up, with a subject: `{"sub": "guest"}`, `TokenData(username="demo")`."""
    if value[0] == "call":
        return any(name in _IDENTITY and item[0] == "const" and isinstance(item[2], str) and item[2]
                   for name, item, _ in value[4])  # fmt: skip
    pairs = value[2] if value[0] == "dict" else []
    named = [item for key, item in pairs if key is not None and key[0] == "const" and key[2] in _IDENTITY]
    return any(item[0] != "const" or item[2] for item in named)


def stored(form: Form) -> list[str]:
    """The plain names that an assignment stores."""
    return [target[2] for target in form[2] if target[0] == "name"]


def makes_somebody_up(swallow: Swallow) -> bool:
    """Whether a handler goes on with claims of its own that name somebody: every later test is passed by them."""
    return any(form[0] == "assign" and names_somebody(form[3]) for form in walk(swallow.body))


def goes_on_as_somebody(swallow: Swallow) -> bool:
    """Whether claims that name somebody are given to the caller when the token is bad: made then, or before."""
    function = swallow.function
    suppressed = (form for form in function.forms.of("with") if form[1] == swallow.at)
    trying = swallow.trying or next(suppressed, None)
    if swallow.returned is not None:
        return _gives_somebody(function, swallow.returned)
    if trying is None:
        return False
    made_up = {
        name
        for form in function.forms.of("assign")
        if form[1] < trying[1] and names_somebody(form[3])
        for name in stored(form)
    }
    tried = trying[2] if trying[0] == "try" else trying[3]
    read = {name for form in walk(tried) if form[0] == "assign" for name in stored(form)}
    again = {name for form in walk(swallow.body) if form[0] == "assign" for name in stored(form)}
    given = [form[2] for form in function.forms.of("return", "yield") if form[1] > trying[1] and form[2] is not None]
    if _put_in_place(swallow, read):
        return True
    names = (made_up & read) - again
    return bool(given) and all(value[0] == "name" and value[2] in names for value in given)


def _put_in_place(swallow: Swallow, read: set[str]) -> bool:
    """Whether a handler puts made-up claims in place of those that could not be read: `payload = {"sub": "guest"}`."""
    return any(
        form[0] == "assign" and read.intersection(stored(form)) and names_somebody(form[3]) for form in swallow.body
    )


def _gives_somebody(function: Function, ending: Form) -> bool:
    """Whether an `except` gives claims that name somebody: written there, a default, or kept in the module."""
    value = ending[2] if ending[0] == "return" else None
    if value is None or value[0] != "name":
        return value is not None and value[0] in ("dict", "call") and names_somebody(value)
    defaults = zip(function.parameters, function.defaults, strict=True)
    held = next((default for parameter, default in defaults if parameter[0] == value[2]), None)
    for option in options(held if held is not None else function.module.scope.local(value[2])):
        found = [option.get(name) for name in _IDENTITY] if isinstance(option, Mapping) else []
        if any(isinstance(item, Const) and item.value for item in found):
            return True
    return False
