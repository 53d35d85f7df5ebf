"""Whom objects belong to: the resource of a route, the field that names an owner, handlers that tie one to a caller."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.dependencies import Node, parameters
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.values import Class, Function
from fastapi_seclint.subjects.owners.identity import caller_names, last_name, names_identity, snake
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.roles import reached
from fastapi_seclint.subjects.rights.words import speaks_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_OWNER = re.compile(
    r"^(owner|user|author|customer|creator|buyer|patient|created_by|uploaded_by|belongs_to|account_holder|client)"
    r"(_(id|email|username|name|uuid|pk))?$"
)
_PUBLISHES = re.compile(r"^(author|creator|created_by|uploaded_by|seller)")
_CALLER = re.compile(r"(^|_)(users?|account|member|principal|me|caller|claims|identity)$")
_ID = re.compile(r"(^|_)(id|uuid|pk|slug)$")
_ATTRIBUTION = re.compile(
    r"(^|_)(updated|modified|edited|changed|deleted|reviewed|approved|performed|last)_by(_id)?$|^actor"
)
_LOGS = re.compile(r"^(log|logger|logging|_logger|print|info|debug|warning|error|exception|audit\w*|capture\w*)$")


def singular(word: str) -> str:
    """`categories` gives `category`, `notes` gives `note`."""
    word = snake(word.replace("-", "_"))
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def names_owner(name: str) -> bool:
    """Whether a field of this name says whom an object belongs to."""
    return _OWNER.match(snake(name)) is not None


@lru_cache(maxsize=1)
def _classes(program: Program) -> dict[str, list[Class]]:
    """The classes of the project with fields, by what they are classes of: `PostModel` and `DBPost` of `post`."""
    found: dict[str, list[Class]] = {}
    for module in program.modules.by_file.values():
        if program.is_test(module):
            continue
        for value in list(module.scope.names.values()):
            if isinstance(value, Class) and value.module is module:
                plain = re.sub(
                    r"^(db|orm|sql)_|_(model|db|orm|entity|table|record|in_db|document|base|row)$",
                    "",
                    snake(value.name),
                )
                found.setdefault(plain, []).append(value)
    return found


def owner_field(program: Program, resource: str, module: Module) -> str:
    """The field that names the owner of such things, or an empty string."""
    known = _classes(program).get(resource, [])
    for cls in known:
        for name, _, _ in fields(cls):
            if names_owner(name):
                return name
    return _key_of_owner(module, resource)


def _key_of_owner(module: Module, resource: str) -> str:
    """The owner's key of dictionaries in a file whose names speak of the resource."""
    facts = module.facts
    if not any(resource in word.lower() for word in facts.words):
        return ""
    for statements in [facts.module, *(facts.body(number) for number in range(len(facts.functions)))]:
        for form in walk(statements):
            if form[0] == "assign" and resource in "_".join(_names(form[2])).lower():
                for inner in walk(form[3]):
                    if inner[0] == "dict":
                        for key, _ in inner[2]:
                            if (
                                key is not None
                                and key[0] == "const"
                                and isinstance(key[2], str)
                                and names_owner(key[2])
                            ):
                                return str(key[2])
    return ""


def _names(forms: list[Form]) -> list[str]:
    return [str(inner[2]) for form in forms for inner in walk(form) if inner[0] == "name"]


def is_published(field: str) -> bool:
    """Whether the owner is one who writes for others, so that everybody may read what he wrote."""
    return _PUBLISHES.match(snake(field)) is not None


def ties_caller(program: Program, route: Route) -> bool:
    """Whether a handler uses the caller for more than a log, a greeting or a note who changed something."""
    handler = route.function
    if handler is None:
        return True
    known = caller_names(program, route)
    _spread(handler, known)
    if any(_mentions_request(form) for form in walk(handler.statements())):
        return True
    return any(_uses(statement, known) for statement in handler.statements())


def _spread(function: Function, known: set[str]) -> None:
    for form in walk(function.statements()):
        if form[0] == "assign" and form[3][0] in ("name", "attr", "sub") and _is_of(form[3], known):
            known.update(target[2] for target in form[2] if target[0] == "name")


def _is_of(form: Form, known: set[str]) -> bool:
    while form[0] in ("attr", "sub"):
        form = form[2]
    return form[0] == "name" and form[2] in known


def _mentions_request(form: Form) -> bool:
    """`request.user`, `request.state.user`, `self.user`: the caller by another way."""
    if form[0] != "attr":
        return False
    owner = form[2]
    if owner[0] == "name" and owner[2] in ("request", "websocket"):
        return form[3] in ("user", "state", "session", "auth", "scope", "cookies", "headers")
    return bool(owner[0] == "name" and owner[2] in ("self", "cls", "info", "ctx", "context", "g"))


