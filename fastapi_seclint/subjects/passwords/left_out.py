"""Whether code takes a password out of what it gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Const, External, options
from fastapi_seclint.subjects.code.origins import ask
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.program import Program

_MAKER = re.compile(r"^_*(generate|gen|random|make_up|new)_(?!\w*hash)|^token_(urlsafe|hex)$|(^|_)random(_|$)")


def leaves_out(block: Block) -> bool:
    """Whether a block takes a password out of an object: `pop("password")`, `del d[...]`, `user.password = None`."""
    for form in block.forms.every:
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
    """Whether a block answers with passwords that it has just made up, which their owner has to be told once."""
    given = [
        value
        for form in block.forms.of("call")
        if form[2][0] in ("name", "attr") and cls in options(ask(program, block, form[2]))
        for keyword, value, _ in form[4]
        if keyword == field
    ]
    return bool(given) and all(_is_made_up(block, value) for value in given)


def _is_made_up(block: Block, value: Form) -> bool:
    if value[0] == "name" and isinstance(block.scope, FunctionScope):
        found = block.scope.assignments(value[2])
        values = [item[-1] for item in found if item[0] in ("assign", "annassign") and item[-1] is not None]
        return bool(values) and len(values) == len(found) and all(_is_made_up(block, item) for item in values)
    if value[0] == "call" and value[2][0] in ("name", "attr"):
        return _MAKER.search(str(value[2][-1])) is not None
    return False


def _last(target: Form) -> str:
    name = target[3]
    return name if isinstance(name, str) else str(name[2]) if name[0] == "const" else ""


def is_hidden(annotation: Form, default: object) -> bool:
    """Whether a field of a model is left out of its JSON, or shown as stars."""
    if any(form[0] in ("name", "attr") and "Secret" in str(form[-1]) for form in walk(annotation)):
        return True
    for form in walk(annotation):
        if form[0] == "call" and any(keyword in ("exclude", "repr_only") for keyword, _, _ in form[4]):
            return True
    arguments = default.arguments if isinstance(default, External) else None
    exclude = arguments.keywords.get("exclude") if arguments is not None else None
    return isinstance(exclude, Const) and bool(exclude.value)
