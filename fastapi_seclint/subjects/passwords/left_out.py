"""Whether code takes a password out of what it gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name, named_arguments, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, External, options
from fastapi_seclint.subjects.code.origins import ask, bodies
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_NO_TEXT = frozenset({"bool", "StrictBool", "int", "float", "date", "datetime", "timedelta"})
"""Types of fields that hold no hash: whether somebody has a password, when he changed it."""
_AROUND = frozenset({"Optional", "Union", "Annotated", "Field", "typing"})
_MAKER = re.compile(r"^_*(generate|gen|random|make_up|new)(_(?!\w*hash)|$)|^token_(urlsafe|hex)$|(^|_)random(_|$)")


def leaves_out(block: Block) -> bool:
    """Whether a block takes a password out of an object: `pop("password")`, `del d[...]`, `user.password = None`."""
    for form in block.forms.of("call", "delete", "assign", "compare"):
        match form:
            case ["call", _, ["attr", _, _, "pop"], [["const", _, str() as name], *_], _] if naming(name):
                return True
            case ["delete", _, targets]:
                if any(naming(str(item[-1][2] if item[0] == "sub" else item[-1])) for item in targets if len(item) > 2):
                    return True
            case ["assign", _, [["attr" | "sub", *_] as target], ["const", *_]] if naming(_last(target)):
                return True
            case ["compare", *_] if any(item[0] == "const" and naming(str(item[2])) for item in walk(form)):
                return True
    return False


def tells_new_one(program: Program, block: Block, cls: Class, field: str) -> bool:
    """Whether all that a class is given are passwords just made up, which their owner has to be told once.

    What the answering block itself gives decides; where it makes no such object, what the rest of the project gives.
    """
    given = _given(program, block, cls, field)
    if not given:
        makers = [one for one in program.sites.blocks(frozenset({cls.name})) if not program.is_test(one.module)]
        given = [item for maker in makers for item in _given(program, maker, cls, field)]
    return bool(given) and all(is_made_up(program, where, value) for where, value in given)


def _given(program: Program, block: Block, cls: Class, field: str) -> list[tuple[Block, Form]]:
    """What a block gives a field of the objects of a class that it makes."""
    return [
        (block, value)
        for form in block.forms.of("call")
        if form[2][0] in ("name", "attr") and cls in options(ask(program, block, form[2]))
        for keyword, value, _ in form[4]
        if keyword == field
    ]


def is_made_up(program: Program, block: Block, value: Form, depth: int = 2) -> bool:
    """Whether a value is a random text: `secrets.token_hex()`, `generate_password()`, a name for one."""
    if value[0] == "name" and isinstance(block.scope, FunctionScope) and depth:
        found = block.scope.assignments(value[2])
        values = [(block, item[-1]) for item in found if item[0] in ("assign", "annassign") and item[-1] is not None]
        if not found:
            values = _handed(program, block, value[2])
        complete = bool(values) and len(values) >= len(found)
        return complete and all(is_made_up(program, where, item, depth - 1) for where, item in values)
    if value[0] == "sub":
        return is_made_up(program, block, value[2], depth)
    match value:
        case ["call", _, ["attr", _, ["const", *_], "join"], [["comp", _, _, ["call", _, maker, *_], *_]], _]:
            return last_name(maker) in ("choice", "choices", "sample")
    if value[0] == "call" and value[2][0] in ("name", "attr"):
        return _MAKER.search(str(value[2][-1])) is not None
    return False


def told_by_maker(program: Program, block: Block, value: Form, key: str) -> bool:
    """Whether what is read by a key was just made up by the function that gave it: `made.get("password")`."""
    inner = value[2] if value[0] == "sub" else value[2][2]
    found = block.scope.assignments(inner[2]) if inner[0] == "name" and isinstance(block.scope, FunctionScope) else []
    calls = [item[-1][2] if item[-1][0] == "await" else item[-1] for item in found if item[0] == "assign"]
    if not calls or len(calls) != len(found) or any(call[0] != "call" for call in calls):
        return False
    given: list[bool] = []
    for call in calls:
        for inside in bodies(program, block, call):
            for form in inside.forms.of("return"):
                pairs = form[2][2] if form[2] is not None and form[2][0] == "dict" else []
                told = [item for name, item in pairs if name is not None and name[2:] == [key]]
                given += [item[0] == "const" or is_made_up(program, inside, item) for item in told]
    return bool(given) and all(given)


def _handed(program: Program, block: Block, name: str) -> list[tuple[Block, Form]]:
    """What the project gives a parameter of a block's function, by its calls, nothing at all left out."""
    function = block.function
    names = [parameter[0] for parameter in function.parameters] if function is not None else []
    if function is None or name not in names:
        return []
    found: list[tuple[Block, Form]] = []
    for other in program.sites.blocks(frozenset({function.name})):
        for form in other.forms.of("call") if not program.is_test(other.module) else ():
            if form[2][0] in ("name", "attr") and form[2][-1] == function.name:
                found += [(other, item) for parameter, item in named_arguments(form, names) if parameter == name]
    return found


def _last(target: Form) -> str:
    name = target[3]
    return name if isinstance(name, str) else str(name[2]) if name[0] == "const" else ""


def is_hidden(annotation: Form, default: object) -> bool:
    """Whether a field of a model is left out of its JSON, shown as stars, or only says whether there is a password."""
    named = {str(form[-1]) for form in walk(annotation) if form[0] in ("name", "attr")}
    if any("Secret" in name for name in named) or (named & _NO_TEXT and named <= _NO_TEXT | _AROUND):
        return True
    for form in walk(annotation):
        if form[0] == "call" and any(keyword in ("exclude", "repr_only") for keyword, _, _ in form[4]):
            return True
    arguments = default.arguments if isinstance(default, External) else None
    exclude = arguments.keywords.get("exclude") if arguments is not None else None
    return isinstance(exclude, Const) and bool(exclude.value)