def _uses(form: Form, known: set[str]) -> bool:
    """Whether a form uses one of the names for something that may decide."""
    kind = form[0]
    if kind == "name":
        return form[2] in known
    if kind == "call":
        if _LOGS.match(_last(form[2])) or _is_logger(form[2]):
            return False
        given = [*form[3], *(value for name, value, _ in form[4] if name is None or not _ATTRIBUTION.search(name))]
        return any(_uses(value, known) for value in (form[2], *given))
    if kind == "assign":
        if form[3][0] in ("name", "attr", "sub") and _is_of(form[3], known):
            return any(
                target[0] == "sub" or (target[0] == "attr" and not _ATTRIBUTION.search(target[3])) for target in form[2]
            )
        return _uses(form[3], known) or any(_uses(target, known) for target in form[2])
    if kind == "return" and form[2] is not None and form[2][0] == "dict":
        return any(_uses(value, known) for _, value in form[2][2] if value[0] not in ("attr", "name", "fstr", "sub"))
    return any(_uses(item, known) for item in _inner(form))


def _inner(form: Form) -> Iterator[Form]:
    pending = list(form[2:])
    while pending:
        item = pending.pop()
        if type(item) is list:
            if item and type(item[0]) is str and len(item) > 1 and type(item[1]) is int and item[1] > 4:
                yield item
            else:
                pending.extend(item)


def _last(form: Form) -> str:
    return str(form[-1]) if form[0] in ("name", "attr") else ""


def _is_logger(form: Form) -> bool:
    return form[0] == "attr" and form[2][0] in ("name", "attr") and _LOGS.match(str(form[2][-1])) is not None


@dataclass(frozen=True, slots=True)
class Tie:
    """A comparison of owner and caller, as code behind their names: `note.owner_id != me.id` gives `.owner_id`, `.id`.

    `thing` is the name before what is the owner's, `caller` the one before what is the caller's, empty where it is no
    plain name or others may pass as well.
    """

    mine: str
    his: str
    thing: str
    caller: str


def compares_owner(program: Program, route: Route) -> Tie | None:
    """How a route's way compares the owner of an object with the caller, if it does."""
    functions = [node.function for node in route.nodes() if node.function is not None]
    if route.function is not None:
        functions += list(reached(program, route.function, 1))
    for function in functions:
        for form in walk(function.statements()):
            found = _compared(form)
            if found is not None:
                return found
    return None


def _compared(form: Form) -> Tie | None:
    match form:
        case ["bool", _, _, values] if any(speaks_of_rights(value) for value in values if not _compared(value)):
            found = next((tie for value in values if (tie := _compared(value)) is not None), None)
            return None if found is None else Tie(found.mine, found.his, found.thing, "")
        case ["compare", _, left, _, [right]]:
            for one, other in ((left, right), (right, left)):
                mine, his = _field(one), _field(other)
                if names_owner(mine) and other[0] in ("attr", "sub", "name") and not names_owner(his):
                    return Tie(_behind(one), _behind(other), _root(one), _root(other))
        case ["call", _, _, _, keywords] if _last(form[2]) in _FILTERS:
            for name, value, _ in keywords:
                if name is not None and names_owner(name) and value[0] in ("attr", "sub"):
                    return Tie(f".{name}", _behind(value), "", _root(value))
    return None


def _behind(form: Form) -> str:
    """What stands behind the name of an object, as code: `.owner_id`, `["sub"]`, nothing for the name itself."""
    if form[0] == "sub":
        return f'["{form[3][2]}"]' if form[3][0] == "const" and isinstance(form[3][2], str) else ""
    return f".{form[3]}" if form[0] == "attr" else ""


def _root(form: Form) -> str:
    inner = form if form[0] == "name" else form[2]
    return str(inner[2]) if inner[0] == "name" else ""


_FILTERS = frozenset({"filter_by", "filter", "get", "find_one", "get_or_none", "get_object_or_404", "first", "exclude"})


def _field(form: Form) -> str:
    if form[0] == "attr":
        return str(form[3])
    if form[0] == "sub" and form[3][0] == "const":
        return str(form[3][2])
    return ""


def is_tied(program: Program, route: Route) -> bool:
    """Whether a dependency gets an id of the path and knows the caller, or looks at the path by itself."""
    variables = set(path_variables(route.path))
    for node in route.nodes():
        function = node.function
        if function is None:
            continue
        if function.module.facts.words & {"path_params", "path_param"} and any(
            form[0] == "attr" and form[3] == "path_params" for form in walk(function.statements())
        ):
            return True
        names = {item.name for item in parameters(node.call)}
        if any(name in variables or _ID.search(name) for name in names) and knows_caller(program, node):
            return True
    return False


def knows_caller(program: Program, node: Node) -> bool:
    """Whether this dependency, or one that it depends on, finds out who is calling."""
    if program.guard_model.authenticates(node.call):
        return True
    if any(names_identity(last_name(child)) for child in node.walk() if child is not node):
        return True
    filled = program.walker.resolver.dependency_of
    return any(_CALLER.search(snake(item.name)) and filled(item) is not None for item in parameters(node.call))
