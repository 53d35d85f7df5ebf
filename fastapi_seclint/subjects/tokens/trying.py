"""A call that verifies a token where nothing catches its failure: the statement around it, with a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.edits import AddImport, Edit, ReplaceStatement
from fastapi_seclint.facts.bindings import blocks
from fastapi_seclint.facts.forms import Form, last_name, span_of, walk
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.values import Function
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.origins import callers
from fastapi_seclint.subjects.code.spelling import code
from fastapi_seclint.subjects.guards.demanding import http_exception
from fastapi_seclint.subjects.tokens.refusing import refusal
from fastapi_seclint.subjects.wiring.dependencies import wiring
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.program.sites import Block, Call


def refusing_statement(program: Program, call: Call, verified: str) -> tuple[Edit, ...]:
    """The edits that put a verifying call in place of another one and answer 401 where it fails (guide, section 3).

    Nothing where the failure is caught, or handed to a caller who may catch it, or where more is done in the statement.
    """
    block = call.block
    function = block.function
    if function is None or not _is_run_by_fastapi(program, function):
        return ()
    if any(not program.is_test(other.module) for other, _, _ in callers(program, function)):
        return ()
    if {item[0] for item in function.parameters} & {"call_next", "scope", "websocket"}:
        return ()  # an HTTPException is answered with 500 there
    if any(form[0] == "try" and _holds(form, call.form) for form in block.forms.every):
        return ()
    statement = _statement(block.statements, call.form)
    annotation = block.module.facts.annotations.get(statement[1]) if statement is not None else None
    written = _written(statement, annotation, call.form, verified) if statement is not None else None
    if statement is None or written is None:
        return ()
    error, imported = _error(block, call)
    exception, more = http_exception(block.module)
    refusal = f'raise {exception}(status_code=401, detail="Invalid token", headers={{"WWW-Authenticate": "Bearer"}})'
    lines = f"try:\n    {written}\nexcept {error}:\n    {refusal} from None"
    return (ReplaceStatement(block.module.path, span_of(statement[1]), lines), *imported, *more)


def refused_in_handler(program: Program, call: Call) -> Fix | None:
    """The refusal of a token that the `try` above could not verify, where a handler reads it all the same.

    What it caught is raised again where the function refuses nothing itself and others call it.
    """
    block = call.block
    for form in block.forms.of("try"):
        verified = any(item[0] == "call" and last_name(item[2]) == "decode" for item in walk(form[2]))
        for _, _, body, _ in form[3] if verified else ():
            statement = next((item for item in body if _holds(item, call.form)), None)
            if statement is not None:
                raised, imports = refusal(block, statement, "invalid token")
                own = block.forms.of("raise") or (block.function and _is_run_by_fastapi(program, block.function))
                text, more = (f"{raised} from None", imports) if own else ("raise", ())
                edit = ReplaceStatement(block.module.path, span_of(statement[1]), text)
                return Fix("refuse the token that did not verify", False, (edit, *more))
    return None


def _is_run_by_fastapi(program: Program, function: Function) -> bool:
    """Whether a function is a handler or a dependency, where an HTTPException is an answer."""
    return is_handler(program, function) or any(running(value) is function for value in wiring(program).callables)


def _holds(form: Form, inner: Form) -> bool:
    return any(item is inner for item in walk(form))


def _statement(statements: list[Form], form: Form) -> Form | None:
    for statement in statements:
        if _holds(statement, form):
            return next((inner for block in blocks(statement) if (inner := _statement(block, form))), statement)
    return None


def _written(statement: Form, annotation: Form | None, call: Form, verified: str) -> str | None:
    """The statement with another call in the place of one that is all of its value."""
    match statement:
        case ["assign", _, [target], value] if value is call and (name := code(target)) is not None:
            kind = code(annotation) if annotation is not None else None
            return f"{name}: {kind} = {verified}" if kind else f"{name} = {verified}"
        case ["return", _, value] if value is call:
            return f"return {verified}"
    return None


def _error(block: Block, call: Call) -> tuple[str, tuple[Edit, ...]]:
    """What the library raises for a bad token, as a file names it."""
    if not call.name.startswith("jose."):
        return f"{spelled(call.form[2][2])}.InvalidTokenError", ()
    known = "JWTError" in block.module.scope.names
    return "JWTError", () if known else (AddImport(block.module.path, "jose", "JWTError"),)
