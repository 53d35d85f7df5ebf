"""Guards with several ways in, a token and a key say, of which only some refuse closed accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.values import Function
from fastapi_seclint.subjects.owners.activity import asks_for_activity, refuses_closed_user
from fastapi_seclint.subjects.owners.finding_users import loads_user
from fastapi_seclint.subjects.owners.states import computed_states, speaks_of_state
from fastapi_seclint.subjects.passwords.names import is_of_people
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def one_way_only(program: Program, node: Node) -> Function | None:
    """The function of a guard, or of a dependency below it, by which closed accounts come in, while another way looks.

    `current_user(of_token, of_key)` takes whom one of two dependencies finds, of which one asks `user.is_active`.
    """
    function = node.function
    if function is None or not program.guard_model.authenticates(node.call):
        return None
    if _has_blind_way(program, function):
        return function
    finding = [child.function for child in node.children if child.function and loads_user(child.function)]
    if len(finding) < 2 or asks_for_activity(program, function):
        return None
    looking = [one for one in finding if any(refuses_closed_user(inner) for inner in reached(program, one, 1))]
    blind = [one for one in finding if not any(_tests_people(program, inner) for inner in reached(program, one, 2))]
    return blind[0] if looking and blind else None


def _tests_people(program: Program, function: Function) -> bool:
    """Whether a function asks for the state of an account; that of a log's category is none."""
    return asks_for_activity(program, function) and any(is_of_people(form[2]) for form in function.forms.of("name"))


@answered_once
def _has_blind_way(program: Program, function: Function) -> bool:
    """Whether a function refuses closed accounts on one of its ways, and finds a user on another without a look."""
    states = computed_states(program)
    ways = [way for way in _ways(function.statements(), []) if _gives(way)]
    looking = [way for way in ways if _refuses(way, states)]
    if not looking or len(looking) == len(ways) or _refuses(_common(ways), states):
        return False
    blind = [way for way in ways if way not in looking and not any(speaks_of_state(it, states) for it in _tests(way))]
    called = [inner for inner in reached(program, function, 1) if inner is not function]
    return any(loads_user(way) for way in blind) and not any(_tests_people(program, inner) for inner in called)


def _ways(statements: list[Form], before: list[Form]) -> Iterator[list[Form]]:
    """The ways through a function by its outermost conditions whose body gives something back."""
    for number, form in enumerate(statements):
        passed = [*before, *statements[:number]]
        if form[0] == "if" and form[3] and form[3][-1][0] == "return":
            yield [*passed, *form[3]]
            yield from _ways([*form[4], *statements[number + 1 :]], passed)
            return
        if form[0] == "if" and form[4] and any(item[0] == "return" for item in walk(form[3])):
            yield [*passed, *form[3], *statements[number + 1 :]]
            yield from _ways([*form[4], *statements[number + 1 :]], passed)
            return
    yield [*before, *statements]


def _common(ways: list[list[Form]]) -> list[Form]:
    first, *others = ways
    return [form for form in first if all(form in other for other in others)]


def _gives(way: list[Form]) -> bool:
    """Whether a way ends in giving something back that is more than nothing."""
    last = way[-1] if way else None
    return last is not None and last[0] == "return" and last[2] is not None and last[2][2:] != [None]


def _refuses(way: list[Form], states: frozenset[str]) -> bool:
    return any(
        form[0] == "if" and speaks_of_state(form[2], states) and any(item[0] == "raise" for item in walk(form[3:]))
        for form in walk(way)
    )


def _tests(way: list[Form]) -> Iterator[Form]:
    yield from (form[2] for form in walk(way) if form[0] in ("if", "ifexp", "assert", "while"))
