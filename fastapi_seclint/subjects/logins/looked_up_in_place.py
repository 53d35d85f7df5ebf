"""Accounts that a login looks up where it verifies their passwords: `verify(plain, people[name]["hash"])`."""

from __future__ import annotations

import re
from collections.abc import Callable

from fastapi_seclint.facts.bindings import targets
from fastapi_seclint.facts.forms import Form, arguments, names_in, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.literal_names import name_of
from fastapi_seclint.subjects.logins.handlers import tells_of_nothing
from fastapi_seclint.subjects.logins.worlds import is_account

_PERSON = re.compile(r"user|login|account|e?mail|member", re.I)
"""What accounts are looked up by, and rooms, links or machines are not."""


def stores_asked(
    block: Block, verification: Form, is_login: bool, taken: Callable[[Block, str], list[Form]]
) -> set[str]:
    """The dictionaries in which what is verified is looked up: `people` of `verify(plain, people[name]["hash"])`.

    In a login they are people's, elsewhere those that say so. `taken` tells what a name of the function is a part of.
    """
    given = list(walk(arguments(verification)))
    given += [item for name in given if name[0] == "name" for value in taken(block, name[2]) for item in walk(value)]
    return {spelled(item[2]) for item in given if _is_of_person(item, is_login)}


def is_among(test: Form, stores: set[str]) -> bool:
    """Whether a test is whether somebody is in such a dictionary: `name not in people`."""
    match test:
        case ["compare", _, _, ["in" | "not in"], [owner]]:
            return spelled(owner) in stores
    return False


def is_entry(form: Form, is_login: bool) -> bool:
    """Whether what is verified is looked up in place: `users[name]`, `users[name].password_hash`."""
    return any(_is_of_person(item, is_login) for item in walk(form))


def _is_of_person(form: Form, is_login: bool) -> bool:
    if form[0] != "sub" or form[3][0] not in ("name", "attr"):
        return False
    return is_login or _PERSON.search(str(form[3][-1])) is not None or is_account(name_of(form[2]))


def asked_in_turn(block: Block, verification: Form) -> tuple[Form, Form] | None:
    """The test for the name of each account in turn, with its loop, where only one password is verified behind it.

    `for person in people: if person.email == email: return verify(plain, person.hash)`.
    """
    read = {item[2][2] for item in walk(arguments(verification)) if item[0] in ("attr", "sub") and item[2][0] == "name"}
    for loop in block.forms.of("for", "comp"):
        turns = [(loop[2], loop[4])] if loop[0] == "for" else [(target, asked) for target, _, asked in loop[5]]
        for target, inner in turns:
            rows = read & set(targets(target))
            if rows and any(item is verification for item in walk(inner)):
                test = next((item for item in walk(inner) if _is_named_so(item, rows)), None)
                if test is not None and test[1] < verification[1]:
                    return test, loop
    return None


def _is_named_so(test: Form, rows: set[str]) -> bool:
    """Whether a row is the one that is looked for by the name or address that it has."""
    match test:
        case ["compare", _, left, ["=="], [right]]:
            sides = [(left, right), (right, left)]
            return any(_is_name_of(one, rows) and not names_in(other) & rows for one, other in sides)
    return False


def _is_name_of(form: Form, rows: set[str]) -> bool:
    if form[0] not in ("attr", "sub") or form[2][0] != "name" or form[2][2] not in rows:
        return False
    return _PERSON.search(name_of(form)) is not None or name_of(form) == "name"


def is_caught_alone(block: Block, statement: Form) -> bool:
    """Whether a statement ends an `except` that catches nothing but a look-up that finds nobody."""
    for form in block.forms.of("try"):
        for caught, _, statements, _ in form[3]:
            if statements[-1] is statement and caught is not None:
                return all(tells_of_nothing(str(item[-1])) for item in _classes(caught))
    return False


def _classes(caught: Form) -> list[Form]:
    return list(caught[2]) if caught[0] == "tuple" else [caught]
