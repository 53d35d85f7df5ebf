"""Routes that are for administrators by what their names say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.routers import strings
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.belonging_words import TOGETHER
from fastapi_seclint.subjects.owners.identity import caller_names, names_identity
from fastapi_seclint.subjects.owners.left_callers import asks_left_caller
from fastapi_seclint.subjects.owners.uses import requests_of
from fastapi_seclint.subjects.owners.using import ties_caller
from fastapi_seclint.subjects.rights.branches import asks_for_one_field_only
from fastapi_seclint.subjects.rights.roles import authorizes, has_role_notion
from fastapi_seclint.subjects.rights.somewhere import asks_for_rights
from fastapi_seclint.subjects.rights.tested import tested_rights

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ADMIN = re.compile(
    r"(^|[-_/. ])((site|sys|super)?[-_]?admins?|administration|administrators?|superusers?|back[-_]?office)($|[-_/. ])",
    re.I,
)
_ABOUT_ONESELF = re.compile(r"(^|_)(is|am|check|me|my|self|own)(_|$)", re.I)
_TURNS_TO = re.compile(r"(^|_)(contact|notify|message|report|request|become|apply)(_|$)", re.I)
"""What a user does with administrators, where it stands before them: in their own area these are things they keep."""
_CHANGES_RIGHTS = re.compile(
    r"(^|_)(promote|demote|ban|unban|suspend|unsuspend|impersonate|(set|change|update|assign|grant|revoke|add|remove|make"
    r"|edit|modify|toggle)_(the_)?(user_?)?(s_)?(roles?|admin|permissions?|superuser|staff))(_|$)",
    re.I,
)
_RIGHTS_FIELD = re.compile(
    r"^(user_)?(roles?|role_ids?|permissions|permission_ids|rights|privileges|access_level|is_(admin|superuser|staff))$",
    re.I,
)
_RIGHTS_SEGMENT = re.compile(
    r"^(roles?|permissions?|promote|demote|ban|unban|suspend|impersonate|make-?admin|admin|rights|privileges?"
    r"|access[-_]?levels?|rbac|acls?|rollen?|rechte|droits|permisos|permiss[oõ]es)$",
    re.I,
)
_ROLES = re.compile(r"^(sys[-_]?)?(roles?|permissions?)$", re.I)
_CHANGING = re.compile(
    r"^(save|add|create|insert|update|edit|modify|set|assign|delete|deleted|remove|del)(_or_(update|create|insert))?$"
)
"""How a path ends that says what is done to what stands before it: `/roles/saveOrUpdate`."""
_SYSTEM = re.compile(
    r"(^|/)(system|sys|global|platform|site)[-_/]"
    r"(config(uration)?s?|settings?|param(eter)?s?|variables?|options|dict(ionar(y|ies)|s)?|menus?)(/|$)",
    re.I,
)
_SETTINGS = re.compile(r"^(settings?|config(uration)?s?)$", re.I)
_OPERATES = re.compile(
    r"^(re_?start|re_?boot|shut_?down|power_?off|halt|kill|stop|reload)_?(the_)?(all_)?"
    r"(celery_?|background_?|api_?)?(workers?|system|scheduler|daemon|server)(_|$)"
)
"""What ends or starts the machinery that serves everybody."""
_TELLS = re.compile(r"(get|list|read|fetch|show|find|search|check|is)_")
"""How a handler's name begins that only tells what is there, whatever its path says."""
_INSTALLS = re.compile(r"^((un|re)?install|upgrade)(_|$)")
_CODE = re.compile(r"^(plugins?|extensions?|add_?ons)$", re.I)
_INSTALLED = re.compile(r"^(plugins?|extensions?|add_?ons?|skills?|tools?|modules?|packages?|drivers?|firmware)$", re.I)
"""What is installed to run as a part of a server; the first of these are nothing else.

What may be looked up how to install, and upgraded, are drivers with a car and packages with a price, too.
"""
_SWITCHES = re.compile(
    r"^(settings?|config(uration)?|toggle|enable|disable|(de)?activate|reload|reset|(un|re)?install|upload)$", re.I
)
_STOCK = re.compile(r"^(backups?|dumps?|databases?|db)$", re.I)
_WHOLE = re.compile(r"^(restore|import|export|download|reset|wipe|purge|drop|truncate|dump|backup|upload)(_all)?$")
"""What is done to all that everybody keeps at once: `POST /backup/restore`."""
_TRAIL = re.compile(r"(^|/)audit([-_]?(logs?|trails?|events?)|/(logs?|trails?|events?|export))?$", re.I)
"""What everybody did, and who did it."""
_ACCOUNTS = re.compile(r"^((db|app|all|system)[-_])?(users?|accounts|employees|staff)$", re.I)
_OF_ACCOUNT = re.compile(r"(^|/)(users?|accounts|employees|staff)/{\w+}/([^/{}]+)/?$", re.I)
"""What an account has, changed by its id: `PATCH /users/{name}/tier`."""


