"""What guards give of users that are dictionaries: their right is an entry, `me["role"]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.callables import Parameter, running
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Const, Function, Mapping, options
from fastapi_seclint.subjects.code.origins import ask, body_of
from fastapi_seclint.subjects.rights.sent import Sent, names_sent_right

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def right_of_entry(program: Program, parameter: Parameter, flag: bool, sent: Sent | None) -> str:
    """The key of a user's right in the dictionary that a guard fills a parameter with; empty where there is none."""
    found = program.walker.resolver.dependency_of(parameter)
    guards = [running(option) for option in options(found[1])] if found is not None else []
    keys = [key for guard in guards if guard is not None for key in _keys(program, guard)]
    fit = [key for key in dict.fromkeys(keys) if (key.startswith("is_") or "admin" in key) is flag]
    same = [key for key in fit if sent is not None and sent.name.lower().replace("-", "_").endswith(key)]
    return next(iter([*same, *fit]), "")


def _keys(program: Program, guard: Function) -> list[str]:
    """The keys that name a right in every user of the store which a guard gives one of."""
    block = body_of(program, guard)
    if block is None:
        return []
    given = [form[2] for form in block.forms.of("return") if form[2] is not None]
    names = {form[2] for form in given if form[0] == "name"}
    given += [
        form[3]
        for form in block.forms.of("assign")
        if any(target[2:] in [[one] for one in names] for target in form[2])
    ]
    for form in given:
        store = _store(form)
        users = [user for user in _users(program, block, store) if user.items] if store is not None else []
        common = set.intersection(*(_rights(user) for user in users)) if users else set()
        if common:
            return sorted(common)
    return []


def _store(form: Form) -> Form | None:
    """The dictionary that an expression takes a user out of: `USERS[name]`, `USERS.get(name)`."""
    match form:
        case ["sub", _, ["name", *_] as store, _] | ["call", _, ["attr", _, ["name", *_] as store, "get"], [_], []]:
            found: Form = store
            return found
    return None


def _users(program: Program, block: Block, store: Form) -> list[Mapping]:
    values = [
        item
        for option in options(ask(program, block, store))
        if isinstance(option, Mapping)
        for _, item in option.items
    ]
    users = [option for value in values for option in options(value) if isinstance(option, Mapping)]
    return users if len(users) == len(values) else []


def _rights(user: Mapping) -> set[str]:
    keys = {key.value for key, _ in user.items if isinstance(key, Const) and isinstance(key.value, str)}
    return {key for key in keys if names_sent_right(key)}
