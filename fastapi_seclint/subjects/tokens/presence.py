"""Questions whether a token has a claim at all: one that every token has tells none of them from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.values import Function


def only_asked_for(function: Function, claims: set[str]) -> set[int]:
    """The identities of the forms that name one of these claims where a function only asks whether it is there."""
    found: set[int] = set()
    for form in function.forms.of("compare", "unary"):
        found.update(_claim_of(form, claims))
    for form in function.forms.of("assign"):
        match form:
            case ["assign", _, [["name", _, name]], value] if _only_asked(function, name):
                found.update(_named(value, claims))
    for form in function.forms.of("dict"):
        found.update(_demanded(form, claims))
    return found


def _demanded(options: Form, claims: set[str]) -> Iterator[int]:
    """The claims that options only say must be there: PyJWT's `require`, authlib's `{"kind": {"essential": True}}`."""
    for key, value in options[2]:
        match key, value:
            case ["const", _, "require"], ["list" | "tuple" | "set", _, names]:
                yield from (id(name) for name in names if name[0] == "const" and name[2] in claims)
            case ["const", _, claim], ["dict", _, [[["const", _, "essential"], _]]] if claim in claims:
                yield id(key)


def _claim_of(test: Form, claims: set[str]) -> Iterator[int]:
    match test:
        case ["compare", _, ["const", _, claim] as named, ["in" | "not in"], [["name" | "attr", *_]]] if (
            claim in claims
        ):
            yield id(named)
        case ["compare", _, asked, ["is" | "is not" | "==" | "!="], [["const", _, None | ""]]]:
            yield from _named(asked, claims)
        case ["unary", _, "not", asked]:
            yield from _named(asked, claims)


def _named(form: Form, claims: set[str]) -> Iterator[int]:
    """The name of the claim in `payload.get("type")` or `payload["type"]`."""
    match form:
        case ["call", _, ["attr", _, _, "get"], [["const", _, claim] as named], []] if claim in claims:
            yield id(named)
        case ["sub", _, _, ["const", _, claim] as named] if claim in claims:
            yield id(named)


def _only_asked(function: Function, name: str) -> bool:
    """Whether a name is only asked whether it is None or empty."""
    uses = Counter(id(form) for form in function.forms.of("name") if form[2] == name)
    asked: set[int] = set()
    for form in function.forms.of("compare", "unary"):
        match form:
            case ["compare", _, ["name", *_] as one, ["is" | "is not" | "==" | "!="], [["const", _, None | ""]]]:
                asked.add(id(one))
            case ["unary", _, "not", ["name", *_] as one]:
                asked.add(id(one))
    given = {id(target) for form in function.forms.of("assign") for target in walk(form[2])}
    return bool(uses) and all(one in asked or one in given for one in uses) and any(one in asked for one in uses)