def privilege(program: Program, route: Route) -> str:
    """Why a route is for administrators only, as the end of a sentence, or an empty string."""
    handler = route.function
    name = snake(handler.name) if handler is not None else ""
    found = access.segments(route.path)
    if _ABOUT_ONESELF.search(name) or is_about_oneself(found):
        return ""
    if _is_of_administration(found):
        return "is for administrators by its path"
    if _TURNS_TO.search(name) or any(_TURNS_TO.fullmatch(word) for word in found):
        return ""
    if "moderation" in found[:-1] and access.changes_state(route) and asks_for_rights(program):
        return "is for moderators by its path"
    if _ADMIN.search(name):
        return "is for administrators by its name"
    if any(_ADMIN.search(tag) for tag in _tags(route)):
        return "is for administrators by its tags"
    if handler is not None and access.is_admin_name(handler.module.name.rpartition(".")[2]):
        return "is for administrators by the file it stands in"
    told = _tells_all(route, found)
    code = _installs_code(route, name, found) or _changes_code(program, route, found)
    if (told or code) and _acts_on_anybody(program, route):
        return "tells what everybody did" if told else "chooses what code runs on the server"
    if _is_of_everything(route, found) and _acts_on_anybody(program, route):
        return "reads or replaces what everybody keeps"
    if not access.changes_state(route):
        return ""
    variable = _last_is_variable(route) or (
        path_variables(route.path) and _RIGHTS_SEGMENT.match(found[-1] if found else "")
    )
    last = route.path.rstrip("/").rpartition("/")[2]
    if path_variables(route.path) and (
        _CHANGES_RIGHTS.search(name)
        or _RIGHTS_SEGMENT.match(found[-1] if found else "")
        or last.replace("-", "_") in tested_rights(program)
    ):
        return "changes what a user may do"
    if len(found) > 1 and _ROLES.match(found[-2]) and _CHANGING.match(snake(found[-1])):
        return "changes what users may do"
    if found and _ROLES.match(found[-1]) and "POST" in route.methods and not path_variables(route.path):
        return "makes what users may do"
    if variable and found and _ACCOUNTS.match(found[-1]):
        if _acts_on_anybody(program, route):
            return "acts on the account of any user"
        if asks_for_rights(program) and asks_for_one_field_only(program, route):
            return "acts on the account of any user and looks at rights for one field only"
    if _changes_what_it_has(route) and _acts_on_anybody(program, route):
        return "changes the account of any user"
    if found and _ACCOUNTS.match(found[-1]) and _gives_rights(program, route):
        return "makes accounts with the roles that its caller names"
    if _sets_up(program, route, found) and _acts_on_anybody(program, route):
        return "changes how the system is set up"
    if _operates(route, name, found) and _acts_on_anybody(program, route):
        return "stops or starts what serves everybody"
    if any(_ACCOUNTS.match(word) for word in found) and _is_easier_than_reading(program, route):
        return "changes accounts that only some may list"
    return ""


