"""What callers hand in for that which a function logs.

It is a secret under a name that says nothing, or none at all for all that its name says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Instance, options
from fastapi_seclint.subjects.code.handing import handed
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.code.told import told_field
from fastapi_seclint.subjects.leaks.log_calls import written
from fastapi_seclint.subjects.leaks.log_helpers import is_there_to_log
from fastapi_seclint.subjects.leaks.logged_secrets import Leak, Leaks
from fastapi_seclint.subjects.leaks.texts_inside import LINK, parts, secret_in
from fastapi_seclint.subjects.wiring.dependencies import is_dependency
from fastapi_seclint.subjects.wiring.handlers import is_handler

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def handed_in(program: Program, block: Block, call: Form) -> list[Leak]:
    """The secrets that a log call writes by the names of parameters for which every caller gives one.

    What is there to write logs is told of where it is called.
    """
    scope = block.scope
    function = scope.function if isinstance(scope, FunctionScope) else None
    if function is None or is_there_to_log(function) or not isinstance(scope, FunctionScope):
        return []
    own = {item[0] for item in function.parameters if not scope.assignments(item[0])}
    found = []
    for part in (part for whole in written(call) for part in parts(block, whole)):
        if part[0] == "name" and part[2] in own:
            found += [Leak(what, part) for what in [_given(program, handed(program, function, part[2]))] if what]
        elif part[0] == "attr" and part[2][0] == "name" and part[2][2] in own:
            found += [Leak(what, part) for what in [_given(program, _of_field(program, block, part))] if what]
    return found


def _of_field(program: Program, block: Block, part: Form) -> Iterator[tuple[Block, Form]]:
    """What objects of the project's class are made with for a field of a parameter: `message.body`."""
    made = (option.cls for option in options(ask(program, block, part[2])) if isinstance(option, Instance))
    for cls in dict.fromkeys(one for one in made if isinstance(one, Class)):
        yield from ((origin.block, origin.form) for origin in told_field(program, cls, part[3]))


def is_harmless(program: Program, block: Block, form: Form) -> bool:
    """Whether an expression is a parameter that is named as a secret, and none where every caller has it by that name.

    Callers see what it is: what was cut out of something, or what stars stand in the place of. A caller that only hands
    its own parameter on is asked for its callers in turn, each once; what FastAPI calls is given whatever is sent.
    """
    pending, seen, shown = [(block, form)], {block.function}, False
    while pending:
        inner, name = pending.pop()
        scope = inner.scope
        if name[0] != "name" or not isinstance(scope, FunctionScope) or scope.assignments(name[2]):
            return False
        found = [*handed(program, scope.function, name[2])]
        if not found or is_handler(program, scope.function) or is_dependency(program, scope.function):
            return False
        for caller, given in found:
            if given[0] != "name" or given[2] != name[2] or caller.function is None:
                return False
            if Leaks(program, caller).of(given) is None:
                shown = True
            elif caller.function not in seen:
                seen.add(caller.function)
                pending.append((caller, given))
    return shown


def _given(program: Program, handed_over: Iterable[tuple[Block, Form]]) -> str:
    """What is handed over for a parameter; empty where one who does gives no secret, and nobody a link with one."""
    given = [(caller, value) for caller, value in handed_over if not program.is_test(caller.module)]
    found = [secret_in(program, caller, value) for caller, value in given]
    links = [what for what in found if what is not None and what is not LINK]
    return LINK if LINK in found else links[0] if links and len(links) == len(found) else ""
