"""What kind of thing a route is about, by the id that it takes: of its path, of the query, of the body."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.routes import Route, path_variables, taken_as
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Annotated, Class, Function, Generic, options
from fastapi_seclint.subjects.guards.access import segments
from fastapi_seclint.subjects.owners.belongings import has_class, is_in_sight, kind_of, owner_field, singular
from fastapi_seclint.subjects.owners.records import classes_in, field_names

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_DONE = (
    r"get|read|fetch|show|view|find|retrieve|update|modify|edit|change|delete|remove|cancel|cancle|complete|set|mark|toggle"
    r"|archive|restore|download|stop|pause|resume|close|reopen|revoke|regenerate|rotate|renew|publish|unpublish|rename"
    r"|refund|confirm|single|one|my"
)
_VERB = re.compile(rf"^(({_DONE}|by_id|by)_)+")
"""What stands before a thing's name in a path that says what is done to it."""
_KEY = re.compile(r"_(ids?|uuids?|pks?|number|slug|no)$")
_ID = re.compile(r"(^|_)(ids?|uuids?|pks?|number)$")


def thing(segment: str, variable: str) -> str:
    """What a path variable picks one of: `/modify-booking/{id}` and `/update/{booking_id}` are about bookings.

    So is `/updatebooking/{booking_id}`, where verb and thing are one word.
    """
    word = singular(_VERB.sub("", snake(segment.replace("-", "_"))))
    named = _KEY.sub("", snake(variable))
    if named and word.endswith(singular(named)) and _VERB.fullmatch(f"{word.removesuffix(singular(named))}_"):
        return singular(named)
    if word and not _VERB.fullmatch(f"{word}_"):
        return word
    return singular(named) if named and named != snake(variable) else singular(segment)


_PERSON = re.compile(r"user|account|profile|customer|member|patient|employee|person|people|me$", re.I)


def lists_other_things(program: Program, route: Route) -> bool:
    """Whether a GET by somebody's name says that it answers with a list of what is no person: `list[Article]`."""
    given = route.registration.arguments.get("response_model") if route.registration is not None else None
    if "GET" not in route.methods or given is None:
        return False
    for option in options(given):
        members = option.members if isinstance(option, Generic) and option.origin.rpartition(".")[2] == "list" else []
        classes = [one for member in members for one in options(member) if isinstance(one, Class)]
        if classes and not any(
            _PERSON.search(cls.name) or owner_field(program, kind_of(cls.name), cls.module) for cls in classes
        ):
            return True
    return False


_SEARCHED = re.compile(r"^(q|((search|query)_?)?(terms?|text|query|string|keywords?|phrase|prefix|pattern))$")
_SPAN = re.compile(
    r"^((start|end|from|to|since|until|begin)_?(date|day|time|year|month)|(date|day)_(from|to|start|end))$"
)
"""The ends of a span of time, between which many things of many are: `/orders/{start_date}/{end_date}`."""
_LEAVE = re.compile(r"^((share|access|invit\w+|download|public)_)?(token|secret|signature|nonce|otp)$")
"""What opens a thing to whoever has it: `/shares/{token}`."""


def is_choice(program: Program, route: Route, variable: str) -> bool:
    """Whether a path variable is no object's id: one of a few words, an enumeration or `Literal`, or a text to find.

    Or a day, from which on there are many; or what only those know who were given it.
    """
    if any(one.match(snake(variable)) for one in (_SEARCHED, _SPAN)) or _gives_leave(route, variable):
        return True
    for parameter in parameters(route.endpoint) if route.endpoint is not None else ():
        if parameter.name == variable:
            found = program.walker.resolver.annotation(parameter)
            for option in options(found.base if isinstance(found, Annotated) else found):
                if isinstance(option, Class):
                    return any(base.startswith("enum.") for base in option.external_bases())
                return isinstance(option, Generic) and option.origin.endswith(".Literal")
    return False


