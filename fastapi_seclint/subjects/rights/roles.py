"""Whether anything on a route's way looks at what its caller may do: roles, permissions, scopes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import arguments, last_name
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import Parameter, dotted_name, parameters
from fastapi_seclint.program.credentials import names_database
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.route_classes import handler_makers
from fastapi_seclint.program.routers import strings
from fastapi_seclint.program.routes import Route, variable_names
from fastapi_seclint.program.schemes import scheme_of
from fastapi_seclint.program.spelling import snake, words_of
from fastapi_seclint.program.values import (
    Class,
    External,
    Function,
    Partial,
    Unknown,
    Value,
    options,
    string,
)
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.credentialed import sent_credentials
from fastapi_seclint.subjects.owners.identity import (
    Guard,
    called_guards,
    caller_names,
    dependency_name,
    guards,
    replaced_callers,
)
from fastapi_seclint.subjects.rights.considering import considers_rights
from fastapi_seclint.subjects.rights.decisions import decides
from fastapi_seclint.subjects.rights.default_roles import asks_what_new_accounts_have
from fastapi_seclint.subjects.rights.forbidding import forbids
from fastapi_seclint.subjects.rights.handed_on import HANDED, hands_caller_on, hands_right_on, takers
from fastapi_seclint.subjects.rights.in_name_only import (
    called_after_all_users,
    finds_user_only,
    hands_caller_back,
    reads_token_only,
)
from fastapi_seclint.subjects.rights.made_with import (
    asks_what_everybody_has,
    demands_nothing,
    demands_scopes,
    lets_plain_users_pass,
    made_for_administrators,
    wraps_for_nothing,
)
from fastapi_seclint.subjects.rights.of_library import asks_of_library
from fastapi_seclint.subjects.rights.powerless import is_powerless, without_effect
from fastapi_seclint.subjects.rights.reached import injected, reached
from fastapi_seclint.subjects.rights.sent_objects import looked_up, made_of, picked_by
from fastapi_seclint.subjects.rights.statements import selects_by_rights
from fastapi_seclint.subjects.rights.unheard import is_unheard
from fastapi_seclint.subjects.rights.words import SUPPLIES, names_right
from fastapi_seclint.subjects.secrets.names import word_set

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


@answered_once
def authorizes(program: Program, route: Route) -> bool:
    """Whether anything on a route's way looks at the caller's rights; what is not in sight is believed by name."""
    if next(asked_before(program, route), None) is not None:
        return True
    return _gets_an_administrator(program, route) or authorizes_inside(program, route)


def asked_before(program: Program, route: Route) -> Iterator[Value]:
    """The guards and decorators that look at the caller's rights before the handler runs."""
    yield from (node.call for node in route.nodes() if _dependency_authorizes(program, route, node))
    if asks_of_library(route) or any(not one.node and names_right(one.name) for one in guards(program, route)):
        yield Unknown("a guard that the configuration names")
    for decorator, _ in wrapping_decorators(route):
        name = (dotted_name(decorator) or "?").partition(".<locals>.")[0].rpartition(".")[2]
        named = names_right(name.removesuffix("()"))
        if isinstance(decorator, Function):
            asking = considers_rights(program, decorator) or (named and not is_powerless(program, decorator))
            asking = asking and not wraps_for_nothing(program, decorator)
        else:
            asking = isinstance(decorator, Unknown) or named or _requires_scopes(decorator)
        if asking:
            yield decorator
    yield from (one for one in handler_makers(route) if considers_rights(program, one) and _refuses(program, [one]))


def authorizes_inside(program: Program, route: Route) -> bool:
    """Whether a route's handler, or a layer around its application, decides by rights."""
    return _handler_authorizes(program, route) or _layers_authorize(program, route)


def _requires_scopes(decorator: Value) -> bool:
    """Whether Starlette's `requires` asks for more than that somebody is logged in (starlette/authentication.py)."""
    if not isinstance(decorator, External) or decorator.name != "starlette.authentication.requires()":
        return False
    scopes = decorator.arguments.get("scopes", 0) if decorator.arguments is not None else None
    asked = [string(scopes)] if scopes is not None and string(scopes) is not None else strings(scopes)
    return asked is None or not set(asked) <= {"authenticated"}


@answered_once
def _dependency_authorizes(program: Program, route: Route, node: Node) -> bool:
    if program.guard_model.declared.authorizes(node.name):
        return True
    if demands_scopes(node) and any(reads_scopes(program, below) for below in node.walk() if below is not node):
        return True  # FastAPI hands the scopes on to what a dependency depends on
    if (function := node.function) is None:
        name = dependency_name(node)
        named = isinstance(node.call, External) and names_right(name) and not SUPPLIES.search(name)
        named = named and scheme_of(node.call) is None
        known = node.name in program.guarding(route).guards.authorization or demands_scopes(node)
        return (named and not names_database(name)) or known
    if demands_nothing(node, function) or asks_what_everybody_has(node) or lets_plain_users_pass(function):
        return False
    if is_unheard(node) and any(node is one for one in route.dependencies):
        return False
    if asks_what_new_accounts_have(program, node):
        return False
    if _gives_a_condition(program, function):
        return True
    named = names_right(dependency_name(node)) and scheme_of(node.call) is None
    users = called_after_all_users(program, function) if named and _finds_the_caller(program, node) else ""
    named = named and not users
    named = named and not _is_never_asked(route, node)
    if named and (_finds_the_caller(program, node) or _asks_out_of_sight(program, function)):
        return not in_name_only(program, node)
    told = made_for_administrators(node) and not is_powerless(program, function)
    if told or (not takes_scopes(program, node) and considers_rights(program, function, users=users)):
        return True
    return any(selects_by_rights(inner) for inner in reached(program, function, 1))


