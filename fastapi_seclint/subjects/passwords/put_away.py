"""Objects with a password as it was typed that are put into a mapping, whatever they and it are called."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, named_arguments, walk
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways
from fastapi_seclint.subjects.passwords.names import is_of_machine
from fastapi_seclint.subjects.passwords.stores import class_of
from fastapi_seclint.subjects.passwords.unpacked import names_given
from fastapi_seclint.subjects.passwords.whole_bodies import Kept, whole_body

if TYPE_CHECKING:
    from fastapi_seclint.program import Program
    from fastapi_seclint.subjects.passwords.followed import Passwords


def put_away(known: Passwords, compared: Collection[Kept]) -> Iterator[Kept]:
    """The passwords of such objects, where a program compares what people type with a field of theirs."""
    stored = [_bare(item.stored) for item in compared if item.stored is not None]
    fields = {str(form[3]) for form in stored if form[0] == "attr"}
    for block in known.blocks if fields else ():
        for call in block.forms.of("call"):
            cls = class_of(known, block, call[2]) if call[2][0] in ("name", "attr") else None
            if cls is None or is_of_machine(cls.name) or has_own_ways(cls):
                continue
            for name, value in named_arguments(call, field_names(cls)):
                text = known.text(block, value) if name in fields else None
                if text is not None and text.kind == "plain" and is_an_entry(block, call):
                    yield Kept(block, value[1], value, text.sure)
    for block in known.program.sites.blocks() if fields else ():
        if known.program.is_test(block.module):
            continue
        for at, value in _entries(known.program, block):
            yield from (item for item in whole_body(known, block, at, value) if item.field in fields)


def _entries(program: Program, block: Block) -> Iterator[tuple[int, Form]]:
    """What is put into a collection that outlives the call: one of the module, or of the object of a method.

    A method of the project's own that is called `add` says itself what becomes of it.
    """
    for form in block.forms.of("assign", "call"):
        match form:
            case ["assign", at, [["sub", _, owner, _]], ["name", *_] as value] if _outlives(block, owner):
                yield at, value
            case ["call", at, ["attr", _, owner, "append" | "add" | "setdefault"], [*_, ["name", *_] as value], _]:
                if _outlives(block, owner) and not any(called(program, block, form)):
                    yield at, value


def _outlives(block: Block, owner: Form) -> bool:
    if owner[0] == "attr":
        return bool(owner[2][2:] == ["self"])
    return owner[0] == "name" and owner[2] in block.module.scope.names and not block.is_local(owner[2])


def _bare(form: Form) -> Form:
    """A field without what makes text or bytes of it: `row.secret` of `row.secret.encode()`."""
    while form[0] == "call" and form[2][0] == "attr" and form[2][3] in ("encode", "strip", "get_secret_value"):
        form = form[2][2]
    return form


def is_an_entry(block: Block, call: Form) -> bool:
    """Whether what a call makes is given a key: `SKIPPERS[name] = Skipper(...)`, at once or by its name."""
    names = names_given(block, call)
    entries = [form[3] for form in block.forms.of("assign") if form[2][0][0] == "sub"]
    for form in block.forms.of("call"):
        if form[2][0] == "attr" and form[2][3] == "setdefault":
            entries += form[3][1:2]
    return any(part is call or (part[0] == "name" and part[2] in names) for part in walk(entries))
