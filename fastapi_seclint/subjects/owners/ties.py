"""What ties a row to its owner: a comparison of its owner's key with the caller's."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, last_name, mentions, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.handing import handed_down, takers
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.guards.access import changes_state, segments
from fastapi_seclint.subjects.owners.belongings import IDENTITIES, is_staff, kind_of, names_owner, singular
from fastapi_seclint.subjects.owners.contacts import is_of_contacts
from fastapi_seclint.subjects.owners.identity import caller_names, names_identity, replaced_callers
from fastapi_seclint.subjects.owners.kept_callers import kept_callers, of_method
from fastapi_seclint.subjects.owners.lost_conditions import lost_conditions
from fastapi_seclint.subjects.owners.uses import is_nothing
from fastapi_seclint.subjects.owners.using import callers_of, takes_id
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.rights.reached import reached
from fastapi_seclint.subjects.rights.words import names_right, speaks_of_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_CREDENTIALS = re.compile(r"(^|_)(token|jwt|credentials|authorization)$", re.I)


@dataclass(frozen=True, slots=True)
class Tie:
    """A comparison of owner and caller, as code behind their names: `note.owner_id != me.id` gives `.owner_id`, `.id`.

    `thing` is the name before what is the owner's, `caller` the one before what is the caller's, empty where it is no
    plain name or others may pass as well. `converted`: the two are of different types and made alike first.
    """

    mine: str
    his: str
    thing: str
    caller: str
    converted: bool = False

    @property
    def owner(self) -> str:
        """The name of what is the owner's, without the dot or brackets."""
        return self.mine.strip('.["]')


def compares_owner(program: Program, route: Route, depth: int = 1) -> Tie | None:
    """How a route's way compares the owner of an object with the caller, if it does.

    `depth` is over how many functions the handler may hand him on to the one that does.
    """
    functions: list[tuple[Function, set[str]]] = []
    kept = kept_callers(program, route)
    for node in route.nodes():
        if node.function is not None:
            loads = takes_id(node, variable_names(route))
            functions.append((node.function, callers_of(program, node) if loads else set()))
    if route.function is not None:
        functions.append((route.function, caller_names(program, route) | of_method(route.function, kept).keys()))
        for function in reached(program, route.function, 1):
            if function is route.function or not _lists_other_things(function, route):
                functions.append((function, set(of_method(function, kept))))
    replaced = replaced_callers(program, route)
    for function, callers in functions:
        lost = lost_conditions(function)
        for form in function.forms.of(*_TELLING):
            found = _compared(form, callers) if id(form) not in lost else None
            if found is not None and found.caller not in callers and is_of_contacts(program, found.owner):
                found = None
            if found is not None and not (function is route.function and found.caller in replaced):
                part = of_method(function, kept).get(f"{found.caller}{found.his}")
                return found if part is None else replace(found, his=part)
    return _compared_for(program, route, depth)


def compares_replaced(program: Program, route: Route) -> bool:
    """Whether a handler compares an owner with what it put in the caller's place: the row that the path names."""
    replaced = replaced_callers(program, route)
    forms = route.function.forms.of(*_TELLING) if route.function is not None and replaced else ()
    return any(tie is not None and tie.caller in replaced for tie in (_compared(form, replaced) for form in forms))


def _compared_for(program: Program, route: Route, depth: int) -> Tie | None:
    """How a function that a handler gives the caller to compares a column with him, whatever the column is called."""
    handler = route.function
    callers = caller_names(program, route) if handler is not None else set()
    if handler is None or not callers:
        return None
    for handed in handed_down(program, handler, callers, depth):
        for function, given in handed:
            if not _lists_other_things(function, route):
                compares = function.forms.of("compare")
                ties = (_compared(form, given) or _in_row(form, given, route) for form in compares)
                found = next((tie for tie in ties if tie is not None and not is_staff(tie.owner)), None)
                if found is not None:
                    return found
    block = body_of(program, handler)
    for call in block.forms.of("call") if block is not None else ():
        found = _of_message(program, block, call, callers) if block is not None else None
        if found is not None:
            return found
    return None


def _in_row(form: Form, callers: set[str], route: Route) -> Tie | None:
    """How a query compares the owner's column of what a route is about with the caller: `File.user_id == user_id`.

    By the same column of other classes, accounts and memberships, somebody is looked up.
    """
    match form:
        case ["compare", _, left, ["=="], [right]]:
            for mine, his in ((left, right), (right, left)):
                owned = _is_column(mine) and names_owner(mine[3]) and is_caller(his, callers)
                words = [singular(word) for word in segments(route.path)]
                if owned and kind_of(last_name(mine[2])) in words[-2:]:
                    return Tie(_behind(mine), "", "", "")
    return None


