"""Handlers that refuse who is nobody by the object that everybody gets: `if not who.known: raise ...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, mentions, walk
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.values import Function

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def refused_elsewhere(program: Program, route: Route, node: Node) -> bool:
    """Whether another handler refuses by what it finds in the same object, and this one asks it for nothing."""
    own = route.function
    if node.function is None or own is None or not node.parameter or _may_ask(program, own, node.parameter):
        return False
    return any(
        other.function is not None
        and other.function is not own
        and any(
            item.function is node.function and item.parameter and refuses_nobody(other.function, item.parameter)
            for item in other.dependencies
        )
        for other in program.routes
    )


def refuses_nobody(handler: Function, name: str) -> bool:
    """Whether a handler raises where an object, or what it keeps or says of itself, is nothing."""
    return any(
        _asks(form[2], name) and any(inner[0] == "raise" for inner in walk(form[3])) for form in handler.forms.of("if")
    )


def _asks(test: Form, name: str) -> bool:
    """Whether a test is only about an object being nobody's: `not who`, `not who.known()`, `who.name is None`."""
    match test:
        case ["unary", _, "not", asked] | ["compare", _, asked, ["is" | "=="], [["const", _, None]]]:
            if asked[0] == "call" and not asked[3] and not asked[4]:
                asked = asked[2]
            root = asked[2] if asked[0] == "attr" else asked
            return bool(root[2:] == [name])
    return False


def _may_ask(program: Program, handler: Function, name: str) -> bool:
    """Whether a handler tests the object, hands it on, or calls a method of it that raises."""
    for form in handler.forms.of("if", "ifexp", "assert", "while"):
        if mentions(form[2], {name}):
            return True
    for call in handler.forms.of("call"):
        if any(item[2:] == [name] for item in (*call[3], *(value for _, value, _ in call[4]))):
            return True
        if call[2][0] == "attr" and call[2][2][2:] == [name] and _raises(program, call[2][3]):
            return True
    return False


def _raises(program: Program, method: str) -> bool:
    """Whether a method of this name raises in some class of the project."""
    for module in program.modules.by_file.values():
        for number, (name, _, _) in enumerate(module.facts.functions):
            if name.endswith(f".{method}") and module.facts.body_mentions(number, b'["raise"'):
                return True
    return False