_SOURCE = re.compile(r"^(from|source|src|sender|debit|payer|origin)_(?!(user|member|person|customer)_)(?=\w+_)")
"""What something is taken from, `from_account_id`, beside what it goes to; a person is none."""


def is_source(shown: str) -> bool:
    """Whether an id that is sent, `body.from_account_id`, says what something is taken from."""
    return _SOURCE.match(snake(shown.rpartition(".")[2])) is not None


def sent_id(program: Program, route: Route, resource: str, owned: Container[str]) -> tuple[str, str] | None:
    """The one id that a route without one in its path is sent for a thing with an owner, and what thing that is.

    It comes in the query or the body, alone or as a list of ids; its own name tells the thing, `note_id`, or else the
    path does. `owned` are things that other routes look up for the caller.
    """
    found = dict(_sent(program, route))
    if len(found) > 1:
        found = {shown: _SOURCE.sub("", name) for shown, name in found.items() if _SOURCE.match(name)}
    if len(found) != 1 or route.function is None:
        return None
    shown, name = next(iter(found.items()))
    named = _KEY.sub("", name)
    words = [thing(word, "") for word in segments(route.path)[-2:-1] if _VERB.fullmatch(f"{resource}_")]
    for about in (singular(named), thing(resource, ""), *words):
        if about != singular(name) and (about in owned or owner_field(program, about, route.function.module)):
            return about, shown
    return None


def _sent(program: Program, route: Route) -> Iterator[tuple[str, str]]:
    """The ids that a handler is sent and looks something up by: as they are written, and their names."""
    handler = route.function
    if handler is None or route.endpoint is None:
        return
    used = handler.forms.of("call", "compare", "sub", "for")
    for parameter in parameters(route.endpoint):
        if program.walker.resolver.dependency_of(parameter) is not None:
            continue
        classes = classes_in(program.walker.resolver.type_of(parameter))
        name = snake(parameter.name)
        if not classes and _ID.search(name) and any(_takes(form, parameter.name, "") for form in used):
            yield parameter.name, name
        for field in {field for cls in classes for field in field_names(cls) if _ID.search(snake(field))}:
            if any(_takes(form, parameter.name, field) for form in used):
                yield f"{parameter.name}.{field}", snake(field)


def _takes(form: Form, name: str, field: str) -> bool:
    """Whether a call, comparison or subscript is given a name, or a field of it."""
    given = (
        given_to(form) if form[0] == "call"
        else [form[3]] if form[0] in ("sub", "for") else [form[2], *form[4]]
    )  # fmt: skip
    for item in given:
        if field and item[0] == "attr" and item[3] == field and item[2][0] == "name" and item[2][2] == name:
            return True
        if not field and item[0] == "name" and item[2] == name:
            return True
    return False


def given_to(call: Form) -> list[Form]:
    """What a call is given, the values of tuples, lists and dictionaries one by one: those of a statement of SQL."""
    found: list[Form] = []
    for item in arguments(call):
        match item:
            case ["tuple" | "list", _, items]:
                found += items
            case ["dict", _, pairs]:
                found += [value for _, value in pairs]
            case _:
                found.append(item)
    return found


def loaded_by(route: Route) -> set[str]:
    """The parameters of a route's dependencies, which may load a thing by one of them."""
    return {item.name for node in route.dependencies for item in parameters(node.call)}


def loads(route: Route, variable: str) -> bool:
    """Whether the id picks something: in a call, a subscript or a condition."""
    if variable in loaded_by(route):
        return True
    kept = {id(form) for form in _within(route.function) if _is_kept_number(route, form)}
    for form in _within(route.function):
        if id(form) in kept:
            continue
        inner = (
            given_to(form) if form[0] == "call"
            else [form[3]] if form[0] == "sub"
            else [form[2], *form[4]] if form[0] == "compare" else []
        )  # fmt: skip
        if any(item[0] == "name" and item[2] == variable for item in inner) or _is_key(form, variable):
            return True
    return False


