"""FSL505: the check of ownership asks for an id that is not the path's, so the client chooses it in the query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import Parameter, parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Class, External, Function, is_none, options, string
from fastapi_seclint.rule import Evidence, Finding, Rule
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.owners.acted import acted_on
from fastapi_seclint.subjects.owners.identity import dependency_name, names_identity
from fastapi_seclint.subjects.owners.idle import idle_guards
from fastapi_seclint.subjects.rights.forbidding import says_forbidden
from fastapi_seclint.subjects.wiring.renaming import path_renamed, renamed

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

RULE = Rule(
    code="FSL505",
    name="ownership-of-another-id",
    summary="the client chooses whose ownership is checked",
    severity="critical",
    cwe=(639, 863),
    owasp=("API1",),
    guide="9",
    fixable="unsafe",
)

_ID = re.compile(
    r"(^|_)(id|ids|ident|identifier|uid|uuid|guid|pk|slug|key|code|number|name)$|^[a-z]{1,2}id$|^id_(?=[a-z])"
)
_SURE_ID = re.compile(r"(^|_)(id|uid|uuid|guid|pk|slug)$|^[a-z]{1,2}id$|^id_[a-z]")
"""In Romance languages the thing comes last: `id_cliente`."""
_GENERIC = frozenset(
    {"", "resource", "object", "obj", "item", "entity", "record", "target", "owned", "model", "instance"}
)


@RULE.check
def ownership_of_another_id(program: Program) -> Iterator[Finding]:
    """One finding a handler, on its `def`."""
    seen: set[tuple[object, str]] = set()
    for route in program.routes:
        if route.kind not in ("http", "websocket") or route.place is None or program.is_test(route.place.module):
            continue
        variables = path_variables(route.path)
        for node, parameter, field in acted_on(program, route, variables):
            queried = _checks_ownership(program, node) and _comes_from_the_query(program, parameter, [])
            if queried and (route.place, parameter.name) not in seen:
                seen.add((route.place, parameter.name))
                yield _of_body(route, node, parameter, field)
        if not variables or "{?}" in route.path:
            continue
        for node, parameter, variable in _mistaken(program, route, variables):
            if (route.place, parameter.name) not in seen:
                seen.add((route.place, parameter.name))
                yield _finding(program, route, node, parameter, variable)
        for node, parameter in idle_guards(program, route):
            if (route.place, parameter.name) not in seen:
                seen.add((route.place, parameter.name))
                yield _of_idle_guard(route, node, parameter)


def _mistaken(program: Program, route: Route, variables: list[str]) -> Iterator[tuple[Node, Parameter, str]]:
    """The checks of ownership that ask for an id of the same kind as a variable of the path that they do not get."""
    checks = [node for node in route.nodes(alternatives=False) if _checks_ownership(program, node)]
    checks += [inner for node in checks for inner in _feeding(program, node) if inner not in checks]
    asked = {parameter.name for node in checks for parameter in parameters(node.call)}
    free = [name for name in variables if name not in asked]
    taken = {item.name for item in parameters(route.endpoint)} if route.endpoint is not None else set()
    for node in checks:
        for parameter in parameters(node.call):
            if parameter.name in variables:
                continue
            if sent := _asked_of_the_query(program, parameter):
                variable = next((name for name in free if name in taken and _is_same(sent, name)), None)
            elif _comes_from_the_query(program, parameter, [*free, *_variables_elsewhere(program).get(node.name, ())]):
                variable = next((name for name in free if _same_kind(parameter.name, name, route.path)), None)
            else:
                continue
            if variable is not None:
                yield node, parameter, variable


@answered_once
def _variables_elsewhere(program: Program) -> dict[str, set[str]]:
    """The variables of the paths of all routes that a dependency guards, by its name: what it asks for is one there."""
    found: dict[str, set[str]] = {}
    for route in program.routes:
        for node in route.nodes():
            found.setdefault(node.name, set()).update(path_variables(route.path))
    return found


def _feeding(program: Program, check: Node) -> Iterator[Node]:
    """The dependencies that load for a check what it compares: `board=Depends(get_board)`."""
    for child in check.children:
        caller = program.guard_model.authenticates(child.call) or names_identity(dependency_name(child))
        if child.parameter and child.function is not None and not caller:
            yield child


def _checks_ownership(program: Program, node: Node) -> bool:
    """Whether a dependency knows the caller and refuses, or looks up something that belongs to him."""
    function = node.function
    if function is None or (isinstance(node.call, Class) and not function.forms.of("raise")):
        return False
    known = {
        child.parameter
        for child in node.children
        if program.guard_model.authenticates(child.call) or names_identity(dependency_name(child))
    }
    known |= _unseen_callers(program, node)
    if not known and says_forbidden(function) and program.guard_model.authenticates(node.call):
        return True  # it finds the caller in the request by itself
    return bool(known) and _uses(function, known) and _refuses(function)


def _unseen_callers(program: Program, node: Node) -> set[str]:
    found = {child.parameter for child in node.children}
    return {
        parameter.name
        for parameter in parameters(node.call)
        if parameter.name not in found
        and (program.walker.resolver.dependency_of(parameter) is not None or _is_unseen_alias(program, parameter))
        and re.search(r"user|account|member|caller|me$|principal|claims|payload", snake(parameter.name))
    }


def _is_unseen_alias(program: Program, parameter: Parameter) -> bool:
    """Whether an annotation that is not in sight is named like the caller: `user: CurrentUser`."""
    return any(
        isinstance(option, External) and names_identity(option.name.rpartition(".")[2])
        for option in options(program.walker.resolver.annotation(parameter))
    )


def _uses(function: Function, names: set[str]) -> bool:
    return any(form[0] == "name" and form[2] in names for form in function.forms.every)


def _refuses(function: Function) -> bool:
    return any(form[0] in ("raise", "compare", "call") for form in function.forms.every)


def _comes_from_the_query(program: Program, parameter: Parameter, free: list[str]) -> bool:
    """Whether FastAPI takes a parameter from the query for want of a path variable of its name (semantics 38, 39)."""
    if not _SURE_ID.search(snake(parameter.name)) and snake(parameter.name) not in map(_stem, free):
        return False
    if program.walker.resolver.dependency_of(parameter) is not None or any(program.walker.resolver.sources(parameter)):
        return False
    default = parameter.default
    base = program.walker.resolver.type_of(parameter)
    named = [item.name for item in options(base) if isinstance(item, External)]
    if any(access.classes(base)) or any(name.startswith(("fastapi.", "starlette.")) for name in named):
        return False
    return default is None or is_none(default)


def _asked_of_the_query(program: Program, parameter: Parameter) -> str | None:
    """What a parameter that must be sent is called in the query, where it is said to come from there.

    `workspace_id: int = Query(...)` is `workspace_id`, and so is `workspace: int = Query(alias="workspace_id")`.
    """
    for marker in program.walker.resolver.sources(parameter):
        given = marker.arguments
        if not marker.name.endswith(".Query()") or given is None:
            return None
        default = given.get("default", 0) if marker is parameter.default else parameter.default
        if default is None or (isinstance(default, External) and default.name == "builtins.Ellipsis"):
            return string(given.get("alias")) if "alias" in given.keywords else parameter.name
    return None


def _is_same(parameter: str, variable: str) -> bool:
    """Whether an id and a variable of the path name the same thing: `workspace_id` and `workspace`."""
    return len(_stem(parameter)) > 2 and _stem(parameter) == _stem(variable)


def _same_kind(parameter: str, variable: str, path: str) -> bool:
    """Whether two ids are of the same kind of thing: by their names, or by the segment before the variable."""
    mine, other = _stem(parameter), _stem(variable)
    if not _ID.search(snake(variable)) and other not in _GENERIC:
        return mine in _GENERIC or _is_same(parameter, variable)
    if mine in _GENERIC or mine == other:
        return True
    before = path.partition("{" + variable)[0].rstrip("/").rpartition("/")[2]
    kind = snake(before.replace("-", "_"))
    return (bool(kind) and (kind.startswith(mine) or mine.startswith(kind.rstrip("s")))) or (
        min(len(mine), len(other)) > 2 and (mine.startswith(other) or other.startswith(mine))
    )


def _stem(name: str) -> str:
    return _ID.sub("", snake(name)).strip("_")


def _finding(program: Program, route: Route, node: Node, parameter: Parameter, variable: str) -> Finding:
    name = dependency_name(node)
    assert route.place is not None
    fix = None
    if not any(program.walker.resolver.sources(parameter)):
        fix = renamed(program, node, parameter, variable) or path_renamed(program, route, variable, parameter.name)
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} has {variable!r} in its path while {name} checks {parameter.name!r}, which the client "
        f"sends in the query: he names what is his there and gets at what is not; call both {variable!r}",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[Evidence(parameter.place.location, f"{name} asks for {parameter.name!r}, which is not in the path")],
        fix=fix,
        masks=("missing-ownership-check",),
    )


def _of_body(route: Route, node: Node, parameter: Parameter, field: str) -> Finding:
    name = dependency_name(node)
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} works with {field!r} of the body while {name} checks {parameter.name!r}, which the "
        "client sends in the query: he names what is his there and gets at what is not; check what the body names",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[Evidence(parameter.place.location, f"{name} takes {parameter.name!r} from the query")],
        masks=("missing-ownership-check",),
    )


def _of_idle_guard(route: Route, node: Node, parameter: Parameter) -> Finding:
    name = dependency_name(node)
    assert route.place is not None
    return RULE.finding(
        route.place.location,
        f"{access.spoken(route)} relies on {name}, which lets everybody pass who sends no {parameter.name!r}, and the "
        f"path has none: whoever leaves it out of the query gets at everything; check what {route.path!r} names",
        confidence="medium",
        symbol=access.symbol(route),
        route=access.key(route),
        evidence=[Evidence(parameter.place.location, f"{name} does nothing without {parameter.name!r}")],
        masks=("missing-ownership-check",),
    )
