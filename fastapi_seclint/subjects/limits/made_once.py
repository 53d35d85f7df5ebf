"""What every request makes anew made once, above the function that made it."""

from __future__ import annotations

import builtins

from fastapi_seclint.edits import InsertStatements, RemoveStatement, ReplaceExpression
from fastapi_seclint.facts.bindings import bound_names
from fastapi_seclint.facts.forms import Form, last_name, line_of, names_in, span_of, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.rule import Fix
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.spelling import code

_TITLE = "make it once, above the function"


def made_once(block: Block, made: Form) -> Fix | None:
    """The fix for an expression in a function, or the assignment of it; None where it hangs on the request."""
    function, module = block.function, block.module
    if function is None:
        return None
    around = next((form for form in module.facts.module if holds(form[1], function.at)), None)
    statement = next((form for form in function.statements() if form[1] == made[1] or _has(form, made)), None)
    if around is None or statement is None or not _is_known_above(block, made, line_of(around[1])):
        return None
    path = module.path
    match statement:
        case ["assign", at, [["name", _, str(name)]], value] if made in (value, statement):
            kind = ""
        case ["annassign", at, ["name", _, str(name)], annotation, value] if made in (value, statement):
            kind = f": {code(annotation)}"
        case _:
            return _in_place(block, made, around)
    given = [form for form in block.forms.of("assign", "annassign", "augassign") if _binds(form, name)]
    written = code(value)
    if written is None or len(given) != 1 or name in bound_names(module.facts.module) or "None" in kind:
        return None
    above = _above(block, around, f"{name}{kind} = {written}")
    return Fix(_TITLE, False, (above, RemoveStatement(path, span_of(at))))


def _above(block: Block, around: Form, lines: str) -> InsertStatements:
    """A statement above the definition around a function, among the module's own values where some end there."""
    statements = block.module.facts.module
    before = [form for form in statements if form[1] < around[1]]
    if before and before[-1][0] in ("assign", "annassign"):
        return InsertStatements(block.module.path, span_of(before[-1][1]), "after", lines)
    return InsertStatements(block.module.path, span_of(around[1]), "before", lines)


def _in_place(block: Block, made: Form, around: Form) -> Fix | None:
    """A name for what is made, in place of it."""
    if made[0] != "call" or not last_name(made[2]):
        return None
    path, name, written = block.module.path, snake(last_name(made[2])), code(made)
    free = next((one for one in (name, f"shared_{name}") if one not in block.module.facts.words), None)
    if free is None or written is None:
        return None
    above = _above(block, around, f"{free} = {written}")
    return Fix(_TITLE, False, (above, ReplaceExpression(path, span_of(made[1]), free)))


def _has(statement: Form, made: Form) -> bool:
    return any(form is made or form == made for form in walk([statement]))


def _binds(form: Form, name: str) -> bool:
    targets = form[2] if form[0] == "assign" else [form[3] if form[0] == "augassign" else form[2]]
    return any(target[0] == "name" and target[2] == name for target in targets)


def _is_known_above(block: Block, made: Form, line: int) -> bool:
    """Whether all that an expression names is known to the module above a line, and nothing of it is the function's."""
    value = made[-1] if made[0] in ("assign", "annassign") else made
    known = bound_names(block.module.facts.module)
    for name in names_in(value):
        bound = known.get(name, [])
        if not any(line_of(form[1]) < line for form in bound) and not (not bound and hasattr(builtins, name)):
            return False
        if block.is_local(name):
            return False
    return True