_HELD = word_set("policy policies permissions perms rights acl grants entitlements privileges abilities")
"""How objects are called that know somebody's rights and have to be asked: `policy.demand("close")`."""


def _is_never_asked(route: Route, node: Node) -> bool:
    """Whether a dependency gives an object that knows the caller's rights, and the handler does nothing with it."""
    words = words_of(dependency_name(node))
    if not node.parameter or not words or words[-1] not in _HELD or words[0] in _ASKING or route.function is None:
        return False
    return not any(form[2] == node.parameter for form in route.function.forms.of("name"))


_ASKING = word_set("check require requires ensure verify assert validate enforce need needs has have must can with")


def in_name_only(program: Program, node: Node) -> bool:
    """Whether a guard is named after administrators and never looks whether its caller is one."""
    if node.function is None or not access.is_admin_name(snake(dependency_name(node))):
        return False
    if hands_caller_back(program, node.function):
        return True  # whom it depends on is asked by itself
    functions = [inner for below in node.walk() if below.function for inner in reached(program, below.function)]
    if reads_token_only(program, functions):
        return True
    ways = [one for below in node.walk() if (one := below.function) and not one.forms.of("yield")]  # no session
    return finds_user_only(program, [inner for function in ways for inner in reached(program, function)])


def _asks_out_of_sight(program: Program, function: Function) -> bool:
    """Whether a guard hands the request to what cannot be followed: `for right in self.rights: right(request)`."""
    block = body_of(program, function)
    for form in function.forms.of("call") if block is not None else ():
        handed = {item[2] for item in arguments(form) if item[0] == "name"}
        if block is not None and form[2][0] == "name" and handed & HANDED:
            asked = options(ask(program, block, form[2]))
            if any(isinstance(one, Unknown) or (isinstance(one, Class) and one.name != form[2][2]) for one in asked):
                return True
    return False


_CONDITIONS = (["is"], ["has"], ["can"], ["may"])


@answered_once
def _gives_a_condition(program: Program, guard: Function) -> bool:
    """Whether a guard gives a library what decides who passes: `await require(credentials, provider, is_steward)`."""
    block = body_of(program, guard)
    for call in guard.forms.of("call") if block is not None else ():
        named = [item for item in arguments(call) if item[0] == "name" and words_of(item[2])[:1] in _CONDITIONS]
        found = [one for item in named for one in options(ask(program, block, item))] if block is not None else []
        if block is None or not any(isinstance(option, Function | Partial) for option in found):
            continue
        if any(isinstance(option, External) for option in options(ask(program, block, call[2]))):
            return True
    return False


def _finds_the_caller(program: Program, node: Node) -> bool:
    """Whether a guard authenticates by itself: one that is named after administrators then finds administrators."""
    authenticates = program.guard_model.authenticates
    return authenticates(node.call) and not any(
        authenticates(child.call) for child in node.children if scheme_of(child.call) is None
    )


def _handler_authorizes(program: Program, route: Route) -> bool:
    """Whether the handler decides by rights, or gives the caller to code out of sight, which may do so."""
    if decides_inside(program, route):
        return True
    return route.function is not None and hands_caller_on(program, route.function, caller_names(program, route))


def decides_inside(program: Program, route: Route, handed: bool = True) -> bool:
    """Whether the handler is seen to decide by rights; a test of what the client sent is no such thing.

    `handed`: a function that it gives the caller to counts, too.
    """
    handler = route.function
    if handler is None:
        return False
    caller = caller_names(program, route)
    sent = frozenset(
        parameter.name
        for parameter in parameters(handler)
        if parameter.name not in caller and program.walker.resolver.dependency_of(parameter) is None
        if parameter.name not in ("request", "self") or _is_body(program, parameter)
    )
    sent |= made_of(handler, sent) | replaced_callers(program, route)
    found = looked_up(handler, sent, caller)
    knowing = {*caller, *_rules_of(route), *({"request", "self"} - sent)}
    variables = variable_names(route) | _named_ids(handler, sent) if guards(program, route) else set[str]()
    picked = picked_by(handler, variables, knowing)
    ways = ((function, without_effect(program, function)) for function in reached(program, handler, 0))
    if any(decides(function, sent, found, picked, idle) for function, idle in ways):
        return True
    asked = [*takers(program, handler, caller | _rules_of(route)), *injected(program, handler)]
    asked += [guard for _, guard in called_guards(program, route) if guard is not None]
    if any(considers_rights(program, function) for function in asked):
        return True
    return hands_right_on(handler, caller) or forbids(handler, caller)


