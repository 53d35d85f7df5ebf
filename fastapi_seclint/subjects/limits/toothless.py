"""Limiters that count and refuse nobody: `if len(seen) > 5: print("too many")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, last_name
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import External, Function, options
from fastapi_seclint.subjects.code.origins import ask, body_of, called
from fastapi_seclint.subjects.owners.notes import logs
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_COUNTS = re.compile(
    r"^(append|appendleft|popleft|pop|get|setdefault|clear|add|update|items|keys|values|discard|remove|total_seconds|timestamp"
    r"|host|split|strip|lower)$"
)
_LEAVING = ("raise", "assert", "yield", "with", "try")
"""What may leave a function another way than by its end, or do so in what it opens."""
_TELLS = re.compile(r"^(slowapi\.util|builtins|time|datetime|collections|logging|itertools|math|typing)\.")


def only_counts(program: Program, function: Function) -> bool:
    """Whether a function that runs before a route cannot refuse: nothing is raised in it, nor in what it calls.

    What is not in sight, and is no part of Python that only tells something, may refuse. So may one that gives an
    answer to whoever calls it.
    """
    if not function.forms.of("if", "augassign"):
        return False
    answers = any(form[2] is not None for form in function.forms.of("return"))
    return not answers and _refuses_nobody(program, function)


def _refuses_nobody(program: Program, function: Function) -> bool:
    for one in reached(program, function):
        block = body_of(program, one)
        if block is None or block.forms.of(*_LEAVING):
            return False
        if not all(_is_harmless(program, block, call) for call in block.forms.of("call")):
            return False
    return True


def only_wraps(program: Program, decorator: Function) -> bool:
    """Whether what a decorator puts around a function cannot refuse either: it counts, and calls the function."""
    facts = decorator.module.facts
    blocks = [program.sites.block(decorator.module, number) for number in facts.inside(decorator.number)]
    given = {item[0] for item in decorator.parameters}
    return bool(blocks) and all(block is not None and _only_calls(program, block, given) for block in blocks)


def _only_calls(program: Program, block: Block, given: set[str]) -> bool:
    if block.forms.of(*_LEAVING) or not block.forms.of("if", "augassign"):
        return False
    wrapped = [form for form in block.forms.of("call") if form[2][0] == "name" and form[2][2] in given]
    if not all(form[2] is None or awaited(form[2]) in wrapped for form in block.forms.of("return")):
        return False
    calls = (form for form in block.forms.of("call") if form not in wrapped)
    return all(
        _is_harmless(program, block, call)
        and all(_refuses_nobody(program, one) for one, _ in called(program, block, call))
        for call in calls
    )


def _is_harmless(program: Program, block: Block, call: Form) -> bool:
    if logs(call) or call[2][0] == "lambda" or any(True for _ in called(program, block, call)):
        return True
    known = list(options(ask(program, block, call[2])))
    if any(isinstance(option, External) and _TELLS.match(option.name) for option in known):
        return True
    return call[2][0] == "attr" and _COUNTS.match(last_name(call[2])) is not None


_METERS = frozenset({"inc", "dec", "observe", "labels", "set", "add", "record", "incr", "increment", "gauge", "count"})
_METERED = frozenset({"inc", "observe"})
"""What counters of prometheus_client are told."""


def counted(program: Program, module: Module, number: int) -> list[Form]:
    """What in a body limits nobody: metrics that it keeps, `count_failed_login(reason)`, and statuses of others.

    Those it knows from what it has called itself, `response.status_code == 429`, or looks up what to say of them by,
    `{429: "Too many requests."}`.
    """
    block = program.sites.block(module, number)
    if block is None:
        return []
    metered = [call[2] for call in block.forms.of("call") if _is_metered(program, block, call)]
    for form in block.forms.of("compare", "dict"):
        match form:
            case ["compare", _, ["attr", _, _, "status_code" | "status"], _, comparators]:
                metered += comparators
            case ["dict", _, pairs]:
                metered += [key for key, _ in pairs if key is not None and key[0] == "const"]
    return metered


def _is_metered(program: Program, block: Block, call: Form) -> bool:
    functions = [one for one, _ in called(program, block, call)]
    return bool(functions) and all(keeps_a_metric(program, one) for one in functions)


def keeps_a_metric(program: Program, function: Function) -> bool:
    """Whether a function does nothing but to keep a metric: `LOGINS.labels(status).inc()`, of a library's."""
    if function.forms.of("raise", "assert", "assign", "augassign", "yield") or function.decorators:
        return False
    attributes = {call[2][3] for call in function.forms.of("call") if call[2][0] == "attr"}
    if not attributes & _METERED or not attributes <= _METERS:
        return False
    block = body_of(program, function)
    return block is not None and not any(True for call in block.forms.of("call") for _ in called(program, block, call))
