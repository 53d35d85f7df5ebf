"""What code does with its caller: whether he decides anything, or is only known, logged or noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.callables import parameters
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.routes import Route, path_variables
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.implementations import has_no_body
from fastapi_seclint.subjects.code.origins import body_of
from fastapi_seclint.subjects.owners.credentialed import made_of_credentials
from fastapi_seclint.subjects.owners.identity import caller_names, dependency_name, names_identity
from fastapi_seclint.subjects.owners.notes import ATTRIBUTION, logs
from fastapi_seclint.subjects.owners.services import ignores_caller

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

Follow = Callable[[Form, set[str]], bool | None]
_CALLER = re.compile(r"(^|_)(users?|account|member|principal|me|caller|claims|identity)$")
_ID = re.compile(r"(^|_)(id|uuid|pk|slug)$")


def ties_caller(program: Program, route: Route) -> bool:
    """Whether a handler uses the caller for more than a log, a greeting or a note who changed something.

    What it does with him when the object that the path names has been changed already decides nothing any more.
    """
    handler, ignoring = route.function, _ignoring(program, route)
    if handler is not None and not ignoring:
        handler = worker(program.interpreter, handler)
    if handler is None or asks_the_request(handler):
        return True
    filled = program.walker.resolver.dependency_of
    sent = frozenset(item.name for item in parameters(route.endpoint) if filled(item) is None) if route.endpoint else ()
    by_hand = made_of_credentials(handler)
    callers = caller_names(program, route) - ignoring | by_hand
    if _is_closed_over(handler, callers):
        return True
    variables = set(path_variables(route.path))
    used = uses(handler, callers, sent, _inside(program, handler), by_hand)
    return used and not _only_afterwards(handler, callers, variables)


def _is_closed_over(handler: Function, callers: set[str]) -> bool:
    """Whether a function that a handler defines, to run in a thread say, works with the caller."""
    facts = handler.module.facts
    inner = (form for number in facts.inside(handler.number) for form in facts.forms(number).of("name"))
    return any(form[2] in callers for form in inner)


def _ignoring(program: Program, route: Route) -> set[str]:
    """The parameters of a handler that hold a service of which it uses nothing that asks for the caller."""
    nodes = (node for node in route.dependencies if node.parameter)
    return {node.parameter for node in nodes if ignores_caller(program, route, node, callers_of(program, node))}


def _inside(program: Program, function: Function, depth: int = 2) -> Follow:
    """Tells of a call whether the functions of the project that get the caller use him; None where it may be others."""
    block = body_of(program, function)

    def follow(call: Form, known: set[str]) -> bool | None:
        handed = handed_to(program, block, call, known) if block is not None and depth else []
        if not handed or any(asks_the_request(inner) or has_no_body(inner) for inner, _ in handed):
            return None
        return any(uses(inner, given, (), _inside(program, inner, depth - 1)) for inner, given in handed)

    return follow


_CHANGES = re.compile(r"^(update|delete|remove|edit|patch|replace|cancel|revoke)(_\w+)?$")


def _only_afterwards(function: Function, callers: set[str], variables: set[str]) -> bool:
    """Whether a function changes what a variable of the path names before it uses the caller at all."""
    known = set(callers)
    _spread(function, known)
    pending = function.statements()
    while pending:
        statement, *pending = pending
        if statement[0] == "try":
            pending = [*statement[2], *pending]
        elif _Using(known, {})(statement):
            return False
        elif any(_changes_by_id(form, variables) for form in walk(statement) if form[0] == "call"):
            return True
    return False


def _changes_by_id(call: Form, variables: set[str]) -> bool:
    given = [*call[3], *(value for _, value, _ in call[4])]
    named = any(item[0] == "name" and item[2] in variables for item in given)
    return named and call[2][0] in ("name", "attr") and _CHANGES.match(snake(str(call[2][-1]))) is not None


def _believed(call: Form, known: set[str]) -> bool | None:
    return None


def uses(
    function: Function,
    callers: set[str],
    sent: Collection[str] = (),
    follow: Follow = _believed,
    by_hand: Collection[str] = (),
) -> bool:
    """Whether a function uses one of the parameters that hold the caller for something that may decide.

    What is looked up for the caller alone, without anything that was `sent`, decides nothing where it is only tested
    for being there: every user is. `follow` tells of a call that gets him whether it does; else it is believed to.
    Whether there is one of those that a function finds out `by_hand` only asks for a login.
    """
    known = set(callers)
    _spread(function, known)
    looking = _look_ups(function, known, set(sent)) if sent else {}
    using = _Using(known, looking, follow, frozenset({*by_hand, *looking.values()}))
    return any(using(statement) for statement in function.statements())


def _look_ups(function: Function, known: set[str], sent: set[str]) -> dict[int, str]:
    """The assignments that look something up for the caller alone, by their places: the name that gets it."""
    found: dict[int, str] = {}
    for form in function.forms.of("assign", "annassign"):
        value, target = form[-1], form[2][0] if form[0] == "assign" else form[2]
        if value is None or target[0] != "name" or value[0] not in ("call", "await", "sub"):
            continue
        named = {item[2] for item in walk(value) if item[0] == "name"}
        if named & sent:
            sent.add(target[2])
        elif named & known:
            found[form[1]] = target[2]
            known.add(target[2])
    return found


def _is_presence(test: Form, names: Collection[str]) -> bool:
    """Whether a condition only asks whether one of the names holds anything: `if user`, `user is None`."""
    match test:
        case ["unary", _, "not", inner]:
            return _is_presence(inner, names)
        case ["compare", _, inner, ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return _is_presence(inner, names)
    return test[0] == "name" and test[2] in names


def asks_the_request(function: Function) -> bool:
    """Whether a function gets at the caller by another way than a parameter."""
    return any(_mentions_request(form) for form in function.forms.every)


def _spread(function: Function, known: set[str]) -> None:
    for form in function.forms.every:
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
    if owner[0] != "name":
        return False
    if owner[2] in ("self", "cls"):
        return _CALLER.search(snake(form[3])) is not None or form[3] in ("request", "context", "session")
    return owner[2] in ("info", "ctx", "context", "g")


@dataclass(frozen=True, slots=True)
class _Using:
    """Whether a form uses one of the names that are `known` for something that may decide."""

    known: set[str]
    looking: Mapping[int, str]
    follow: Follow = _believed
    found: frozenset[str] = frozenset()

    def __call__(self, form: Form) -> bool:
        match form:
            case ["name", _, name]:
                return name in self.known
            case ["assign" | "annassign", at, *_] if at in self.looking:
                return False
            case ["if", _, test, body, otherwise] if self.found and _is_presence(test, self.found):
                return any(self(item) for item in (*body, *otherwise))
            case ["call", *_]:
                return self._calls(form)
            case ["assign", _, targets, value]:
                return self._assigns(targets, value)
            case ["ifexp", _, _, *branches] if not any(_is_nothing(branch) for branch in branches):
                return any(self(branch) for branch in branches)  # it chooses what to show, and refuses nobody
            case ["return", _, ["dict", _, pairs]]:
                told = [value for _, value in pairs if value[0] not in ("attr", "name", "fstr", "sub")]
                return any(self(value) for value in told)
        return any(self(item) for item in _inner(form))

    def _calls(self, form: Form) -> bool:
        if logs(form):
            return False
        given = [*form[3], *(value for name, value, _ in form[4] if name is None or not ATTRIBUTION.search(name))]
        if not any(self(value) for value in (form[2], *given)):
            return False
        followed = self.follow(form, self.known)
        return True if followed is None else followed

    def _assigns(self, targets: list[Form], value: Form) -> bool:
        if value[0] in ("name", "attr", "sub") and _is_of(value, self.known):
            return any(
                target[0] == "sub" or (target[0] == "attr" and not ATTRIBUTION.search(target[3])) for target in targets
            )
        return self(value) or any(self(target) for target in targets if target[0] != "name")


def _is_nothing(form: Form) -> bool:
    return (form[0] == "const" and not form[2]) or (form[0] in ("list", "dict", "tuple", "set") and not form[2])


def _inner(form: Form) -> Iterator[Form]:
    pending = list(form[2:])
    while pending:
        item = pending.pop()
        if type(item) is list:
            if item and type(item[0]) is str and len(item) > 1 and type(item[1]) is int and item[1] > 4:
                yield item
            else:
                pending.extend(item)


def is_tied(program: Program, route: Route) -> bool:
    """Whether a dependency gets an id of the path and knows the caller, or looks at the path by itself."""
    variables = set(path_variables(route.path))
    for node in route.nodes():
        function = node.function
        if function is None:
            continue
        if function.module.facts.words & {"path_params", "path_param"} and any(
            form[0] == "attr" and form[3] == "path_params" for form in function.forms.every
        ):
            return True
        taking = takes_id(node, variables, callers_of(program, node))
        if taking and knows_caller(program, node) and _may_decide(program, node, function):
            return True
    return any(is_scoped(program, route, node) for node in route.dependencies)


def is_scoped(program: Program, route: Route, node: Node) -> bool:
    """Whether a handler works with something that a dependency made for the caller: `NoteRepository(owner=me.id)`."""
    function, handler = node.function, route.function
    if function is None or handler is None or not node.parameter or tells_caller(program, node):
        return False
    callers = callers_of(program, node)
    if not callers or not uses(function, callers) or ignores_caller(program, route, node, callers):
        return False
    return any(form[0] == "name" and form[2] == node.parameter for form in handler.forms.every)


def takes_id(node: Node, variables: set[str], callers: Collection[str] = ()) -> bool:
    """Whether a dependency takes an id: one of these variables of the path, or a parameter that is named like one.

    The id of the caller, in a parameter among `callers`, is none.
    """
    found = (item.name for item in parameters(node.call) if item.name not in callers)
    return any(name in variables or _ID.search(name) for name in found)


def _may_decide(program: Program, node: Node, function: Function) -> bool:
    """Whether a dependency does anything with the caller that it gets; one that finds him out itself is believed."""
    callers = callers_of(program, node)
    return not callers or uses(function, callers) or asks_the_request(function)


def callers_of(program: Program, node: Node) -> set[str]:
    """The parameters of a dependency that another one fills with the caller."""
    found = {child.parameter for child in node.children if child.parameter and tells_caller(program, child)}
    filled = program.walker.resolver.dependency_of
    found.update(
        item.name for item in parameters(node.call) if _CALLER.search(snake(item.name)) and filled(item) is not None
    )
    return found


def tells_caller(program: Program, node: Node) -> bool:
    """Whether a dependency says who is calling, by what it does or by its name."""
    return names_identity(dependency_name(node)) or program.guard_model.authenticates(node.call)


def knows_caller(program: Program, node: Node) -> bool:
    """Whether this dependency, or one that it depends on, finds out who is calling."""
    if program.guard_model.authenticates(node.call):
        return True
    if any(names_identity(dependency_name(child)) for child in node.walk() if child is not node):
        return True
    return bool(callers_of(program, node))