_NAMES = re.compile(r"^(?!session|login|auth)\w*_(id|uuid|pk)$")


def _named_ids(handler: Function, sent: frozenset[str]) -> set[str]:
    """The ids of the query that a handler is sent: whoever is looked up by `admin_id` is whom the client names."""
    held = sent_credentials(handler)
    return {item.name for item in parameters(handler) if item.name in sent - held and _NAMES.match(snake(item.name))}


def _is_body(program: Program, parameter: Parameter) -> bool:
    """Whether what is called a request is a body of the project's: `request: UserCreate`."""
    return any(True for _ in access.classes(program.walker.resolver.annotation(parameter)))


_STORE = re.compile(r"(^|_)(db|database|session|conn|connection|engine|redis|cache|pool)$", re.I)
"""What a handler calls what it stores things in, also where that is kept with the request."""


def _rules_of(route: Route) -> set[str]:
    """The parameters of a handler that get an object made of the request: `auth: Rules = Depends(rules_for)`."""
    return {
        node.parameter
        for node in route.dependencies
        if node.parameter and node.function is not None and not _STORE.search(node.parameter)
        for item in node.function.parameters
        if item[2] is not None and last_name(item[2]) in ("Request", "HTTPConnection")
    }


def takes_scopes(program: Program, node: Node) -> bool:
    """Whether a dependency looks at scopes (`SecurityScopes`) and this route demands none of it."""
    return reads_scopes(program, node) and not demands_scopes(node)


def reads_scopes(program: Program, node: Node) -> bool:
    """Whether a dependency has a parameter for the scopes that whoever names it demands (`SecurityScopes`)."""
    return any(
        isinstance(option, External) and option.name.endswith("SecurityScopes")
        for parameter in parameters(node.call)
        for option in options(program.walker.resolver.type_of(parameter))
    )


def _gets_an_administrator(program: Program, route: Route) -> bool:
    """Whether a guard gives the handler an object of a class for administrators."""
    if route.endpoint is None:
        return False
    asked = {guard.parameter for guard in guards(program, route) if not _is_made_in_sight(guard)}
    for parameter in parameters(route.endpoint):
        if parameter.name in asked:
            base = program.walker.resolver.type_of(parameter)
            names = [cls.name for cls in access.classes(base)]
            names += [option.name.rpartition(".")[2] for option in options(base) if isinstance(option, External)]
            if any(access.is_admin_name(snake(name)) for name in names):
                return True
    return False


def _is_made_in_sight(guard: Guard) -> bool:
    """Whether a dependency is a class of the project itself, so that its own code says whom it takes."""
    return guard.node is not None and isinstance(guard.node.call, Class)


def _layers_authorize(program: Program, route: Route) -> bool:
    for layer in route.app.layers:
        for option in options(layer.what):
            found = [option] if isinstance(option, Function) else []
            if isinstance(option, Class):
                found = [item for item in option.namespace.values() if isinstance(item, Function)]
            if any(considers_rights(program, function) for function in found) and _refuses(program, found):
                return True
    return False


_REFUSING = re.compile(r"^(HTTP_40[13]_\w+|FORBIDDEN|UNAUTHORIZED|HTTPException|PermissionError|RedirectResponse)$")


def _refuses(program: Program, functions: list[Function]) -> bool:
    """Whether a middleware has an answer for those whom it does not let pass."""
    for function in (inner for outer in functions for inner in reached(program, outer, 1)):
        for form in function.forms.of("const", "name", "attr"):
            if form[-1] in (401, 403) or (isinstance(form[-1], str) and _REFUSING.match(form[-1])):
                return True
    return False


@lru_cache(maxsize=1)
def has_role_notion(program: Program) -> bool:
    """Whether the project knows roles at all: somewhere outside tests a name speaks of them."""
    words = (
        "role", "roles", "is_admin", "is_superuser", "is_staff", "superuser", "permissions", "require_role",
        "require_admin", "RoleChecker", "user_role", "Role", "UserRole", "admin_required", "get_current_admin",
        "get_current_superuser", "get_current_active_superuser", "require_roles", "require_permissions",
        "SecurityScopes",
    )  # fmt: skip
    wanted = frozenset(words)
    return any(
        module.facts.words & wanted for module in program.modules.by_file.values() if not program.is_test(module)
    )


@lru_cache(maxsize=1)
def role_guard(program: Program) -> tuple[Route, Guard] | None:
    """A route that is guarded by role, with the guard, for comparison; routes for administrators first."""
    found: list[tuple[Route, Guard]] = []
    for route in program.routes:
        for guard in guards(program, route):
            node = guard.node
            if node is not None and any(_dependency_authorizes(program, route, inner) for inner in node.walk()):
                found.append((route, guard))
    found.sort(key=lambda item: not access.is_admin_like(item[0].path))
    return found[0] if found else None
