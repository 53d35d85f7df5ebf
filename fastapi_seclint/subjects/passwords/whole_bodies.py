"""Passwords that are kept as they were typed, by themselves or with the whole body that they are in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi_seclint.facts.forms import Form, last_name
from fastapi_seclint.program.sites import Block
from fastapi_seclint.subjects.code.origins import called
from fastapi_seclint.subjects.owners.records import field_names, has_own_ways, may_be_missing
from fastapi_seclint.subjects.passwords.bodies import made_of_body
from fastapi_seclint.subjects.passwords.names import (
    logs_in_elsewhere,
    naming,
)
from fastapi_seclint.subjects.passwords.replaced import changed, hashed_beside, is_chosen, leaves_out
from fastapi_seclint.subjects.passwords.rest import displays_of_callers, named_by_callers
from fastapi_seclint.subjects.passwords.stages import Where

if TYPE_CHECKING:
    from fastapi_seclint.subjects.passwords.followed import Passwords


DUMPS = frozenset({"dict", "model_dump", "jsonable_encoder", "asdict", "vars"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A place where a password is kept as it was typed: what to point at, the password's own expression, how sure.

    `field` is its name where `form` is a whole body, `stored` what it is compared with, `key` the variable that is
    that name where `form` is the value of any field; `optional`: a body may lack it, or nothing may be stored;
    `handed`: another function does with it what it is told.
    """

    block: Block
    at: int
    form: Form
    sure: bool
    field: str = ""
    stored: Form | None = None
    key: str = ""
    optional: bool = False
    handed: bool = False


def as_typed(known: Passwords, block: Block, at: int, value: Form) -> Iterator[Kept]:
    """A value that is a password as it was typed, kept at a place."""
    text = known.text(block, value)
    if text is not None and text.kind == "plain":
        yield Kept(block, at, value, text.sure)


def whole_body(
    known: Passwords,
    block: Block,
    at: int,
    value: Form,
    names: set[str] | None = None,
    depth: int = 4,
    beside: bool = False,
) -> Iterator[Kept]:
    """A dictionary or a request's body that is kept as it is, password and all.

    `beside` says that its hash is put beside it under a name of its own, so that what is hashed is no replacement.
    """
    if depth == 0:
        return
    if value[0] == "dict":
        yield from _display(known, block, value, depth)
        return
    named = list(named_by_callers(known, block, value))
    for other, place, given in named:
        yield from as_typed(known, other, place, given)
    for other, given in () if named else displays_of_callers(known, block, value):
        yield from _display(known, other, given, depth - 1)
    made = made_of_body(known, block, value)
    if made is not None and made[1][0] == "dict":
        yield from _display(known, *made, depth - 1)
    elif made is not None:
        inner = whole_body(known, made[0], at, made[1], names, depth - 1)
        yield from (replace(item, block=block, form=value) for item in inner)
    if made is not None:
        return
    display = display_of(known, block, value)
    if display is not None:
        if not changed(known, block, value):
            yield from (replace(item, at=at) for item in _display(known, block, display, depth))
        return
    yield from _dump(known, block, at, value, names, beside)


def _dump(known: Passwords, block: Block, at: int, value: Form, names: set[str] | None, beside: bool) -> Iterator[Kept]:
    """The body itself, or a dictionary of all of its fields, where its class does not see to the password."""
    source = known.requests.source(Where(block), value, 6)
    if source is None or source.cls is None or source.values is not None or not _is_dump(value):
        return
    if leaves_out(known, block, value):
        return
    secret = next((name for name in field_names(source.cls) if naming(name) == "plain"), None)
    if secret is None or (names is not None and secret not in names) or has_own_ways(source.cls):
        return
    if logs_in_elsewhere(field_names(source.cls)):
        return
    beside = beside or hashed_beside(known, block, value)
    if not changed(known, block, value, secret) and (beside or not known.hashes(block)):
        yield Kept(block, at, value, source.sure, secret, optional=may_be_missing(source.cls, secret))


def display_of(known: Passwords, block: Block, value: Form) -> Form | None:
    """The dictionary display that a local name stands for."""
    above = list(known.assigned(block, value[2], value)) if value[0] == "name" else []
    return above[-1] if above and above[-1] is not None and above[-1][0] == "dict" else None


def _display(known: Passwords, block: Block, display: Form, depth: int) -> Iterator[Kept]:
    told = {naming(name) for key, _ in display[2] if key is not None and (name := _field_of(key))}
    for key, item in display[2]:
        if key is None and "plain" not in told:
            yield from whole_body(known, block, item[1], item, None, depth - 1, "kept" in told)
            for other, place, given in named_by_callers(known, block, item):
                yield from as_typed(known, other, place, given)
        elif key is None:
            continue
        elif name := _field_of(key):
            if naming(name):
                yield from as_typed(known, block, item[1], item)
            elif item[0] == "dict" or name.startswith("$set"):
                yield from whole_body(known, block, item[1], item, depth=depth - 1)
            elif item[0] == "name" and known.is_handed(block, item[2]):
                yield from (one for one in as_typed(known, block, item[1], item) if one.sure)


def _field_of(key: Form) -> str:
    """The field that a key of a row names: `"password"`, or the column itself, `User.password`."""
    if key[0] == "attr" and last_name(key[2])[:1].isupper():
        return str(key[3])
    return key[2] if key[0] == "const" and isinstance(key[2], str) else ""


def _is_dump(value: Form) -> bool:
    """Whether a body goes on whole: itself, or everything in it."""
    if value[0] == "call":
        return last_name(value[2]) in DUMPS and not is_chosen(value)
    return value[0] in ("name", "await")


def is_dump_kept(known: Passwords, block: Block, call: Form, argument: Form) -> bool:
    """Whether all that a body has goes to a function of the project which makes a row of it: `User(**data)`."""
    above = list(known.assigned(block, argument[2], argument)) if argument[0] == "name" else [argument]
    if not above or above[-1] is None or above[-1][0] != "call" or last_name(above[-1][2]) not in DUMPS:
        return False
    at = next((number for number, item in enumerate(call[3]) if item is argument), None)
    for function, bound in called(known.program, block, call) if at is not None else ():
        taken = [parameter[0] for parameter in function.parameters][1 if bound else 0 :]
        name = taken[at] if at is not None and at < len(taken) else ""
        rows = (form for form in function.forms.of("call") if last_name(form[2])[:1].isupper())
        if any(key is None and value[::2] == ["name", name] for form in rows for key, value, _ in form[4]):
            return True
    return False