def _changes_what_it_has(route: Route) -> bool:
    """Whether a route changes or takes away something of an account, and nothing that people do to each other."""
    below = _OF_ACCOUNT.search(route.path)
    if below is None or not set(route.methods) <= {"PUT", "PATCH", "DELETE"}:
        return False
    return TOGETHER.match(below[3]) is None


def _installs_code(route: Route, name: str, found: list[str]) -> bool:
    """Whether a route installs or removes what runs as a part of the server, even by GET: `/plugin/install/{id}`."""
    words, done = [*found, *name.split("_")], (name, *map(snake, found[-1:]))
    if not access.changes_state(route) and _TELLS.match(name):
        return False
    if any(map(_CODE.match, words)):
        return any(map(_INSTALLS.match, done))
    if not access.changes_state(route) or not any(map(_INSTALLED.match, words)):
        return False
    return any(map(_INSTALLS.match, done)) and not any(one.startswith("upgrade") for one in done)


def _changes_code(program: Program, route: Route, found: list[str]) -> bool:
    """Whether a route changes what runs on the server, `PUT /plugins/{id}`, as others do that ask for rights."""
    if not set(route.methods) & {"PUT", "PATCH", "DELETE"} or not path_variables(route.path) or not _is_of_code(found):
        return False
    others = (other for other in program.routes if other is not route and access.changes_state(other))
    return any(_is_of_code(access.segments(other.path)) and authorizes(program, other) for other in others)


def _is_of_code(found: list[str]) -> bool:
    """Whether a path is about plugins, or what one of them is switched to."""
    last = found[-2:] if found and _SWITCHES.match(found[-1]) else found[-1:]
    return any(map(_CODE.match, last))


def _tells_all(route: Route, found: list[str]) -> bool:
    """Whether a GET lists the audit trail, and no one's by an id."""
    return "GET" in route.methods and not path_variables(route.path) and _TRAIL.search("/".join(found)) is not None


def _is_of_everything(route: Route, found: list[str]) -> bool:
    """Whether a path is that of a copy of all data, or what is done with it, and no id picks whose."""
    if path_variables(route.path) or len(found) < 2:
        return False
    last = snake(found[-1].replace("-", "_"))
    return _STOCK.match(found[-2]) is not None and _WHOLE.match(last) is not None


def _sets_up(program: Program, route: Route, found: list[str]) -> bool:
    """Whether a route changes the settings of the system or, where there are roles, just settings that no id picks."""
    if _SYSTEM.search("/".join(found)):
        return True
    alone = bool(found) and _SETTINGS.match(found[-1]) is not None and not path_variables(route.path)
    return alone and has_role_notion(program) and not _names_a_thing(route)


def _names_a_thing(route: Route) -> bool:
    """Whether a handler reads of its body whose settings they are: `body["resource"]["resource_id"]`."""
    forms = route.function.forms.of("sub", "attr") if route.function is not None else ()
    keys = (form[3][2] if form[0] == "sub" and form[3][0] == "const" else form[3] for form in forms)
    return any(isinstance(key, str) and key.endswith("_id") and len(key) > len("_id") for key in keys)


def _operates(route: Route, name: str, found: list[str]) -> bool:
    """Whether a route restarts workers or the server itself; a server with an id may be its user's own."""
    acts = [match for word in (name, *map(snake, found[-1:])) if (match := _OPERATES.match(word))]
    return any(match[5] != "server" or not path_variables(route.path) for match in acts)


def _gives_rights(program: Program, route: Route) -> bool:
    """Whether a POST makes an account of a body that names its roles, in a project that asks for roles elsewhere."""
    if route.methods != ("POST",) or route.endpoint is None or not _acts_on_anybody(program, route):
        return False
    return any(
        _RIGHTS_FIELD.match(name)
        for parameter in parameters(route.endpoint)
        if program.walker.resolver.dependency_of(parameter) is None
        for name in access.names_in(program, parameter)
    )


