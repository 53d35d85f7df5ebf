"""Under which names the result of a call that makes a token goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, options
from fastapi_seclint.subjects.code.origins import ask, callers
from fastapi_seclint.subjects.payloads.models import fields
from fastapi_seclint.subjects.payloads.ways import Step

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def result_names(program: Program, step: Step) -> Iterator[str]:
    """The names under which the result of a call goes on: a variable, a keyword, a key, the function around it.

    What a variable is given to next counts after the variable: `{"refresh_token": fresh}`.
    """
    found = list(_given_names(program, step.block, step))
    yield from found
    yield from _next_names(step.block, found)
    if step.block.function is not None:
        yield step.block.function.name


def names_at_callers(program: Program, step: Step, depth: int = 2) -> Iterator[str]:
    """The names that all callers of a function have for the result of a call, where it gives that back."""
    function, call = step.block.function, step.form
    if function is None or not any(_is(form[2], call) for form in step.block.forms.of("return") if form[2] is not None):
        return
    told: list[set[str]] = []
    for block, form, _ in callers(program, function):
        if not program.is_test(block.module):
            outer = Step(block, form)
            names = list(result_names(program, outer))[: -1 if block.function is not None else None]
            told.append({*names, *(() if names or not depth else names_at_callers(program, outer, depth - 1))})
    yield from sorted(set.intersection(*told)) if told else ()


def _next_names(block: Block, names: list[str]) -> Iterator[str]:
    """The keys and keywords that variables of these names are given to."""
    for form in block.forms.of("dict", "call") if names else ():
        if form[0] == "dict":
            pairs = [(str(key[2]), value) for key, value in form[2] if key and key[0] == "const"]
        else:
            pairs = [(keyword, value) for keyword, value, _ in form[4] if keyword]
            if len(form[3]) > 1 and form[3][0][0] == "const":
                pairs.append((str(form[3][0][2]), form[3][1]))
        yield from (name for name, value in pairs if value[0] == "name" and value[2] in names)


def _given_names(program: Program, block: Block, step: Step) -> Iterator[str]:
    call = step.form
    for form in block.forms.every:
        match form:
            case ["assign", _, targets, value] if _is(value, call):
                yield from (spelled(target).rpartition(".")[2] for target in targets if target[0] in ("name", "attr"))
                yield from (target[3][2] for target in targets if target[0] == "sub" and target[3][0] == "const")
            case ["assign", _, [["tuple", _, targets]], ["tuple", _, values]]:
                yield from _at_place(targets, values, call)
            case ["annassign", _, target, _, value] if value is not None and _is(value, call):
                yield spelled(target).rpartition(".")[2]
            case ["dict", _, items]:
                yield from (str(key[2]) for key, value in items if key and key[0] == "const" and _is(value, call))
            case ["return", _, ["tuple", _, values]] if any(_is(value, call) for value in values):
                yield from _unpacked(program, step, values)
            case ["call", _, _, positional, keywords]:
                yield from (keyword for keyword, value, _ in keywords if keyword and _is(value, call))
                if len(positional) > 1 and positional[0][0] == "const" and _is(positional[1], call):
                    yield str(positional[0][2])
                yield from _field(program, step, form) if any(_is(value, call) for value in positional) else ()


def _at_place(targets: list[Form], values: list[Form], call: Form) -> Iterator[str]:
    for target, value in zip(targets, values, strict=False):
        if _is(value, call) and target[0] in ("name", "attr"):
            yield spelled(target).rpartition(".")[2]


def _unpacked(program: Program, step: Step, values: list[Form]) -> Iterator[str]:
    """What callers call the item of a tuple that a function returns: `access, refresh = make_pair(user)`."""
    if step.block.function is None:
        return
    for block, call, _ in callers(program, step.block.function):
        for form in block.forms.of("assign"):
            match form:
                case ["assign", _, [["tuple", _, targets]], value] if _is(value, call):
                    named = list(_at_place(targets, values, step.form))
                    yield from named
                    yield from _next_names(block, named)


def _field(program: Program, step: Step, made: Form) -> Iterator[str]:
    """The field of a class of the project that a positional argument is for: `Pair(access, refresh)`."""
    for option in options(ask(program, step.block, made[2])):
        if isinstance(option, Class):
            for (name, _, _), value in zip(fields(option), made[3], strict=False):
                if _is(value, step.form):
                    yield name


def _is(value: Form, call: Form) -> bool:
    """Whether an expression is a call's result, made a text of where the library gives bytes."""
    while value is not call:
        match value:
            case ["await" | "walrus", *_]:
                value = value[-1]
            case ["call", _, ["attr", _, inner, "decode"], *_] | ["call", _, ["name", _, "str"], [inner, *_], _]:
                value = inner
            case _:
                return False
    return True
