"""Records that come out of a store as a whole, with the password that is read of them elsewhere in the function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.leaks.entry_keys import after_failure
from fastapi_seclint.subjects.secrets.vocabulary import vocabulary

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_CHANGES = frozenset({"pop", "update", "clear", "popitem"})


def password_inside(program: Program, block: Block, form: Form) -> str:
    """The key of a record's password: `print(user)`, where `user["password"]` is verified; empty for none.

    What is put there or taken out of it is not judged, and where a record is known to be none there is nothing in it.
    """
    name, forms = str(form[2]), block.forms
    changed = [target for item in forms.of("assign", "delete") for target in item[2]]
    changed += [call[2] for call in forms.of("call") if call[2][0] == "attr" and call[2][3] in _CHANGES]
    if any(item[0] in ("sub", "attr") and _is_name(item[2], name) for item in changed):
        return ""
    if after_failure(block, form) or any(_is_none_in(item, form) for item in forms.of("if")):
        return ""
    keys = [key for item in forms.of("sub", "call") if (key := _key_of(item, name))]
    return next((key for key in keys if vocabulary(program).kind(key) == "password"), "")


def _is_name(form: Form, name: str) -> bool:
    return bool(form[0] == "name" and form[2] == name)


def _key_of(form: Form, name: str) -> str:
    """The key by which an expression reads a record of that name: `user["password"]`, `user.get("password")`."""
    match form:
        case ["sub", _, owner, ["const", _, str(key)]] if _is_name(owner, name):
            return key
        case ["call", _, ["attr", _, owner, "get"], [["const", _, str(key)], *_], _] if _is_name(owner, name):
            return key
    return ""


def _is_none_in(branch: Form, name: Form) -> bool:
    """Whether a name is written where it is known to be empty: `if user is None: print(user)`."""
    match branch[2]:
        case ["unary", _, "not", tested] if _is_name(tested, name[2]):
            pass
        case ["compare", _, tested, ["is" | "=="], [["const", _, None]]] if _is_name(tested, name[2]):
            pass
        case _:
            return False
    return any(item is name for item in walk(branch[3]))