def _is_easier_than_reading(program: Program, route: Route) -> bool:
    """Whether the same router asks for a role to list accounts, and this change never looks at who is calling."""
    return ignores_its_caller(program, route) and any(
        other.router is route.router
        and "GET" in other.methods
        and not path_variables(other.path)
        and _ACCOUNTS.match((access.segments(other.path) or [""])[-1])
        and authorizes(program, other)
        for other in program.routes
    )


def _is_of_administration(found: list[str]) -> bool:
    """Whether a path leads into an area for administrators, and not to a way of turning to them: `/contact/admin`."""
    for number, word in enumerate(found):
        if _ADMIN.search(word):
            before = "_".join(found[: number + 1]).replace("-", "_")
            return not (_TURNS_TO.search(before) or _ABOUT_ONESELF.search(before))
    return False


def _tags(route: Route) -> list[str]:
    sources = [route.registration.arguments.get("tags")] if route.registration is not None else []
    sources += [route.router.arguments.get("tags"), *(include.arguments.get("tags") for include in route.includes)]
    return [tag for source in sources for tag in strings(source) or ()]


def _last_is_variable(route: Route) -> bool:
    return route.path.rstrip("/").endswith("}")


def _acts_on_anybody(program: Program, route: Route) -> bool:
    """Whether a project with roles changes something without a look at who is calling, but to note who it was."""
    if not asks_for_rights(program):
        return False
    return ignores_its_caller(program, route) or not ties_caller(program, route)


def _is_caller_of_request(form: Form, requests: frozenset[str]) -> bool:
    """Whether an attribute is who a request comes from: `request.user`, `request.state.user_id`."""
    owner = spelled(form[2])
    held = owner.removesuffix(".state") in requests or owner in ("self.request", "info.context")
    return held and bool(form[3] in ("user", "user_id", "username", "session") or names_identity(form[3]))


def is_about_oneself(segments: Iterable[str]) -> bool:
    """Whether a path speaks of whoever calls: `/applications/me/rotate`."""
    return any(_ABOUT_ONESELF.fullmatch(word) for word in segments)


def ignores_its_caller(program: Program, route: Route) -> bool:
    """Whether a handler never looks at who is calling, nor at what a middleware put into the request for that.

    That he may not do it to himself, `if user_id == me.id: raise ...`, is no such look: he does it to anybody else.
    Nor is that he is anybody at all, `if me is None: raise ...`.
    """
    handler = route.function
    requests = requests_of(handler) if handler is not None else frozenset[str]()
    if handler is None or any(_is_caller_of_request(form, requests) for form in handler.forms.of("attr")):
        return False
    if asks_left_caller(program, route):
        return False
    caller = caller_names(program, route)
    return not any(
        form[0] == "name" and form[2] in caller
        for statement in handler.statements()
        if not _spares_oneself(statement, caller) and not _refuses_strangers(statement, caller)
        for form in walk(statement)
    )


def _spares_oneself(statement: Form, caller: set[str]) -> bool:
    """Whether a statement only refuses the caller who means himself: `if user_id == me.id: raise SelfDeletion()`."""
    match statement:
        case ["if", _, ["compare", _, left, ["=="], [right]], [["raise", *_]], []]:
            sides = [mentions(side, caller) for side in (left, right)]
            return sides[0] is not sides[1]
    return False


def _refuses_strangers(statement: Form, caller: set[str]) -> bool:
    """Whether a statement only turns away whom nobody knows: `if me is None: raise HTTPException(401)`."""
    match statement:
        case ["if", _, ["compare", _, ["name", _, name], ["is"], [["const", _, None]]], [["raise", *_]], []] | [
            "if",
            _,
            ["unary", _, "not", ["name", _, name]],
            [["raise", *_]],
            [],
        ]:
            return name in caller
    return False
