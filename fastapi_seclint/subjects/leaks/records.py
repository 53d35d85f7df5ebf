"""Records that come out of a store as a whole, with the password that is read of them elsewhere in the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_name, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.entry_keys import after_failure
from fastapi_seclint.subjects.passwords.followed import passwords
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CHANGES = frozenset({"pop", "update", "clear", "popitem"})


def password_inside(program: Program, block: Block, form: Form) -> str:
    """The key of a record's password: `print(user)`, where `user["password"]` is verified; empty for none.

    What is put there or taken out of it is not judged, and where a record is known to be none there is nothing in it.
    Neither is a name that a part of the record gets later: `user = user["name"]`.
    """
    name, forms = str(form[2]), block.forms
    if any(is_name(target, name) and _reads(item[3], name) for item in forms.of("assign") for target in item[2]):
        return ""
    changed = [target for item in forms.of("assign", "delete") for target in item[2]]
    changed += [call[2] for call in forms.of("call") if call[2][0] == "attr" and call[2][3] in _CHANGES]
    if any(item[0] in ("sub", "attr") and is_name(item[2], name) for item in changed):
        return ""
    if after_failure(block, form) or any(_is_none_in(item, form) for item in forms.of("if")):
        return ""
    keys = [(key, item) for item in forms.of("sub", "call") if (key := _key_of(item, name))]
    found = [(key, item) for key, item in keys if vocabulary(program).kind(key) == "password"]
    return next((key for key, item in found if _is_verified(program, block, item)), "")


def _reads(form: Form, name: str) -> bool:
    return any(item[0] in ("sub", "attr") and is_name(item[2], name) for item in walk(form))


def _is_verified(program: Program, block: Block, read: Form) -> bool:
    """Whether a password that is read of a record is tested against another one, itself or by the name it gets."""
    given = [item for item in block.forms.of("assign") if any(part is read for part in walk(item[3]))]
    names = {target[2] for item in given for target in item[2] if target[0] == "name"}
    tests = [form for form in block.forms.of("compare") if form[3][0] in ("==", "!=")]
    tests += [form for form in block.forms.of("call") if passwords(program).is_verification(block, form)]
    return any(part is read or (part[0] == "name" and part[2] in names) for form in tests for part in walk(form[2:]))


def _key_of(form: Form, name: str) -> str:
    """The key by which an expression reads a record of that name: `user["password"]`, `user.get("password")`."""
    match form:
        case ["sub", _, owner, ["const", _, str(key)]] if is_name(owner, name):
            return key
        case ["call", _, ["attr", _, owner, "get"], [["const", _, str(key)], *_], _] if is_name(owner, name):
            return key
    return ""


def _is_none_in(branch: Form, name: Form) -> bool:
    """Whether a name is written where it is known to be empty: `if user is None: print(user)`."""
    match branch[2]:
        case ["unary", _, "not", tested] if is_name(tested, name[2]):
            pass
        case ["compare", _, tested, ["is" | "=="], [["const", _, None]]] if is_name(tested, name[2]):
            pass
        case _:
            return False
    return any(item is name for item in walk(branch[3]))