def _within(handler: Function | None) -> Iterator[Form]:
    """The forms of a handler and of what it defines, to run in a thread say."""
    if handler is None:
        return
    yield from handler.forms.every
    for number in handler.module.facts.inside(handler.number):
        yield from handler.module.facts.forms(number).every


def _is_kept_number(route: Route, form: Form) -> bool:
    """Whether a call puts the one id of a path into a set of what a dependency gave, or takes it out of there.

    `settings.hidden_films.add(film_id)` picks no film.
    """
    match form:
        case ["call", _, ["attr", _, ["attr", _, ["name", _, name], _], method], [["name", *_]], []]:
            given = {node.parameter for node in route.dependencies}
            alone = len(path_variables(route.path)) == 1
            return alone and name in given and method in ("add", "discard", "remove")
    return False


_KEYED = re.compile(r"^(h?(get(all|del|ex)?|set(ex)?|del)|delete|unlink|exists|expire|persist|[lz]range|smembers)$")


def _gives_leave(route: Route, variable: str) -> bool:
    """Whether a variable is what only those know who were given it; `/secrets/{secret}` has names of secrets."""
    return _LEAVE.match(snake(variable)) is not None and f"secrets/{{{variable}" not in route.path


def _is_key(form: Form, variable: str) -> bool:
    """Whether a call reads or writes what is kept under a key made of the id: `redis.get(f"cart:{cart_id}")`."""
    if form[0] != "call" or form[2][0] != "attr" or not _KEYED.match(form[2][3]) or not form[3]:
        return False
    key = form[3][0]
    parts = key[2] if key[0] == "fstr" else ()
    return any(part[0] == "fmt" and part[2][0] == "name" and part[2][2] == variable for part in parts)


_PICKED = re.compile(
    r"(?<![^/])(?!api/|v\d+/)([^/{}]+?)"
    rf"(?:/(?:{_DONE})(?:/(?:by[-_])?id)?(?=/{{(?:id|uuid|pk|_id)\W))?(?:/(?:by[-_])?(?:id|uuid|pk|key))?/{{(\w+)(?::\w+)?}}"
)
"""What a path picks one of and by which variable: `/tools/id/{id}` picks a tool, and so does `/tools/edit/{id}`."""


def picked(route: Route, variable: str) -> str:
    """What kind of thing one variable of a path picks, in the singular."""
    return next((thing(word, name) for word, name in _PICKED.findall(route.path) if name == variable), variable)


def resources_of(route: Route) -> list[str]:
    """What a route may be about: the thing whose id it takes, else each word of its path (`/posts/mine`)."""
    resource, variable = resource_of(route)
    return [resource] if variable else [singular(word) for word in segments(route.path)[-2:]]


def resource_of(route: Route) -> tuple[str, str]:
    """What kind of thing a route is about, in the singular, and the path variable that picks one of them."""
    found = _PICKED.findall(route.path)
    if found:
        return thing(*found[-1]), taken_as(route.function, found[-1][1])
    parts = segments(route.path)
    return (singular(parts[-1]), "") if parts else ("", "")


def by_its_key(program: Program, resource: str, variable: str) -> str:
    """What the variable of a path says that it picks, where no class of the project is called as the path says.

    `/enderecos/{address_id}` is about addresses where there is a class `Address`, and none of the other name;
    `/address/billing/{address_id}` about those of a class `BillingAddress`.
    """
    if is_in_sight(program, resource):
        return resource
    named = singular(_KEY.sub("", snake(variable).removeprefix("id_")))
    return next((name for name in (f"{resource}_{named}", named) if has_class(program, name)), resource)


def outer_things(route: Route) -> list[tuple[str, str]]:
    """What the variables before the last one of a path pick, as `resource_of` says it of the last, nearest first."""
    return [(thing(*picked), picked[1]) for picked in reversed(_PICKED.findall(route.path)[:-1])]
