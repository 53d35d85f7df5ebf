"""The role or permission that a route was meant to ask for, by its path and name and by those that the project has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import KEYWORDS, VARIADIC, Form, walk
from fastapi_seclint.program.callables import Parameter
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Call
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.program.values import Class, Const, options
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ROLES = word_set("role roles group groups")
_PERMISSIONS = word_set("permission permissions perm perms scope scopes right rights privilege privileges")
_COMMON = word_set("user users member customer guest viewer reader anonymous basic default client")
_RIGHT = re.compile(r"[A-Za-z][\w:.\-]{1,39}$")
_DOING = {
    "GET": {"read", "view", "list", "get"},
    "POST": {"write", "create", "add"},
    "PUT": {"write", "update", "edit", "manage"},
    "PATCH": {"write", "update", "edit", "manage"},
    "DELETE": {"delete", "remove", "write", "manage"},
}
_VERBS = frozenset().union(*_DOING.values())
_DONE_TO = re.compile(r"(?P<what>[A-Za-z_]+)(?P<mark>[:.])(?P<verb>[A-Za-z]+)")


def meant_argument(program: Program, call: Call, signature: list[Parameter]) -> str | None:
    """The argument, as code, that a factory of guards was to be called with at a place; None when nothing says so."""
    needed = [item for item in signature if item.default is None and item.kind != KEYWORDS]
    if len(needed) != 1:
        return None
    wanted = needed[0]
    words = set(words_of(wanted.name))
    kind = _ROLES if words & _ROLES else _PERMISSIONS if words & _PERMISSIONS else None
    routes = list(routes_of(program, call))
    if kind is None or not routes:
        return None
    member = _of_enumeration(program, call, wanted, routes)
    if member is not None:
        return member
    known = sorted({text for text in _texts(program, kind) if _RIGHT.match(text)})
    right = _role(known, routes) if kind is _ROLES else _permission(known, routes)
    if right is None:
        return None
    plural = wanted.kind != VARIADIC and bool(words & {"roles", "permissions", "perms", "scopes", "groups", "rights"})
    return f'["{right}"]' if plural else f'"{right}"'


def meant_permission(program: Program, route: Route) -> str | None:
    """The permission, of those that the project speaks of, that a route is named after; None when nothing says so."""
    known = sorted({text for text in _texts(program, _PERMISSIONS) if _RIGHT.match(text)})
    named = _permission(known, [route])
    if named is not None:
        return named
    plain = [text for text in known if text.lower() in verbs_of(route)]
    return plain[0] if len(plain) == 1 else None


def routes_of(program: Program, call: Call) -> Iterator[Route]:
    """The routes that have a dependency because of a `Depends`."""
    for route in program.routes:
        for node in route.nodes():
            written = node.written
            if written is not None and written.module is call.block.module and written.at == call.form[1]:
                yield route
                break


def _spoken(route: Route) -> set[str]:
    words = set(words_of(re.sub(r"\W", "_", route.path))) | set(words_of(route.name.rpartition(".")[2]))
    return words | {word.removesuffix("s") for word in words}


def _role(known: list[str], routes: list[Route]) -> str | None:
    """The role that every route is named after, else the only one that is more than a user's."""
    spoken = set.intersection(*(_spoken(route) for route in routes))
    named = [text for text in known if text.lower() in spoken]
    if named:
        return named[0] if len(named) == 1 else None
    higher = [text for text in known if not set(words_of(text)) & _COMMON]
    if not higher:
        return "admin" if "admin" in spoken else None
    return higher[0] if len(higher) == 1 else None


def _permission(known: list[str], routes: list[Route]) -> str | None:
    """The permission whose words are all in the routes' paths, names and methods; else the only one that there is."""
    found = []
    for text in known:
        parts = [part.lower() for part in re.split(r"\W|_", text) if part]
        if len(parts) > 1 and all(set(parts) <= _spoken(route) | verbs_of(route) for route in routes):
            found.append(text)
    if not found:
        found = sorted({made for text in known if (made := fitted(text, routes, known)) is not None})
    return found[0] if len(found) == 1 else None


