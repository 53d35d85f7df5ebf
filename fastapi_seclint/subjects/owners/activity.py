"""Closed accounts: who tests that a user is still active, and who only finds out who is calling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, arguments, awaited, is_none, mentions, walk
from fastapi_seclint.program.answers import answered_once
from fastapi_seclint.program.callables import running
from fastapi_seclint.program.decorators import wrapping_decorators
from fastapi_seclint.program.dependencies import Node
from fastapi_seclint.program.handing_over import worker
from fastapi_seclint.program.modules import Module
from fastapi_seclint.program.routes import Route
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.values import Function, Instance, options
from fastapi_seclint.subjects.code.origins import body_of, called
from fastapi_seclint.subjects.owners.given_accounts import USER, guards_below, looked_up
from fastapi_seclint.subjects.owners.identity import (
    Guard,
    dependency_name,
    guards,
    known_as,
)
from fastapi_seclint.subjects.owners.states import STATES, compares_status, computed_states, field_of, speaks_of_state
from fastapi_seclint.subjects.owners.switched import switched_off
from fastapi_seclint.subjects.passwords.names import is_of_people
from fastapi_seclint.subjects.rights.powerless import without_effect
from fastapi_seclint.subjects.rights.reached import reached

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_KEYS = tuple(f'"{name}"'.encode() for name in sorted(STATES))
_CHECKS = re.compile(r"(^|_)(active|disabled|enabled|blocked|banned|suspended)(_|$)")
_ENSURES = re.compile(r"(check|ensure|require|assert|verify|validate)_")


@dataclass(frozen=True, slots=True)
class ActiveGuard:
    """A dependency that refuses closed accounts, and the guards that it gets its user from.

    `unseen` are the dotted names of those that are not in sight. One that only gets an id from them and looks the user
    up itself gives `another` thing than they do, and does not fit in their place.
    """

    function: Function
    bases: tuple[Function, ...]
    unseen: frozenset[str] = frozenset()
    another: bool = False

    @property
    def name(self) -> str:
        """What people call it."""
        return known_as(self.function)


def _tests_activity(function: Function, idle: frozenset[int], computed: frozenset[str]) -> bool:
    """Whether a function's own body decides something by whether an account is active.

    `idle` are the identities of the forms that have no effect.
    """
    for form in function.forms.of("if", "assert", "ifexp", "while", "compare", "call", "return"):
        if id(form) in idle:
            continue
        if form[0] == "return" and form[2] is not None and _answers(form[2]):
            return True
        tested = form[2] if form[0] in ("if", "assert", "ifexp", "while") else form if form[0] == "compare" else None
        if tested is not None and speaks_of_state(tested, computed):
            return True
        if form[0] == "call" and (_is_check(form) or _picks_active(form) or _picks_by_statement(form)):
            return True
    return False


def _answers(value: Form) -> bool:
    """Whether a function tells by what it returns whether an account is active: `return not user.is_banned`."""
    if value[0] == "unary" and value[2] == "not":
        return _answers(value[3])
    if value[0] == "bool":
        return any(map(_answers, value[3]))
    return value[0] == "attr" and snake(value[3]) in STATES


def _picks_active(call: Form) -> bool:
    """Whether a query wants open accounts only: `where(User.is_active.is_(True))`, `filter(~User.disabled)`."""
    if call[2][0] not in ("name", "attr") or call[2][-1] not in ("where", "filter", "and_", "filter_by"):
        return False
    return any(
        inner[0] == "attr" and snake(inner[3]) in STATES and inner[2][0] == "name"
        for item in call[3]
        for inner in walk(item)
    )


_CHOOSING = re.compile(r"\bselect\b.*?\bwhere\b(.*)", re.I | re.S)


def _picks_by_statement(call: Form) -> bool:
    """The same in SQL: `select * from users where id = %s and active`."""
    texts = [item[2] for item in call[3] if item[0] == "const" and isinstance(item[2], str)]
    chosen = (found[1] for text in texts if (found := _CHOOSING.search(text)))
    return any(STATES & set(re.findall(r"\w+", text.lower())) for text in chosen)


def _is_check(form: Form) -> bool:
    name = snake(str(form[2][-1])) if form[2][0] in ("name", "attr") else ""
    if name.startswith(("is_", "check_", "ensure_", "require_", "verify_", "assert_", "get_active", "validate_")):
        return _CHECKS.search(name) is not None
    return any(keyword in STATES for keyword, _, _ in form[4]) and name in (
        "filter_by", "get", "get_or_none", "filter", "find_one", "first", "one_or_none", "get_user", "current_user",
    )  # fmt: skip


def refuses_closed_user(function: Function) -> bool:
    """Whether a function refuses on a condition about a user that is closed, `if not user.is_active: raise ...`."""
    for form in function.forms.of("if"):
        if any(inner[0] in ("raise", "return") for inner in walk(form[3:])):
            for inner in walk(form[2]):
                if inner[0] == "compare" and compares_status(inner):
                    inner = inner[2]
                elif inner[0] not in ("attr", "sub") or snake(field_of(inner)) not in STATES:
                    continue
                if inner[0] in ("attr", "sub") and inner[2][0] == "name" and USER.search(snake(inner[2][2])):
                    return True
    return False


def looks_at_activity(program: Program, route: Route) -> bool:
    """Whether anything on a route's way looks whether the account is active; what is not in sight is believed."""
    for node in route.nodes():
        if node_tests_activity(program, node):
            return True
    functions = [route.function] if route.function is not None else []
    functions += [decorator for decorator, _ in wrapping_decorators(route) if isinstance(decorator, Function)]
    for layer in route.app.layers:
        for option in options(layer.what):
            found = list(getattr(option, "namespace", {}).values()) if not isinstance(option, Function) else [option]
            functions += [item for item in found if isinstance(item, Function)]
    return any(asks_for_activity(program, inner) for function in functions for inner in reached(program, function, 1))


