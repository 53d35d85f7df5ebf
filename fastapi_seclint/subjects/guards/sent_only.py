"""Credentials that are refused where they are wrong and not missed where there are none: `if key and key != KEY:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, awaited, last_name, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.credentialed import sent_credentials
from fastapi_seclint.subjects.owners.half_asked import needs

_NOBODY = re.compile(r"(^|_)(csrf|xsrf|captcha|turnstile|nonce)(_|$)", re.I)
"""What proves that somebody is no robot or came from the page, and says nothing of who it is."""
_SENT = frozenset({"headers", "cookies", "query_params"})


def refused_if_sent(function: Function) -> str:
    """The name of a credential of which a function only asks whether it is a wrong one; empty where there is none.

    Nothing else is done with it, so that whoever leaves it out goes on like one who sends the right one.
    """
    for name in sorted({*sent_credentials(function), *_read(function)}):
        if not _NOBODY.search(name) and _only_refuses(function, name):
            return name
    return ""


def _read(function: Function) -> Iterator[str]:
    """The local names that get a credential of the request: `key = request.headers.get("X-Key")`."""
    for form in function.forms.of("assign"):
        match form[3]:
            case ["call", _, ["attr", _, ["attr", _, _, where], "get"], [["const", _, str(key)]], []]:
                if where in _SENT and credentials.names_credential(key):
                    yield from (target[2] for target in form[2] if target[0] == "name")


def _only_refuses(function: Function, name: str) -> bool:
    tests = [form for form in function.forms.of("if") if _names(form[2], name)]
    if not tests or not all(needs(form[2], {name}) and form[2][0] == "bool" for form in tests):
        return False
    if not all(_refuses(form[3]) and not form[4] for form in tests):
        return False
    given = [target for form in function.forms.of("assign") for target in form[2] if target[::2] == ["name", name]]
    asked = sum(_names(form[2], name) for form in tests)
    return len(given) < 2 and asked + len(given) == _names(function.forms.of("name"), name)


def _names(forms: Form, name: str) -> int:
    return sum(item[0] == "name" and item[2] == name for item in walk([forms]))


def _refuses(body: list[Form]) -> bool:
    """Whether nothing but a refusal follows: an exception, or the end of a connection."""
    last = str(body[-1][0])
    closes = (awaited(form[2]) for form in body if form[0] == "expr")
    return last == "raise" or (last == "return" and any(map(_is_close, closes)))


def _is_close(call: Form) -> bool:
    return bool(call[0] == "call" and last_name(call[2]) == "close")
