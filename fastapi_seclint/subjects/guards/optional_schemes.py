"""Fixes that let a scheme give None to visitors: `auto_error=False` on it, or on another one beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, InsertStatements, ReplaceExpression, SetKeyword
from fastapi_seclint.facts.forms import Form, span_of, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import External, Function, Place, constant, options
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.reference import local_name
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards import access
from fastapi_seclint.subjects.guards.swapping import argument_of
from fastapi_seclint.subjects.tokens.looking import looks_at
from fastapi_seclint.subjects.wiring.dependencies import fillings, wiring

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_TITLE = "let the scheme give None to visitors: `auto_error=False`"


@dataclass(frozen=True, slots=True)
class Use:
    """A function that gets what a scheme gives, or in whose way the scheme stands, and where `Depends(...)` is."""

    function: Function | None
    written: Place | None
    listed: bool


def uses(program: Program, scheme: External) -> Iterator[Use]:
    """Everybody who depends on a scheme itself."""
    for consumer in wiring(program).consumers:
        found = program.walker.resolver.dependency_of(consumer.parameter)
        if found is not None and any(_is(option, scheme) for option in options(found[1])):
            yield Use(consumer.function, found[0].place, False)
    for route in program.routes:
        for node in route.nodes():
            if not node.parameter and _is(node.call, scheme):
                yield Use(route.function, node.written, True)


def _is(value: object, scheme: External) -> bool:
    return isinstance(value, External) and scheme.place is not None and value.place == scheme.place


def made_optional(program: Program, scheme: External, user: Function, meant: set[int]) -> Fix | None:
    """The scheme mended where all of its users are meant for visitors (ids of functions), else another one for this."""
    if scheme.place is None:
        return None
    name = _name_of(scheme.place)
    all_uses = list(uses(program, scheme))
    own = [use for use in all_uses if use.function is user]
    if not own:
        return None
    others = [use for use in all_uses if id(use.function) not in meant]
    if not others and not _is_used_otherwise(program, scheme.place, name):
        edit = SetKeyword(scheme.place.module.path, scheme.place.location.span, "auto_error", "False")
        return Fix(_TITLE, True, (edit,))
    edits: list[Edit] = []
    for use in own:
        added = _another(program, scheme.place, name, use, meant)
        if not added:
            return None
        edits += added
    return Fix(_TITLE, True, tuple(dict.fromkeys(edits)))


def _name_of(place: Place) -> str:
    """The name that a file gives to the scheme that it makes at a place."""
    statement = _statement(place)
    targets = [] if statement is None else statement[2] if statement[0] == "assign" else [statement[2]]
    return str(targets[0][2]) if len(targets) == 1 and targets[0][0] == "name" else ""


def _statement(place: Place) -> Form | None:
    for form in place.module.facts.module:
        if form[0] in ("assign", "annassign") and form[-1] is not None and form[-1][1] == place.at:
            return form
    return None


def _is_used_otherwise(program: Program, place: Place, name: str) -> bool:
    """Whether the name of a scheme stands elsewhere than in `Depends(...)`: it is called, say, or handed on."""
    statement = _statement(place)
    if not name or statement is None:
        return False
    known = {(place.module.file, target[1]) for target in walk(statement[2]) if target[0] == "name"}
    for call in wiring(program).calls:
        argument = call.argument("dependency", 0)
        known |= {(call.block.module.file, argument.form[1])} if argument is not None else set()
    return any(
        form[0] in ("name", "attr") and form[-1] == name and (block.module.file, form[1]) not in known
        for block in program.sites.blocks(frozenset({name}))
        for form in block.forms.every
    )


def _another(program: Program, place: Place, name: str, use: Use, meant: set[int]) -> tuple[Edit, ...]:
    """Another scheme below the first one, and its name in the `Depends(...)` of a user that shares it with nobody."""
    statement, written = _statement(place), use.written
    argument = argument_of(written) if written is not None else None
    if statement is None or not name or written is None or argument is None or argument[0] != "name":
        return ()
    if any(id(other.function) not in meant for other in fillings(program).get((written.module.file, written.at), ())):
        return ()
    if use.listed and not _is_own(use, written):
        return ()
    call, module = statement[-1], place.module
    keywords = [item for item in call[4] if item[0] != "auto_error"]
    made = code(["call", call[1], call[2], call[3], [*keywords, ["auto_error", ["const", call[1], False], call[1]]]])
    optional = _known(place) or local_name(module, f"{name}_optional")
    if made is None:
        return ()
    edits: list[Edit] = []
    if _known(place) is None:
        edits.append(InsertStatements(module.path, span_of(statement[1]), "after", f"{optional} = {made}"))
    known = optional if written.module is module else local_name(written.module, optional, module.name)
    edits.append(ReplaceExpression(written.module.path, span_of(argument[1]), known))
    if written.module is not module:
        alias = None if known == optional else known
        edits.append(AddImport(written.module.path, module.name, optional, alias, local=True, target=module.path))
    return tuple(edits)


def _is_own(use: Use, written: Place) -> bool:
    """Whether a list of dependencies is that of the handler's decorator."""
    handler = use.function
    return handler is not None and handler.module is written.module and _decorates(handler, written)


def _decorates(handler: Function, written: Place) -> bool:
    for form in walk(handler.module.facts.module):
        if form[0] == "def" and form[2] == handler.number:
            return any(inner[1] == written.at for inner in walk(form[6]))
    return False


def _known(place: Place) -> str | None:
    """A scheme of the same file that is like the one at a place and lets visitors pass."""
    scope = place.module.scope.names
    first = next(
        (item for value in scope.values() for item in options(value) if getattr(item, "place", None) == place), None
    )
    for name, value in scope.items():
        for item in options(value):
            if isinstance(item, External) and isinstance(first, External) and _are_alike(item, first):
                return name
    return None


def _are_alike(one: External, other: External) -> bool:
    if one.name != other.name or one.arguments is None or other.arguments is None:
        return False
    given = dict(one.arguments.keywords)
    error = given.pop("auto_error", None)
    rest = {key: value for key, value in other.arguments.keywords.items() if key != "auto_error"}
    plain = given.keys() == rest.keys() and all(constant(given[key]) == constant(rest[key]) for key in given)
    return plain and error is not None and constant(error) is False


def goes_on_without(program: Program, function: Function, route: Route | None) -> bool:
    """Whether visitors may be let through to a function: it reads only, or whoever gets what it gives looks at it."""
    if route is not None:
        return not access.changes_state(route)
    if any(not node.parameter and node.function is function for one in program.routes for node in one.nodes()):
        return False
    for consumer in wiring(program).consumers:
        found = program.walker.resolver.dependency_of(consumer.parameter)
        if found is None or not any(running(option) is function for option in options(found[1])):
            continue
        name = consumer.parameter.name
        reads = (
            consumer.route is not None
            and not access.changes_state(consumer.route)
            and _mentions(consumer.function, name)
        )
        if not reads and not looks_at(consumer.function, {name}):
            return False
    return True


def _mentions(function: Function, name: str) -> bool:
    return any(form[0] == "name" and form[2] == name for form in function.forms.every)


def takes_none(route: Route, parameter: str) -> bool:
    """Whether a handler can do without what the scheme gives: it does not name it, or looks whether it is there."""
    handler = route.function
    if handler is None or access.changes_state(route):
        return False
    return not parameter or not _mentions(handler, parameter) or looks_at(handler, {parameter})
