"""Conditions by which code decides what a caller may do, and those that only sound like it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi_seclint.facts.forms import Form, beginning, mentions, walk
from fastapi_seclint.program.names import spelled
from fastapi_seclint.program.spelling import snake
from fastapi_seclint.program.statuses import number_of
from fastapi_seclint.program.values import Function, Mapping, options
from fastapi_seclint.subjects.rights.forbidding import CALLER, says_forbidden
from fastapi_seclint.subjects.rights.words import (
    asks_an_enforcer,
    names_check_of_rights,
    reads_table_of_rights,
    speaks_of_rights,
)


def decides(
    function: Function,
    sent: frozenset[str] = frozenset(),
    looked_up: frozenset[str] = frozenset(),
    picked: frozenset[str] = frozenset(),
    idle: frozenset[int] = frozenset(),
) -> bool:
    """Whether a condition of this function speaks of rights, other than those named `sent`.

    Whether something was found that the client asked for, one of those `looked_up`, is no such condition; nor is what
    the thing that the path picks is like, one of those `picked`, where nothing else is asked. `idle` are the identities
    of forms that have no effect.
    """
    every = [form for form in function.forms.every if id(form) not in idle] if idle else function.forms.every
    tables = _tables(function)
    said = [form for form in every if not _is_about(form, picked, sent) and not _finds_account(form, tables)]
    forms = [form for form in said if not _is_presence(form, looked_up | _found_owners(function))]
    chosen = _chosen(function)
    idle |= {id(form) for form in forms if _finds_rights(form, chosen)} if _only_authenticates(function) else set()
    forms = [form for form in forms if id(form) not in idle]
    if any(_is_decision(form, sent, tables) for form in forms):
        return True
    looped = frozenset(_looped(function, sent))
    if looped and any(_meets(form, looped) for form in forms if form[0] == "compare"):
        return True
    granted = {name for form in function.forms.of("assign") for name in _granted(form, sent)}
    if granted and any(_is_in(form, granted) for form in function.forms.of("compare")):
        return True
    lacking = {name for form in function.forms.of("assign") for name in (*_lacking(form, sent), *_ranked(form, sent))}
    asked = function.forms.of("if", "assert", "ifexp") if lacking else ()
    tests = (form[2] for form in asked if id(form) not in idle)
    return any(inner[0] == "name" and inner[2] in lacking for test in tests for inner in walk(test))


def _looped(function: Function, sent: frozenset[str]) -> Iterator[str]:
    """The names of loops over what somebody may do: `one` of `for one in user.roles`."""
    for form in function.forms.of("for"):
        held = form[3]
        if held[0] in ("attr", "sub") and _HELD.match(snake(_said(held))) and not mentions(held, sent):
            yield from (item[2] for item in walk(form[2]) if item[0] == "name")


def _meets(compare: Form, looped: frozenset[str]) -> bool:
    """Whether a comparison looks what one of them is called, and not whether there is one."""
    sides = [compare[2], *compare[4]]
    return any(beginning(side) in looped for side in sides) and not any(side[2:] == [None] for side in sides)


_OWNER = re.compile(r"(^|_)owner(_id)?$")


def _found_owners(function: Function) -> frozenset[str]:
    """The names of owners that a function looks up, whose session or token that is: `owner = await sessions.get(sid)`.

    That there is one says who is calling and no more.
    """
    return frozenset(
        target[2]
        for form in function.forms.of("assign")
        for target in form[2]
        if target[0] == "name" and _OWNER.search(snake(target[2])) and form[3][0] in ("await", "call")
    )


def _is_about(form: Form, picked: frozenset[str], sent: frozenset[str]) -> bool:
    """Whether a condition or comparison names what the path picks and nothing but that, what is sent, and classes."""
    if form[0] not in ("compare", "if", "while", "ifexp", "assert"):
        return False
    test = form if form[0] == "compare" else form[2]
    named = {item[2] for item in walk(test) if item[0] == "name" and not item[2][:1].isupper()} if picked else set()
    return bool(named & picked) and named <= picked | sent | _PLAIN_FUNCTIONS


_PLAIN_FUNCTIONS = frozenset({"len", "any", "all", "bool", "set", "list", "str", "isinstance", "hasattr", "getattr"})


def _lacking(assignment: Form, sent: frozenset[str]) -> Iterator[str]:
    """The names that get what sets of rights differ in or share: `missing = set(wanted.scopes) - set(held)`."""
    match assignment[3]:
        case ["binop", _, "-" | "&", *_] | ["call", _, ["attr", _, _, "difference" | "intersection"], *_]:
            if speaks_of_rights(assignment[3], sent):
                yield from (target[2] for target in assignment[2] if target[0] == "name")


def _ranked(assignment: Form, sent: frozenset[str]) -> Iterator[str]:
    """The names that get what a constant table of rights says: `level = ROLE_LEVELS.get(user.group, 0)`."""
    value = assignment[3]
    if value is not None and value[0] == "call" and reads_table_of_rights(value[2]) and not mentions(value, sent):
        yield from (target[2] for target in assignment[2] if target[0] == "name")


def _granted(assignment: Form, sent: frozenset[str]) -> Iterator[str]:
    """The names that get what a table says of a role: `allowed = TABLE.get(user.role)`."""
    value = assignment[3]
    key: Form | None = None
    if value is not None and value[0] == "sub":
        key = value[3]
    elif value is not None and value[0] == "call" and value[2][0] == "attr" and value[2][3] == "get" and value[3]:
        key = value[3][0]
    if key is not None and key[0] in ("attr", "sub", "name") and speaks_of_rights(key, sent):
        yield from (target[2] for target in assignment[2] if target[0] == "name")


def _is_in(compare: Form, names: set[str]) -> bool:
    """Whether a comparison asks for what is in one of several lists."""
    return any(
        operator in ("in", "not in") and side[0] == "name" and side[2] in names
        for operator, side in zip(compare[3], compare[4], strict=False)
    )


def _is_presence(form: Form, names: frozenset[str]) -> bool:
    """Whether a condition only asks whether names hold anything: `role is None`, `if not (user and role)`.

    That a thing has an owner says nothing of whose it is: `note.owner_id is None`.
    """
    match form:
        case ["compare", _, ["attr", _, _, name], ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return _OWNER.search(snake(name)) is not None
        case ["compare", _, ["name", _, name], ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return name in names
        case ["if" | "while" | "ifexp" | "assert", _, test, *_]:
            atoms = list(_atoms(test))
            return all(_is_presence(atom, names) or (atom[0] == "name" and atom[2] in names) for atom in atoms)
    return False


_HELD = re.compile(
    r"^_*((users?|accounts?|members?|callers?|current|own|my|their|all|token)_)*"
    r"(roles?|permissions?|perms|scopes?|groups?|rights|privileges|grants)$"
)
"""What accounts have, one more and another less of it; `admin_roles` and `can_manage_roles` are of some only."""


def _tables(function: Function) -> frozenset[str]:
    """The dictionaries of a module that tell what each of its accounts may do: `ROLES = {"ann": "editor"}`."""
    named = {form[2] for form in function.forms.of("name") if _HELD.search(snake(form[2]))}
    values = {name: [*options(function.module.scope.local(name))] for name in named}
    return frozenset(name for name, found in values.items() if found and all(isinstance(one, Mapping) for one in found))


def _finds_account(form: Form, tables: frozenset[str]) -> bool:
    """Whether a test only asks if such a table knows somebody at all: `claims["sub"] not in ROLES`."""
    match form:
        case ["compare", _, left, ["in" | "not in"], [["name", _, table]]]:
            return table in tables and not speaks_of_rights(left, frozenset())
    return False


def _only_authenticates(function: Function) -> bool:
    """Whether a function answers 401 and never 403: who is calling, and not what he may do (RFC 9110, 15.5.2).

    One that is given the caller has no need to find out who he is.
    """
    if any(CALLER.search(snake(item[0])) for item in function.parameters):
        return False
    told = (number_of(form) for form in function.forms.of("const", "attr", "name"))
    return 401 in told and not says_forbidden(function)


def _finds_rights(form: Form, chosen: frozenset[str]) -> bool:
    """Whether a test only asks if somebody has any right at all, as every account does: `role is None`, `not role`.

    Of those that were `chosen` before not every account has some.
    """
    match form:
        case ["if" | "ifexp", _, test, *_]:
            return all(_finds_rights(atom, chosen) or not speaks_of_rights(atom) for atom in _atoms(test))
        case ["compare", _, held, ["is" | "is not" | "==" | "!="], [["const", _, None]]]:
            return _finds_rights(held, chosen)
    return _HELD.match(snake(_said(form))) is not None and not (form[0] == "name" and form[2] in chosen)


def _chosen(function: Function) -> frozenset[str]:
    """The names that get some of what there is: `[role for role in held if role in wanted]`, `held & wanted`."""
    return frozenset(
        target[2]
        for form in function.forms.of("assign")
        for target in form[2]
        if target[0] == "name" and any(map(_chooses, walk(form[3])))
    )


def _chooses(form: Form) -> bool:
    if form[0] == "comp":
        return any(conditions for *_, conditions in form[5])
    if form[0] == "call":
        return str(form[2][-1]) in _CHOOSING
    return form[0] == "compare" or (form[0] == "binop" and form[2] in ("&", "-"))


_CHOOSING = frozenset({"filter", "filter_by", "where", "intersection", "difference"})


def _is_decision(form: Form, sent: frozenset[str], tables: frozenset[str] = frozenset()) -> bool:
    """A condition that speaks of rights, or a call that is named like one that checks them."""
    if form[0] == "compare":
        return speaks_of_rights(form, sent) and not _picks_rows(form, sent)
    if form[0] in ("if", "while", "ifexp", "assert"):
        atoms = (atom for atom in _atoms(form[2]) if not _finds_account(atom, tables))
        told = [atom for atom in atoms if not (_is_setting(atom) or _is_type_test(atom))]
        return any(speaks_of_rights(atom, sent) for atom in told)
    if form[0] == "comp":
        return any(speaks_of_rights(condition, sent) for *_, conditions in form[5] for condition in conditions)
    if form[0] != "call" or form[2][0] not in ("name", "attr"):
        return False
    name = str(form[2][-1])
    return names_check_of_rights(name) or asks_an_enforcer(form[2]) or _asks_whether_allowed(form)


def _asks_whether_allowed(call: Form) -> bool:
    """Whether a policy is asked if somebody may do something: `oso.is_allowed(user, "close", account)`.

    That of a limiter is asked for one address.
    """
    name = snake(str(call[2][-1]))
    return name in ("is_allowed", "is_permitted") and len(call[3]) > 1 and not _LIMITS.search(snake(spelled(call[2])))


_LIMITS = re.compile(r"limit|throttl|quota|bucket|rate|budget")


_OF_ACCOUNT = re.compile(r"^(staff|operator|moderator|admin)_(id|uuid|no|number)$")
"""How a table of those who work with a program calls their ids, which say nothing of what they may do."""


def _said(form: Form) -> str:
    """The name that an expression ends in: `token_staff_id`, `claims["staff_id"]`, `claims.get("staff_id")`."""
    match form:
        case ["name", _, str(name)] | ["attr", _, _, str(name)] | ["sub", _, _, ["const", _, str(name)]]:
            return name
        case ["call", _, ["attr", _, _, "get"], [["const", _, str(name)], *_], _]:
            return name
    return ""


def _picks_rows(compare: Form, sent: frozenset[str]) -> bool:
    """Whether a comparison only picks the rows that the client asks for: `Note.owner_id == user_id`.

    Or that of an account by the id that a token carries: `Clerk.staff_id == token_staff_id`.
    """
    sides = [compare[2], *compare[4]]
    columns = [side for side in sides if side[0] == "attr" and side[2][0] == "name" and side[2][2][:1].isupper()]
    if len(sides) == 2 and len(columns) == 1 and _OF_ACCOUNT.match(snake(columns[0][3])):
        other = snake(_said(sides[0] if sides[1] is columns[0] else sides[1]))
        return other == snake(columns[0][3]) or other.endswith(f"_{snake(columns[0][3])}")
    given = [side for side in sides if beginning(side, ("attr",)) in sent]
    return len(columns) == 1 and len(given) == 1 and len(sides) == 2


def _atoms(test: Form) -> Iterator[Form]:
    """The conditions that a condition is made of."""
    if test[0] == "bool":
        for value in test[3]:
            yield from _atoms(value)
    elif test[0] == "unary" and test[2] == "not":
        yield from _atoms(test[3])
    else:
        yield test


def _is_setting(atom: Form) -> bool:
    """Whether a condition only asks for a setting, `if not settings.SUPERUSER`, which says nothing about the caller."""
    owner = atom[2] if atom[0] == "attr" else None
    return owner is not None and owner[0] in ("name", "attr") and _SETTINGS.search(snake(str(owner[-1]))) is not None


def _is_type_test(atom: Form) -> bool:
    """Whether a condition only asks in what form something comes: `isinstance(roles, list)`."""
    match atom:
        case ["call", _, ["name", _, "isinstance"], [_, kinds], _]:
            named = kinds[2] if kinds[0] == "tuple" else [kinds]
            return all(item[0] == "name" and item[2] in _PLAIN_TYPES for item in named)
    return False


_PLAIN_TYPES = frozenset({"str", "list", "tuple", "set", "dict", "int", "bytes", "Sequence", "Iterable"})
_SETTINGS = re.compile(r"(^|_)(settings?|config|conf|cfg|env|environ)$")