def fitted(text: str, routes: list[Route], known: list[str]) -> str | None:
    """A permission for what the routes are about, `messages:write`, with the verb that fits their methods.

    The verb is one that the project has for that in another permission, else `read`, `write` or `delete`. None where
    the text is no such permission, or is about something else.
    """
    match = _DONE_TO.fullmatch(text)
    if match is None or not routes or not all(match["what"].lower() in _spoken(route) for route in routes):
        return None
    fitting = set.intersection(*(verbs_of(route) for route in routes))
    if match["verb"].lower() not in _VERBS or not fitting:
        return None
    if match["verb"].lower() in fitting:
        return text
    others = {other["verb"] for one in known if (other := _DONE_TO.fullmatch(one)) and other["verb"].lower() in fitting}
    deletes = "delete" in fitting and not any(text.endswith("write") for text in known)
    usual = [verb for verb in ("delete" if deletes else "", "read", "write") if verb in fitting]
    verb = next(iter(others if len(others) == 1 else usual), None)
    return None if verb is None else f"{match['what']}{match['mark']}{verb}"


def verbs_of(route: Route) -> set[str]:
    """The words for what the methods of a route do."""
    return {word for method in route.methods for word in _DOING.get(method, ())}


def _of_enumeration(program: Program, call: Call, wanted: Parameter, routes: list[Route]) -> str | None:
    """A member of the enumeration that a parameter takes."""
    annotation = wanted.annotation
    for option in options(program.interpreter.ask(annotation, wanted.scope)) if annotation is not None else ():
        if not isinstance(option, Class) or not any("Enum" in name for name in option.external_bases()):
            continue
        name = next((key for key, value in call.block.module.scope.names.items() if value is option), None)
        members = {key: value for key, value in option.namespace.items() if isinstance(value, Const)}
        chosen = _role(sorted(str(value.value) for value in members.values()), routes)
        found = [key for key, value in members.items() if str(value.value) == chosen]
        return f"{name}.{found[0]}" if name is not None and found else None
    return None


def _texts(program: Program, kind: frozenset[str]) -> Iterator[str]:
    """The texts that stand beside names of roles, or of permissions, in the code."""
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        facts = module.facts
        for statements in [facts.module, *(facts.body(number) for number in range(len(facts.functions)))]:
            for form in walk(statements):
                for value in _beside(form, kind):
                    items = value[2] if value[0] in ("list", "tuple", "set") else [value]
                    texts = (item[2] for item in items if item[0] == "const" and isinstance(item[2], str))
                    yield from (text for text in texts if not set(words_of(text)) <= kind)


def _is_permission(text: object) -> bool:
    """Whether a text is a permission by its form: `orders:read`."""
    match = _DONE_TO.fullmatch(text) if isinstance(text, str) else None
    return match is not None and match["verb"].lower() in _VERBS


def _beside(form: Form, kind: frozenset[str]) -> Iterator[Form]:
    match form:
        case ["dict", _, pairs]:
            for key, value in pairs:
                if key is not None and key[0] == "const" and set(words_of(str(key[2]))) & kind:
                    yield value
        case ["call", _, _, positional, keywords]:
            yield from (value for keyword, value, _ in keywords if keyword and set(words_of(keyword)) & kind)
            if kind is _PERMISSIONS:
                yield from (item for item in positional if item[0] == "const" and _is_permission(item[2]))
        case ["compare", _, left, _, others]:
            sides = [left, *others]
            if any(side[0] in ("name", "attr") and set(words_of(str(side[-1]))) & kind for side in sides):
                yield from (side for side in sides if side[0] in ("const", "list", "tuple", "set"))
        case ["class", _, name, *_, statements] if set(words_of(name)) & kind:
            yield from (item[3] for item in statements if item[0] == "assign")
        case ["assign", _, [["name" | "attr", *_] as target], value] if set(words_of(str(target[-1]))) & kind:
            yield value
        case ["annassign", _, ["name" | "attr", *_] as target, _, value]:
            if value is not None and set(words_of(str(target[-1]))) & kind:
                yield value
