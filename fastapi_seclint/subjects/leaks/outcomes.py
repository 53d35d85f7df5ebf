"""Objects that say how something went, whose texts handlers answer with: `HTTPException(500, detail=outcome.error)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_ANSWERS = re.compile(
    r"(HTTPException|HttpException|HTTPError|WebSocketException)$|^(JSON|ORJSON|UJSON|PlainText|HTML|Template)?Response$"
)
_LIMITED = frozenset({"status_code", "headers", "media_type", "background", "code", "name"})
_ERRORS = frozenset(
    {"error", "errors", "message", "detail", "details", "reason", "error_message", "err", "msg", "problem", "failure",
     "cause", "description", "explanation", "hint", "why"}
)  # fmt: skip
_DEPTH = 2

Keys = frozenset[tuple[str, int]]


def sent_fields(program: Program, block: Block) -> frozenset[str]:
    """The names of attributes that handlers put into their answers, of what the function of a block may give them."""
    function = block.function
    key = (function.module.file, function.number) if function is not None else None
    found = _fields(program)
    return frozenset(name for name, givers in found.items() if givers is None or key in givers)


@lru_cache(maxsize=1)
def _fields(program: Program) -> dict[str, Keys | None]:
    """The attributes that are sent, with the functions that what they are of comes from; None stands for any."""
    found: dict[str, Keys | None] = {}
    seen: set[int] = set()
    for route in program.routes:
        block = body_of(program, route.function) if route.function is not None else None
        if block is None or id(route.function) in seen:
            continue
        seen.add(id(route.function))
        for form in block.forms.of("call", "return"):
            for part in walk(_given(form)):
                if part[0] == "attr" and part[3] in _ERRORS:
                    before, givers = found.get(part[3], frozenset()), _givers(program, route, block, part[2])
                    found[part[3]] = None if before is None or givers is None else before | givers
    return found | dict.fromkeys(_raised_by_itself(program))


def _raised_by_itself(program: Program) -> Iterator[str]:
    """The attributes that an object puts into an answer itself: `raise HTTPException(502, self.problem)`."""
    for block in program.sites.blocks(frozenset({"HTTPException"})):
        function = block.function
        if function is None or function.owner is None or not function.parameters:
            continue
        own = function.parameters[0][0]
        for form in block.forms.of("call"):
            for part in walk(_given(form)):
                if part[0] == "attr" and part[3] in _ERRORS and part[2][0] == "name" and part[2][2] == own:
                    yield part[3]


def _given(form: Form) -> list[Form]:
    """What an answer is made of."""
    if form[0] == "return":
        return [form[2]] if form[2] is not None else []
    if form[2][0] not in ("name", "attr") or not _ANSWERS.search(str(form[2][-1])):
        return []
    return [*form[3], *(value for keyword, value, _ in form[4] if keyword not in _LIMITED)]


def _givers(program: Program, route: Route, block: Block, owner: Form) -> Keys | None:
    """The functions that an object comes from, with those that they call; None where that cannot be seen."""
    functions = _functions(program, route, block, owner)
    if functions is None:
        return None
    return frozenset(
        (inner.module.file, inner.number) for function in functions for inner in reached(program, function, _DEPTH)
    )


def _functions(program: Program, route: Route, block: Block, owner: Form) -> list[Function] | None:
    owner = awaited(owner)
    if owner[0] == "call" and owner[2][0] in ("name", "attr"):
        made_here = any(isinstance(option, Class) for option in options(ask(program, block, owner[2])))
        return [function for function, _ in called(program, block, owner)] or ([] if made_here else None)
    if owner[0] != "name" or not isinstance(block.scope, FunctionScope):
        return None
    if any(handler[1] == owner[2] for form in block.forms.of("try") for handler in form[3]):
        return []
    assigned = block.scope.assignments(owner[2])
    if assigned:
        found = [_functions(program, route, block, item[-1]) for item in assigned if item[0] in ("assign", "annassign")]
        if len(found) < len(assigned) or any(functions is None for functions in found):
            return None
        return [function for functions in found for function in functions or ()]
    nodes = [node for node in route.dependencies if node.parameter == owner[2]]
    functions = [inner.function for node in nodes for inner in node.walk()]
    return [function for function in functions if function is not None] if nodes else None