def _of_message(program: Program, block: Block, call: Form, callers: set[str]) -> Tie | None:
    """The same where the caller is a field of a message for a bus, `ask(MyNotes(me))`, and a function takes those."""
    for cls in options(ask(program, block, call[2])) if any(mentions(item, callers) for item in call[3:]) else ():
        if not isinstance(cls, Class) or not (names := [name for name, _, _ in fields(cls)]):
            continue
        given = {name for name, value in zip(names, call[3], strict=False) if is_caller(value, callers)}
        given |= {name for name, value, _ in call[4] if name is not None and is_caller(value, callers)}
        for function, parameter in takers(program, cls) if given else ():
            for form in function.forms.of("compare"):
                match form:
                    case ["compare", _, left, ["=="], [right]]:
                        for mine, his in ((left, right), (right, left)):
                            held = his[0] == "attr" and his[3] in given and _root(his) == parameter
                            if held and mine[0] == "attr" and not is_staff(mine[3]):
                                return Tie(_behind(mine), _behind(his), _root(mine), "")
    return None


def compares_named(route: Route) -> bool:
    """Whether a handler compares an owner with what a dependency gives it that says by its name who is calling.

    The dependency itself may take him from where a middleware or the class of the route has left him. Which of two
    things is shown, `them = pair.one if pair.other_id == me.id else pair.other`, keeps nobody out.
    """
    names = {node.parameter for node in route.dependencies if node.parameter and names_identity(node.parameter)}
    if route.function is None or not names:
        return False
    choosing = (form for form in route.function.forms.of("ifexp") if not any(map(is_nothing, form[3:])))
    shown = {id(inner) for form in choosing for inner in walk(form[2])}
    return any(
        id(form) not in shown and _compared(form, names) is not None for form in route.function.forms.of("compare")
    )


def hands_owner_on(program: Program, route: Route) -> bool:
    """Whether what gets the raw credentials hands them on with an owner's key: `check(token, note.user.id)`.

    Whoever takes both may compare them.
    """
    functions = reached(program, route.function, 2) if route.function is not None else ()
    for form in (form for function in functions for form in function.forms.of("call")):
        given = arguments(form)
        raw = any(item[0] == "name" and _CREDENTIALS.search(item[2]) for item in given)
        if raw and any(_is_owners_key(item) or (item[0] == "attr" and names_owner(item[3])) for item in given):
            return True
    return False


def is_of_members(route: Route, resource: str, tie: Tie) -> bool:
    """Whether a comparison is about the things that a route lists below another one: `/shelves/{id}/user-boxes`."""
    listed = singular((segments(route.path) or [""])[-1]).split("_")
    below = not route.path.rstrip("/").endswith("}") and not changes_state(route)
    return below and snake(tie.thing) in listed and snake(tie.thing) not in resource.split("_")


def compares_by_request(program: Program, route: Route) -> bool:
    """Whether a handler hands its request to a function that finds the caller in it, compares an owner and refuses.

    Nothing in the handler itself speaks of the caller then: `thing_if_allowed(request, thing_id)`.
    """
    handler = route.function
    block = body_of(program, handler) if handler is not None else None
    if handler is None or block is None:
        return False
    requests = {item[0] for item in handler.parameters if item[2] is not None and last_name(item[2]) == "Request"}
    for form in block.forms.of("call") if requests else ():
        given = arguments(form)
        if not any(item[0] == "name" and item[2] in requests for item in given):
            continue
        for function, _ in called(program, block, form):
            if function.forms.of("raise") and any(_compared(inner, set()) for inner in function.forms.every):
                return True
    return False


_FOR_EVERYTHING = re.compile(
    r"^(self|cls|_*(db|session|conn(ection)?|database)|(current_)?user(_id)?|me|caller|member)$"
)


def _lists_other_things(function: Function, route: Route) -> bool:
    """Whether a function needs nothing but the caller and finds his things of a kind that a route's path is not about.

    `/contacts/{contact_id}` may show only those projects of a contact that `projects_of(user)` has.
    """
    if not route.path.rstrip("/").endswith("}"):
        return False
    for parameter, default in zip(function.parameters, function.defaults, strict=True):
        if default is None and not _FOR_EVERYTHING.match(parameter[0]):
            return False
    ties = [tie for form in function.forms.of(*_TELLING) if (tie := _compared(form, set()))]
    kinds = {snake(tie.thing) for tie in ties if tie.thing[:1].isupper()}
    words = {singular(part) for part in route.path.split("/") if part and "{" not in part}
    return bool(kinds) and not any(word in kind for word in words for kind in kinds)


_KEYS = frozenset({"id", "pk", "uuid", "_id"})
"""The keywords under which one thing is looked up: `get_or_404(Note, id=note_id, owner=me)`."""
_TELLING = ("bool", "compare", "call")
"""The forms that may compare an owner."""