def node_tests_activity(program: Program, node: Node) -> bool:
    """Whether one dependency, or a function that it calls, looks whether the account is active."""
    function = node.function
    if function is None:
        name = snake(dependency_name(node))
        return "active" in name or node.name.startswith("fastapi_users.")
    if switched_off(node):
        return False
    return any(asks_for_activity(program, inner) for inner in reached(program, function, 2))


def asks_for_activity(program: Program, function: Function) -> bool:
    """Whether a function decides something by whether an account is active; found once a program."""
    known = _known(program)
    key = (function.module.file, function.number)
    if key not in known:
        known[key] = _tests_activity(function, without_effect(program, function), computed_states(program))
    return known[key]


@lru_cache(maxsize=1)
def _known(program: Program) -> dict[tuple[str, int], bool]:
    return {}


@lru_cache(maxsize=1)
def active_guards(program: Program) -> list[ActiveGuard]:
    """The dependencies that get the caller from another one and refuse him when his account is closed."""
    found = []
    handlers, told = {id(route.function) for route in program.routes}, set[int]()
    for value in _candidates(program):
        if id(value) in told or program.is_test(value.module) or not _speaks_of_state(program, value.module):
            continue
        told.add(id(value))
        if id(value) in handlers or not _refuses_closed(program, value) or _speaks_of_rights(value):
            continue
        bases = [base for one in (value, worker(program.interpreter, value)) for _, base in guards_below(program, one)]
        seen = tuple(base for base in bases if isinstance(base, Function))
        unseen = frozenset(base for base in bases if isinstance(base, str))
        found.append(ActiveGuard(value, seen, unseen, not _refuses_closed(program, value, looking=False)))
    return found


def _candidates(program: Program) -> Iterator[Function]:
    """What may be a guard: the functions and callable objects that files have names for, and what factories make."""
    for module in program.modules.by_file.values():
        for named in list(module.scope.names.values()):
            value = running(named) if isinstance(named, Function | Instance) else None
            if value is not None and value.module is module and value.number >= 0:
                yield value
    for route in program.routes:
        for node in route.nodes():
            if node.function is not None and node.function.number >= 0 and "<locals>" in node.function.qualname:
                yield node.function


def _speaks_of_state(program: Program, module: Module) -> bool:
    """Whether a file has such a word at all: a name, or a key of a dictionary, `user["disabled"]`."""
    if _names_state(program, module) or not module.facts.words.isdisjoint(_open_tellers(program)):
        return True
    return any(_CHECKS.search(word) and _ENSURES.match(word) for word in map(snake, module.facts.words))


def _names_state(program: Program, module: Module) -> bool:
    words = {*STATES, *computed_states(program), "status", "state"}
    return bool(module.facts.words & words) or bool(module.facts.speaking(*_KEYS))


@answered_once
def _open_tellers(program: Program) -> frozenset[str]:
    """The names of the functions that give no account which is closed: `return user if user.enabled else None`."""
    words = tuple(f'"{word}"'.encode() for word in (*STATES, *computed_states(program)))
    found = (
        function
        for module in program.modules.by_file.values()
        if _names_state(program, module) and not program.is_test(module)
        for number in module.facts.speaking(*words)
        if number >= 0 and (function := program.sites.function(module, number)) is not None
    )
    return frozenset(one.name for one in found if _tells_open(one) and asks_for_activity(program, one))


def _speaks_of_rights(function: Function) -> bool:
    from fastapi_seclint.subjects.rights.decisions import decides
    from fastapi_seclint.subjects.rights.words import names_right

    return decides(function) or names_right(function.name)


