"""What becomes of the password in a body before it is kept: replaced, taken out, left out, or hashed beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, names_in
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.spelling import words_of
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def leaves_out(known: Passwords, block: Block, value: Form) -> bool:
    """Whether a local name was given a chosen part of a body: `data.model_dump(exclude={"password"})`."""
    given = known.assigned(block, value[2], value) if value[0] == "name" else ()
    return any(item is not None and item[0] == "call" and is_chosen(item) for item in given)


def is_chosen(call: Form) -> bool:
    """Whether a dump names what goes into it or stays out of it."""
    return any(keyword in ("exclude", "include") for keyword, _, _ in call[4])


def changed(known: Passwords, block: Block, value: Form, secret: str = "") -> bool:
    """Whether the password in a named object is replaced or taken out before it goes on.

    Where its key is known (`secret`), a hash under another key replaces nothing.
    """
    names = names_in(value)
    for at, target, _ in known.writes(block):
        owner, _, name = target.rpartition(".")
        if at < value[1] and owner in names and (name == secret if secret else naming(name)):
            return True
    for form in known.forms(block):
        match form:
            case ["call", at, ["attr", _, ["name", _, name], "pop" | "update"], *_] if name in names and at < value[1]:
                return True
            case ["delete", at, [["sub", _, ["name", _, name], _]]] if name in names and at < value[1]:
                return True
    return False


def hashed_beside(known: Passwords, block: Block, value: Form) -> bool:
    """Whether a block puts the hash into the dictionary itself, beside the password that is in it already."""
    return value[0] == "name" and any(
        at < value[1] and target.startswith(f"{value[2]}.") and naming(target[len(value[2]) + 1 :]) == "kept"
        for at, target, _ in known.writes(block)
    )


def is_given_salt(block: Block) -> bool:
    """Whether a function keeps the salt that it is given beside the password, which then is a hash already."""
    parameters = block.function.parameters if block.function is not None else []
    salts = {item[0] for item in parameters if "salt" in item[0]}
    given = [form for form in block.forms.of("assign") if form[2][0][0] in ("attr", "sub")] if salts else []
    return any(form[3][0] == "name" and form[3][2] in salts for form in given)


def told_hashed(block: Block, at: int) -> bool:
    """Whether a place is only reached when the caller says that the hash is there already: `if is_hashed:`."""
    function = block.function
    if function is None:
        return False
    flags = {item[0] for item in function.parameters if {"hashed", "prehashed"} & set(words_of(item[0]))}
    for form in block.forms.of("if") if flags else ():
        test, branch = form[2], form[3]
        if test[0] == "unary" and test[2] == "not":
            test, branch = test[3], form[4]
        if test[0] == "name" and test[2] in flags and any(holds(item[1], at) for item in branch):
            return True
    return False