def _compared(form: Form, callers: set[str]) -> Tie | None:
    match form:
        case ["bool", _, _, values] if any(
            speaks_of_rights(value) for value in values if not _compared(value, callers)
        ):
            found = next((tie for value in values if (tie := _compared(value, callers)) is not None), None)
            return None if found is None else Tie(found.mine, found.his, found.thing, "")
        case ["compare", place, left, ["==" | "!="] as signs, [right]] if (
            plain := [made_of(left), made_of(right)]
        ) != [
            left,
            right,
        ]:
            found = _compared(["compare", place, plain[0], signs, plain[1:]], callers)
            return replace(found, converted=True) if found is not None else None
        case ["compare", _, left, ["==" | "!="], [right]] if is_caller(left, callers) or is_caller(right, callers):
            mine, his = (right, left) if is_caller(left, callers) else (left, right)
            ties = names_owner(_field(mine)) and not _is_column(mine)  # `album.user_id`
            owner = mine[2] if _field(mine) in IDENTITIES and not ties else mine
            if _field(mine) and (owner is mine or owner[0] == "attr"):  # `note.owner_id`, `note.owner.id`
                behind = _behind(mine) if owner is mine else _behind(owner) + _behind(mine)
                return Tie(behind, _behind(his), _root(owner), _root(his))
        case ["compare", _, left, _, [right]]:
            for one, other in ((left, right), (right, left)):
                if _is_key_of_people(other) and (one[0] == "name" or _is_column(one)):
                    continue  # a user is looked up by an id, or joined to what is his
                if _is_rank(one) or _is_rank(other):
                    continue  # the owners of an organisation, `Role.owner`
                if names_owner(_field(one)) and other[0] in ("attr", "sub", "name") and not names_owner(_field(other)):
                    return Tie(_behind(one), _behind(other), _root(one), _root(other))
                if _is_owners_key(one) and other[0] in ("attr", "sub", "name") and not _is_owners_key(other):
                    return Tie(_behind(one[2]) + _behind(one), _behind(other), _root(one[2]), _root(other))
        case ["call", _, _, _, keywords] if last_name(form[2]) in _FILTERS:
            for name, value, _ in keywords:
                owner = name is not None and (
                    names_owner(name) or (name not in IDENTITIES and is_caller(value, callers))
                )
                if owner and value[0] in ("attr", "sub"):
                    return Tie(f".{name}", _behind(value), "", _root(value))
        case ["call", _, called, _, keywords] if len(keywords) > 1 and any(name in _KEYS for name, _, _ in keywords):
            if last_name(called)[:1].isupper():
                return None  # a new thing is made, `Note(id=next_id(), owner_id=me.id)`
            for name, value, _ in keywords:
                if name is not None and name not in IDENTITIES and is_caller(value, callers) and not is_staff(name):
                    whole = value[0] == "name" or spelled(value) in callers
                    return Tie(f".{name}", "" if whole else _behind(value), "", "")
        case ["call", _, ["attr", _, _, "eq"], [["const", _, str(name)], value], _] if names_owner(name):
            if is_caller(value, callers):
                return Tie(f'["{name}"]', _behind(value), "", _root(value))
    return None


_CONVERTS = frozenset({"str", "int", "UUID", "ObjectId"})


def made_of(form: Form) -> Form:
    """What a key was before its type was changed to compare it: `str(note.owner_id)`, `UUID(me.id)`."""
    match form:
        case ["call", _, called, [inner], []] if last_name(called) in _CONVERTS:
            return list(inner)
    return form


def _is_key_of_people(form: Form) -> bool:
    """Whether an expression is the column by which people are told apart: `User.id`, `models.User.email`."""
    return form[0] == "attr" and form[3] in IDENTITIES and last_name(form[2])[:1].isupper()


def _is_column(form: Form) -> bool:
    """Whether an expression is a column of a class: `Note.owner_id`, `models.Note.owner_id`."""
    return form[0] == "attr" and last_name(form[2])[:1].isupper()


def _is_rank(form: Form) -> bool:
    """Whether an expression is a member of a class that is called after roles: `Role.owner`, `UserRoles.OWNER`."""
    return _is_column(form) and names_right(last_name(form[2])) and names_owner(form[3])


def _is_owners_key(form: Form) -> bool:
    """Whether an expression is the key of an object's owner, a relation away: `comment.author.id`."""
    if form[0] != "attr" or form[3] not in IDENTITIES or form[2][0] != "attr" or not names_owner(form[2][3]):
        return False
    if form[2][3][:1].isupper():
        return False  # a column of a class, `models.User.id`
    return _root(form[2]) not in ("", "self", "request", "session", "token", "claims", "context", "ctx", "info", "auth")


def is_tie(form: Form, callers: set[str]) -> bool:
    """Whether a form compares somebody's key with that of the caller."""
    return _compared(form, callers) is not None


def is_caller(form: Form, callers: set[str]) -> bool:
    """Whether an expression is the caller's identity: `me.id`, `claims["sub"]`, or the name that holds it.

    One of the names may be that of an attribute, `self.me`.
    """
    if form[0] in ("attr", "sub"):
        if _field(form) in IDENTITIES and (_root(form) in callers or spelled(form[2]) in callers):
            return True
        return form[0] == "attr" and spelled(form) in callers
    return form[0] == "name" and form[2] in callers


def tie_by(field: str, caller: Form, kind: str) -> Tie:
    """The comparison of a field with what a caller's expression says, for a thing of a kind."""
    return Tie(f".{field}", _behind(caller), kind, _root(caller))


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
