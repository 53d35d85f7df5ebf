"""Who raises an exception that is caught: the project, with words of its own, or what it uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, mentions, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Unknown, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.leaks.exception_texts import Caught, Sort


def raised(program: Program, found: Caught, name: str) -> Sort:
    """Who raises an exception of Python's own: the project with a text of its own, only libraries, or unknown."""
    if _carries(program, found.block, found.tried, name, 2, set()):
        return "foreign"
    told = name == "RuntimeError" and _is_failure(found)
    if _raises(program, found.block, found.tried, name, 4, set(), plain=told):
        return "own"
    if told and _raises(program, found.block, found.tried, name, 4, set()):
        return "foreign"
    for form in walk(found.tried):
        if form[0] != "call":
            continue
        values = list(options(ask(program, found.block, form[2]))) if form[2][0] in ("name", "attr") else []
        if any(isinstance(value, Unknown) for value in values) or not values:
            return "doubtful"
    return "foreign"


def _is_failure(found: Caught) -> bool:
    """Whether the answer is a failure of the server, whose cause is none of the client's business."""
    return any(
        (form[0] == "const" and type(form[2]) is int and 500 <= form[2] <= 599)
        or (form[0] == "attr" and str(form[3]).startswith(("HTTP_5", "INTERNAL_SERVER_ERROR")))
        for form in walk(found.statements)
    )


def _is_constant(made: Form) -> bool:
    return made[0] != "call" or all(item[0] == "const" for item in made[3])


def _carries(
    program: Program, block: Block, statements: list[Form], name: str, depth: int, seen: set[tuple[str, int]]
) -> bool:
    """Whether statements, or what they call, put whatever they caught into such an exception: `RuntimeError(e)`."""
    for form in walk(statements):
        if form[0] == "try" and any(_hands_over(handler, name) for handler in form[3]):
            return True
        for function, _ in called(program, block, form) if form[0] == "call" and depth else ():
            key = (function.module.file, function.number)
            body = body_of(program, function) if key not in seen else None
            seen.add(key)
            if body is not None and _carries(program, body, body.statements, name, depth - 1, seen):
                return True
    return False


def _hands_over(handler: Form, name: str) -> bool:
    kind, caught, statements, _ = handler
    if not caught or (kind is not None and last_name(kind) not in ("Exception", "BaseException")):
        return False
    return any(
        form[0] == "raise"
        and form[2] is not None
        and form[2][0] == "call"
        and last_name(form[2][2]) == name
        and mentions(form[2][3], {caught})
        for form in walk(statements)
    )


def _raises(
    program: Program,
    block: Block,
    statements: list[Form],
    name: str,
    depth: int,
    seen: set[tuple[str, int]],
    *,
    plain: bool = False,
) -> bool:
    """Whether statements, or what they call, raise an exception by name; `plain` is for constant texts only."""
    for form in walk(statements):
        if form[0] == "raise" and form[2] is not None:
            made = form[2][2] if form[2][0] == "call" else form[2]
            if made[0] in ("name", "attr") and made[-1] == name and (not plain or _is_constant(form[2])):
                return True
        if form[0] == "call" and depth:
            functions = [function for function, _ in called(program, block, form)]
            for option in options(ask(program, block, form[2])) if form[2][0] in ("name", "attr") else ():
                if isinstance(option, Class):
                    functions += [item for item in option.namespace.values() if getattr(item, "number", -1) >= 0]  # type: ignore[misc]
            for function in functions:
                key = (function.module.file, function.number)
                body = body_of(program, function) if key not in seen else None
                seen.add(key)
                if body is not None and _raises(program, body, body.statements, name, depth - 1, seen, plain=plain):
                    return True
    return False
