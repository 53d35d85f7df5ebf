"""Code that only runs, or values that only hold, while somebody develops: `if settings.DEBUG:`, `class DevSettings`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts import MODULE
from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form, bounds, line_of, walk
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import Place

_DEVELOPMENT = re.compile(
    r"(?:^|[_\-.])(?:is)?(?:dev|develop|development|local|debug|debugging|testing|unit_?tests?|insecure)(?:$|[_\-.]|mode)",
    re.I,
)
_PRODUCTION = re.compile(r"(?:^|[_\-.])(?:is)?(?:prod|production|live)(?:$|[_\-.])", re.I)
_IN_HOUSE = frozenset(
    {
        "auth", "authentication", "login", "logins", "sign", "idp", "identity", "user", "users", "account", "accounts",
        "storage", "store", "file", "files", "upload", "uploads", "backend", "provider", "driver", "adapter",
        "strategy", "module", "engine", "kind", "type", "method", "source", "cache", "queue", "broker",
        "model", "llm", "embedding", "embeddings",
    }
)  # fmt: skip
"""What may be local rather than somebody else's, wherever the program runs: accounts, files, models."""
_CLASS = re.compile(r"(?:^|_)(?:dev|develop|development|local|debug|test|testing)(?:_|$)")


def only_in_development(place: Place) -> bool:
    """Whether a place stands in a branch or class that its own test or name keeps to development."""
    for statements in _all_blocks(place):
        for form in _around(statements, place.at):
            if form[0] == "class" and _CLASS.search(snake(form[2])):
                return True
            if form[0] in ("if", "ifexp") and keeps_to_development(form, place.at):
                return not _is_settled(place.module, form[2])
        if any(_about(form[2]) == "production" for form in _left_before(statements, place.at)):
            return True
    return False


def _left_before(statements: list[Form], at: int) -> Iterator[Form]:
    """The tests above a place that leave the function or refuse: `if not insecure: raise ...`, the rest is below it."""
    for number, statement in enumerate(statements):
        if holds(statement[1], at) and statement[0] not in ("def", "class"):
            yield from (
                above
                for above in statements[:number]
                if above[0] == "if" and above[3] and above[3][-1][0] in ("raise", "return") and _is_plain(above[2])
            )
            for block in blocks(statement):
                yield from _left_before(block, at)


def _is_plain(test: Form) -> bool:
    """Whether a test says more than "local" or "testing", which are said of much else."""
    said = (str(item[-1]) for item in walk(test) if item[0] in ("name", "attr", "const"))
    return any(_PRODUCTION.search(word) or _PLAIN.search(word) for word in said)


_PLAIN = re.compile(r"(?:^|[_\-.])(?:is)?(?:dev|develop|development|debug|insecure)(?:$|[_\-.]|mode)", re.I)


def _is_settled(module: Module, test: Form) -> bool:
    """Whether a test holds by what the module says for good, and nobody can set: `STAGE = "dev"`."""
    match test:
        case ["compare", _, ["name", _, name], ["=="], [["const", _, wanted]]]:
            return bool(_constant(module, name) == wanted)
        case ["name", _, name]:
            return bool(_constant(module, name))
    return False


def _constant(module: Module, name: str) -> object:
    """What the one assignment to a name of a module gives it, where that is a constant outside of classes."""
    assigned = module.facts.forms(MODULE).of("assign", "annassign")
    given = [form for form in assigned if name in map(_name, _targets(form))]
    if len(given) != 1 or given[0] not in module.facts.module or given[0][-1] is None:
        return None
    return given[0][-1][2] if given[0][-1][0] == "const" else None


def _targets(form: Form) -> list[Form]:
    return [form[2]] if form[0] == "annassign" else list(form[2])


def _name(form: Form) -> object:
    return form[2] if form[0] == "name" else None


def only_read_in_development(module: Module, name: str) -> bool:
    """Whether a name of a module is read there in such branches, and nowhere else in it."""
    written: set[int] = set()
    read: list[int] = []
    for number in module.facts.speaking(b'"' + name.encode() + b'"'):
        forms = module.facts.forms(number)
        for form in forms.of("assign", "annassign"):
            written.update(item[1] for item in (form[2] if form[0] == "assign" else [form[2]]))
        read += [form[1] for form in forms.of("name") if form[2] == name]
    reads = [at for at in read if at not in written]
    return bool(reads) and all(only_in_development(Place(module, at)) for at in reads)


def _all_blocks(place: Place) -> Iterator[list[Form]]:
    facts = place.module.facts
    yield facts.module
    for number in facts.around(line_of(place.at)):
        yield facts.body(number)


def _around(statements: list[Form], at: int) -> Iterator[Form]:
    """The statements and conditional expressions that hold a place, outermost first."""
    for statement in statements:
        if statement[0] == "class":
            inside = list(_around(statement[6], at))
            yield from [statement, *inside] if inside else []
            continue
        if not holds(statement[1], at):
            continue
        yield statement
        for block in blocks(statement):
            yield from _around(block, at)
        if statement[0] in ("assign", "annassign", "return", "expr"):
            yield from (form for form in walk(statement[2:]) if form[0] == "ifexp" and holds(form[1], at))


def holds(outer: int, inner: int) -> bool:
    """Whether a packed place lies within another."""
    starts, ends = bounds(outer)
    start, end = bounds(inner)
    return starts <= start and end <= ends


def keeps_to_development(form: Form, at: int) -> bool:
    """Whether the test of an `if` or conditional expression keeps a place in it to development."""
    body, otherwise = ([form[3]], [form[4]]) if form[0] == "ifexp" else (form[3], form[4])
    kind = _about(form[2])
    if any(holds(item[1], at) for item in body):
        return kind == "development"
    return kind == "production" and any(holds(item[1], at) for item in otherwise)


def asks_who_does_it(test: Form) -> bool:
    """Whether a test's "local" says by whom something is done or kept, not where the program runs.

    `AUTH_MODULE == "local"` holds in production, `ENVIRONMENT == "local"` does not.
    """
    said = {word for item in walk(test) if isinstance(item[-1], str) for word in words_of(snake(item[-1]))}
    return "local" in said and bool(said & _IN_HOUSE)


def _about(test: Form) -> str:
    """Whether a test holds in `development`, in `production` or (empty) says nothing about it."""
    if test[0] not in ("bool", "unary") and asks_who_does_it(test):
        return ""
    match test:
        case ["unary", _, "not", inner]:
            return {"development": "production", "production": "development"}.get(_about(inner), "")
        case ["compare", _, left, [operator], [right]]:
            kind = _named(left) if _named(left) and _named(right) == "" else _named(right)
            if operator in ("!=", "not in", "is not") or _false(right):
                return {"development": "production", "production": "development"}.get(kind, "")
            return kind
        case ["bool", _, "and", items]:
            return next((kind for kind in map(_about, items) if kind), "")
        case ["bool", _, "or", items]:
            kinds = {_about(item) for item in items}
            return kinds.pop() if len(kinds) == 1 else ""
    return _named(test)


def _false(form: Form) -> bool:
    return form[0] == "const" and form[2] is False


def _named(form: Form) -> str:
    for item in walk(form):
        word = item[2] if item[0] in ("name", "const") else item[3] if item[0] == "attr" else None
        if isinstance(word, str) and _DEVELOPMENT.search(word):
            return "development"
        if isinstance(word, str) and _PRODUCTION.search(word):
            return "production"
    return ""
