"""What a mapping has for a key that comes from outside the code: one account of many, one client of many."""

from __future__ import annotations

import re

from fastapi_seclint.facts.forms import Form
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Function, Mapping, Value, options


def is_entry(block: Block, form: Form, depth: int = 3) -> bool:
    """Whether an expression is looked up by a key that is not written there, or is a local name of what was."""
    match form:
        case ["sub", _, _, key]:
            return bool(key[0] in ("name", "attr", "call"))
        case ["call", _, ["attr", _, _, "get"], [key, *_], _]:
            return bool(key[0] in ("name", "attr", "call"))
        case ["name", _, name] if isinstance(block.scope, FunctionScope) and depth:
            found = [item[-1] for item in block.scope.assignments(name) if item[0] in ("assign", "annassign")]
            return any(value is not None and is_entry(block, value, depth - 1) for value in found)
        case ["call", _, function, [["name" | "attr" | "call", *_], *_], _] if isinstance(block.scope, FunctionScope):
            given = options(block.scope.ask(function)) if function[0] in ("name", "attr") and depth else []
            return any(isinstance(option, Function) and _gives_entry(option) for option in given)
    return False


def _gives_entry(function: Function) -> bool:
    """Whether a function returns what it looks up by a key that it is given: `return User(**accounts[name])`."""
    assigned = {target[2]: form[3] for form in function.forms.of("assign") for target in form[2] if target[0] == "name"}
    return any(_is_looked_up(form[2], assigned, 3) for form in function.forms.of("return") if form[2] is not None)


def _is_looked_up(form: Form, assigned: dict[str, Form], depth: int) -> bool:
    match form:
        case ["sub", _, _, key] | ["call", _, ["attr", _, _, "get"], [key, *_], _]:
            return bool(key[0] in ("name", "attr", "call"))
        case ["name", _, name] if depth and name in assigned:
            return _is_looked_up(assigned[name], assigned, depth - 1)
        case ["call", _, _, [], keywords] if depth:
            return any(keyword is None and _is_looked_up(item, assigned, depth - 1) for keyword, item, _ in keywords)
    return False


def is_field_of_entry(block: Block, form: Form) -> bool:
    """Whether an expression is a field of such a thing: `user["password"]`, `user.password`, `user.get("password")`."""
    match form:
        case ["call", _, ["attr", _, owner, "get"], *_] | ["attr", _, owner, _] | ["sub", _, owner, _]:
            return is_entry(block, owner)
    return False


_ACCOUNTS = re.compile(
    r"(^|_)(users?|accounts?|auth|credentials?|logins?|members?|admins?|passwords?|passwds?|usuarios?|people|persons?"
    r"|customers?|clients?|students?|teachers?|employees?|players?|profiles?|db|database|store|storage|memory)(_|$)",
    re.I,
)
_NAMES = re.compile(r"^(user_?name|user|name|login|email|account|user_?id|uid|usuario)$", re.I)


def accounts_of(form: Form) -> Form | None:
    """The mapping of accounts that an expression takes one user's password out of, `accounts.get(username)`."""
    match form:
        case ["sub", _, ["name" | "attr", *_] as owner, ["name" | "attr", *_] as key]:
            pass
        case ["call", _, ["attr", _, ["name" | "attr", *_] as owner, "get"], [["name" | "attr", *_] as key, *_], _]:
            pass
        case _:
            return None
    if not _NAMES.match(str(key[-1])):
        return None
    basic = key[0] == "attr" and key[3] == "username"  # of HTTPBasicCredentials or of a form
    return owner if basic or _ACCOUNTS.search(str(owner[-1])) else None


def is_kept_in_code(owner: Form, value: Value) -> bool:
    """Whether a mapping of accounts is a dictionary of the file, rather than something that was configured."""
    return owner[0] == "name" and any(
        isinstance(option, Mapping) and (option.items or not option.open) for option in options(value)
    )
