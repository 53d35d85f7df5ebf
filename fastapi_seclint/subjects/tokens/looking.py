"""Whether a function tests what it was given, or hands it to something that does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, beginning, last_name, mentions, walk
from fastapi_seclint.program import credentials
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.code.handing import handed_to
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.leaks.log_calls import is_log_call
from fastapi_seclint.subjects.owners.uses import spread
from fastapi_seclint.subjects.rights.powerless import without_effect

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


_STORES = re.compile(r"^(commit|(insert|update|replace|delete)_(one|many)|bulk_write|executemany)$")


def looked_at(program: Program, function: Function, names: set[str], depth: int = 2, *, shown: bool = True) -> bool:
    """Whether a function, or one of the project that it hands its names to, tests one of them.

    `depth` is how many calls are followed; without `shown`, a choice of what an answer or a log says is no test.
    """
    idle = frozenset[int]() if shown else without_effect(program, function)
    block = body_of(program, function) if depth else None
    calls = [form for form in function.forms.of("call") if id(form) not in idle]
    given_to = [(form, handed_to(program, block, form, names)) for form in calls] if block is not None else []
    if not shown:
        idle |= {id(inner) for call, takers in given_to if takers for inner in _chosen_for(call, names)}
    if looks_at(function, names, shown=shown, idle=idle):
        return True
    if block is None:
        return False
    handed = [item for _, takers in given_to for item in takers]
    if any(looked_at(program, inner, given, depth - 1) for inner, given in handed):
        return True
    asked = (form for form in calls if form[2][0] == "attr" and form[2][2][0] == "name")
    own = (form for form in asked if form[2][2][2] in names)
    return any(method.forms.of("raise") for form in own for method, _ in called(program, block, form))


def _chosen_for(call: Form, names: set[str]) -> Iterator[Form]:
    """The parts of what a call hands on that only choose a word for nobody: `by=user.id if user else "system"`.

    What is called may test it, and is followed for that.
    """
    for value in arguments(call):
        match value:
            case ["ifexp", _, test, body, ["const", *_]] if mentions(test, names) and beginning(body) in names:
                yield from walk(value)


def _is_column(form: Form) -> bool:
    """Whether an expression is a column of a table, so that a comparison with it only chooses rows: `Note.author`."""
    return (
        form[0] == "attr"
        and form[2][0] == "name"
        and form[2][2][:1].isupper()
        and not form[2][2].isupper()
        and form[3].islower()
    )


def looks_at(
    function: Function, names: set[str], *, shown: bool = True, idle: frozenset[int] = frozenset[int]()
) -> bool:
    """Whether a function tests one of its names, or hands it to something that is named after a test.

    `idle` are the identities of forms without effect. Who is refused after something was stored is refused too late.
    """
    passed = _passed(function, names, shown, idle)
    for form in function.forms.every:
        tested: list[Form] = []
        if id(form) in passed:
            continue
        match form:
            case ["if" | "while" | "ifexp" | "assert", _, test, *_]:
                tested = [test]
            case ["bool", _, _, items]:
                tested = items
            case ["compare", _, left, _, others] if not any(map(_is_column, (left, *others))):
                tested = [left, *others]
            case ["unary", _, "not", inner] | ["call", _, ["name", _, "bool"], [inner], []]:
                tested = [inner]
            case ["call", _, called_, positional, keywords] if credentials.names_verification(str(called_[-1])):
                tested = [*positional, *(value for _, value, _ in keywords)]
        if mentions(tested, names):
            return True
    return False


def _passed(function: Function, names: set[str], shown: bool, idle: frozenset[int]) -> frozenset[int]:
    """The identities of the forms of a function in which its names are not tested, whatever they look like."""
    answers = [] if shown else [form[2] for form in function.forms.of("return") if form[2] and form[2][0] == "dict"]
    answers += [] if shown else [form for form in function.forms.of("call") if is_log_call(form)]
    answers += too_late(function, names)
    passed = idle | {id(inner) for answer in answers for inner in walk(answer)}
    if not shown:
        passed |= {id(inner) for form in _only_shown(function, passed) for inner in walk(form)}
    return passed | {id(form) for form in _put_in_place(function, names)}


def goes_unused(program: Program, function: Function, names: set[str]) -> bool:
    """Whether a function does nothing with its names but to show them in answers and logs."""
    known = set(names)
    spread(function, known)
    handed_on = [form for form in function.forms.of("assign") if beginning(form[3]) in known]
    passed = _passed(function, known, False, without_effect(program, function))
    passed |= {id(inner) for form in handed_on for inner in walk([*form[2], form[3]])}
    return not any(form[2] in known and id(form) not in passed for form in function.forms.of("name"))


def _only_shown(function: Function, passed: frozenset[int]) -> list[Form]:
    """The choices that get a name which only answers and logs speak of: `email = user.email if user else None`."""
    chosen = [(form[2][0][2], form[3]) for form in function.forms.of("assign") if _gives_name(form, "ifexp")]
    named = [form for form in function.forms.of("name") if id(form) not in passed] if chosen else []
    return [value for name, value in chosen if sum(form[2] == name for form in named) == 1]


def _gives_name(form: Form, kind: str) -> bool:
    return bool(form[3] and form[3][0] == kind and len(form[2]) == 1 and form[2][0][0] == "name")


def _put_in_place(function: Function, names: set[str]) -> list[Form]:
    """The choices that put somebody made up in place of nobody: `user = user or User(name="anonymous")`."""
    asked = {form[2][2][2] for form in function.forms.of("call") if form[2][0] == "attr" and form[2][2][0] == "name"}
    names = names - asked  # a method of who is made up may refuse: `user = user or Anonymous()`, `user.require()`
    found = [form for form in function.forms.of("assign") if _gives_name(form, "bool") and form[2][0][2] in names]
    return [form[3] for form in found if form[3][2] == "or" and _is_made_up(form[3][3][-1])]


def _is_made_up(form: Form) -> bool:
    """Whether an expression makes an object of a class, or a dictionary, and so cannot refuse."""
    return form[0] == "dict" or (form[0] == "call" and last_name(form[2])[:1].isupper())


def too_late(function: Function, names: set[str]) -> list[Form]:
    """The refusals by one of the names that stand behind what a function stores for good: `db.commit()`."""
    stored = [form[1] for form in function.forms.of("call") if _STORES.match(last_name(form[2]))]
    if not stored:
        return []
    after = (form for form in function.statements() if form[1] > min(stored) and form[0] == "if")
    return [form for form in after if form[3][-1][0] == "raise" and not form[4] and mentions(form[2], names)]
