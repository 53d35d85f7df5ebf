"""What objects that are no rows are made of rows: `Member(row["name"], row["password"])` for `member.secret_word`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, awaited, walk
from fastapi_seclint.program.inside import FunctionScope
from fastapi_seclint.program.sites import Block
from fastapi_seclint.program.values import Class, Instance, options
from fastapi_seclint.subjects.code.origins import Origin, ask, called
from fastapi_seclint.subjects.code.told import told_field
from fastapi_seclint.subjects.owners.records import is_table
from fastapi_seclint.subjects.passwords.names import naming

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


def told_when_made(known: Passwords, block: Block, form: Form) -> Iterator[Origin]:
    """What is given for an attribute, which is not called after passwords, where the object of a class is made."""
    if form[0] == "attr" and form[2][0] == "name" and not naming(form[3]):
        for cls in _classes(known, block, form[2]):
            if not is_table(cls) and form[3] in cls.module.facts.words:
                yield from told_field(known.program, cls, form[3])


def _classes(known: Passwords, block: Block, owner: Form) -> Iterator[Class]:
    """The classes of the project that a name may hold an object of, as what gives it says: `-> Member | None`."""
    for option in options(ask(known.program, block, owner)):
        if isinstance(option, Instance) and isinstance(option.cls, Class):
            yield option.cls
    given = block.scope.assignments(owner[2]) if isinstance(block.scope, FunctionScope) else []
    calls = [awaited(form[3]) for form in given if form[0] == "assign"]
    for call in (one for one in calls if one[0] == "call"):
        for function, _ in called(known.program, block, call):
            named = [form for form in walk([function.returns]) if form[0] == "name"] if function.returns else []
            asked = (known.program.interpreter.ask(name, function.module.scope) for name in named)
            for option in (one for value in asked for one in options(value)):
                if isinstance(option, Class):
                    yield option