def _refuses_closed(program: Program, function: Function, looking: bool = True) -> bool:
    """Whether a function raises on a condition about the account that another guard gives it.

    `looking`: or on one about the account that it looks up by what the guard gives it.
    """
    works = worker(program.interpreter, function)
    computed = computed_states(program)
    helped = _open_only(program, works) if looking else set()
    asking = [
        form
        for form in works.forms.of("if", "call")
        if _asks_activity(form, computed) or (form[0] == "if" and mentions(form[2], helped))
    ]
    asked = {inner[2] for form in asking for inner in walk(form) if inner[0] == "name"}
    ways = dict.fromkeys((function, works)) if asking else ()
    callers = {name for way in ways for name, _ in guards_below(program, way, asked)}
    callers |= {name for name, _ in looked_up(program, function, asked)} if asking and looking else set()
    raises = bool(works.forms.of("raise"))
    for form in asking if callers else ():
        if form[0] == "call":
            given = [*arguments(form), *([form[2][2]] if form[2][0] == "attr" else [])]
            if any(_is_one_of(item, callers) for item in given):
                return True
            continue
        stops = any(inner[0] == "raise" for inner in walk(form[3:]))
        passes = raises and any(inner[0] == "return" for inner in walk(form[3]))
        if stops or passes:
            return any(_is_one_of(inner, callers) for inner in walk(form[2]))
    return False


def _open_only(program: Program, function: Function) -> set[str]:
    """The names of accounts that another function looked up, which gives none that is closed."""
    block = body_of(program, function)
    found: set[str] = set()
    for form in block.forms.of("assign", "walrus") if block is not None else ():
        value = awaited(form[3])
        targets = form[2] if form[0] == "assign" else [form[2]]
        names = {target[2] for target in targets if target[0] == "name"}
        if block is None or value[0] != "call" or not names:
            continue
        if any(_tells_open(one) and asks_for_activity(program, one) for one, _ in called(program, block, value)):
            found |= names
    return found


def _tells_open(function: Function) -> bool:
    """Whether a function may give nothing: `return angler if not angler.suspended else None`."""
    given = [form[2] for form in function.forms.of("return")]
    return any(
        value is None or is_none(value) or (value[0] == "ifexp" and any(map(is_none, value[3:5]))) for value in given
    )


def _asks_activity(form: Form, computed: frozenset[str]) -> bool:
    """Whether a condition or a call of a check is about the state of an account, whoever's it is."""
    if form[0] == "call":
        return _is_check(form) and _demands(form) and _is_of_account(form)
    return speaks_of_state(form[2], computed) and not _is_of_a_belonging(form[2])


_FILLERS = frozenset(
    {"is", "are", "be", "not", "no", "if", "the", "that", "still", "and", "or", "valid", "current", "state"}
)


def _is_of_account(call: Form) -> bool:
    """Whether a check is about whom it is given, and not about what he has: not `ensure_mfa_enabled(user)`.

    `plans.ensure_enabled("export", user)` is about a thing that it is told, too.
    """
    given = [*arguments(call), *([call[2][2]] if call[2][0] == "attr" else [])]
    if any(item[0] == "const" and isinstance(item[2], str) for item in given):
        return False
    own = {word for item in given if item[0] == "name" for word in snake(item[2]).split("_")}
    plain = _CHECKS.sub("_", _CHECKS.sub("_", _ENSURES.sub("", snake(str(call[2][-1])), count=1)))
    others = [word for word in plain.split("_") if word and word not in _FILLERS | own]
    return all(USER.search(word) or is_of_people(word) for word in others)


def _is_of_a_belonging(test: Form) -> bool:
    """Whether a condition is about the state of what a user has: `user.subscription.is_active`."""
    asked = [form for form in walk(test) if form[0] == "attr" and snake(form[3]) in STATES]
    return bool(asked) and all(
        form[2][0] == "attr" and USER.search(snake(form[2][3])) is None and form[2][3] != "profile" for form in asked
    )


def _demands(call: Form) -> bool:
    """Whether a check raises by its name: `ensure_active(user)`; the answer of `is_active(user)` is for a condition."""
    name = snake(str(call[2][-1])) if call[2][0] in ("name", "attr") else ""
    return _ENSURES.match(name) is not None


def _is_one_of(form: Form, names: set[str]) -> bool:
    return form[0] == "name" and form[2] in names


def plain_name(name: str) -> str:
    """A guard's name without the word active: `get_current_active_user` gives `get_current_user`."""
    return re.sub(r"_?(active|enabled)_?", "_", snake(name)).strip("_")


def unseen_active(program: Program) -> dict[str, Guard]:
    """The guards out of sight that are named after active users, by the plain name."""
    found: dict[str, Guard] = {}
    for route in program.routes:
        for guard in guards(program, route):
            if guard.node is None or guard.node.function is None:
                plain = plain_name(guard.name)
                if plain != snake(guard.name):
                    found.setdefault(plain, guard)
    return found
