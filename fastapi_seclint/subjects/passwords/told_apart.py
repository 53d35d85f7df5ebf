"""What a handler has told to be no row: `if isinstance(user, RedirectResponse): return user`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, is_none
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, External, Value, options
from fastapi_seclint.subjects.code.development import holds
from fastapi_seclint.subjects.code.origins import ask

if TYPE_CHECKING:
    from fastapi_seclint.program import Program


def is_told_apart(program: Program, block: Block, answer: Form, cls: Class | None) -> bool:
    """Whether the name that a `return` gives back is, by a test around it, no object of `cls`, or nothing at all."""
    if answer[2] is None or answer[2][0] != "name":
        return False
    name = str(answer[2][2])
    given = [form[1] for form in block.forms.of("assign") for target in form[2] if target[2:] == [name]]
    for form in block.forms.of("if"):
        test, body, otherwise = form[2:5]
        if any(holds(form[1], at) and at < answer[1] for at in given):
            continue
        if any(holds(item[1], answer[1]) for item in body):
            return _denies(program, block, test, name, cls)
        if any(holds(item[1], answer[1]) for item in otherwise):
            return _denies(program, block, ["unary", test[1], "not", test], name, cls)
    return False


def _denies(program: Program, block: Block, test: Form, name: str, cls: Class | None) -> bool:
    """Whether what a name holds is no object of a class where a test comes true."""
    match test:
        case ["bool", _, operator, values]:
            denied = [_denies(program, block, item, name, cls) for item in values]
            return any(denied) if operator == "and" else all(denied)
        case ["compare", _, ["name", _, asked], ["is"], [value]]:
            return bool(asked == name) and is_none(value)
        case ["call", _, ["name", _, "isinstance"], [["name", _, asked], kind], _]:
            return bool(asked == name) and not _may_be(program, block, kind, cls)
        case ["unary", _, "not", ["name", _, asked]]:
            return bool(asked == name)
        case ["unary", _, "not", ["call", _, ["name", _, "isinstance"], [["name", _, asked], kind], _]]:
            return bool(asked == name) and _may_be(program, block, kind, cls, sure=True)
        case ["unary", _, "not", ["compare", _, ["name", _, asked], ["is not"], [value]]]:
            return bool(asked == name) and is_none(value)
    return False


def _may_be(program: Program, block: Block, kind: Form, cls: Class | None, sure: bool = False) -> bool:
    """Whether an object of a class may be of a kind that a test asks for; `sure`: whether it is."""
    kinds = kind[2] if kind[0] == "tuple" else [kind]
    found = [option for item in kinds for option in options(ask(program, block, item))]
    if cls is None:
        return not sure and (not found or any(_is_of_library(option, dictionaries=True) for option in found))
    own = [base for base in cls.lineage() if isinstance(base, Class)]
    asked = [option for option in found if isinstance(option, Class)]
    if sure:
        return any(option in own for option in asked)
    libraries = any(_is_of_library(option) for option in found)
    return not found or libraries or any(option in own or cls in option.lineage() for option in asked)


def _is_of_library(option: Value, *, dictionaries: bool = False) -> bool:
    """Whether a class of a library may be a base of the project's rows; `dictionaries`: whether rows may be those."""
    if not isinstance(option, External) or option.name.endswith("Response"):
        return False
    return option.name == "builtins.dict" if dictionaries else not option.name.startswith("builtins.")
