"""Routes that set a program up: they are there for whoever comes first, and refuse when that has been."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program.routes import Route
from fastapi_seclint.subjects.guards import access

_START = re.compile(
    r"(^|_)(init|initial|initiali[sz]e\w*|bootstrap|install|setup|set_up|first_(run|start|admin|user))(_|$)"
)
_DONE = re.compile(
    r"already|^exists$|(^|_)(initiali[sz]ed|installed|bootstrapped|set_up|setup_(done|complete\w*)|has_\w*(users?|admins?))",
    re.I,
)
_ADMIN_MAKER = re.compile(
    r"(^|_)(register|sign_?up|create|add|new|make)(_\w+)?_(super_?)?(admin|administrator|superuser)s?(_|$)"
    r"|(^|_)(super_?)?(admin|administrator|superuser)s?_(register|registration|sign_?up)(_|$)"
)
_FIRST = re.compile(r"(^|_)(first|initial|init|setup|bootstrap|install|onboarding)(_|$)")
_PEOPLE = re.compile(r"(^|_)(users?|admins?|administrators?|superusers?|accounts?|members?)(_|$)", re.I)


def starts_once(route: Route) -> bool:
    """Whether a route is for the first start only: by its name, and since it refuses when that has been."""
    handler = route.function
    words = [word.replace("-", "_").lower() for word in access.segments(route.path)[-2:]]
    if handler is not None and _is_for_the_first(route) and any(map(_ADMIN_MAKER.search, [*words, handler.name])):
        return True
    if handler is None or not any(_START.search(word) for word in [*words, handler.name.lower()]):
        return False
    for form in handler.forms.of("if"):
        if any(inner[0] == "raise" or _sends_on(inner) for inner in walk(form[3])):
            said = [str(inner[-1]) for inner in walk(form) if inner[0] in ("name", "attr", "const")]
            if any(_DONE.search(text) for text in said):
                return True
    return False


def _sends_on(form: Form) -> bool:
    """Whether a statement answers with a redirect: `return RedirectResponse(...)`, `return self.to_login(...)`."""
    return (
        form[0] == "return" and form[2] is not None and any(
            item[0] == "call" and re.search(r"redirect", last_name(item[2]), re.I) for item in walk(form[2])
        )
    )  # fmt: skip


def _is_for_the_first(route: Route) -> bool:
    """Whether a handler counts who is there and refuses unless it is nobody, or the first alone.

    `if await count_users(db) > 0: raise ...`, `if len(users) != 1: raise ...`; those with the address that somebody
    sends are not all.
    """
    handler = route.function
    if handler is None:
        return False
    sent = {parameter[0] for parameter in handler.parameters} - {node.parameter for node in route.dependencies}
    asked = {
        target[2]
        for form in handler.forms.of("assign")
        if mentions(form[3], sent)
        for target in form[2]
        if target[0] == "name"
    }
    return any(
        _counts_people(form[2])
        and not mentions(form[2], sent | asked)
        and any(inner[0] == "raise" for inner in walk(form[3]))
        for form in handler.forms.of("if")
    )


def _counts_people(test: Form) -> bool:
    match test:
        case ["compare", _, left, ["!=" | ">" | ">="], [["const", _, 0 | 1]]]:
            counts = any(
                (item[0] == "call" and re.search(r"(^|_)(len|count)(_|$)", last_name(item[2])))
                or (item[0] in ("name", "attr") and re.search(r"(^|_)(count|number|total)(_|$)", str(item[-1])))
                for item in walk(left)
            )
            return counts and any(item[0] in ("name", "attr") and _PEOPLE.search(str(item[-1])) for item in walk(left))
    return False


def makes_administrators(route: Route) -> bool:
    """Whether a POST is there to open accounts for administrators, by its name: not how people get in."""
    if "POST" not in route.methods:
        return False
    words = "_".join(access.segments(route.path)[-2:]).replace("-", "_").lower()
    names = [words, route.function.name if route.function is not None else ""]
    if any(_FIRST.search(name) for name in names) or _is_for_the_first(route):
        return False
    return any(_ADMIN_MAKER.search(name) for name in names)
